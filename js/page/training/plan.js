// A plan (see the site's <demo>.json): which files and numbers belong to the reader's setting.
import { placeOf } from '../../view/data.js';

/** @import { Chosen, Entry, Plan, Runtime, Wanted } from './types.js' */

const VERSION = 2; // that of explorer/plan.py
/** @type {(keyof Plan)[]} */
const PARTS = ['runtime', 'files', 'pick', 'steps', 'measures', 'outcome'];
const FILES = ['step', 'start', 'examples', 'order', 'look', 'shown', 'test', 'held_out'];

/**
 * Why a plan cannot be used, in words; null where it can.
 *
 * @type {(plan: Partial<Plan> | null) => string | null}
 */
export function flaw(plan) {
  if (plan?.version !== VERSION) return `its plan is of version ${plan?.version}, this page reads ${VERSION}`;
  const missing = PARTS.find((part) => !plan[part]);
  return missing ? `its plan has no ${missing}` : null;
}

/**
 * Where a measure stands among those of a step.
 *
 * @type {(plan: Pick<Plan, 'measures'>, name: string) => number}
 */
export function placeOfMeasure({ measures }, name) {
  const k = measures.indexOf(name);
  if (k < 0) throw new Error(`a plan shows the measure ${name}; there are ${measures.join(', ')}`);
  return k;
}

/**
 * The entries for a setting: names of files, and numbers of `rate` and `limit`.
 *
 * @type {(plan: Pick<Plan, 'pick'>, index: number[], sizes: number[]) => Chosen}
 */
export function choose({ pick }, index, sizes) {
  /** @type {(table: Plan['pick'][string]) => Entry} */
  const entry = ({ over, entries }) => {
    const [places, counts] = [index, sizes].map((all) => over.map((k) => all[k]));
    return entries[placeOf(places, counts)];
  };
  return Object.fromEntries(Object.entries(pick).map(([what, table]) => [what, entry(table)]));
}

/**
 * What a chosen setting loads, the runtime first.
 *
 * @type {(plan: Pick<Plan, 'files'> & { runtime: Pick<Runtime, 'loader' | 'wasm'> }, chosen: Chosen) => Wanted[]}
 */
export function needs(plan, chosen) {
  const { loader, wasm } = plan.runtime;
  const names = new Set(FILES.map((what) => chosen[what]).filter((name) => typeof name === 'string'));
  const files = [...names].map((name) => ({ name, bytes: plan.files[name].bytes }));
  return [wasm, loader].map(({ path, bytes }) => ({ name: path, bytes })).concat(files);
}

/**
 * The names of all that a plan may load.
 *
 * @type {(plan: Pick<Plan, 'runtime' | 'files'>) => string[]}
 */
export const allNames = ({ runtime, files }) => [runtime.loader.path, runtime.wasm.path, ...Object.keys(files)];
