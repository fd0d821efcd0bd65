// The network from input to output: boxes in a row (below each other on a phone), frozen ones hatched and locked.
import { h, s, say } from '../dom.js';
import { room } from '../room.js';

/** @import { Arrays, Drawn, Index, NetworkPanel } from '../types.js' */

const MOST = 9; // boxes with words; a longer network is drawn as bars
const LOCK = 'M3,6V4a3,3 0 0,1 6,0V6H10V13H2V6ZM4.5,6H7.5V4a1.5,1.5 0 0,0 -3,0Z';
/** @type {(n: number) => string} */
const whole = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');

/**
 * @param {NetworkPanel} panel
 * @param {Arrays} arrays
 * @returns {Drawn}
 */
export function network(panel, arrays) {
  const { layers } = panel;
  const weighted = layers.map((layer) => layer.parameters > 0);
  const output = weighted.lastIndexOf(true);
  // Of the last weighted layer up to here.
  const rank = layers.map((_, i) => weighted.slice(0, i + 1).filter(Boolean).length - 1);
  const long = layers.length > MOST;
  /** @type {(i: number) => boolean} */
  const inner = (i) => rank[i] >= 0 && i < output;
  const lock = () =>
    s('svg', { class: 'sn-lock', viewBox: '0 0 12 14' }, s('path', { d: LOCK, 'fill-rule': 'evenodd' }));
  /** @type {(list: number[]) => number} */
  const sum = (list) => list.reduce((a, b) => a + b, 0);

  const slots = layers.map(({ name, kind, size, parameters, norm }, i) => {
    const bar = long && inner(i);
    const text = bar
      ? h('span', { class: 'sn-number' }, rank[i] === 0 || (rank[i] + 1) % 5 === 0 ? String(rank[i] + 1) : '')
      : [
          h('b', {}, name),
          h('span', {}, kind),
          size && h('span', {}, size),
          parameters > 0 && h('span', {}, `${whole(parameters)} parameters`),
        ];
    const form = bar ? 'slim' : weighted[i] ? 'full' : 'plain';
    return h(
      'span',
      { class: `sn-slot sn-${form}-slot` },
      h('span', { class: `sn-box sn-${form}` }, text, parameters > 0 && lock()),
      norm > 0 && h('span', { class: 'sn-norm' }),
    );
  });
  const chain = h('div', { class: `sn-chain${long ? ' sn-long' : ''}`, role: 'img' }, slots);
  // A long network breaks into lines as its depth has it: there is room for each.
  const depths = long && panel.depth ? new Set(arrays.all(panel.depth).data) : [];
  const spares = [...depths].map((depth) => {
    const bars = slots.map((slot) => /** @type {HTMLElement} */ (slot.cloneNode(true)));
    bars.forEach((bar, i) => bar.classList.toggle('sn-off', inner(i) && rank[i] >= depth));
    return h('div', { class: 'sn-chain sn-long', 'aria-hidden': 'true' }, bars);
  });
  /** @type {(kind: string, text: string) => HTMLElement} */
  const swatch = (kind, text) =>
    h('span', {}, h('span', { class: `sn-swatch sn-${kind}` }, kind === 'frozen' && lock()), text);
  const key = h(
    'p',
    { class: 'sn-keys', 'aria-hidden': 'true' },
    swatch('trains', 'trains'),
    panel.frozen && swatch('frozen', 'frozen'),
    layers.some(({ norm }) => norm > 0) && swatch('norm', 'batch normalization'),
  );

  /** @type {(name: string | null, index: Index, otherwise: number) => number} */
  const number = (name, index, otherwise) => (name ? Math.round(arrays.at(name, index).data[0]) : otherwise);

  /**
   * What there is at a setting: for every layer whether it is there, is frozen, is normalized.
   *
   * @param {Index} index
   */
  function read(index) {
    const depth = number(panel.depth, index, Infinity);
    const frozen = number(panel.frozen, index, 0);
    const normalized = number(panel.norm, index, 1) > 0;
    let seen = 0;
    const found = layers.map(({ parameters, norm }, i) => {
      const there = !inner(i) || rank[i] < depth;
      if (there && weighted[i]) seen++;
      const normed = there && normalized && norm > 0;
      const still = seen > 0 && seen <= frozen;
      const all = there ? parameters + (normed ? 4 * norm : 0) : 0;
      return { there, still, normed, all, trains: still ? 0 : all - (normed ? 2 * norm : 0) };
    });
    return { found, seen, frozen };
  }

  /** @param {{ found: { all: number, trains: number }[], seen: number, frozen: number }} there */
  function sentence({ found, seen, frozen }) {
    const train = whole(sum(found.map(({ trains }) => trains)));
    const all = whole(sum(found.map((f) => f.all)));
    const parameters = `${train} of ${all} parameters train.`;
    return panel.frozen
      ? `${frozen} of ${seen} layers frozen; ${parameters}`
      : `${seen} ${seen === 1 ? 'layer' : 'layers'} with weights; ${parameters}`;
  }

  // The sentence has the most digits where all is there, is normalized, is frozen.
  const full = layers.map(({ parameters, norm }) => ({ all: parameters + 4 * norm, trains: parameters + 4 * norm }));
  const count = h('span');
  const pinned = h('span');
  const weights = weighted.filter(Boolean).length;
  const fullest = sentence({ found: full, seen: weights, frozen: weights });

  /**
   * Neighbours alike are said as one: "hidden 1 to hidden 20 (dense, 24), frozen".
   *
   * @param {ReturnType<typeof read>} there
   */
  function describe({ found }) {
    /** @type {{ from: string, to?: string, what: string }[]} */
    const parts = [];
    layers.forEach(({ name, kind, size }, i) => {
      const { there, still, normed } = found[i];
      if (!there) return;
      const after = `${normed ? ', then batch normalization' : ''}${weighted[i] && still ? ', frozen' : ''}`;
      const what = `${[kind, size].filter(Boolean).join(', ')})${after}`;
      const last = parts[parts.length - 1];
      if (last?.what === what) last.to = name;
      else parts.push({ from: name, what });
    });
    return parts.map(({ from, to, what }) => `${from}${to ? ` to ${to}` : ''} (${what}`).join('; ');
  }

  /** @type {Drawn['draw']} */
  function draw(view) {
    const now = read(view.index);
    slots.forEach((node, i) => {
      const { there, still, normed } = now.found[i];
      node.classList.toggle('sn-off', !there);
      node.classList.toggle('sn-normed', normed);
      node.classList.toggle('sn-frozen', still);
    });
    const text = sentence(now);
    say(count, text);
    say(pinned, view.pinned ? `Pinned: ${sentence(read(view.pinned.index))}` : '');
    chain.setAttribute('aria-label', `${panel.title}, from input to output: ${describe(now)}. ${text}`);
  }

  /** @type {Drawn['tidy']} */
  function tidy({ index, run }) {
    if (run) return [];
    return read(index).found.flatMap(({ there, all, trains }, i) => {
      if (!there || !weighted[i]) return [];
      const layer = { x_label: 'layer', x: rank[i] + 1, x_text: layers[i].name, seed: '' };
      return [
        { ...layer, quantity: 'parameters', value: all },
        { ...layer, quantity: 'parameters that train', value: trains },
      ];
    });
  }

  return {
    node: h(
      'div',
      {},
      spares.length ? room(chain, spares) : chain,
      h('p', { class: 'sn-count' }, room(count, [fullest])),
      key,
      h('p', { class: 'sn-share' }, room(pinned, [`Pinned: ${fullest}`])),
    ),
    wide: true,
    layout() {},
    draw,
    tidy,
  };
}
