// For tests: timers and the time of day stand still until the test lets time pass.
export function playClock(t) {
  let [time, count] = [0, 0];
  const due = new Map();
  const real = [globalThis.setTimeout, globalThis.clearTimeout, performance.now];
  globalThis.setTimeout = (call, wait = 0) => {
    due.set(++count, { at: time + wait, call });
    return count;
  };
  globalThis.clearTimeout = (id) => due.delete(id);
  performance.now = () => time;
  t.after(() => {
    [globalThis.setTimeout, globalThis.clearTimeout, performance.now] = real;
  });
  return {
    now: () => time,
    pass(wait) {
      const end = time + wait;
      for (;;) {
        const [next] = [...due].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
        if (!next) break;
        const [id, { at, call }] = next;
        due.delete(id);
        time = at;
        call();
      }
      time = end;
    },
  };
}
