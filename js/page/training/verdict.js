// How a run ended, in words: the same as the demos say in a kernel.
import { placeOfMeasure } from './plan.js';

const percent = (share) => `${Math.round(100 * share)} %`;
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

// The rule is the experiment's: the plan brings it.
function solved({ target, slack, window, kept, ending }, at, seed) {
  const recent = new Float64Array(window);
  const accuracies = [];
  let sum = 0;
  let when = 0;
  return {
    step(measures) {
      const accuracy = measures[at];
      const place = accuracies.length % window;
      sum += accuracy - recent[place];
      recent[place] = accuracy;
      const seen = accuracies.push(accuracy);
      if (!when && seen >= window && sum >= target * window - slack) when = seen;
    },
    words() {
      if (!when) return `${seed} not solved; accuracy ends at ${percent(mean(accuracies.slice(-ending)))}.`;
      const lost = mean(accuracies.slice(-window)) < kept;
      return `${seed} solved after ${when.toLocaleString('en')} steps${lost ? ', and lost again' : ''}.`;
    },
  };
}

/** Follows a run for its outcome: `step(measures)`, then `words(shares of the tests)`. */
export function judge(plan) {
  const { outcome, seed } = plan;
  const name = `Seed ${seed}, trained in this page:`;
  if (outcome.kind === 'solved') return solved(outcome, placeOfMeasure(plan, outcome.measure), name);
  if (outcome.kind === 'right')
    return { step() {}, words: (shares) => `${name} ${percent(shares[shares.length - 1])} of test pictures right.` };
  throw new Error(`a plan's outcome is of the kind ${outcome.kind}; there are solved and right`);
}
