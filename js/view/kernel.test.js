// The kernel tier over a model that the test plays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playClock } from './clock.js';
import { kernelTrainer } from './kernel.js';

function played(t) {
  const [clock, on, sent, heard] = [playClock(t), [], [], []];
  const model = {
    on: (_, listener) => on.push(listener),
    off: (_, listener) => on.splice(on.indexOf(listener), 1),
    send: (message) => sent.push({ ...message, at: clock.now() }),
  };
  const note =
    (kind) =>
    (...news) =>
      heard.push([kind, ...news]);
  const handlers = Object.fromEntries(['onReady', 'onLive', 'onDone', 'onError'].map((kind) => [kind, note(kind)]));
  const open = () => kernelTrainer(model, handlers);
  return { clock, on, sent, heard, open, say: (message, buffers = []) => on.forEach((each) => each(message, buffers)) };
}

test('it asks for a kernel and is ready once, when one answers', (t) => {
  const { sent, heard, say, open } = played(t);
  const trainer = open();
  assert.deepEqual(sent, [{ kind: 'ping', at: 0 }]);
  say({ kind: 'pong', live: false });
  assert.deepEqual(heard, []);
  say({ kind: 'pong', live: true });
  say({ kind: 'pong', live: true });
  assert.deepEqual(heard, [['onReady', trainer]]);
});

test('scrubbing sends few messages and the last', (t) => {
  const { clock, sent, open } = played(t);
  const trainer = open();
  for (let v = 1; v < 18; v++) {
    trainer.start(`run ${v}`, { threshold: v });
    clock.pass(10);
  }
  clock.pass(150);
  const trains = sent.filter(({ kind }) => kind === 'train');
  assert.ok(trains.length <= 8);
  assert.deepEqual(trains.at(-1), { kind: 'train', run: 'run 17', setting: { threshold: 17 }, at: 180 });
  assert.ok(trains.slice(1).every(({ at }, i) => at - trains[i].at > 50));
});

test('stopping unsends what waits', (t) => {
  const { clock, sent, open } = played(t);
  const trainer = open();
  trainer.start('a', {});
  trainer.stop();
  clock.pass(500);
  assert.deepEqual(
    sent.map(({ kind }) => kind),
    ['ping', 'stop'],
  );
});

test('arrays of a live run are read out of the buffers they came in', (t) => {
  const { heard, say, open } = played(t);
  open();
  const shifted = new DataView(Float32Array.of(9, 1, 2).buffer, 4);
  say({ kind: 'live', run: 'a', progress: 0.5, arrays: [{ name: 'loss', shape: [2] }] }, [shifted]);
  assert.deepEqual(heard, [['onLive', 'a', 0.5, { loss: { shape: [2], data: Float32Array.of(1, 2) } }]]);
});

test('an outcome and an error come with their run', (t) => {
  const { heard, say, open } = played(t);
  open();
  say({ kind: 'done', run: 'a', outcome: 'loss 0.25' });
  say({ kind: 'error', run: 'b', text: 'ValueError', trace: 'there' });
  assert.deepEqual(heard, [
    ['onDone', 'a', 'loss 0.25'],
    ['onError', 'b', 'ValueError', 'there'],
  ]);
});

test('only the last view to go stops the work', (t) => {
  const { on, sent, open } = played(t);
  const [one, two] = [open(), open()];
  one.dispose();
  assert.equal(sent.at(-1).kind, 'ping');
  two.dispose();
  assert.equal(sent.at(-1).kind, 'stop');
  assert.deepEqual(on, []);
});
