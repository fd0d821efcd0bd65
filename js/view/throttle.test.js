// At once, then at most every so many milliseconds, and always the last.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playClock } from './clock.js';
import { throttle } from './throttle.js';

function started(t, wait = 60) {
  const clock = playClock(t);
  const calls = [];
  return { clock, calls, throttled: throttle((value) => calls.push([clock.now(), value]), wait) };
}

test('a first call is made at once', (t) => {
  const { clock, calls, throttled } = started(t);
  throttled.call('a');
  clock.pass(0);
  assert.deepEqual(calls, [[0, 'a']]);
});

test('of many calls few are made, evenly apart, and the last is', (t) => {
  const { clock, calls, throttled } = started(t);
  for (let i = 0; i < 20; i++) {
    throttled.call(i);
    clock.pass(10);
  }
  clock.pass(100);
  assert.deepEqual(
    calls.map(([at]) => at),
    [0, 60, 120, 180, 240],
  );
  assert.equal(calls.at(-1)[1], 19);
});

test('what was cancelled is not made, and what comes later is', (t) => {
  const { clock, calls, throttled } = started(t);
  throttled.call('a');
  throttled.cancel();
  clock.pass(500);
  assert.deepEqual(calls, []);
  throttled.call('b');
  clock.pass(0);
  assert.deepEqual(calls, [[500, 'b']]);
});
