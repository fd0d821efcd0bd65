/*
 * The worker of a page's training, a classic script. It is told
 *   {kind: 'train', run, address, plan, chosen}   train the newest request only: an older run ends at its next step
 *   {kind: 'stop'}                                end what runs, and its downloads
 *   {kind: 'check', id, address, plan, program, inputs}   for tests: run one program of the plan on arrays by name
 * where `address` is the plan's own and `chosen` holds the plan's entries for the setting. It answers
 *   {kind: 'loading', run, loaded, total}         bytes
 *   {kind: 'live', run, progress, arrays: [{name, shape, data}]}
 *   {kind: 'done', run, outcome}, {kind: 'error', run, text, trace}
 *   {kind: 'checked', id, outputs: {name: array}, memory}
 */
import { openFile } from './arrays.js';
import { load, tidyUp } from './files.js';
import { openRuntime } from './litert.js';
import { allNames, needs } from './plan.js';
import { train } from './run.js';

const INTERVAL = 60; // milliseconds between messages with curves
const SLICE = 15; // milliseconds of training before messages are read
const PROGRAMS = 6; // compiled programs that are kept: two settings of a demo that looks and tests
const PARTS = ['start', 'examples', 'order', 'shown', 'held_out'];

class Ended extends Error {}

const opened = new Map(); // address of a file -> its program or arrays
let runtime = null;
let waiting = null; // the newest request, until it is served
let current = null; // the request that is served
let tidy = null; // address of the plan for which the store was tidied

// A message to oneself comes after those that wait; a timer would come milliseconds later.
const { port1, port2 } = new MessageChannel();
let awaken = null;
port1.onmessage = () => awaken();
const turn = () =>
  new Promise((resolve) => {
    awaken = resolve;
    port2.postMessage(0);
  });

const isOpen = (name, address) => opened.has(new URL(name, address).href);

async function prepare({ plan, address }, files, { signal, onBytes }) {
  const wanted = files.filter(({ name }, k) => (k < 2 ? !runtime : !isOpen(name, address)));
  const got = await load(wanted, address, { signal, onBytes });
  const { loader, wasm } = plan.runtime;
  runtime ??= await openRuntime(got.get(loader.path), got.get(wasm.path));
  for (const { name } of files.slice(2)) {
    const { href } = new URL(name, address);
    const { outputs, arrays } = plan.files[name];
    const part =
      opened.get(href) ??
      (outputs ? await runtime.compile(got.get(name), outputs) : openFile(got.get(name), arrays, name));
    opened.delete(href); // the newest stand last
    opened.set(href, part);
  }
  forget(new Set(files.map(({ name }) => new URL(name, address).href)));
}

// Programs hold LiteRT's memory and are few; arrays are as many as one request needs.
function forget(used) {
  const programs = [...opened].filter(([, part]) => part.run);
  const old = programs
    .slice(0, Math.max(0, programs.length - PROGRAMS))
    .concat([...opened].filter(([, part]) => !part.run));
  for (const [href, part] of old) {
    if (used.has(href)) continue;
    part.delete?.();
    opened.delete(href);
  }
}

async function serve(request) {
  const { run, plan, chosen, address } = request;
  const tell = (message, moved) => postMessage({ run: (waiting ?? request).run, ...message }, moved);
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
    onBytes: (loaded, total) => tell({ kind: 'loading', loaded, total }),
  });
  end();
  const parts = { chosen };
  for (const what of ['step', 'look', 'test', ...PARTS])
    if (chosen[what] != null) parts[what] = opened.get(new URL(chosen[what], address).href);
  let [shown, paused] = [-Infinity, performance.now()];
  const send = (step, found) => {
    shown = performance.now();
    const arrays = found.arrays();
    tell(
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
  tell({ kind: 'done', run, outcome });
}

async function serveAll() {
  while (waiting) {
    [current, waiting] = [waiting, null];
    const { run, abort } = current;
    try {
      await serve(current);
    } catch (error) {
      if (!(error instanceof Ended) && !abort.signal.aborted)
        postMessage({ kind: 'error', run, text: error.message ?? String(error), trace: error.stack });
    }
    current = null;
  }
}

async function check({ id, plan, address, program, inputs }) {
  await prepare({ plan, address }, needs(plan, { step: program }), {
    signal: new AbortController().signal,
    onBytes() {},
  });
  const one = opened.get(new URL(program, address).href);
  for (const [name, values] of Object.entries(inputs)) one.write(name, (to) => to.set(values));
  one.run();
  const outputs = Object.fromEntries(one.outputs.map(({ name }) => [name, one.look(name, (from) => from.slice())]));
  one.rest();
  postMessage({ kind: 'checked', id, outputs, memory: runtime.memory() });
}

self.onmessage = ({ data }) => {
  if (data.kind === 'check')
    check(data).catch((error) => postMessage({ kind: 'error', id: data.id, text: error.message, trace: error.stack }));
  if (data.kind === 'check') return;
  if (current) current.ended = true;
  if (data.kind === 'stop') current?.abort.abort();
  waiting = data.kind === 'train' ? { ...data, abort: new AbortController(), ended: false } : null;
  if (waiting && !current) serveAll();
};
