// At once, then at most every `wait` milliseconds, and always the last.
export function throttle(call, wait) {
  let timer = 0;
  let next = null;
  let at = -Infinity;
  const run = () => {
    timer = 0;
    if (!next) return;
    const now = next;
    next = null;
    at = performance.now();
    call(...now);
  };
  return {
    call(...args) {
      next = args;
      if (!timer) timer = setTimeout(run, Math.max(0, at + wait - performance.now()));
    },
    cancel() {
      clearTimeout(timer);
      timer = 0;
      next = null;
    },
  };
}
