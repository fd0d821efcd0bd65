// Sizes as people say them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loading, offer } from './words.js';

for (const [size, said] of [
  [0, ''],
  [900, 'Downloads 1 kB, once.'],
  [99_000, 'Downloads 99 kB, once.'],
  [3_060_000, 'Downloads 3.1 MB, once.'],
])
  test(`${size} bytes are offered as people say it`, () => assert.equal(offer(size), said));

test('a download is told in megabytes, a small one by its size', () => {
  assert.equal(loading(1.23e6, 3.1e6), 'Downloading 1.2 of 3.1 MB');
  assert.equal(loading(10, 42_000), 'Downloading 42 kB');
});
