// What the steps measured, as the panels draw it: means over windows, counts in bins, looks stacked, tests in turn.
import { placeOfMeasure } from './plan.js';

/** @import { Named, Plan } from './types.js' */

/**
 * @typedef {{ name: string, data: Float32Array<ArrayBuffer> }} Line
 * @typedef {{ add(measures: ArrayLike<number>): void, arrays(): Line[] }} PerStep
 */

/** @type {(plan: Pick<Plan, 'measures' | 'steps'>, windows: NonNullable<Plan['windows']>) => PerStep} */
function makeWindows(plan, { every, arrays }) {
  const lines = Object.entries(arrays).map(([name, of]) => ({
    name,
    at: placeOfMeasure(plan, of),
    sum: 0,
    means: new Float32Array(Math.floor(plan.steps / every)),
  }));
  let seen = 0;
  return {
    add(measures) {
      seen++;
      for (const line of lines) {
        line.sum += measures[line.at];
        if (seen % every) continue;
        line.means[seen / every - 1] = line.sum / every;
        line.sum = 0;
      }
    },
    arrays: () => lines.map(({ name, means }) => ({ name, data: means.slice(0, Math.floor(seen / every)) })),
  };
}

/** @type {(plan: Pick<Plan, 'measures'>, bins: NonNullable<Plan['histogram']>) => PerStep} */
function makeHistogram(plan, bins) {
  const all = Object.entries(bins).map(([name, { of, edges }]) => ({
    name,
    at: placeOfMeasure(plan, of),
    edges,
    counts: new Float32Array(edges.length - 1),
  }));
  return {
    add(measures) {
      for (const { at, edges, counts } of all) {
        const value = measures[at];
        let [lo, hi] = [0, counts.length - 1];
        if (!(value < edges[hi])) lo = hi; // NaN and inf too
        while (lo < hi) {
          const middle = (lo + hi + 1) >> 1;
          if (value >= edges[middle]) lo = middle;
          else hi = middle - 1;
        }
        counts[lo]++;
      }
    },
    arrays: () => all.map(({ name, counts }) => ({ name, data: counts.slice() })),
  };
}

/**
 * Collects a run for the panels: `arrays()` is what there is so far.
 *
 * @param {Pick<Plan, 'steps' | 'measures' | 'windows' | 'histogram' | 'tests'>} plan
 */
export function collect(plan) {
  const { windows, histogram, tests } = plan;
  /** @type {PerStep[]} */
  const perStep = [];
  if (windows) perStep.push(makeWindows(plan, windows));
  if (histogram) perStep.push(makeHistogram(plan, histogram));
  /** @type {Map<string, { shape: number[], rows: Float32Array[] }>} */
  const looks = new Map();
  /** @type {number[]} */
  const shares = [];
  return {
    shares,
    /** @param {ArrayLike<number>} measures */
    step: (measures) => perStep.forEach((part) => part.add(measures)),
    /** @param {Named[]} outputs */
    look(outputs) {
      for (const { name, shape, data } of outputs)
        looks.set(name, { shape, rows: [...(looks.get(name)?.rows ?? []), data] });
    },
    /** @param {number} share */
    test: (share) => shares.push(share),
    /** @returns {Named[]} */
    arrays() {
      const flat = perStep.flatMap((part) => part.arrays());
      if (tests?.array) flat.push({ name: tests.array, data: Float32Array.from(shares) });
      if (tests?.last) flat.push({ name: tests.last, data: Float32Array.from(shares.slice(-1)) });
      const stacked = [...looks].map(([name, { shape, rows }]) => {
        const data = new Float32Array(rows.length * rows[0].length);
        rows.forEach((row, i) => data.set(row, i * row.length));
        return { name, shape: [rows.length, ...shape], data };
      });
      return flat
        .map((each) => ({ ...each, shape: [each.data.length] }))
        .concat(stacked)
        .filter(({ data }) => data.length);
    },
  };
}
