// The code that would do this, with the present values filled in.
import { lookUp } from './data.js';
import { h } from './dom.js';
import { longest, room } from './room.js';

/** @import { Code, Index } from './types.js' */

/** @type {(text: string, code: Node) => Promise<boolean>} */
async function copy(text, code) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // no permission or no secure context: select it and use the old command
    const range = document.createRange();
    range.selectNodeContents(code);
    const selection = window.getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
    if (!document.execCommand('copy')) return false;
  }
  return true;
}

/**
 * @param {Code} code
 * @param {number[]} sizes
 * @returns {{ node: HTMLElement | null, update(index: Index): void }}
 */
export function makeCode({ pieces, parts }, sizes) {
  if (!pieces.length) return { node: null, update() {} };
  const code = h('code');
  const button = h(
    'button',
    {
      type: 'button',
      class: 'sn-button',
      onclick: async () => {
        const done = await copy(code.textContent ?? '', code);
        button.textContent = done ? 'Copied' : 'Selected: press Ctrl+C';
        setTimeout(() => {
          button.textContent = 'Copy';
        }, 2000);
      },
    },
    'Copy',
  );
  /** @type {(text: string) => number} */
  const lines = (text) => text.split('\n').length;
  /** @type {(texts: string[]) => string} */
  const tallest = (texts) => texts.reduce((a, b) => (lines(b) > lines(a) ? b : a));
  /** @type {(choose: typeof tallest) => string} */
  const filled = (choose) => pieces.map((p) => (typeof p === 'string' ? p : choose(parts[p.part].words))).join('');
  const spares = [filled(tallest), filled((texts) => longest(texts)[0])];
  const pre = h('pre', { tabindex: 0, role: 'region', 'aria-label': 'Code for this setting' }, room(code, spares));
  return {
    node: h(
      'details',
      { class: 'sn-details' },
      h('summary', {}, 'Code for this setting'),
      h('div', { class: 'sn-code' }, pre, button),
    ),
    update(index) {
      code.replaceChildren(
        ...pieces.map((piece) =>
          typeof piece === 'string' ? piece : h('span', { class: 'sn-part' }, lookUp(parts[piece.part], index, sizes)),
        ),
      );
    },
  };
}
