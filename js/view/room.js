// Room for words that change: as large as the longest of them needs at this width, so that nothing around them moves.
// Spare words are drawn by CSS (room.css): they are not read out, found or selected.
import { h } from './dom.js';

/** The longest of the texts, at most so many. */
export const longest = (/** @type {string[]} */ texts, most = 1) =>
  [...new Set(texts)].sort((a, b) => b.length - a.length).slice(0, most);

/** Words that take room and are not seen; `name` is what stands before them, bold. */
export const spare = (/** @type {string} */ text, /** @type {string} */ name = '') =>
  h('span', { 'aria-hidden': 'true', 'data-name': name || null, 'data-text': text });

/**
 * `node`, whose words change, where there is always room for each of the texts (or elements) in its place.
 *
 * @param {HTMLElement} node
 * @param {(string | HTMLElement)[]} texts
 * @param {string} [name] What stands before each text, bold.
 */
export const room = (node, texts, name) =>
  h(
    'span',
    { class: 'sn-room' },
    node,
    texts.map((text) => (typeof text === 'string' ? spare(text, name) : text)),
  );
