/**
 * For tests: timers and the time of day stand still until the test lets time pass.
 *
 * @param {import('node:test').TestContext} t
 */
export function playClock(t) {
  let [time, count] = [0, 0];
  /** @type {Map<number, { at: number, call: () => void }>} */
  const due = new Map();
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = performance;
  /** @type {(call: () => void, wait?: number) => number} */
  const set = (call, wait = 0) => {
    due.set(++count, { at: time + wait, call });
    return count;
  };
  /** @type {(id: number) => boolean} */
  const clear = (id) => due.delete(id);
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  performance.now = () => time;
  t.after(() => {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    performance.now = now;
  });
  return {
    now: () => time,
    /** @param {number} wait */
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
