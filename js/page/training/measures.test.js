// What a run measured, as the panels draw it. That windows and counts are those of the recording: tests/test_page_rules.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from './measures.js';

const MEASURES = ['loss', 'accuracy', 'norm', 'clipped'];
const plain = (found) => Object.fromEntries(found.arrays().map(({ name, data }) => [name, [...data]]));

test('a measure that is NaN spoils only its window', () => {
  const found = collect({ steps: 6, measures: MEASURES, windows: { every: 2, arrays: { l: 'loss' } } });
  for (const v of [1, 3, NaN, 1, 5, 5]) found.step(Float32Array.of(v, 0, 0, 0));
  assert.deepEqual(plain(found), { l: [2, NaN, 5] });
});

test('measures stand where the plan says', () => {
  const plan = { steps: 2, measures: ['norm', 'loss'], windows: { every: 1, arrays: { l: 'loss' } } };
  const found = collect(plan);
  found.step(Float32Array.of(7, 1));
  assert.deepEqual(plain(found), { l: [1] });
});

test('a measure that no step gives is refused by its name', () => {
  const plan = { steps: 2, measures: MEASURES, windows: { every: 1, arrays: { l: 'lost' } } };
  assert.throws(() => collect(plan), /the measure lost; there are loss, accuracy, norm, clipped/);
});

test('looks are stacked and tests stand in turn, the last by itself', () => {
  const found = collect({ steps: 4, measures: MEASURES, tests: { array: 'all', last: 'last' } });
  for (const k of [1, 2]) {
    found.look([{ name: 'hidden', shape: [2], data: Float32Array.of(k, 10 * k) }]);
    found.test(0.25 * k);
  }
  assert.deepEqual(plain(found), { all: [0.25, 0.5], last: [0.5], hidden: [1, 10, 2, 20] });
  assert.deepEqual(found.arrays().find(({ name }) => name === 'hidden').shape, [2, 2]);
});

test('what has no numbers yet is left out', () => {
  const found = collect({ steps: 4, measures: MEASURES, windows: { every: 2, arrays: { l: 'loss' } }, tests: {} });
  assert.deepEqual(found.arrays(), []);
});
