// The sentence that holds a run of the page beside TensorFlow's recording of the same seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, sameSeed } from './compare.js';

const RECORDING = 'TensorFlow’s recording of the same seed';

/** The sentence for two shares over steps 50, 100, … */
function say(live, recorded, { tolerance = 0.01, share = true, places = true } = {}) {
  const at = places ? (i) => `step ${50 * (i + 1)}` : null;
  return compare(live, recorded, { tolerance, share, at });
}

const has = (text, part) => assert.ok(text.includes(part), `${part} is not in: ${text}`);

test('runs that agree are the same throughout', () => {
  assert.equal(say([0.5, 0.7, 0.9], [0.5, 0.703, 0.9]), `${RECORDING}: the same within 0.3 points throughout.`);
  has(say([0.5, 0.7], [0.5, 0.7]), 'within 0.1 points throughout');
  has(say([0.5, 0.7], [0.5, 0.71]), 'within 1 point throughout');
});

test('runs that part are told with the step and the distance', () => {
  assert.equal(
    say([0.3, 0.5, 0.9, 0.25], [0.305, 0.5, 0.8, 0.66]),
    `It follows ${RECORDING} within 0.5 points up to step 100; ` +
      'then rounding, which differs, has grown and they part by up to 41 points.',
  );
});

test('runs that part and meet again are told so', () => {
  const said = say([0.3, 0.5, 0.9, 1.0], [0.3, 0.5, 0.8, 0.999]);
  assert.ok(said.endsWith('they part by up to 10 points, but they end within 0.1 points of each other.'), said);
});

test('runs that part at once are not put down to rounding', () => {
  const said = say([0.3, 0.5], [0.5, 0.9]);
  assert.equal(said, `It parts from ${RECORDING} from step 50 on, by up to 40 points.`);
  has(say([0.3, 0.5], [0.5, 0.9], { places: false }), 'from the start on');
});

test('two runs without a number agree and one does not', () => {
  const loss = { tolerance: 0.05, share: false };
  has(say([1, NaN, Infinity], [1, NaN, Infinity], loss), 'the same within');
  has(say([1, NaN], [1, 2], loss), 'one of them ends without a number');
  has(say([1, Infinity], [1, 2], loss), 'one of them ends without a number');
  has(say([NaN], [0.5]), 'one ended without a number');
});

test('one number is compared as such', () => {
  assert.ok(say([0.71], [0.71]).endsWith('of the same seed ends the same within 0.1 points.'));
  assert.ok(say([0.71], [0.8]).endsWith('of the same seed ends 9 points apart from it.'));
});

test('what is no share is told as a number', () => {
  const said = say([1, 2], [1, 2.013], { tolerance: 0.05, share: false });
  assert.match(said, /the same within 0\.01[34] throughout/);
});

for (const [distance, shown] of [
  [0.0031, '0.4'],
  [0.003, '0.3'],
  [0.1234, '13'],
])
  test(`within is never rounded down: ${distance} is ${shown} points`, () => {
    has(say([0.5, 0.5], [0.5, 0.5 + distance], { tolerance: 0.2 }), `within ${shown} points`);
  });

test('nothing in common is not compared', () => {
  assert.equal(say([], [0.5]), null);
  assert.equal(say([0.5], []), null);
});

test('the same seed is the recorded row', () => {
  const block = { shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) };
  assert.deepEqual([...sameSeed(block, 1, 3)], [4, 5, 6]);
  assert.equal(sameSeed(block, 2, 3), null);
  const seeds = { shape: [3], data: Float64Array.of(1, 2, 3) };
  assert.deepEqual([...sameSeed(seeds, 1, 1)], [2]);
  assert.deepEqual([...sameSeed(seeds, 0, 3)], [1, 2, 3]);
  assert.equal(sameSeed(seeds, 3, 1), null);
});
