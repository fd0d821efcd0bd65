// A line at the point nearest to the pointer, and what is there in words above the chart.
import { h, s, say } from './dom.js';

/** @import { Frame } from './frame.js' */

/**
 * @param {Frame} frame
 * @param {number[]} xs
 * @param {(i: number) => string} words
 */
export function makeHover(frame, xs, words) {
  const rule = s('path', { class: 'sn-rule' });
  const readout = h('p', { class: 'sn-readout', 'aria-hidden': 'true' });
  let hovered = -1;
  const hover = {
    show() {
      rule.setAttribute('d', hovered < 0 ? '' : `M${frame.x(xs[hovered])},0V${frame.height}`);
      say(readout, hovered < 0 ? '' : words(hovered));
    },
    /** @param {MouseEvent} event */
    nearest(event) {
      const at = frame.pointer(event);
      return xs.reduce((best, v, i) => (Math.abs(v - at) < Math.abs(xs[best] - at) ? i : best), 0);
    },
  };
  frame.over.append(rule);
  frame.node.append(readout);
  frame.svg.addEventListener('pointermove', (event) => {
    hovered = hover.nearest(event);
    hover.show();
  });
  frame.svg.addEventListener('pointerleave', () => {
    hovered = -1;
    hover.show();
  });
  return hover;
}
