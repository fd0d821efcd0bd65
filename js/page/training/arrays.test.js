// Arrays of a plan's file, and batches out of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gather, openFile } from './arrays.js';

const HEADS = [
  ['y', 'u8', [3]],
  ['x', 'f32', [1, 2]],
];

test('arrays lie one after the other, wherever they start', () => {
  const bytes = new Uint8Array(11);
  bytes.set([7, 8, 9]);
  bytes.set(new Uint8Array(Float32Array.of(0.5, -2).buffer), 3); // at 3: no multiple of four
  const { x, y } = openFile(bytes, HEADS, 'a.bin');
  assert.deepEqual([...y.data], [7, 8, 9]);
  assert.deepEqual([...x.data], [0.5, -2]);
  assert.deepEqual(x.shape, [1, 2]);
});

test('a file that is shorter or longer than its plan says is refused by its name', () => {
  assert.throws(() => openFile(new Uint8Array(12), HEADS, 'a.bin'), /a\.bin holds 12 bytes, its plan says 11/);
});

test('rows are gathered by number, or in turn and around', () => {
  const array = { shape: [3, 2], data: Uint8Array.of(0, 1, 10, 11, 20, 21) };
  const batch = new Float32Array(4);
  gather(batch, array, Uint16Array.of(2, 0), 0);
  assert.deepEqual([...batch], [20, 21, 0, 1]);
  gather(batch, array, null, 2);
  assert.deepEqual([...batch], [20, 21, 0, 1]);
});
