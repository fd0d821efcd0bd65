// Jupyter (anywidget): recorded runs at once, the kernel tier when a kernel answers.
import { mount } from './explorer.js';
import { kernelTrainer } from './kernel.js';

function render({ model, el }) {
  const explorer = mount(el, model.get('state'), (handlers) => kernelTrainer(model, handlers));
  return () => explorer.dispose();
}

export default { render };
