// How a run ended, in words. That "solved" is what the experiment calls so: tests/test_page_rules.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './verdict.js';

const RULE = { kind: 'solved', measure: 'accuracy', window: 2, target: 0.9, slack: 1e-6, kept: 0.8, ending: 4 };

function said(accuracies, outcome = RULE) {
  const verdict = judge({ outcome, seed: 3, measures: ['loss', 'accuracy'] });
  for (const accuracy of accuracies) verdict.step(Float32Array.of(9, accuracy));
  return verdict.words([]);
}

test('right is the share of the last test', () => {
  const verdict = judge({ outcome: { kind: 'right' }, seed: 0, measures: [] });
  assert.equal(verdict.words([0.2, 0.714]), 'Seed 0, trained in this page: 71 % of test pictures right.');
});

test('solved is told with the step at which a window first reached the target', () => {
  // Windows of two: (0.5 + 0.9) / 2 = 0.7, (0.9 + 1) / 2 = 0.95, which is step 3.
  assert.equal(said([0.5, 0.9, 1, 1]), 'Seed 3, trained in this page: solved after 3 steps.');
});

test('what was solved and is under the kept share in the last window was lost', () => {
  assert.equal(said([1, 1, 0.5, 0.5]), 'Seed 3, trained in this page: solved after 2 steps, and lost again.');
});

test('what was never solved ends with the mean over the ending', () => {
  // The last four: (0.4 + 0.4 + 0.6 + 0.6) / 4 = 0.5.
  assert.equal(said([0, 0, 0.4, 0.4, 0.6, 0.6]), 'Seed 3, trained in this page: not solved; accuracy ends at 50 %.');
});

test('a window that falls short by rounding alone has reached the target', () => {
  assert.match(said([0.9 - 4e-7, 0.9 - 4e-7]), /solved after 2 steps/);
  assert.match(said([0.9 - 4e-6, 0.9 - 4e-6]), /not solved/);
});

test('an outcome or a measure that is unknown is refused by its name', () => {
  assert.throws(
    () => judge({ outcome: { kind: 'won' }, seed: 0, measures: [] }),
    /kind won; there are solved and right/,
  );
  const plan = { outcome: { ...RULE, measure: 'luck' }, seed: 0, measures: ['loss'] };
  assert.throws(() => judge(plan), /the measure luck; there are loss/);
});
