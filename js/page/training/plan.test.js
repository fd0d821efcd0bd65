// Which files and numbers of a plan belong to a setting, and which plans cannot be used.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allNames, choose, flaw, needs } from './plan.js';

const RUNTIME = { loader: { path: 'l', bytes: 1 }, wasm: { path: 'w', bytes: 2 } };
const WHOLE = { version: 2, runtime: RUNTIME, files: {}, pick: {}, steps: 1, measures: ['loss'], outcome: {} };

test('entries are found in C order', () => {
  const pick = {
    step: { over: [2, 0], entries: ['a', 'b', 'c', 'd', 'e', 'f'] },
    rate: { over: [], entries: [0.5] },
  };
  assert.deepEqual(choose({ pick }, [1, 9, 2], [2, 10, 3]), { step: 'f', rate: 0.5 });
  assert.equal(choose({ pick }, [1, 9, 0], [2, 10, 3]).step, 'b');
});

test('each file is counted once', () => {
  const plan = { runtime: RUNTIME, files: { a: { bytes: 10 }, b: { bytes: 20 } } };
  const chosen = { step: 'a', examples: 'b', shown: 'b', rate: 0.5, look: null };
  assert.deepEqual(
    needs(plan, chosen).map(({ name }) => name),
    ['w', 'l', 'a', 'b'],
  );
});

test('a plan of a version that the page does not know is refused with both', () => {
  assert.equal(flaw(WHOLE), null);
  assert.equal(flaw({ ...WHOLE, version: 1 }), 'its plan is of version 1, this page reads 2');
  assert.equal(flaw({ ...WHOLE, version: 3 }), 'its plan is of version 3, this page reads 2');
  assert.match(flaw(null), /version undefined/);
});

for (const part of ['runtime', 'files', 'pick', 'steps', 'measures', 'outcome'])
  test(`a plan without its ${part} is refused`, () => {
    assert.equal(flaw({ ...WHOLE, [part]: undefined }), `its plan has no ${part}`);
  });

test('all names are those of the runtime and of every file', () => {
  assert.deepEqual(allNames({ ...WHOLE, files: { a: {}, b: {} } }), ['l', 'w', 'a', 'b']);
});
