// Buttons that go to a setting worth a look; the point of the chosen one is shown under them.
import { h } from './dom.js';

/** @import { Index, Preset } from './types.js' */

/**
 * @param {Preset[]} presets
 * @param {(index: Index) => void} choose
 * @returns {{ node: HTMLElement | null, update(index: Index): void }}
 */
export function makePresets(presets, choose) {
  if (!presets.length) return { node: null, update() {} };
  const buttons = presets.map((preset) =>
    h('button', { type: 'button', class: 'sn-button', onclick: () => choose(preset.index) }, preset.label),
  );
  const points = presets.map((preset) => h('p', {}, preset.point));
  return {
    node: h(
      'div',
      { class: 'sn-presets' },
      h('div', { class: 'sn-buttons', role: 'group', 'aria-label': 'Settings worth a look' }, buttons),
      h('div', { class: 'sn-stack sn-points' }, points),
    ),
    update(index) {
      presets.forEach((preset, i) => {
        const chosen = preset.index.every((v, k) => v === index[k]);
        buttons[i].setAttribute('aria-pressed', String(chosen));
        points[i].classList.toggle('sn-off', !chosen);
      });
    },
  };
}
