// An outcome at every value of one control: the present value is ringed, a click or a drag moves there.
import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import { pickTicks } from '../controls.js';
import { medians } from '../data.js';
import { h, s, say } from '../dom.js';
import { diamond, dot, layPaths, makeFrame, upright } from '../frame.js';
import { makeHover } from '../hover.js';
import { decimal, percent, said } from '../numbers.js';
import { longest, room, spare } from '../room.js';

/** @import { Child } from '../dom.js' */
/** @import { Mark } from '../frame.js' */
/** @import { Arrays, Context, Drawn, Index, LiveRun, Row, AcrossPanel } from '../types.js' */

/**
 * @param {AcrossPanel} panel
 * @param {Arrays} arrays
 * @param {Context} context
 * @returns {Drawn}
 */
export function across(panel, arrays, { controls, trains, move }) {
  const control = controls[panel.control];
  const { texts, values } = control;
  const places = values.map((_, i) => i);
  const x = scaleLinear().domain([-0.3, values.length - 0.7]);
  const y = upright(panel);
  /** @type {(width: number) => boolean} */
  const fit = (width) =>
    texts.every((t, i) => !i || (texts[i - 1].length + t.length + 3) * 3.4 < width / (values.length - 0.4));
  const frame = makeFrame({
    x,
    y,
    xLabel: panel.x_label,
    yLabel: panel.y_label,
    yLog: panel.y_log,
    yFormat: panel.y_format,
    xTicks: (width) => (fit(width) ? places : pickTicks(control)),
    xWords: (i) => texts[i],
  });
  frame.svg.classList.add('sn-clickable');
  const parts = layPaths(frame.plot, [
    'ground',
    'bands',
    'seeds',
    'marker',
    'ghost',
    'reference-range',
    'reference',
    'reference-nodes',
    'median',
    'nodes',
    'ghost-end',
    'live-end',
  ]);
  const ring = s(
    'g',
    { class: 'sn-fixed' },
    s('circle', { r: 8, class: 'sn-ring' }),
    s('circle', { r: 3.5, class: 'sn-core' }),
  );
  frame.over.append(ring, parts['live-end']); // the live mark stays in sight on the ring
  const hover = makeHover(frame, places, (i) => (shown ? `${name(i)}: ${both(shown, i)}` : ''));
  /** @type {(kind: string, marks: string, d: string) => SVGElement} */
  const key = (kind, marks, d) =>
    s(
      'svg',
      { class: 'sn-key', viewBox: '0 0 28 14', 'aria-hidden': 'true' },
      s('path', { class: `sn-${kind}`, d: 'M1,7H27' }),
      s('path', { class: `sn-${marks}`, d }),
    );
  const [head, figures, beside, more] = Array.from({ length: 4 }, () => h('span'));
  /** @type {(...parts: HTMLElement[]) => Child[]} */
  const written = (...parts) => [
    parts[0],
    h('span', {}, panel.reference && key('median', 'nodes', dot(14, 7, 3.5)), parts[1]),
    panel.reference && h('span', {}, key('reference', 'reference-nodes', square(14, 7)), parts[2]),
    parts[3],
  ];
  /** @type {(v: number) => string} */
  const words = panel.y_format.includes('%') ? (v) => percent(v).replace(' %', '\u00a0%') : said;
  /** @type {(v: number) => boolean} */
  const there = (v) => !Number.isNaN(v);
  /** @type {(i: number) => string} */
  const name = (i) => `${panel.x_label} ${texts[i]}`;
  const note = h('p', { class: 'sn-share sn-series' }, written(head, figures, beside, more));
  const spares = h('span', { class: 'sn-series', 'aria-hidden': 'true' }, written(...farthest().map((t) => spare(t))));

  // The longest words that each part may have.
  function farthest() {
    const [own, reference] = [panel.y, panel.reference].map((array) => {
      if (!array) return '';
      const { shape, data } = arrays.all(array);
      const [value] = longest(Array.from(data, words));
      const seeds = shape[controls.length];
      return seeds > 1 ? `${value} (${seeds} seeds: ${value} to ${value})` : value;
    });
    const [place] = longest(places.map(name));
    const [value] = longest(['0\u00a0%', words(0.123)]);
    return [
      `${place}:`,
      `${panel.label}: ${own}`,
      `${panel.reference_label}: ${reference}`,
      trains ? `Live run: ${value}.` : '',
    ];
  }

  /**
   * @typedef {object} Gathered What was recorded at every place: median, lowest and highest of the seeds.
   * @property {ArrayLike<number>[]} at
   * @property {ArrayLike<number>} middle
   * @property {number[]} low
   * @property {number[]} high
   * @property {number[]} count
   */

  /** @type {(array: string, index: Index) => Gathered} */
  function gather(array, index) {
    const at = places.map(
      (i) =>
        arrays.at(
          array,
          index.map((v, k) => (k === panel.control ? i : v)),
        ).data,
    );
    const known = at.map((seeds) => [...seeds].filter(there));
    return {
      at,
      middle: medians(Array.from(at[0], (_, seed) => at.map((seeds) => seeds[seed]))),
      low: known.map((v) => (v.length ? Math.min(...v) : NaN)),
      high: known.map((v) => (v.length ? Math.max(...v) : NaN)),
      count: known.map((v) => v.length),
    };
  }
  /** @type {(run: LiveRun | null) => number} */
  const live = (run) => {
    const block = run?.arrays?.[panel.y];
    return block ? medians(Array.from(block.data, (v) => [v]))[0] : NaN;
  };

  /** @type {import('d3-shape').Line<number>} */
  const shape = line();
  shape
    .defined(there)
    .x((_, i) => x(i))
    .y(frame.place)
    .digits(1);
  /** @type {(heights: ArrayLike<number>) => string} */
  const path = (heights) => shape(Array.from(heights)) ?? '';
  /** @type {(heights: ArrayLike<number>, form: Mark) => string} */
  const nodes = (heights, form) => Array.from(heights, (v, i) => (there(v) ? form(x(i), frame.place(v)) : '')).join('');
  /** @type {{ own: Gathered, reference: Gathered | null } | null} */
  let shown = null;

  /** @type {Drawn['draw']} */
  function draw(view) {
    const i = view.index[panel.control];
    const own = gather(panel.y, view.index);
    const reference = panel.reference == null ? null : gather(panel.reference, view.index);
    const ghost = view.pinned && gather(panel.y, view.pinned.index);
    const run = live(view.live);
    shown = { own, reference };
    /** @type {(part: string, d: string) => void} */
    const set = (part, d) => parts[part].setAttribute('d', d);
    set(
      'bands',
      /** @type {import('d3-shape').Area<number>} */ (area())
        .defined((k) => there(own.low[k]))
        .x((k) => x(k))
        .y0((k) => frame.place(own.low[k]))
        .y1((k) => frame.place(own.high[k]))
        .digits(1)(places) ?? '',
    );
    set('seeds', `${path(own.low)}${path(own.high)}`);
    set('median', path(own.middle));
    set(
      'nodes',
      nodes(own.middle, (cx, cy) => dot(cx, cy, 3)),
    );
    set('reference-range', reference ? `${path(reference.low)}${path(reference.high)}` : '');
    set('reference', reference ? path(reference.middle) : '');
    set('reference-nodes', reference ? nodes(reference.middle, square) : '');
    set('ghost', ghost ? path(ghost.middle) : '');
    set('marker', `M${x(i).toFixed(1)},0V${frame.height}`);
    const at = view.pinned?.index[panel.control] ?? 0;
    const alive = live(view.pinned?.live ?? null);
    const pinned = there(alive) ? alive : ghost ? ghost.middle[at] : NaN;
    set('ghost-end', there(pinned) ? diamond(x(at), frame.place(pinned)) : '');
    set('live-end', there(run) ? dot(x(i), frame.place(run), 5) : '');
    ring.style.display = there(own.middle[i]) ? '' : 'none';
    if (there(own.middle[i]))
      ring.setAttribute('transform', `translate(${x(i).toFixed(1)},${frame.place(own.middle[i]).toFixed(1)})`);
    const also = there(run) ? `Live run: ${words(run)}.` : '';
    say(head, `${name(i)}:`);
    say(figures, `${panel.label && `${panel.label}: `}${one(own, i)}`);
    say(beside, reference ? `${panel.reference_label}: ${one(reference, i)}` : '');
    say(more, also);
    frame.svg.setAttribute(
      'aria-label',
      [
        `${panel.title}: ${panel.y_label} by ${panel.x_label}.`,
        `At ${texts[i]}: ${both(shown, i)}.`,
        also,
        extremes(own),
        there(pinned) && `The pinned run, at ${texts[at]}: ${words(pinned)}.`,
      ]
        .filter(Boolean)
        .join(' '),
    );
    hover.show();
  }

  /** @type {(series: Gathered, i: number) => string} */
  function one({ middle, low, high, count }, i) {
    if (!there(middle[i])) return 'no run';
    return `${words(middle[i])}${count[i] > 1 ? ` (${count[i]} seeds: ${words(low[i])} to ${words(high[i])})` : ''}`;
  }
  /** @type {(shown: { own: Gathered, reference: Gathered | null }, i: number) => string} */
  function both({ own, reference }, i) {
    const beside = reference ? `; ${panel.reference_label} ${one(reference, i)}` : '';
    return `${panel.label && `${panel.label} `}${one(own, i)}${beside}`;
  }
  /** @param {Gathered} own */
  function extremes({ middle }) {
    const known = places.filter((i) => there(middle[i]));
    if (!known.length) return '';
    const [low, high] = [-1, 1].map((sign) => known.reduce((a, b) => (sign * middle[b] > sign * middle[a] ? b : a)));
    return `Highest at ${texts[high]}: ${words(middle[high])}; lowest at ${texts[low]}: ${words(middle[low])}.`;
  }

  /** @type {(event: MouseEvent) => void} */
  const go = (event) => move({ [panel.control]: hover.nearest(event) });
  frame.svg.addEventListener('click', go);
  frame.svg.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'mouse' && event.buttons === 1) go(event);
  });

  /** @type {Drawn['tidy']} */
  function tidy({ index, run }, table) {
    const measured = { x_label: panel.x_label, seed: '' };
    /** @type {(i: number) => Pick<Row, 'x' | 'x_text' | 'index'>} */
    const at = (i) => ({
      x: i,
      x_text: table || typeof values[i] !== 'number' ? texts[i] : decimal(values[i]),
      index: index.map((v, k) => (k === panel.control ? i : v)),
    });
    if (run)
      return there(live(run))
        ? [{ ...measured, ...at(index[panel.control]), quantity: panel.y_label, value: live(run) }]
        : [];
    /** @type {[string | null, string | null][]} */
    const series = [
      [panel.y, panel.reference && panel.label],
      [panel.reference, panel.reference_label],
    ];
    return series.flatMap(([array, label]) => {
      if (!array) return [];
      const got = gather(array, index);
      const quantity = label ? `${panel.y_label}, ${label}` : panel.y_label;
      /** @type {Row[]} */
      const seeds = Array.from(got.at[0], (_, seed) =>
        places.map((i) => ({ ...measured, ...at(i), seed: seed + 1, quantity, value: got.at[i][seed] })),
      ).flat();
      /** @type {Row[]} */
      const middle = places.map((i) => ({ ...measured, ...at(i), seed: 'median', quantity, value: got.middle[i] }));
      return table && got.at[0].length > 1 ? middle.concat(seeds) : seeds;
    });
  }

  /** @param {number} total */
  function layout(total) {
    frame.layout(total);
    parts.ground.setAttribute('d', `M0,0H${frame.width}V${frame.height}H0Z`);
  }

  return { node: h('div', {}, frame.node, room(note, [spares])), layout, draw, tidy };
}

/** @type {Mark} */
function square(cx, cy) {
  return `M${cx - 3},${cy - 3}h6v6h-6Z`;
}
