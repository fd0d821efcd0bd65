// The packed arrays of a state, read one setting's block at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookUp, medians, openArrays, placeOf, rows } from './data.js';

const SIZES = [2, 3];
const codes = (...values) => Uint16Array.from(values);

test('a block is the one of its setting, in C order', () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i);
  const arrays = openArrays({ a: { type: 'f32', shape: [2, 3, 2], data } }, SIZES);
  assert.deepEqual([...arrays.at('a', [1, 2]).data], [10, 11]);
  assert.deepEqual([...arrays.at('a', [0, 1]).data], [2, 3]);
  assert.deepEqual(arrays.at('a', [0, 1]).shape, [2]);
  assert.equal(arrays.all('a').data.length, 12);
});

test('packed numbers are unpacked evenly, in logarithms where they were packed so', () => {
  const data = codes(0, 32767, 65534, 65535);
  const even = openArrays({ a: { type: 'u16', shape: [4], data, lo: -1, hi: 3 } }, []);
  assert.deepEqual([...even.all('a').data], [-1, 1, 3, NaN]);
  const log = openArrays({ a: { type: 'u16', shape: [4], data, lo: 0.01, hi: 100, log: true } }, []);
  const [low, middle, high, none] = log.all('a').data;
  assert.deepEqual([low, high, none], [0.01, 100, NaN]);
  assert.ok(Math.abs(middle - 1) < 1e-12);
});

test('text, a view into a buffer and a buffer hold the same', () => {
  const data = codes(1, 2, 3);
  const text = btoa(String.fromCharCode(...new Uint8Array(data.buffer)));
  const shifted = new Uint8Array(8);
  shifted.set(new Uint8Array(data.buffer), 2);
  for (const given of [text, data.buffer, new DataView(shifted.buffer, 2, 6)]) {
    const arrays = openArrays({ a: { type: 'u16', shape: [3], data: given, lo: 0, hi: 65534 } }, []);
    assert.deepEqual([...arrays.all('a').data], [1, 2, 3]);
  }
});

test('places and words are looked up over the controls they depend on', () => {
  assert.equal(placeOf([1, 2], SIZES), 5);
  assert.equal(placeOf([], []), 0);
  const table = { over: [1], entries: [0, 1, 0], words: ['no', 'yes'] };
  assert.deepEqual(
    [0, 1, 2].map((i) => lookUp(table, [1, i], SIZES)),
    ['no', 'yes', 'no'],
  );
});

test('a block of one dimension has one row', () => {
  assert.deepEqual(rows({ shape: [2], data: Float64Array.of(1, 2) }), [Float64Array.of(1, 2)]);
  assert.deepEqual(rows({ shape: [2, 1], data: Float64Array.of(1, 2) }), [Float64Array.of(1), Float64Array.of(2)]);
});

test('a median leaves out what is not there', () => {
  assert.deepEqual([...medians([Float64Array.of(1, NaN), Float64Array.of(5, NaN), Float64Array.of(2, 4)])], [2, 4]);
  assert.deepEqual([...medians([[1], [2]].map((line) => Float64Array.from(line)))], [1.5]);
  assert.deepEqual([...medians([Float64Array.of(NaN), Float64Array.of(NaN)])], [NaN]);
});
