// The page tier: a trainer in a worker of the page. It rests until the reader asks for it, and downloads nothing but its
// plan before.
import { throttle } from '../../view/throttle.js';
import { compare, sameSeed } from './compare.js';
import { kept } from './files.js';
import { choose, flaw, needs } from './plan.js';
import { fitting, lacking } from './support.js';
import { loading, offer, words } from './words.js';

/**
 * @import { At, Block, Blocks, Handlers, Index, Refusal, State, Trainer, Training } from '../../view/types.js'
 * @import { FromWorker, Plan } from './types.js'
 */

/** @type {(why: string) => string} */
const not = (why) => `Training in this page is not on offer: ${why}. The recorded runs stay.`;

/** @type {(address: string) => Promise<Plan>} */
async function fetchPlan(address) {
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) throw new Error(`its plan could not be loaded (${answer?.status ?? 'no connection'})`);
  const plan = await answer.json().catch(() => {
    throw new Error('its plan is damaged');
  });
  const why = flaw(plan);
  if (why) throw new Error(why);
  return { ...plan, runtime: fitting(plan.runtime) };
}

/** @type {(plan: Plan, state: State, arrays: Blocks | null, recordedAt: (array: string) => Block) => string | null} */
function verdict({ compare: spec, twin: position }, state, arrays, recordedAt) {
  const live = spec && arrays?.[spec.array];
  if (!live) return null;
  const twin = sameSeed(recordedAt(spec.array), position, live.data.length);
  const shows = state.panels.filter((panel) => 'y' in panel && panel.y === spec.array);
  const panel = shows.find((shown) => shown.kind === 'curves');
  const shown = shows[0];
  /** @type {((i: number) => string) | null} */
  const at = panel ? (i) => `${panel.x_label} ${panel.x[i].toLocaleString('en')}` : null;
  const share = shown && 'y_format' in shown && shown.y_format.includes('%');
  return twin && compare(live.data, twin, { tolerance: spec.tolerance, share, at });
}

/**
 * How a page trains by the plan at `source`; or why this one cannot.
 *
 * @type {(source: string, state: State) => Training | Refusal}
 */
export function pageTier(source, state) {
  const why = lacking();
  if (why) return { refused: why };
  return { words, connect: (handlers, recordedAt) => pageTrainer(source, state, handlers, recordedAt) };
}

/**
 * Offer training: `onReady` hears of the trainer once the plan is there.
 *
 * @type {(source: string, state: State, handlers: Handlers, recordedAt: At) => { dispose(): void }}
 */
function pageTrainer(source, state, { onReady, onRefused, onWait, onLive, onDone, onError }, recordedAt) {
  const address = new URL(source, location.href).href;
  const sizes = state.controls.map((control) => control.values.length);
  /** @type {Plan} */
  let plan; // before it is there, nobody has the trainer
  /** @type {Worker | null} */
  let worker = null;
  /** @type {Set<string>} Addresses of files that were downloaded before, */
  let have = new Set();
  /** @type {Set<string>} and of those that this page has where the browser keeps none. */
  const used = new Set();
  /** @type {{ run: string, index: Index, arrays: Blocks | null } | null} */
  let newest = null;
  let gone = false;

  /** @type {Trainer} */
  const trainer = {
    resting: true,
    start(run, setting) {
      trainer.resting = false;
      newest = { run, index: state.controls.map((control) => setting[control.name]), arrays: null };
      train.call();
    },
    stop() {
      train.cancel();
      worker?.postMessage({ kind: 'stop' });
      newest = null;
      look();
    },
    rest() {
      trainer.resting = true;
    },
    offer: (index) => offer(missing(index)),
    dispose() {
      gone = true;
      train.cancel();
      worker?.terminate();
    },
  };

  const train = throttle(() => {
    if (!newest) return;
    worker ??= open();
    worker.postMessage({ kind: 'train', run: newest.run, address, plan, chosen: choose(plan, newest.index, sizes) });
  }, 60);

  /** @type {(name: string) => boolean} */
  const has = (name) => have.has(new URL(name, address).href);
  // What came before is in the browser's own cache.
  const script = () => (has(plan.runtime.wasm.path) ? 0 : plan.runtime.worker.bytes);
  /** @type {(index: Index) => number} In bytes. */
  const missing = (index) =>
    needs(plan, choose(plan, index, sizes)).reduce((sum, { name, bytes }) => sum + (has(name) ? 0 : bytes), script());

  async function look() {
    have = new Set([...(await kept().catch(() => [])), ...used]);
    if (!gone) onReady(trainer);
  }

  function open() {
    const made = new Worker(new URL(plan.runtime.worker.path, address));
    made.onmessage = ({ data }) => {
      if (worker === made) hear(data);
    };
    made.onerror = (event) => {
      event.preventDefault();
      const text = event.message || `${plan.runtime.worker.path} could not be loaded: the recorded runs stay.`;
      if (worker === made) fail(newest?.run, text);
    };
    return made;
  }

  /** @type {Handlers['onError']} */
  function fail(run, text, trace) {
    // what a failure left in the worker is not built upon
    worker?.terminate();
    worker = null;
    trainer.resting = true;
    newest = null;
    onError(run, text, trace);
    look();
  }

  /** @param {FromWorker} news */
  function hear(news) {
    const { run } = news;
    if (!newest || run !== newest.run) return;
    const { index } = newest;
    if (news.kind === 'loading') {
      const [loaded, total] = [news.loaded + script(), news.total + script()];
      onWait(run, { share: loaded / total, words: loading(loaded, total) });
    }
    if (news.kind === 'live') {
      if (!newest.arrays)
        needs(plan, choose(plan, index, sizes)).forEach(({ name }) => used.add(new URL(name, address).href));
      newest.arrays = Object.fromEntries(news.arrays.map(({ name, shape, data }) => [name, { shape, data }]));
      onLive(run, news.progress, newest.arrays);
    }
    if (news.kind === 'done') {
      onDone(
        run,
        news.outcome,
        verdict(plan, state, newest.arrays, (array) => recordedAt(array, index)),
      );
      look();
    }
    if (news.kind === 'error') fail(run, news.text, news.trace);
  }

  fetchPlan(address)
    .then((found) => {
      plan = found;
      missing(state.controls.map((control) => control.default)); // a plan of another explorer fails here
      Object.assign(trainer, { twin: plan.twin, steps: plan.steps });
      return look();
    })
    .catch((error) => {
      if (!gone) onRefused(not(error.message));
    });
  return trainer;
}
