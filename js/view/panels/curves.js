// Curves over steps: a thin line a seed, their median thick, the live run and the pinned one over it.
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { medians, rows } from '../data.js';
import { diamond, dot, layPaths, makeFrame, upright } from '../frame.js';
import { makeHover } from '../hover.js';
import { percent, said } from '../numbers.js';

/** @import { Arrays, CurvesPanel, Drawn, Index, LiveRun, Numbers, Row, View } from '../types.js' */
/** @import { Mark } from '../frame.js' */

/**
 * @param {CurvesPanel} panel
 * @param {Arrays} arrays
 * @returns {Drawn}
 */
export function curves(panel, arrays) {
  const xs = panel.x;
  const end = xs[xs.length - 1];
  const x = scaleLinear().domain([xs[0] > 0 && xs[0] < end / 10 ? 0 : xs[0], end]); // steps count from 0
  const y = upright(panel);
  const frame = makeFrame({
    x,
    y,
    xLabel: panel.x_label,
    yLabel: panel.y_label,
    yLog: panel.y_log,
    yFormat: panel.y_format,
    spill: 7,
  }); // room for the end marks
  const parts = layPaths(frame.plot, ['ghost', 'ghost-end', 'seeds', 'median', 'twin', 'live', 'live-end']);
  const hover = makeHover(frame, xs, readOut);

  /** @type {import('d3-shape').Line<number>} */
  const shape = line();
  shape
    .defined((v) => !Number.isNaN(v))
    .x((_, i) => x(xs[i]))
    .y(frame.place)
    .digits(1);
  /** @type {(lines: ArrayLike<number>[]) => string} */
  const several = (lines) => lines.map((values) => shape(Array.from(values)) ?? '').join('');
  /** @type {(values: ArrayLike<number>) => number} */
  const last = (values) => {
    let i = values.length - 1;
    while (i >= 0 && Number.isNaN(values[i])) i--;
    return i;
  };
  /** @type {(values: ArrayLike<number> | null, form: Mark) => string} */
  const mark = (values, form) => {
    const i = values ? last(values) : -1;
    return !values || i < 0 ? '' : form(x(xs[i]), frame.place(values[i]));
  };

  /** @type {(index: Index) => Numbers[]} */
  const recorded = (index) => rows(arrays.at(panel.y, index));
  /** @type {(run: LiveRun | null) => Numbers[] | null} */
  const live = (run) => (run?.arrays?.[panel.y] ? rows(run.arrays[panel.y]) : null);
  const words = panel.y_format.includes('%') ? percent : said;
  /**
   * @typedef {ArrayLike<number> | null | false | undefined} Maybe
   * @typedef {{ lines: Numbers[], middle: ArrayLike<number>, run: Maybe, twin: Maybe, ghost: Maybe }} Shown
   */

  /** @type {Shown | null} */
  let shown = null;

  /** @param {View} view */
  function draw(view) {
    const lines = recorded(view.index);
    const middle = medians(lines);
    const run = live(view.live);
    const twin = lines.length > 1 && lines[view.live?.twin ?? -1]; // the recorded run of the live one's seed
    const ghost = view.pinned && (live(view.pinned.live) ?? [medians(recorded(view.pinned.index))]);
    const ghostMiddle = ghost && medians(ghost);
    const now = run && medians(run);
    shown = { lines, middle, run: now, twin, ghost: ghostMiddle };
    parts.seeds.setAttribute('d', lines.length > 1 ? several(lines) : '');
    parts.median.setAttribute('d', several([middle]));
    parts.twin.setAttribute('d', twin ? several([twin]) : '');
    parts.live.setAttribute('d', run ? several(run) : '');
    parts['live-end'].setAttribute('d', mark(now, dot));
    parts.ghost.setAttribute('d', ghostMiddle ? several([ghostMiddle]) : '');
    parts['ghost-end'].setAttribute('d', mark(ghostMiddle, diamond));
    frame.svg.setAttribute('aria-label', describe(shown));
    hover.show();
  }

  /** @type {(values: ArrayLike<number>, name: string) => string} */
  function path(values, name) {
    const end = last(values);
    if (end < 0) return `${name}: no run.`;
    const start = Array.from(values).findIndex((v) => !Number.isNaN(v));
    const [from, to] = [start, end].map((i) => `${words(values[i])} at ${said(xs[i])}`);
    return `${name} goes from ${from} to ${to}.`;
  }

  /** @param {Shown} shown */
  function describe({ lines, middle, run, twin, ghost }) {
    const name = lines.length > 1 ? `The median of ${lines.length} seeds` : 'The curve';
    return [
      `${panel.title}: ${panel.y_label} by ${panel.x_label}.`,
      path(middle, name),
      run && path(run, 'The live run'),
      twin && path(twin, 'The recorded run of the same seed'),
      ghost && path(ghost, 'The pinned run'),
    ]
      .filter(Boolean)
      .join(' ');
  }

  /** @param {number} i */
  function readOut(i) {
    if (!shown) return '';
    const { lines, middle, run, twin, ghost } = shown;
    const column = lines.map((l) => l[i]).filter((v) => !Number.isNaN(v));
    const spread = column.length > 1 ? ` (${words(Math.min(...column))}–${words(Math.max(...column))})` : '';
    /** @type {[string, Maybe][]} */
    const found = [
      ['live', run],
      ['same seed', twin],
      ['pinned', ghost],
    ];
    const more = found.map(([name, values]) =>
      values && i < values.length && !Number.isNaN(values[i]) ? `, ${name} ${words(values[i])}` : '',
    );
    return `${panel.x_label} ${said(xs[i])}: ${words(middle[i])}${spread}${more.join('')}`;
  }

  /** @type {Drawn['tidy']} */
  function tidy({ index, run }, table) {
    const measured = { x_label: panel.x_label, quantity: panel.y_label };
    /** @type {(seed: Row['seed']) => (value: number, i: number) => Row} */
    const point = (seed) => (value, i) => ({ ...measured, seed, x: xs[i], value });
    if (run) return live(run)?.flatMap((l, k, all) => [...l].map(point(all.length > 1 ? k + 1 : ''))) ?? [];
    const lines = recorded(index);
    const seeds = lines.flatMap((l, k) => [...l].map(point(k + 1)));
    return table && lines.length > 1 ? Array.from(medians(lines), point('median')).concat(seeds) : seeds;
  }

  return { node: frame.node, layout: frame.layout, draw, tidy };
}
