// A chart's frame: an SVG as wide as its place, axes drawn once per width, a clipped plot inside.
import { axisBottom, axisLeft } from 'd3-axis';
import { format } from 'd3-format';
import { scaleLinear, scaleLog } from 'd3-scale';
import { select } from 'd3-selection';
import { h, s, uid } from './dom.js';
import { power, said } from './numbers.js';

const CHARACTER = 6.6; // width of a digit at the axis' 12 px

/**
 * @typedef {import('d3-scale').ScaleContinuousNumeric<number, number>} Scale
 *
 * @typedef {object} Frame
 * @property {HTMLElement} node
 * @property {SVGSVGElement} svg
 * @property {SVGGElement} plot What is drawn there is clipped.
 * @property {SVGGElement} over What is drawn there is not.
 * @property {Scale} x
 * @property {number} width
 * @property {number} height
 * @property {number} left
 * @property {number} top
 * @property {(value: number) => number} place Height of a value; what is off the chart is drawn as such.
 * @property {(event: MouseEvent) => number} pointer Where a pointer is on the x axis.
 * @property {(total: number) => void} layout
 */

/** @type {(panel: { y_log: boolean, y_domain: number[] }) => Scale} */
export const upright = ({ y_log, y_domain }) => (y_log ? scaleLog() : scaleLinear()).domain(y_domain);

/**
 * Ticks that fit: on a log axis whole powers of ten, thinned to `most`.
 *
 * @type {(domain: number[], most: number) => number[]}
 */
export function logTicks([lo, hi], most) {
  const from = Math.ceil(Math.log10(lo) - 1e-9);
  const to = Math.floor(Math.log10(hi) + 1e-9);
  const every = Math.max(1, Math.ceil((to - from + 1) / most));
  const ticks = [];
  for (let e = from; e <= to; e += every) ticks.push(10 ** e);
  return ticks.length > 1 ? ticks : [lo, hi];
}

/** @type {(v: number) => string} */
const logText = (v) => (v >= 1e-3 && v < 1e4 ? said(v) : power(Math.round(Math.log10(v))));

/**
 * Marks at the end of a live line and of a pinned one.
 *
 * @typedef {(cx: number, cy: number) => string} Mark
 */

/** @type {(cx: number, cy: number, r?: number) => string} */
export const dot = (cx, cy, r = 4) => `M${cx - r},${cy}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`;
/** @type {Mark} */
export const diamond = (cx, cy) => `M${cx},${cy - 5}l5,5l-5,5l-5,-5Z`;

/**
 * Empty paths to draw into, by name, the later over the earlier.
 *
 * @type {(plot: SVGGElement, names: string[]) => Record<string, SVGPathElement>}
 */
export function layPaths(plot, names) {
  const laid = names.map((name) => s('path', { class: `sn-${name}` }));
  plot.append(...laid);
  return Object.fromEntries(names.map((name, i) => [name, laid[i]]));
}

/**
 * `xTicks(width)` and `xWords` replace the axis' own ticks and their texts.
 *
 * @param {object} options
 * @param {Scale} options.x
 * @param {Scale} options.y
 * @param {string} options.xLabel
 * @param {string} options.yLabel
 * @param {boolean} [options.xLog]
 * @param {boolean} [options.yLog]
 * @param {string} [options.yFormat]
 * @param {(width: number) => number[]} [options.xTicks]
 * @param {(v: number) => string} [options.xWords]
 * @param {number} [options.spill] Room beside the plot, for the end marks.
 * @param {number} [options.aspect] Height by width,
 * @param {number} [options.tallest] up to this.
 */
export function makeFrame({
  x,
  y,
  xLabel,
  yLabel,
  xLog,
  yLog,
  yFormat,
  xTicks,
  xWords,
  spill = 0,
  aspect = 0.58,
  tallest = 270,
}) {
  const clip = uid('clip');
  const box = s('rect');
  const plot = s('g', { 'clip-path': `url(#${clip})` });
  const over = s('g');
  const gx = s('g', { class: 'sn-axis sn-axis-x' });
  const gy = s('g', { class: 'sn-axis sn-axis-y' });
  const xText = s('text', { class: 'sn-axis-label', 'text-anchor': 'end' }, xLabel);
  const yText = s('text', { class: 'sn-axis-label', x: 0, y: 12 }, yLabel);
  const root = s('g', {}, gx, gy, plot, over);
  const svg = s(
    'svg',
    { role: 'img', class: 'sn-chart' },
    s('defs', {}, s('clipPath', { id: clip }, box)),
    root,
    xText,
    yText,
  );
  const node = h('div', { class: 'sn-frame' }, svg);
  /** @type {Frame} */
  const frame = { node, svg, plot, over, x, width: 0, height: 0, left: 0, top: 24, place, pointer, layout };

  /** @param {number} v */
  function place(v) {
    const [lo, hi] = y.domain();
    if (v === Infinity || v > hi * 1e9) return -6;
    return Math.max(-6, Math.min(frame.height + 6, y(Math.max(v, yLog ? 1e-300 : 2 * lo - hi))));
  }

  /** @param {MouseEvent} event */
  function pointer(event) {
    const bounds = svg.getBoundingClientRect();
    return x.invert((event.clientX - bounds.left) * (svg.viewBox.baseVal.width / bounds.width) - frame.left);
  }

  /** @param {number} total */
  function layout(total) {
    const height = Math.round(Math.min(total > 600 ? 0.75 * tallest : tallest, Math.max(170, total * aspect)));
    const yTicks = yLog ? logTicks(y.domain(), 6) : y.ticks(5);
    const written = yFormat ? format(yFormat) : y.tickFormat(5);
    /** @type {(v: number) => string} */
    const yWords = yLog ? logText : (v) => written(v).replace('%', '\u202f%');
    const longest = Math.max(...yTicks.map((t) => yWords(t).length));
    frame.left = Math.ceil(longest * CHARACTER + 14);
    frame.width = Math.max(80, total - frame.left - 16);
    frame.height = height - frame.top - 40;
    const { width, left, top } = frame;
    x.range([0, width]);
    y.range([frame.height, 0]);
    const most = Math.max(2, Math.floor(width / 64));
    const ticks = xTicks ? xTicks(width) : xLog ? logTicks(x.domain(), most) : x.ticks(Math.min(7, most));
    const axisX = axisBottom(x).offset(0).tickValues(ticks).tickSize(5).tickSizeOuter(0).tickPadding(4);
    const texts = xWords ?? (xLog && logText);
    if (texts) axisX.tickFormat((v) => texts(Number(v)));
    select(gx).attr('transform', `translate(0,${frame.height})`).call(axisX);
    const axisY = axisLeft(y).offset(0).tickValues(yTicks).tickSize(-width).tickPadding(7);
    select(gy).call(axisY.tickFormat((v) => yWords(Number(v))));
    select(box)
      .attr('x', -spill)
      .attr('y', -1)
      .attr('width', width + 2 * spill)
      .attr('height', frame.height + 2);
    root.setAttribute('transform', `translate(${left},${top})`);
    xText.setAttribute('x', String(left + width));
    xText.setAttribute('y', String(height - 4));
    svg.setAttribute('viewBox', `0 0 ${total} ${height}`);
    svg.style.aspectRatio = `${total} / ${height}`;
  }
  return frame;
}
