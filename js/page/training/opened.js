// What the worker has opened: the runtime, and by address programs and arrays.
import { openFile } from './arrays.js';
import { load } from './files.js';
import { openRuntime } from './litert.js';

/**
 * @import { Plan, Program, StoredArrays, Wanted } from './types.js'
 *
 * @typedef {Program | StoredArrays} Part
 */

const PROGRAMS = 6; // compiled programs that are kept: two settings of a demo that looks and tests

/** @type {Map<string, Part>} By the address of its file. */
const opened = new Map();
/** @type {Awaited<ReturnType<typeof openRuntime>> | null} */
let runtime = null;

/** @param {Part} part @returns {part is Program} */
const runs = (part) => typeof part.run === 'function';

/**
 * The program or arrays of a file of the plan at `address`, once prepared.
 *
 * @type {(name: string, address: string) => Part | undefined}
 */
export const part = (name, address) => opened.get(new URL(name, address).href);

/**
 * Open files, the runtime's two first: what is not here is loaded, what is not among them may go.
 *
 * @type {(of: { plan: Plan, address: string }, files: Wanted[], how: Parameters<typeof load>[2]) => Promise<void>}
 */
export async function prepare({ plan, address }, files, { signal, onBytes }) {
  const wanted = files.filter(({ name }, k) => (k < 2 ? !runtime : !part(name, address)));
  const got = await load(wanted, address, { signal, onBytes });
  const { loader, wasm } = plan.runtime;
  /** @type {(name: string) => Uint8Array<ArrayBuffer>} */
  const bytes = (name) => got.get(name) ?? new Uint8Array();
  runtime ??= await openRuntime(bytes(loader.path), bytes(wasm.path));
  for (const { name } of files.slice(2)) {
    const { href } = new URL(name, address);
    const { outputs, arrays } = plan.files[name];
    const { compile } = runtime;
    const made = () => (outputs ? compile(bytes(name), outputs) : openFile(bytes(name), arrays ?? [], name));
    const open = opened.get(href) ?? (await made());
    opened.delete(href); // the newest stand last
    opened.set(href, open);
  }
  forget(new Set(files.map(({ name }) => new URL(name, address).href)));
}

/**
 * Programs hold LiteRT's memory and are few; arrays are as many as one request needs.
 *
 * @param {Set<string>} used
 */
function forget(used) {
  const programs = [...opened].filter(([, part]) => runs(part));
  const old = programs
    .slice(0, Math.max(0, programs.length - PROGRAMS))
    .concat([...opened].filter(([, part]) => !runs(part)));
  for (const [href, part] of old) {
    if (used.has(href)) continue;
    if (runs(part)) part.delete();
    opened.delete(href);
  }
}
