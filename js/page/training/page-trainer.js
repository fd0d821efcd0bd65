// The page tier: a trainer (see kernel.js) that trains in a worker of the page. It rests until the reader asks for it,
// and downloads nothing but its plan before.
import { throttle } from '../../view/throttle.js';
import { compare, sameSeed } from './compare.js';
import { kept } from './files.js';
import { choose, flaw, needs } from './plan.js';
import { fitting, lacking } from './support.js';
import { loading, offer, words } from './words.js';

const not = (why) => `Training in this page is not on offer: ${why}. The recorded runs stay.`;

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

function verdict({ compare: spec, twin }, state, arrays, recorded) {
  const live = spec && arrays?.[spec.array];
  if (!live) return null;
  const kept = sameSeed(recorded, twin, live.data.length);
  const panel = state.panels.find(({ y, x }) => y === spec.array && x);
  const shown = state.panels.find(({ y }) => y === spec.array);
  const at = panel && ((i) => `${panel.x_label} ${panel.x[i].toLocaleString('en')}`);
  return kept && compare(live.data, kept, { tolerance: spec.tolerance, share: shown?.y_format?.includes('%'), at });
}

/** Offer training by the plan at `source`. Returns {dispose}; `onReady` hears of the trainer once the plan is there. */
export function pageTrainer(source, state, { onReady, onRefused, onWait, onLive, onDone, onError }, recordedAt) {
  const why = lacking();
  if (why) {
    onRefused(why);
    return { dispose() {} };
  }
  const address = new URL(source, location.href).href;
  const sizes = state.controls.map((control) => control.values.length);
  let plan = null;
  let worker = null;
  let have = new Set(); // addresses of files that were downloaded before,
  const used = new Set(); // and of those that this page has where the browser keeps none
  let newest = null; // {run, index, arrays}
  let gone = false;

  const trainer = {
    words,
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
    worker ??= open();
    worker.postMessage({ kind: 'train', run: newest.run, address, plan, chosen: choose(plan, newest.index, sizes) });
  }, 60);

  const has = (name) => have.has(new URL(name, address).href);
  // What came before is in the browser's own cache.
  const script = () => (has(plan.runtime.wasm.path) ? 0 : plan.runtime.worker.bytes);
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

  function fail(run, text, trace) {
    // what a failure left in the worker is not built upon
    worker.terminate();
    worker = null;
    trainer.resting = true;
    newest = null;
    onError(run, text, trace);
    look();
  }

  function hear({ kind, run, ...news }) {
    if (run !== newest?.run) return;
    if (kind === 'loading') {
      const [loaded, total] = [news.loaded + script(), news.total + script()];
      onWait(run, { share: loaded / total, words: loading(loaded, total) });
    }
    if (kind === 'live') {
      if (!newest.arrays)
        needs(plan, choose(plan, newest.index, sizes)).forEach(({ name }) => used.add(new URL(name, address).href));
      newest.arrays = Object.fromEntries(news.arrays.map(({ name, shape, data }) => [name, { shape, data }]));
      onLive(run, news.progress, newest.arrays);
    }
    if (kind === 'done') {
      onDone(
        run,
        news.outcome,
        plan.compare && verdict(plan, state, newest.arrays, recordedAt(plan.compare.array, newest.index)),
      );
      look();
    }
    if (kind === 'error') fail(run, news.text, news.trace);
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
