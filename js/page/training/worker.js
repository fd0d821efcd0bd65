// The worker of a page's training, a classic script: takes what is `ToWorker` in types.js, and answers by the others.
import { openFile } from './arrays.js';
import { load, tidyUp } from './files.js';
import { openRuntime } from './litert.js';
import { allNames, needs } from './plan.js';
import { train } from './run.js';

/** @import { CheckRequest, Checked, FromWorker, Parts, Plan, Program, StoredArrays, ToWorker, TrainRequest, Wanted } from './types.js' */

const INTERVAL = 60; // milliseconds between messages with curves
const SLICE = 15; // milliseconds of training before messages are read
const PROGRAMS = 6; // compiled programs that are kept: two settings of a demo that looks and tests
const PARTS = ['step', 'look', 'test', 'start', 'examples', 'order', 'shown', 'held_out'];

class Ended extends Error {}

/**
 * @typedef {Program | StoredArrays} Part
 * @typedef {TrainRequest & { abort: AbortController, ended: boolean }} Request
 */

/** @type {Map<string, Part>} By the address of its file. */
const opened = new Map();
/** @type {Awaited<ReturnType<typeof openRuntime>> | null} */
let runtime = null;
/** @type {Request | null} The newest, until it is served. */
let waiting = null;
/** @type {Request | null} The one that is served. */
let current = null;
/** @type {string | null} Address of the plan for which the store was tidied. */
let tidy = null;

/** @param {Part} part @returns {part is Program} */
const runs = (part) => typeof part.run === 'function';
/** @type {(message: FromWorker | Checked, moved?: Transferable[]) => void} */
const post = (message, moved = []) => self.postMessage(message, { transfer: moved });

// A message to oneself comes after those that wait; a timer would come milliseconds later.
const { port1, port2 } = new MessageChannel();
let awaken = () => {};
port1.onmessage = () => awaken();
/** @type {() => Promise<void>} */
const turn = () =>
  new Promise((resolve) => {
    awaken = resolve;
    port2.postMessage(0);
  });

/** @type {(name: string, address: string) => boolean} */
const isOpen = (name, address) => opened.has(new URL(name, address).href);

/** @type {(of: { plan: Plan, address: string }, files: Wanted[], how: Parameters<typeof load>[2]) => Promise<void>} */
async function prepare({ plan, address }, files, { signal, onBytes }) {
  const wanted = files.filter(({ name }, k) => (k < 2 ? !runtime : !isOpen(name, address)));
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
    const part = opened.get(href) ?? (await made());
    opened.delete(href); // the newest stand last
    opened.set(href, part);
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

/** @param {Request} request */
async function serve(request) {
  const { run, plan, chosen, address } = request;
  const end = () => {
    if (request.ended) throw new Ended();
  };
  const files = needs(plan, chosen);
  if (tidy !== address) {
    tidy = address;
    await tidyUp(address, allNames(plan)).catch(() => {}); // before the first file of it is kept
  }
  await prepare(request, files, {
    signal: request.abort.signal,
    onBytes: (loaded, total) => post({ kind: 'loading', run: (waiting ?? request).run, loaded, total }),
  });
  end();
  /** @type {(what: string) => [string, Part | undefined]} */
  const open = (what) => [what, opened.get(new URL(String(chosen[what]), address).href)];
  const found = Object.fromEntries(PARTS.filter((what) => chosen[what] != null).map(open));
  const parts = /** @type {Parts} */ ({ ...found, chosen });
  let [shown, paused] = [-Infinity, performance.now()];
  /** @type {Parameters<typeof train>[2]['show']} */
  const send = (step, found) => {
    shown = performance.now();
    const arrays = found.arrays();
    post(
      { kind: 'live', run, progress: step / plan.steps, arrays },
      arrays.map(({ data }) => data.buffer),
    );
  };
  const outcome = await train(plan, parts, {
    async pause() {
      if (performance.now() - paused < SLICE) return;
      await turn();
      end();
      paused = performance.now();
    },
    show: (step, found) => {
      if (step === plan.steps || performance.now() - shown >= INTERVAL) send(step, found);
    },
  });
  end();
  post({ kind: 'done', run, outcome });
}

/** @type {(error: unknown) => { text: string, trace?: string }} */
const told = (error) =>
  error instanceof Error ? { text: error.message, trace: error.stack } : { text: String(error) };

async function serveAll() {
  while (waiting) {
    const request = waiting;
    [current, waiting] = [request, null];
    const { run, abort } = request;
    try {
      await serve(request);
    } catch (error) {
      if (!(error instanceof Ended) && !abort.signal.aborted) post({ kind: 'error', run, ...told(error) });
    }
    current = null;
  }
}

/** @param {CheckRequest} request */
async function check({ id, plan, address, program, inputs }) {
  await prepare({ plan, address }, needs(plan, { step: program }), {
    signal: new AbortController().signal,
    onBytes() {},
  });
  const one = /** @type {Program} */ (opened.get(new URL(program, address).href));
  for (const [name, values] of Object.entries(inputs)) one.write(name, (to) => to.set(values));
  one.run();
  const outputs = Object.fromEntries(one.outputs.map(({ name }) => [name, one.look(name, (from) => from.slice())]));
  one.rest();
  post({ kind: 'checked', id, outputs, memory: runtime?.memory() ?? 0 });
}

/** @param {MessageEvent<ToWorker>} event */
self.onmessage = ({ data }) => {
  if (data.kind === 'check') {
    check(data).catch((error) => post({ kind: 'error', run: String(data.id), ...told(error) }));
    return;
  }
  if (current) current.ended = true;
  if (data.kind === 'stop') current?.abort.abort();
  waiting = data.kind === 'train' ? { ...data, abort: new AbortController(), ended: false } : null;
  if (waiting && !current) serveAll();
};
