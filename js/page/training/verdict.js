// How a run ended, in words: the same as the demos say in a kernel.
import { placeOfMeasure } from './plan.js';

/** @import { Plan, SolvedRule } from './types.js' */

/** @type {(share: number) => string} */
const percent = (share) => `${Math.round(100 * share)} %`;
/** @type {(values: number[]) => number} */
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * @typedef {object} Verdict
 * @property {(measures: ArrayLike<number>) => void} step
 * @property {(shares: number[]) => string} words Of the tests' shares.
 */

/**
 * The rule is the experiment's: the plan brings it.
 *
 * @type {(rule: SolvedRule, at: number, seed: string) => Verdict}
 */
function solved({ target, slack, window, kept, ending }, at, seed) {
  const recent = new Float64Array(window);
  /** @type {number[]} */
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

/**
 * Follows a run for its outcome.
 *
 * @type {(plan: Pick<Plan, 'outcome' | 'seed' | 'measures'>) => Verdict}
 */
export function judge(plan) {
  const { outcome, seed } = plan;
  const name = `Seed ${seed}, trained in this page:`;
  if (outcome.kind === 'solved') return solved(outcome, placeOfMeasure(plan, outcome.measure), name);
  if (outcome.kind === 'right')
    return { step() {}, words: (shares) => `${name} ${percent(shares[shares.length - 1])} of test pictures right.` };
  const { kind } = /** @type {{ kind: string }} */ (outcome);
  throw new Error(`a plan's outcome is of the kind ${kind}; there are solved and right`);
}
