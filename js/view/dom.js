// Elements in one call: h('p', {class: 'a', onclick: f}, 'text', child). s() makes SVG ones.
const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

let count = 0;
export const uid = (stem) => `steadynet-${stem}-${++count}`;

// Only what changed touches the document: a screen reader hears text that is set again.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
