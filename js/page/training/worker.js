// The worker of a page's training, a classic script: takes what is `ToWorker` in types.js, and answers by the others.
import { tidyUp } from './files.js';
import { part, prepare } from './opened.js';
import { allNames, needs } from './plan.js';
import { train } from './run.js';

/** @import { FromWorker, Parts, ToWorker, TrainRequest } from './types.js' */

const INTERVAL = 60; // milliseconds between messages with curves
const SLICE = 15; // milliseconds of training before messages are read
const PARTS = ['step', 'look', 'test', 'start', 'examples', 'order', 'shown', 'held_out'];

class Ended extends Error {}

/** @typedef {TrainRequest & { abort: AbortController, ended: boolean }} Request */

/** @type {Request | null} The newest, until it is served. */
let waiting = null;
/** @type {Request | null} The one that is served. */
let current = null;
/** @type {string | null} Address of the plan for which the store was tidied. */
let tidy = null;

/** @type {(message: FromWorker, moved?: Transferable[]) => void} */
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
  const there = PARTS.filter((what) => chosen[what] != null);
  const found = Object.fromEntries(there.map((what) => [what, part(String(chosen[what]), address)]));
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

/** @param {MessageEvent<ToWorker>} event */
self.onmessage = ({ data }) => {
  if (current) current.ended = true;
  if (data.kind === 'stop') current?.abort.abort();
  waiting = data.kind === 'train' ? { ...data, abort: new AbortController(), ended: false } : null;
  if (waiting && !current) serveAll();
};
