// Curves over steps: a thin line a seed, their median thick, the live run and the pinned one over it.
import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { medians, rows } from '../data.js';
import { s } from '../dom.js';
import { diamond, dot, makeFrame } from '../frame.js';
import { makeHover } from '../hover.js';
import { decimal, percent, said } from '../numbers.js';

export function curves(panel, arrays) {
  const xs = panel.x;
  const end = xs[xs.length - 1];
  const x = scaleLinear().domain([xs[0] > 0 && xs[0] < end / 10 ? 0 : xs[0], end]); // steps count from 0
  const y = (panel.y_log ? scaleLog() : scaleLinear()).domain(panel.y_domain);
  const frame = makeFrame({
    x,
    y,
    xLabel: panel.x_label,
    yLabel: panel.y_label,
    yLog: panel.y_log,
    yFormat: panel.y_format,
    spill: 7,
  }); // room for the end marks
  const parts = {};
  for (const name of ['ghost', 'ghost-end', 'seeds', 'median', 'twin', 'live', 'live-end']) {
    parts[name] = s('path', { class: `sn-${name}` });
    frame.plot.append(parts[name]);
  }
  const hover = makeHover(frame, xs, readOut);

  const shape = line()
    .defined((v) => !Number.isNaN(v))
    .x((_, i) => x(xs[i]))
    .y(frame.place)
    .digits(1);
  const several = (lines) => lines.map((values) => shape(values) ?? '').join('');
  const last = (values) => {
    let i = values.length - 1;
    while (i >= 0 && Number.isNaN(values[i])) i--;
    return i;
  };
  const mark = (values, form) => {
    const i = values ? last(values) : -1;
    return i < 0 ? '' : form(x(xs[i]), frame.place(values[i]));
  };

  const recorded = (index) => rows(arrays.at(panel.y, index));
  const live = (run) => (run?.arrays?.[panel.y] ? rows(run.arrays[panel.y]) : null);
  const words = panel.y_format.includes('%') ? percent : said;
  let shown = null;

  function draw(view) {
    const lines = recorded(view.index);
    const middle = medians(lines);
    const run = live(view.live);
    const twin = lines.length > 1 && lines[view.live?.twin]; // the recorded run of the live one's seed
    const ghost = view.pinned && (live(view.pinned.live) ?? [medians(recorded(view.pinned.index))]);
    const ghostMiddle = ghost && medians(ghost);
    shown = { lines, middle, run: run && medians(run), twin, ghost: ghostMiddle };
    parts.seeds.setAttribute('d', lines.length > 1 ? several(lines) : '');
    parts.median.setAttribute('d', several([middle]));
    parts.twin.setAttribute('d', twin ? several([twin]) : '');
    parts.live.setAttribute('d', run ? several(run) : '');
    parts['live-end'].setAttribute('d', mark(shown.run, dot));
    parts.ghost.setAttribute('d', ghost ? several([ghostMiddle]) : '');
    parts['ghost-end'].setAttribute('d', mark(ghostMiddle, diamond));
    frame.svg.setAttribute('aria-label', describe());
    hover.show();
  }

  function path(values, name) {
    const end = last(values);
    if (end < 0) return `${name}: no run.`;
    const start = values.findIndex((v) => !Number.isNaN(v));
    const [from, to] = [start, end].map((i) => `${words(values[i])} at ${said(xs[i])}`);
    return `${name} goes from ${from} to ${to}.`;
  }

  function describe() {
    const { lines, middle, run, twin, ghost } = shown;
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

  function readOut(i) {
    const { lines, middle, run, twin, ghost } = shown;
    const column = lines.map((l) => l[i]).filter((v) => !Number.isNaN(v));
    const spread = column.length > 1 ? ` (${words(Math.min(...column))}–${words(Math.max(...column))})` : '';
    const more = [
      ['live', run],
      ['same seed', twin],
      ['pinned', ghost],
    ].map(([name, values]) =>
      values && i < values.length && !Number.isNaN(values[i]) ? `, ${name} ${words(values[i])}` : '',
    );
    return `${panel.x_label} ${said(xs[i])}: ${words(middle[i])}${spread}${more.join('')}`;
  }

  function tidy({ index, run }, table) {
    const measured = { x_label: panel.x_label, quantity: panel.y_label };
    const point = (seed) => (value, i) => ({ ...measured, seed, x: xs[i], value });
    if (run) return live(run)?.flatMap((l, k, all) => [...l].map(point(all.length > 1 ? k + 1 : ''))) ?? [];
    const lines = recorded(index);
    const seeds = lines.flatMap((l, k) => [...l].map(point(k + 1)));
    return table && lines.length > 1 ? [...medians(lines)].map(point('median')).concat(seeds) : seeds;
  }

  return { node: frame.node, layout: frame.layout, draw, tidy, write: decimal };
}
