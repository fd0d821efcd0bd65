// The static site: draws each explorer when it comes near the view, in place of its fallback figure.
import { h } from '../view/dom.js';
import { mount } from '../view/explorer.js';
import { pageTrainer } from './training/page-trainer.js';

const states = new Map(); // sha -> {promise, resolve}

function entry(sha) {
  if (!states.has(sha)) {
    const slot = {};
    slot.promise = new Promise((resolve, reject) => Object.assign(slot, { resolve, reject }));
    states.set(sha, slot);
  }
  return states.get(sha);
}

// State files are classic scripts that call this: a script loads from file:// too, a fetch does not.
const define = (sha, state) => entry(sha).resolve(state);
window.steadynet = { define };

function load(sha, src) {
  const slot = entry(sha);
  if (!slot.script) {
    const fail = () => slot.reject(new Error('missing'));
    slot.script = h('script', { src, async: true, onerror: fail, onload: () => setTimeout(fail) });
    document.head.append(slot.script);
  }
  return slot.promise;
}

async function draw(host) {
  if (host.dataset.drawn) return;
  host.dataset.drawn = 'loading';
  const stage = h('div');
  try {
    const state = await load(host.dataset.state, host.dataset.src);
    host.append(stage); // in the page, so that it knows its width, before it takes the figure's place
    const plan = host.dataset.training;
    mount(stage, state, plan && ((handlers, recordedAt) => pageTrainer(plan, state, handlers, recordedAt)));
    host.replaceChildren(stage);
    host.dataset.drawn = 'yes';
  } catch (error) {
    stage.remove();
    host.dataset.drawn = 'failed';
    const why = error.message === 'missing' ? 'its data file is missing' : error.message;
    host.prepend(
      h(
        'p',
        { class: 'steadynet-missing', role: 'note' },
        `The interactive version could not be loaded (${why}); the figure shows its opening setting.`,
      ),
    );
  }
}

function boot() {
  const hosts = [...document.querySelectorAll('div.steadynet-explorer[data-state][data-src]')];
  const all = () => hosts.forEach(draw);
  window.addEventListener('beforeprint', all);
  if (!('IntersectionObserver' in window) || matchMedia('print').matches) return all();
  const near = new IntersectionObserver(
    (seen) => {
      for (const { isIntersecting, target } of seen) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        draw(target);
      }
    },
    { rootMargin: '800px' },
  );
  hosts.forEach((host) => near.observe(host));
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', boot);
else boot();
