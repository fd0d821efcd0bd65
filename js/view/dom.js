// Elements in one call: h('p', {class: 'a', onclick: f}, 'text', child). s() makes SVG ones.
/**
 * @typedef {Record<string, unknown> | null | undefined} Attributes Those that start with "on" are listeners.
 * @typedef {Node | string | false | null | undefined} Child What is not there is left out.
 */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @template {Element} E
 * @param {E} node
 * @param {Attributes} attributes
 * @param {(Child | Child[])[]} children
 * @returns {E}
 */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  const there = children.flat().filter((child) => child != null && child !== false);
  node.append(.../** @type {(Node | string)[]} */ (there));
  return node;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children
 */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children
 */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

let count = 0;
/** @type {(stem: string) => string} */
export const uid = (stem) => `steadynet-${stem}-${++count}`;

// Only what changed touches the document: a screen reader hears text that is set again.
/** @type {(node: Node, text: string) => void} */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
