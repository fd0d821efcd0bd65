// Numbers as people say them, and as a spreadsheet reads them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimal, percent, power, said } from './numbers.js';

for (const [value, words] of [
  [0, '0'],
  [1, '1'],
  [250, '250'],
  [0.01, '0.01'],
  [-1.5, '−1.5'],
  [12345, '12,345'],
  [1234.5, '1,230'],
  [1e-5, '10⁻⁵'],
  [2.5e-7, '2.5 × 10⁻⁷'],
  [1e6, '10⁶'],
  [3.4e38, '3.4 × 10³⁸'],
  [NaN, 'none'],
  [Infinity, 'infinite'],
  [-Infinity, '−infinite'],
])
  test(`${value} is said ${words}`, () => assert.equal(said(value), words));

test('a spreadsheet gets no exponent and an ASCII minus', () => {
  assert.deepEqual([1e-7, -0.25, 1e21].map(decimal), ['0.0000001', '-0.25', '1000000000000000000000']);
  assert.deepEqual([NaN, Infinity, -Infinity].map(decimal), ['', 'inf', '-inf']);
});

test('a share is rounded, but never to none or all', () => {
  assert.deepEqual([0, 0.004, 0.5, 0.996, 1].map(percent), ['0 %', 'under 1 %', '50 %', 'over 99 %', '100 %']);
});

test('exponents of more digits are raised whole', () => {
  assert.equal(power(-38), '10⁻³⁸');
});
