// A plan (see the site's <demo>.json): which files and numbers belong to the reader's setting.
import { placeOf } from '../../view/data.js';

const VERSION = 2; // that of explorer/plan.py
const FILES = ['step', 'start', 'examples', 'order', 'look', 'shown', 'test', 'held_out'];

/** Why a plan cannot be used, in words; null where it can. */
export function flaw(plan) {
  if (plan?.version !== VERSION) return `its plan is of version ${plan?.version}, this page reads ${VERSION}`;
  const missing = ['runtime', 'files', 'pick', 'steps', 'measures', 'outcome'].find((part) => !plan[part]);
  return missing ? `its plan has no ${missing}` : null;
}

/** Where a measure stands among those of a step. */
export function placeOfMeasure({ measures }, name) {
  const k = measures.indexOf(name);
  if (k < 0) throw new Error(`a plan shows the measure ${name}; there are ${measures.join(', ')}`);
  return k;
}

/** The entries for a setting: names of files, and numbers of `rate` and `limit`. */
export function choose(plan, index, sizes) {
  return Object.fromEntries(
    Object.entries(plan.pick).map(([what, { over, entries }]) => [
      what,
      entries[
        placeOf(
          over.map((k) => index[k]),
          over.map((k) => sizes[k]),
        )
      ],
    ]),
  );
}

/** What a chosen setting loads: [{name, bytes}], the runtime first. */
export function needs(plan, chosen) {
  const { loader, wasm } = plan.runtime;
  const names = new Set(FILES.map((what) => chosen[what]).filter((name) => name != null));
  const files = [...names].map((name) => ({ name, bytes: plan.files[name].bytes }));
  return [wasm, loader].map(({ path, bytes }) => ({ name: path, bytes })).concat(files);
}

/** The names of all that a plan may load. */
export const allNames = ({ runtime, files }) => [runtime.loader.path, runtime.wasm.path, ...Object.keys(files)];
