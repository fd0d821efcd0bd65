// Native inputs with labels: a slider for many values, radio buttons for few, a checkbox for two.
import { h, say, uid } from './dom.js';
import { room } from './room.js';

/** @import { Control } from './types.js' */

// JupyterLab binds keys such as the arrows unless the focused element itself says no.
const OWN_KEYS = { 'data-lm-suppress-shortcuts': 'true' };

/**
 * @typedef {(position: number) => void} Choose
 * @typedef {{ node: HTMLElement, update(position: number): void }} Shown
 */

/** @type {(control: Control, choose: Choose) => Shown} */
export function makeControl(control, choose) {
  return { slider, choice, switch: toggle }[control.kind](control, choose);
}

// Powers of ten among numbers, the first and the last; six at most.
/** @type {(control: Pick<Control, 'values' | 'texts' | 'ticks'>) => number[]} */
export function pickTicks({ values, texts, ticks }) {
  if (ticks.length) return ticks;
  const end = values.length - 1;
  /** @type {(v: unknown) => boolean} */
  const round = (v) => typeof v === 'number' && v > 0 && Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9;
  let inner = values.map((v, i) => (round(v) ? i : -1)).filter((i) => i > 0 && i < end);
  if (inner.length < 2) {
    // evenly, where the count of steps divides
    const every =
      [1, 2, 3, 4, 5, 6]
        .map((parts) => end / parts)
        .filter(Number.isInteger)
        .pop() ?? 1;
    inner = values.map((_, i) => i).filter((i) => i > 0 && i < end && i % every === 0);
  }
  /** @type {(i: number, j: number) => boolean} */
  const room = (i, j) => (j - i) / end > (texts[i].length + texts[j].length + 2) / 90;
  const picked = [0];
  for (const i of inner) if (room(picked[picked.length - 1], i) && room(i, end)) picked.push(i);
  return [...new Set([...picked, end])];
}

/** @type {(i: number, end: number) => string} */
const along = (i, end) => `--at:${(i / end).toFixed(4)}`;

// A range input over positions that says them as people do.
/**
 * @param {string[]} texts
 * @param {Choose} choose
 * @param {Record<string, string | null>} attributes
 */
export function makeRange(texts, choose, attributes) {
  const end = texts.length - 1;
  const input = h('input', {
    type: 'range',
    min: 0,
    max: end,
    step: 1,
    ...OWN_KEYS,
    ...attributes,
    oninput: () => choose(Number(input.value)),
  });
  return {
    input,
    /** @param {number} i */
    update(i) {
      if (Number(input.value) !== i) input.value = String(i);
      input.setAttribute('aria-valuetext', texts[i]);
      input.setAttribute('style', along(i, end));
    },
  };
}

/** @type {(control: Control, choose: Choose) => Shown} */
function slider(control, choose) {
  const id = uid('slider');
  const value = h('output', { class: 'sn-value', for: id, 'aria-hidden': 'true' });
  const help = control.help && h('p', { class: 'sn-help', id: `${id}-help` }, control.help);
  const range = makeRange(control.texts, choose, { id, 'aria-describedby': help ? help.id : null });
  const ticks = pickTicks(control).map((i) =>
    h('span', { style: along(i, control.values.length - 1), onclick: () => choose(i) }, control.texts[i]),
  );
  return {
    node: h(
      'div',
      { class: 'sn-control sn-control-slider' },
      h('div', { class: 'sn-control-head' }, h('label', { for: id }, control.label), room(value, control.texts)),
      range.input,
      h('div', { class: 'sn-ticks', 'aria-hidden': 'true' }, ticks),
      help,
    ),
    update(i) {
      range.update(i);
      say(value, control.texts[i]);
    },
  };
}

/** @type {(text: string) => HTMLElement} The chosen text is bold; its place is that wide for each. */
const segment = (text) => room(h('span', {}, text), [text]);

/** @type {(control: Control, choose: Choose) => Shown} */
function choice(control, choose) {
  const name = uid('choice');
  const inputs = control.values.map((_, i) =>
    h('input', { type: 'radio', name, value: i, ...OWN_KEYS, onchange: () => choose(i) }),
  );
  return {
    node: h(
      'fieldset',
      { class: 'sn-control sn-control-choice' },
      h('legend', {}, control.label),
      h(
        'div',
        { class: 'sn-segments' },
        inputs.map((input, i) => h('label', {}, input, h('span', {}, segment(control.texts[i])))),
      ),
      control.help && h('p', { class: 'sn-help' }, control.help),
    ),
    update(i) {
      inputs.forEach((input, k) => {
        input.checked = k === i;
      });
    },
  };
}

/** @type {(control: Control, choose: Choose) => Shown} */
function toggle(control, choose) {
  const text = h('span', { class: 'sn-value', 'aria-hidden': 'true' });
  const input = h('input', {
    type: 'checkbox',
    role: 'switch',
    ...OWN_KEYS,
    onchange: () => choose(input.checked ? 1 : 0),
  });
  return {
    node: h(
      'div',
      { class: 'sn-control sn-control-switch' },
      h(
        'label',
        {},
        input,
        h('span', { class: 'sn-switch', 'aria-hidden': 'true' }),
        h('span', {}, control.label),
        room(text, control.texts),
      ),
      control.help && h('p', { class: 'sn-help' }, control.help),
    ),
    update(i) {
      input.checked = i === 1;
      say(text, control.texts[i]);
    },
  };
}
