// The static site: draws each explorer when it comes near the view, in place of its fallback figure.
import { h } from '../view/dom.js';
import { mount } from '../view/explorer.js';
import { pageTier } from './training/page-trainer.js';

/** @import { State } from '../view/types.js' */

/** @typedef {{ promise: Promise<State>, resolve(state: State): void, reject(why: Error): void, script?: Node }} Slot */

/** @type {Map<string, Slot>} By the digest of the state. */
const states = new Map();

/** @type {(sha: string) => Slot} */
function entry(sha) {
  const known = states.get(sha);
  if (known) return known;
  const slot = /** @type {Slot} */ ({});
  slot.promise = new Promise((resolve, reject) => Object.assign(slot, { resolve, reject }));
  states.set(sha, slot);
  return slot;
}

// State files are classic scripts that call this: a script loads from file:// too, a fetch does not.
/** @type {(sha: string, state: State) => void} */
const define = (sha, state) => entry(sha).resolve(state);
Object.assign(window, { steadynet: { define } });

/** @type {(sha: string, src: string) => Promise<State>} */
function load(sha, src) {
  const slot = entry(sha);
  if (!slot.script) {
    const fail = () => slot.reject(new Error('missing'));
    slot.script = h('script', { src, async: true, onerror: fail, onload: () => setTimeout(fail) });
    document.head.append(slot.script);
  }
  return slot.promise;
}

/** @param {HTMLElement} host */
async function draw(host) {
  if (host.dataset.drawn) return;
  host.dataset.drawn = 'loading';
  const stage = h('div');
  try {
    const state = await load(host.dataset.state ?? '', host.dataset.src ?? '');
    host.append(stage); // in the page, so that it knows its width, before it takes the figure's place
    const plan = host.dataset.training;
    mount(stage, state, plan && pageTier(plan, state));
    host.replaceChildren(stage);
    host.dataset.drawn = 'yes';
  } catch (error) {
    stage.remove();
    host.dataset.drawn = 'failed';
    const { message } = /** @type {Error} */ (error);
    const why = message === 'missing' ? 'its data file is missing' : message;
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
  const found = document.querySelectorAll('div.steadynet-explorer[data-state][data-src]');
  const hosts = /** @type {HTMLElement[]} */ ([...found]);
  const all = () => hosts.forEach(draw);
  window.addEventListener('beforeprint', all);
  if (!('IntersectionObserver' in window) || matchMedia('print').matches) return all();
  const near = new IntersectionObserver(
    (seen) => {
      for (const { isIntersecting, target } of seen) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        draw(/** @type {HTMLElement} */ (target));
      }
    },
    { rootMargin: '800px' },
  );
  hosts.forEach((host) => near.observe(host));
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', boot);
else boot();
