// The tidy CSV of all that the charts show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv } from './numbers-table.js';

const CONTROLS = [{ name: 'rate', values: [0.5, 'auto'], texts: ['0.5', 'auto, "best"'] }];
const ROW = { x_label: 'step', x: 50, quantity: 'loss', seed: 1, value: 1e-7 };
const PANEL = { tidy: () => [ROW] };

test('one row a number, with its setting, in plain decimals', () => {
  const text = csv({ controls: CONTROLS, panels: [{ title: 'Loss' }] }, [PANEL], { index: [0] });
  assert.equal(text, 'panel,source,rate,seed,x_label,x,quantity,value\nLoss,recorded,0.5,1,step,50,loss,0.0000001\n');
});

test('text with commas and quotes is quoted', () => {
  const text = csv({ controls: CONTROLS, panels: [{ title: 'Loss, mean' }] }, [PANEL], { index: [1] });
  assert.equal(text.split('\n')[1], '"Loss, mean",recorded,"auto, ""best""",1,step,50,loss,0.0000001');
});

test('live and pinned runs are rows of their own, a moment a column', () => {
  const live = { arrays: {} };
  const view = { index: [0], live, pinned: { index: [1], live }, moment: 2 };
  const panels = [{ title: 'Layers', moments: [0, 10, 50] }];
  const text = csv({ controls: CONTROLS, panels }, [{ tidy: () => [{ ...ROW, moment: 10 }] }], view);
  const sources = text.split('\n').map((line) => line.split(',')[1]);
  assert.deepEqual(sources.slice(1, -1), ['recorded', 'live', 'pinned', 'pinned live']);
  assert.equal(text.split('\n')[0], 'panel,source,rate,moment,seed,x_label,x,quantity,value');
  assert.match(text.split('\n')[1], /^Layers,recorded,0\.5,10,1,/);
});
