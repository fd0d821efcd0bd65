// Which values of a slider are written under it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pickTicks } from './controls.js';

const ticks = (values, texts = values.map(String), given = []) => pickTicks({ values, texts, ticks: given });

test('ticks that the control names are taken', () => assert.deepEqual(ticks([1, 2, 3], undefined, [1]), [1]));

test('powers of ten are picked, with the first and the last', () => {
  assert.deepEqual(ticks([0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30]), [0, 2, 4, 6, 7]);
});

test('without powers of ten they are spread evenly', () => {
  assert.deepEqual(ticks(Array.from({ length: 13 }, (_, i) => 3 + 2 * i)), [0, 2, 4, 6, 8, 10, 12]);
});

test('two values have a tick each, and words that have no room none', () => {
  assert.deepEqual(ticks([2, 5]), [0, 1]);
  const long = Array.from({ length: 7 }, (_, i) => `a long word, the ${i}th of them`);
  assert.deepEqual(
    ticks(
      long.map((_, i) => i + 2),
      long,
    ),
    [0, 6],
  );
});
