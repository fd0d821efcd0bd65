// A quantity of each layer as bands of quantiles, at the moment of training that all such panels share.
import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import { makeRange } from '../controls.js';
import { h, say, uid } from '../dom.js';
import { diamond, dot, layPaths, makeFrame, upright } from '../frame.js';
import { makeHover } from '../hover.js';
import { percent, said } from '../numbers.js';
import { room } from '../room.js';

/** @import { Mark } from '../frame.js' */
/** @import { Arrays, Block, Context, Drawn, Index, LayersPanel, LiveRun } from '../types.js' */

/**
 * The first layer, then round numbers that have room.
 *
 * @type {(layers: number, width: number) => number[]}
 */
function layerTicks(layers, width) {
  const every = [1, 2, 5, 10, 20, 50].find((step) => (step * width) / layers > 24) ?? 100;
  const first = every > 2 ? [1] : [];
  const from = every > 2 ? every : 1;
  return first.concat(Array.from({ length: Math.floor((layers - from) / every) + 1 }, (_, i) => from + i * every));
}

/**
 * @param {LayersPanel} panel
 * @param {Arrays} arrays
 * @param {Context} context
 * @returns {Drawn}
 */
export function layers(panel, arrays, { look }) {
  const { moments, quantiles } = panel;
  const size = quantiles.length;
  const middle = size >> 1;
  const numbers = Array.from({ length: panel.layers }, (_, i) => i + 1);
  const x = scaleLinear().domain([1, Math.max(2, panel.layers)]);
  const y = upright(panel);
  const frame = makeFrame({
    x,
    y,
    xLabel: panel.x_label,
    yLabel: panel.y_label,
    yLog: panel.y_log,
    yFormat: panel.y_format,
    xTicks: (width) => layerTicks(panel.layers, width),
    spill: 7,
  });
  const parts = layPaths(frame.plot, [
    'bands',
    'bands-inner',
    'seeds',
    'ghost-edges',
    'ghost',
    'ghost-end',
    'median',
    'nodes',
    'live-edges',
    'live',
    'live-end',
  ]);
  const id = uid('moment');
  const range = makeRange(moments, look, { id });
  const now = h('output', { class: 'sn-value', for: id, 'aria-hidden': 'true' });
  const slider = h(
    'div',
    { class: 'sn-moment' },
    h('label', { for: id }, 'Moment', h('span', { class: 'sn-unseen' }, ` of training: ${panel.title}`)),
    range.input,
    room(now, moments),
  );
  const behind = h('p', { class: 'sn-readout sn-behind' }); // under the readout
  frame.node.append(behind);
  const hover = makeHover(frame, numbers, readOut);
  const words = panel.y_format.includes('%') ? percent : said;
  /** @type {(q: number) => string} */
  const share = (q) => `${Number((100 * q).toFixed(1))} %`;
  const within = quantiles
    .slice(0, middle)
    .map((q) => share(1 - 2 * q))
    .reverse();
  const bands = `${size > 3 ? 'Bands' : 'Band'}: the middle ${within.join(' and ').replaceAll(' %', '\u00a0%')}`;
  const key = size > 1 ? `Line: median. ${bands} of the values.` : '';

  /** @typedef {{ at: number, lines: number[][] }} Cut */

  /**
   * One line a quantile at a moment; a live run is shown at its newest moment until it has come that far.
   *
   * @type {(block: Block | null | undefined, moment: number) => Cut | null}
   */
  function cut(block, moment) {
    if (!block?.shape[0]) return null;
    const [done, n] = block.shape;
    const at = Math.min(moment, done - 1);
    return {
      at,
      lines: quantiles.map((_, q) => numbers.map((_, i) => (i < n ? block.data[(at * n + i) * size + q] : NaN))),
    };
  }
  /** @type {(index: Index) => Block} */
  const recorded = (index) => arrays.at(panel.y, index);
  /** @type {(run: LiveRun | null) => Block | undefined} */
  const live = (run) => run?.arrays?.[panel.y];

  /** @type {(v: number) => boolean} */
  const there = (v) => !Number.isNaN(v);
  /** @type {import('d3-shape').Line<number>} */
  const shape = line();
  shape
    .defined(there)
    .x((_, i) => x(i + 1))
    .y(frame.place)
    .digits(1);
  /** @type {(values: number[]) => string} */
  const path = (values) => shape(values) ?? '';
  /** @type {(cut: Cut) => string} */
  const edges = ({ lines }) => (size > 1 ? path(lines[0]) + path(lines[size - 1]) : '');
  /** @type {(lines: number[][], q: number) => string} */
  const band = (lines, q) =>
    /** @type {import('d3-shape').Area<number>} */ (area())
      .defined((i) => there(lines[q][i]) && there(lines[size - 1 - q][i]))
      .x((i) => x(i + 1))
      .y0((i) => frame.place(lines[q][i]))
      .y1((i) => frame.place(lines[size - 1 - q][i]))
      .digits(1)(numbers.map((n) => n - 1)) ?? '';
  /** @type {(values: number[]) => number} */
  const deepest = (values) => values.reduce((last, v, i) => (there(v) ? i : last), -1);
  /** @type {(values: number[], form: Mark) => string} */
  const mark = (values, form) => {
    const i = deepest(values);
    return i < 0 ? '' : form(x(i + 1), frame.place(values[i]));
  };
  /** @type {{ own: Cut | null, run: Cut | null, ghost: Cut | null } | null} */
  let shown = null;

  /** @type {Drawn['draw']} */
  function draw(view) {
    const { moment } = view;
    const run = cut(live(view.live), moment);
    const ghost = view.pinned && cut(live(view.pinned.live) ?? recorded(view.pinned.index), moment);
    const own = cut(recorded(view.index), moment);
    shown = { own, run, ghost };
    if (!own) return;
    const { lines } = own;
    /** @type {(name: string, d: string) => void} */
    const set = (name, d) => parts[name].setAttribute('d', d);
    set('bands', size > 1 ? band(lines, 0) : '');
    set('bands-inner', size > 3 ? band(lines, 1) : '');
    set('seeds', edges(own));
    set('median', path(lines[middle]));
    set(
      'nodes',
      frame.width / panel.layers > 9
        ? lines[middle].map((v, i) => (there(v) ? dot(x(i + 1), frame.place(v), 2.5) : '')).join('')
        : '',
    );
    /** @type {[string, Cut | null, Mark][]} */
    const others = [
      ['live', run, dot],
      ['ghost', ghost, diamond],
    ];
    for (const [name, block, form] of others) {
      set(name, block ? path(block.lines[middle]) : '');
      set(`${name}-edges`, block ? edges(block) : '');
      set(`${name}-end`, block ? mark(block.lines[middle], form) : '');
    }
    range.update(moment);
    say(now, moments[moment]);
    say(behind, run && run.at < moment ? `live run: ${moments[run.at]} so far` : '');
    frame.svg.setAttribute(
      'aria-label',
      [
        `${panel.title}: ${panel.y_label} by ${panel.x_label}, at ${moments[moment]}.`,
        told(own, 'Recorded'),
        run && told(run, `The live run at ${moments[run.at]}`),
        ghost && told(ghost, 'The pinned run'),
      ]
        .filter(Boolean)
        .join(' '),
    );
    hover.show();
  }

  /** @type {(end: (q: number) => string) => string} */
  const extent = (end) => `${end(0)} to ${end(size - 1)}`;
  /** @type {(lines: number[][], i: number) => string} */
  const spread = (lines, i) =>
    size > 1 ? ` (${extent((q) => share(quantiles[q]))}: ${extent((q) => words(lines[q][i]))})` : '';
  /** @type {(cut: Cut, name: string) => string} */
  function told({ lines }, name) {
    const values = lines[middle];
    const end = deepest(values);
    if (end < 0) return `${name}: nothing.`;
    const first = values.findIndex(there);
    /** @type {(i: number) => string} */
    const at = (i) => `${words(values[i])}${spread(lines, i)} at ${panel.x_label} ${i + 1}`;
    return `${name}: ${size > 1 ? 'median ' : ''}${at(first)}${end > first ? `, ${at(end)}, the last` : ''}.`;
  }

  /** @param {number} i */
  function readOut(i) {
    if (!shown?.own) return '';
    const { own, run, ghost } = shown;
    /** @type {(cut: Cut) => number} */
    const at = ({ lines }) => lines[middle][i];
    if (Number.isNaN(at(own))) return `no ${panel.x_label} ${i + 1} here`;
    const range = size > 1 ? ` (${words(own.lines[0][i])}–${words(own.lines[size - 1][i])})` : '';
    /** @type {[string, Cut | null][]} */
    const others = [
      ['live', run],
      ['pinned', ghost],
    ];
    const more = others.map(([name, block]) => (block && there(at(block)) ? `, ${name} ${words(at(block))}` : ''));
    return `${panel.x_label} ${i + 1}: ${words(at(own))}${range}${more.join('')}`;
  }

  /** @type {Drawn['tidy']} */
  function tidy({ index, run, moment }, table) {
    const block = run ? live(run) : recorded(index);
    if (!block) return [];
    const wanted = table ? [moment] : moments.map((_, m) => m).slice(0, block.shape[0]);
    return wanted.flatMap((m) => {
      const found = cut(block, m);
      if (!found) return [];
      const { at, lines } = found;
      return lines.flatMap((values, q) => {
        const which = size === 1 ? '' : q === middle ? ', median' : `, ${share(quantiles[q])} quantile`;
        const measured = {
          x_label: panel.x_label,
          quantity: `${panel.y_label}${which}${table ? `, ${moments[at]}` : ''}`,
          seed: '',
          moment: panel.steps[at],
        };
        return values.map((value, i) => ({ ...measured, x: i + 1, value })).filter((row) => there(row.value));
      });
    });
  }

  return {
    node: h('div', {}, frame.node, slider, key && h('p', { class: 'sn-caption' }, key)),
    layout: frame.layout,
    draw,
    tidy,
  };
}
