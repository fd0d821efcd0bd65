/**
 * Make of `call` one that is made at once, then at most every `wait` milliseconds, and always the last.
 *
 * @template {unknown[]} A
 * @param {(...args: A) => void} call
 * @param {number} wait
 */
export function throttle(call, wait) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {A | null} */
  let next = null;
  let at = -Infinity;
  const run = () => {
    timer = undefined;
    if (!next) return;
    const now = next;
    next = null;
    call(...now);
    at = performance.now(); // from here on, as a call may take its time
  };
  return {
    /** @param {A} args */
    call(...args) {
      next = args;
      if (!timer) timer = setTimeout(run, Math.max(0, at + wait - performance.now()));
    },
    cancel() {
      clearTimeout(timer);
      timer = undefined;
      next = null;
    },
  };
}
