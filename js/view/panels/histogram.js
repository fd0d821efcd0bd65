// Shares of a quantity's sizes on a log axis; what lies beyond the threshold is hatched.
import { scaleLinear, scaleLog } from 'd3-scale';
import { placeOf, rows } from '../data.js';
import { h, s, say, uid } from '../dom.js';
import { makeFrame } from '../frame.js';
import { percent, said } from '../numbers.js';
import { room } from '../room.js';

/** @import { Arrays, Context, Drawn, HistogramPanel, Index, LiveRun } from '../types.js' */

/**
 * @param {HistogramPanel} panel
 * @param {Arrays} arrays
 * @param {Context} context
 * @returns {Drawn}
 */
export function histogram(panel, arrays, { sizes, controls, trains }) {
  const { edges } = panel;
  const x = scaleLog().domain([edges[0], edges[edges.length - 1]]);
  const y = scaleLinear().domain([0, panel.y_max * 1.05]);
  const frame = makeFrame({ x, y, xLabel: panel.x_label, yLabel: 'share of steps', xLog: true, yFormat: '.0%' });
  const hatch = uid('hatch');
  frame.svg
    .querySelector('defs')
    ?.append(
      s(
        'pattern',
        { id: hatch, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
        s('rect', { width: 6, height: 6, class: 'sn-hatch-ground' }),
        s('rect', { width: 3, height: 6, class: 'sn-hatch-line' }),
      ),
    );
  const parts = {
    below: s('path', { class: 'sn-bars' }),
    beyond: s('path', { class: 'sn-bars-beyond', fill: `url(#${hatch})` }),
    ghost: s('path', { class: 'sn-ghost' }),
    live: s('path', { class: 'sn-live' }),
  };
  frame.plot.append(...Object.values(parts));
  const line = s('path', { class: 'sn-marker' });
  const label = s('text', { class: 'sn-marker-label', y: 10 });
  frame.over.append(line, label);
  const words = h('span');
  const farthest = panel.beyond.replace('{share}', 'under 1 %') + (trains ? ' Live run: under 1 %.' : '');
  const note = h('p', { class: 'sn-share' }, room(words, [farthest]));

  /** @type {(counts: Iterable<number>) => number[]} */
  const shares = (counts) => {
    let total = 0;
    for (const c of counts) total += c || 0;
    return Array.from(counts, (c) => (total ? (c || 0) / total : 0));
  };
  /** @type {(index: Index) => number[]} */
  const recorded = (index) => shares(arrays.at(panel.counts, index).data);
  /** @type {(run: LiveRun | null) => number[] | null} */
  const live = (run) => (run?.arrays?.[panel.counts] ? shares(rows(run.arrays[panel.counts])[0]) : null);

  /** @type {(index: Index) => number | null} */
  function threshold(index) {
    if (!panel.marker) return null;
    return panel.marker[panel.marker_control == null ? placeOf(index, sizes) : index[panel.marker_control]] ?? null;
  }

  /** @type {(index: Index, at: number) => string} */
  const named = (index, at) =>
    panel.marker_control == null ? said(at) : controls[panel.marker_control].texts[index[panel.marker_control]];

  /**
   * Bars from `from` to `to`: a bar the threshold falls into is cut there.
   *
   * @type {(heights: number[], from: number, to: number) => string}
   */
  const bars = (heights, from, to) =>
    heights
      .map((share, i) => {
        const a = Math.max(edges[i], from);
        const b = Math.min(edges[i + 1], to);
        if (share <= 0 || a >= b) return '';
        const gap = b === edges[i + 1] ? 1 : 0;
        return `M${x(a).toFixed(1)},${frame.height}V${y(share).toFixed(1)}H${(x(b) - gap).toFixed(1)}V${frame.height}Z`;
      })
      .join('');
  /** @type {(heights: number[] | null) => string} */
  function outline(heights) {
    if (!heights) return '';
    const steps = heights.map((share, i) => `V${y(share).toFixed(1)}H${x(edges[i + 1]).toFixed(1)}`);
    return `M0,${frame.height}${steps.join('')}V${frame.height}`;
  }

  /** @type {(heights: number[], at: number) => number} */
  function beyond(heights, at) {
    return heights.reduce((sum, share, i) => {
      const cut =
        (Math.log(edges[i + 1]) - Math.log(Math.max(edges[i], at))) / (Math.log(edges[i + 1]) - Math.log(edges[i]));
      return sum + share * Math.max(0, Math.min(1, cut));
    }, 0);
  }

  /** @type {(heights: number[], at: number | null, exact: number) => string} */
  function sentence(heights, at, exact) {
    if (!heights.some((v) => v > 0)) return 'Nothing was recorded here.';
    if (at == null) return panel.marker ? `No ${panel.marker_label}.` : '';
    return panel.beyond.replace('{share}', percent(Number.isFinite(exact) ? exact : beyond(heights, at)));
  }

  /** @type {Drawn['draw']} */
  function draw(view) {
    const heights = recorded(view.index);
    const run = live(view.live);
    const at = threshold(view.index);
    const edge = at ?? Infinity;
    parts.below.setAttribute('d', bars(heights, 0, edge));
    parts.beyond.setAttribute('d', bars(heights, edge, Infinity));
    parts.live.setAttribute('d', outline(run));
    parts.ghost.setAttribute('d', outline(view.pinned && (live(view.pinned.live) ?? recorded(view.pinned.index))));
    const place = at == null ? null : Math.max(0, Math.min(frame.width, x(at)));
    line.setAttribute('d', place == null ? '' : `M${place.toFixed(1)},0V${frame.height}`);
    const right = place != null && place > frame.width * 0.6;
    label.setAttribute('x', String((place ?? 0) + (right ? -5 : 5)));
    label.setAttribute('text-anchor', right ? 'end' : 'start');
    say(label, at == null ? '' : `${panel.marker_label} ${named(view.index, at)}`);
    const exact = panel.share ? arrays.at(panel.share, view.index).data[0] : NaN;
    const text = sentence(heights, at, exact);
    const liveShare = view.live?.arrays?.[panel.share ?? '']?.data[0] ?? NaN;
    const also =
      run && at != null ? ` Live run: ${percent(Number.isFinite(liveShare) ? liveShare : beyond(run, at))}.` : '';
    say(words, text + also);
    frame.svg.setAttribute(
      'aria-label',
      `${panel.title}: share of steps by ${panel.x_label}. ${peak(heights)}${text}${also}`,
    );
  }

  /** @param {number[]} heights */
  function peak(heights) {
    const i = heights.indexOf(Math.max(...heights));
    return heights[i] > 0 ? `Most often between ${said(edges[i])} and ${said(edges[i + 1])}. ` : '';
  }

  /** @type {Drawn['tidy']} */
  function tidy({ index, run }) {
    const heights = run ? live(run) : recorded(index);
    const measured = { x_label: `${panel.x_label}, lower edge of bin`, quantity: 'share of steps', seed: '' };
    return heights?.map((value, i) => ({ ...measured, x: edges[i], value })) ?? [];
  }

  return { node: h('div', {}, frame.node, note), layout: frame.layout, draw, tidy };
}
