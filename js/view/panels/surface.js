// Height over a plane as contours, and the path of steps over it; its start can be dragged.
import { contours } from 'd3-contour';
import { scaleLinear } from 'd3-scale';
import { rows } from '../data.js';
import { h, s } from '../dom.js';
import { layPaths, makeFrame } from '../frame.js';
import { said } from '../numbers.js';

/** @import { Arrays, Block, Context, Drawn, Index, LiveRun, SurfacePanel } from '../types.js' */

const LEVELS = 14;

/** @type {(z: number[], log: boolean) => number[]} */
function levels(z, log) {
  const lo = z.reduce((a, b) => Math.min(a, b), Infinity);
  const hi = z.reduce((a, b) => Math.max(a, b), -Infinity);
  /** @type {(i: number) => number} */
  const share = (i) => i / LEVELS;
  return Array.from({ length: LEVELS }, (_, i) => (log ? lo * (hi / lo) ** share(i) : lo + (hi - lo) * share(i)));
}

/**
 * @param {SurfacePanel} panel
 * @param {Arrays} arrays
 * @param {Context} context
 * @returns {Drawn}
 */
export function surface(panel, arrays, { controls, move }) {
  const x = scaleLinear().domain(panel.x);
  const y = scaleLinear().domain(panel.y);
  const frame = makeFrame({ x, y, xLabel: panel.x_label, yLabel: panel.y_label, aspect: 0.72, tallest: 460 });
  frame.svg.classList.add('sn-surface');
  const {
    shape: [ny, nx],
    data,
  } = arrays.all(panel.z);
  const z = [...data];
  const steps = levels(z, panel.z_log);
  const shapes = contours().size([nx, ny]).thresholds(steps)(z);
  const ground = s(
    'g',
    { class: 'sn-contours' },
    shapes.map(() => s('path')),
  );
  frame.plot.append(ground);
  const parts = layPaths(frame.plot, [
    'ghost-halo',
    'ghost',
    'ghost-end',
    'halo',
    'median',
    'steps',
    'live',
    'live-steps',
    'end',
    'live-end',
  ]);
  const handle = s(
    'g',
    { class: 'sn-start' },
    s('circle', { r: 22, class: 'sn-hit' }),
    s('circle', { r: 9, class: 'sn-ring' }),
    s('circle', { r: 3.5, class: 'sn-core' }),
  );
  frame.over.append(handle);
  const key = h(
    'p',
    { class: 'sn-share' },
    `${panel.z_label} ${said(steps[0])}`,
    h('span', { class: 'sn-ramp', role: 'img', 'aria-label': 'to' }),
    said(z.reduce((a, b) => Math.max(a, b))),
  );

  /** @typedef {number[]} Point Two numbers. */

  /** @type {(v: number, size: number) => number} */
  const far = (v, size) => Math.max(-size, Math.min(2 * size, v));
  /** @type {(point: Point) => string} */
  const pixel = ([a, b]) => `${far(x(a), frame.width).toFixed(1)},${far(y(b), frame.height).toFixed(1)}`;
  /** @type {(block: Block) => Point[]} */
  const points = (block) => {
    const all = rows(block).map(([a, b]) => [a, b]);
    const end = all.findIndex(([a, b]) => !Number.isFinite(a) || !Number.isFinite(b));
    return end < 0 ? all : all.slice(0, end);
  };
  /** @type {(path: Point[]) => string} */
  const route = (path) => (path.length ? `M${path.map(pixel).join('L')}` : '');
  /** @type {(path: Point[], r: number) => string} */
  const dots = (path, r) =>
    path.map((p) => `M${pixel(p)}m${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`).join('');
  /** @type {(path: Point[]) => string} */
  const square = (path) => (path.length ? `M${pixel(path[path.length - 1])}m-5,-5h10v10h-10Z` : '');
  /** @type {(index: Index) => Point[]} */
  const recorded = (index) => points(arrays.at(panel.path, index));
  /** @type {(run: LiveRun | null) => Point[] | null} */
  const live = (run) => (run?.arrays?.[panel.path] ? points(run.arrays[panel.path]) : null);
  /** @type {(point: Point) => boolean} */
  const inside = ([a, b]) => a >= panel.x[0] && a <= panel.x[1] && b >= panel.y[0] && b <= panel.y[1];

  /** @param {number} total */
  function layout(total) {
    frame.layout(total);
    const dx = frame.width / (nx - 1);
    const dy = frame.height / (ny - 1);
    /** @type {(point: Point) => string} */
    const at = ([a, b]) => `${((a - 0.5) * dx).toFixed(1)},${(frame.height - (b - 0.5) * dy).toFixed(1)}`;
    [...ground.children].forEach((path, i) =>
      path.setAttribute(
        'd',
        shapes[i].coordinates.flatMap((polygon) => polygon.map((ring) => `M${ring.map(at).join('L')}Z`)).join(''),
      ),
    );
  }

  /** @type {(index: Index) => Point | undefined} */
  const begin = (index) => panel.start?.map((control) => Number(controls[control].values[index[control]]));

  /** @type {Drawn['draw']} */
  function draw(view) {
    const path = recorded(view.index);
    const run = live(view.live);
    const ghost = view.pinned && (live(view.pinned.live) ?? recorded(view.pinned.index));
    parts.halo.setAttribute('d', `${route(path)}${run ? route(run) : ''}`);
    parts.median.setAttribute('d', route(path));
    parts.steps.setAttribute('d', dots(path, 2));
    parts.end.setAttribute('d', square(path));
    parts.live.setAttribute('d', run ? route(run) : '');
    parts['live-steps'].setAttribute('d', run ? dots(run, 2) : '');
    parts['live-end'].setAttribute('d', run?.length ? dots(run.slice(-1), 5) : '');
    for (const name of ['ghost', 'ghost-halo']) parts[name].setAttribute('d', ghost ? route(ghost) : '');
    parts['ghost-end'].setAttribute('d', ghost ? square(ghost) : '');
    const start = begin(view.index) ?? path[0];
    handle.style.display = start ? '' : 'none';
    if (start) handle.setAttribute('transform', `translate(${pixel(start)})`);
    frame.svg.setAttribute(
      'aria-label',
      [
        `${panel.title}: ${panel.z_label} over ${panel.x_label} and ${panel.y_label}.`,
        told(path, 'The path'),
        run && told(run, 'The live path'),
        ghost && told(ghost, 'The pinned path'),
      ]
        .filter(Boolean)
        .join(' '),
    );
  }

  /** @type {(point: Point) => string} */
  const place = ([a, b]) => `${panel.x_label} ${said(a)}, ${panel.y_label} ${said(b)}`;
  /** @type {(path: Point[], name: string) => string} */
  function told(path, name) {
    if (!path.length) return `${name}: none.`;
    const out = path.findIndex((p) => !inside(p));
    const end =
      out < 0
        ? `ends at ${place(path[path.length - 1])} after ${path.length - 1} steps`
        : `leaves the picture at step ${out}`;
    return `${name} starts at ${place(path[0])} and ${end}.`;
  }

  /** @param {MouseEvent} event */
  function drag(event) {
    const bounds = frame.svg.getBoundingClientRect();
    const scale = frame.svg.viewBox.baseVal.width / bounds.width;
    const to = [
      x.invert((event.clientX - bounds.left) * scale - frame.left),
      y.invert((event.clientY - bounds.top) * scale - frame.top),
    ];
    const moves = panel.start?.map((control, k) => [control, nearest(controls[control].values.map(Number), to[k])]);
    move(Object.fromEntries(moves ?? []));
  }
  /** @type {(values: number[], to: number) => number} */
  const nearest = (values, to) =>
    values.reduce((best, v, i) => (Math.abs(v - to) < Math.abs(values[best] - to) ? i : best), 0);

  if (panel.start) {
    handle.addEventListener('pointerdown', (event) => {
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    handle.addEventListener('pointermove', (event) => {
      if (handle.hasPointerCapture(event.pointerId)) drag(event);
    });
    ground.addEventListener('click', drag);
    frame.svg.classList.add('sn-draggable');
  } else handle.classList.add('sn-fixed');

  /** @type {Drawn['tidy']} */
  function tidy({ index, run }) {
    const path = run ? live(run) : recorded(index);
    const labels = [panel.x_label, panel.y_label];
    const rows = path?.flatMap((point, i) =>
      labels.map((quantity, k) => ({ x_label: 'step', quantity, seed: '', x: i, value: point[k] })),
    );
    return rows ?? [];
  }

  return { node: h('div', {}, frame.node, key), layout, draw, tidy };
}
