// An outcome at every value of one control: the present value is ringed, a click or a drag moves there.
import { scaleLinear, scaleLog } from 'd3-scale';
import { area, line } from 'd3-shape';
import { pickTicks } from '../controls.js';
import { medians } from '../data.js';
import { h, s, say } from '../dom.js';
import { diamond, dot, makeFrame } from '../frame.js';
import { makeHover } from '../hover.js';
import { decimal, percent, said } from '../numbers.js';

export function across(panel, arrays, { controls, move }) {
  const control = controls[panel.control];
  const { texts, values } = control;
  const places = values.map((_, i) => i);
  const x = scaleLinear().domain([-0.3, values.length - 0.7]);
  const y = (panel.y_log ? scaleLog() : scaleLinear()).domain(panel.y_domain);
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
  const parts = {};
  for (const name of [
    'ground',
    'bands',
    'seeds',
    'marker',
    'ghost',
    'reference',
    'reference-nodes',
    'median',
    'nodes',
    'ghost-end',
    'live-end',
  ]) {
    parts[name] = s('path', { class: `sn-${name}` });
    frame.plot.append(parts[name]);
  }
  const ring = s(
    'g',
    { class: 'sn-fixed' },
    s('circle', { r: 8, class: 'sn-ring' }),
    s('circle', { r: 3.5, class: 'sn-core' }),
  );
  frame.over.append(ring, parts['live-end']); // the live mark stays in sight on the ring
  const hover = makeHover(frame, places, (i) => `${name(i)}: ${both(shown, i)}`);
  const key = (kind, marks, d) =>
    s(
      'svg',
      { class: 'sn-key', viewBox: '0 0 28 14', 'aria-hidden': 'true' },
      s('path', { class: `sn-${kind}`, d: 'M1,7H27' }),
      s('path', { class: `sn-${marks}`, d }),
    );
  const [head, figures, beside, more] = Array.from({ length: 4 }, () => h('span'));
  const note = h(
    'p',
    { class: 'sn-share sn-series' },
    head,
    h('span', {}, panel.reference && key('median', 'nodes', dot(14, 7, 3.5)), figures),
    panel.reference && h('span', {}, key('reference', 'reference-nodes', square(14, 7)), beside),
    more,
  );

  const words = panel.y_format.includes('%') ? (v) => percent(v).replace(' %', '\u00a0%') : said;
  const there = (v) => !Number.isNaN(v);
  const name = (i) => `${panel.x_label} ${texts[i]}`;

  // What was recorded at every place: median, lowest and highest of the seeds.
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
  const live = (run) => {
    const block = run?.arrays?.[panel.y];
    return block ? medians([...block.data].map((v) => [v]))[0] : NaN;
  };

  const shape = line()
    .defined(there)
    .x((_, i) => x(i))
    .y(frame.place)
    .digits(1);
  const path = (heights) => shape(heights) ?? '';
  const nodes = (heights, form) => [...heights].map((v, i) => (there(v) ? form(x(i), frame.place(v)) : '')).join('');
  let shown = null;

  function draw(view) {
    const i = view.index[panel.control];
    const own = gather(panel.y, view.index);
    const reference = panel.reference && gather(panel.reference, view.index);
    const ghost = view.pinned && gather(panel.y, view.pinned.index);
    const run = live(view.live);
    shown = { own, reference, ghost };
    const set = (part, d) => parts[part].setAttribute('d', d);
    set(
      'bands',
      area()
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
    set('reference', reference ? path(reference.middle) : '');
    set('reference-nodes', reference ? nodes(reference.middle, square) : '');
    set('ghost', ghost ? path(ghost.middle) : '');
    set('marker', `M${x(i).toFixed(1)},0V${frame.height}`);
    const at = view.pinned?.index[panel.control];
    const pinned = view.pinned && (there(live(view.pinned.live)) ? live(view.pinned.live) : ghost.middle[at]);
    set('ghost-end', view.pinned && there(pinned) ? diamond(x(at), frame.place(pinned)) : '');
    set('live-end', there(run) ? dot(x(i), frame.place(run), 5) : '');
    ring.style.display = there(own.middle[i]) ? '' : 'none';
    if (there(own.middle[i]))
      ring.setAttribute('transform', `translate(${x(i).toFixed(1)},${frame.place(own.middle[i]).toFixed(1)})`);
    const also = there(run) ? `Live run: ${words(run)}.` : '';
    say(head, `${name(i)}:`);
    say(figures, `${panel.label && `${panel.label} `}${one(own, i)}`);
    say(beside, reference ? `${panel.reference_label} ${one(reference, i)}` : '');
    say(more, also);
    frame.svg.setAttribute(
      'aria-label',
      [
        `${panel.title}: ${panel.y_label} by ${panel.x_label}.`,
        `At ${texts[i]}: ${both(shown, i)}.`,
        also,
        extremes(own),
        view.pinned && there(pinned) && `The pinned run, at ${texts[at]}: ${words(pinned)}.`,
      ]
        .filter(Boolean)
        .join(' '),
    );
    hover.show();
  }

  function one({ middle, low, high, count }, i) {
    if (!there(middle[i])) return 'nothing was recorded';
    return `${words(middle[i])}${count[i] > 1 ? ` (${count[i]} seeds: ${words(low[i])} to ${words(high[i])})` : ''}`;
  }
  function both({ own, reference }, i) {
    const beside = reference ? `; ${panel.reference_label} ${one(reference, i)}` : '';
    return `${panel.label && `${panel.label} `}${one(own, i)}${beside}`;
  }
  function extremes({ middle }) {
    const known = places.filter((i) => there(middle[i]));
    if (!known.length) return '';
    const [low, high] = [-1, 1].map((sign) => known.reduce((a, b) => (sign * middle[b] > sign * middle[a] ? b : a)));
    return `Highest at ${texts[high]}: ${words(middle[high])}; lowest at ${texts[low]}: ${words(middle[low])}.`;
  }

  const go = (event) => move({ [panel.control]: hover.nearest(event) });
  frame.svg.addEventListener('click', go);
  frame.svg.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'mouse' && event.buttons === 1) go(event);
  });

  function tidy({ index, run }, table) {
    const measured = { x_label: panel.x_label, seed: '' };
    const at = (i) => ({
      x: i,
      x_text: table || typeof values[i] !== 'number' ? texts[i] : decimal(values[i]),
      index: index.map((v, k) => (k === panel.control ? i : v)),
    });
    if (run)
      return there(live(run))
        ? [{ ...measured, ...at(index[panel.control]), quantity: panel.y_label, value: live(run) }]
        : [];
    return [
      [panel.y, panel.reference && panel.label],
      [panel.reference, panel.reference_label],
    ].flatMap(([array, label]) => {
      if (!array) return [];
      const got = gather(array, index);
      const quantity = label ? `${panel.y_label}, ${label}` : panel.y_label;
      const seeds = Array.from(got.at[0], (_, seed) =>
        places.map((i) => ({ ...measured, ...at(i), seed: seed + 1, quantity, value: got.at[i][seed] })),
      ).flat();
      const middle = places.map((i) => ({ ...measured, ...at(i), seed: 'median', quantity, value: got.middle[i] }));
      return table && got.at[0].length > 1 ? middle.concat(seeds) : seeds;
    });
  }

  function layout(total) {
    frame.layout(total);
    parts.ground.setAttribute('d', `M0,0H${frame.width}V${frame.height}H0Z`);
  }

  return { node: h('div', {}, frame.node, note), layout, draw, tidy };
}

function square(cx, cy) {
  return `M${cx - 3},${cy - 3}h6v6h-6Z`;
}
