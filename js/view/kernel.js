// The kernel tier: what is trained is trained by Python.
import { throttle } from './throttle.js';

/** @import { Answer, Asked, Blocks, Handlers, Listener, Model, Trainer, Training, Words } from './types.js' */

/** @type {WeakMap<Model, number>} */
const views = new WeakMap(); // how many views a model has: only the last to go stops the work

/** @type {Words} */
const words = {
  button: 'Train here',
  idle: 'Connected to your Python kernel: every move trains for real, beside the recorded runs.',
  waiting: 'Asked your kernel to train (it may be busy with a cell) …',
  running: 'Training in your kernel',
  stopped: 'Stopped in your kernel',
  done: 'Trained in your kernel.',
};

/** @type {(model: Model) => Training} How a kernel trains. */
export const kernelTier = (model) => ({ words, connect: (handlers) => kernelTrainer(model, handlers) });

/**
 * Ask whether a kernel answers, and train in it.
 *
 * @param {Model} model
 * @param {Pick<Handlers, 'onReady' | 'onLive' | 'onDone' | 'onError'>} handlers
 * @returns {Trainer}
 */
export function kernelTrainer(model, { onReady, onLive, onDone, onError }) {
  /** @type {(message: Asked) => void} */
  const send = (message) => {
    try {
      model.send(message);
    } catch {
      /* the kernel is gone: recorded runs stay */
    }
  };
  const train = throttle((/** @type {string} */ run, /** @type {Record<string, number>} */ setting) => {
    send({ kind: 'train', run, setting });
  }, 60);
  /** @type {Trainer} */
  const trainer = {
    start: (run, setting) => train.call(run, setting),
    stop() {
      train.cancel();
      send({ kind: 'stop' });
    },
    dispose() {
      train.cancel();
      model.off('msg:custom', receive);
      const left = (views.get(model) ?? 1) - 1;
      views.set(model, left);
      if (left === 0) send({ kind: 'stop' });
    },
  };
  let ready = false;
  /** @type {Listener} */
  function receive(message, buffers) {
    if (message.kind === 'pong' && message.live && !ready) {
      ready = true;
      onReady(trainer);
    }
    if (message.kind === 'live') onLive(message.run, message.progress, unpack(message.arrays, buffers));
    if (message.kind === 'done') onDone(message.run, message.outcome);
    if (message.kind === 'error') onError(message.run, message.text, message.trace);
  }
  views.set(model, (views.get(model) ?? 0) + 1);
  model.on('msg:custom', receive);
  send({ kind: 'ping' });
  return trainer;
}

/**
 * @param {{ name: string, shape: number[] }[]} heads
 * @param {Parameters<Listener>[1]} buffers
 * @returns {Blocks}
 */
function unpack(heads, buffers) {
  return Object.fromEntries(
    heads.map(({ name, shape }, i) => {
      const b = buffers[i];
      const raw = ArrayBuffer.isView(b) ? b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength) : b;
      return [name, { shape, data: new Float32Array(raw) }];
    }),
  );
}
