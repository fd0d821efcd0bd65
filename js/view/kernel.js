// The kernel tier. A trainer is {words, start(run, setting), stop(), dispose()}; it calls onReady(trainer) once it can
// train, then onLive, onDone and onError with the run they belong to. Another tier implements the same
// (page-trainer.js), and may have more: `resting` (until the reader asks, moves do not train) with rest(),
// offer(index) in words beside the button, `twin` (which recorded run has its seed), `steps`; it may call onWait with
// what it downloads, and onRefused.
import { throttle } from './throttle.js';

const views = new WeakMap(); // how many views a model has: only the last to go stops the work

export function kernelTrainer(model, { onReady, onLive, onDone, onError }) {
  const send = (message) => {
    try {
      model.send(message);
    } catch {
      /* the kernel is gone: recorded runs stay */
    }
  };
  const train = throttle((run, setting) => send({ kind: 'train', run, setting }), 60);
  const trainer = {
    words: {
      button: 'Train here',
      idle: 'Connected to your Python kernel: every move trains for real, beside the recorded runs.',
      waiting: 'Asked your kernel to train (it may be busy with a cell) …',
      running: 'Training in your kernel',
      stopped: 'Stopped in your kernel',
      done: 'Trained in your kernel.',
    },
    start: (run, setting) => train.call(run, setting),
    stop() {
      train.cancel();
      send({ kind: 'stop' });
    },
    dispose() {
      train.cancel();
      model.off('msg:custom', receive);
      const left = views.get(model) - 1;
      views.set(model, left);
      if (left === 0) send({ kind: 'stop' });
    },
  };
  let ready = false;
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

function unpack(heads, buffers) {
  return Object.fromEntries(
    heads.map(({ name, shape }, i) => {
      const b = buffers[i];
      const start = b.byteOffset ?? 0;
      return [name, { shape, data: new Float32Array((b.buffer ?? b).slice(start, start + b.byteLength)) }];
    }),
  );
}
