// How a run ended, in words: the same as the demos say in a kernel.
const percent = (share) => `${Math.round(100 * share)} %`;
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

function solved({ target, window, kept }, seed) {
  const recent = new Float64Array(window);
  const accuracies = [];
  let sum = 0;
  let at = 0;
  let when = 0;
  return {
    step(accuracy) {
      accuracies.push(accuracy);
      sum += accuracy - recent[at % window];
      recent[at % window] = accuracy;
      at++;
      if (!when && at >= window && sum >= target * window - 1e-6) when = at;
    },
    words() {
      if (!when) return `${seed} not solved; accuracy ends at ${percent(mean(accuracies.slice(-4 * window)))}.`;
      const lost = mean(accuracies.slice(-window)) < kept;
      return `${seed} solved after ${when.toLocaleString('en')} steps${lost ? ', and lost again' : ''}.`;
    },
  };
}

/** Follows a run for its outcome: `step(accuracy)`, then `words(shares of the tests)`. */
export function judge({ outcome, seed }) {
  const name = `Seed ${seed}, trained in this page:`;
  if (outcome.kind === 'solved') return solved(outcome, name);
  if (outcome.kind === 'right')
    return { step() {}, words: (shares) => `${name} ${percent(shares[shares.length - 1])} of test pictures right.` };
  throw new Error(`a plan's outcome is of the kind ${outcome.kind}; there are solved and right`);
}
