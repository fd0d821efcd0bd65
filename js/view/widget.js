// Jupyter (anywidget): recorded runs at once, the kernel tier when a kernel answers.
import { mount } from './explorer.js';
import { kernelTier } from './kernel.js';

/** @import { WidgetModel } from './types.js' */

/** @type {(given: { model: WidgetModel, el: HTMLElement }) => () => void} */
function render({ model, el }) {
  const state = model.get('state');
  const explorer = mount(el, state, state.live ? kernelTier(model) : null);
  return () => explorer.dispose();
}

export default { render };
