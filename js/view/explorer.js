// One explorer: holds the setting, the live run and the pinned one, and tells its parts to draw.
import { makeCode } from './code.js';
import { makeControl } from './controls.js';
import { openArrays } from './data.js';
import { h, say, uid } from './dom.js';
import css from './explorer.css';
import { makeNumbers } from './numbers-table.js';
import { makeOutcome } from './outcome.js';
import { kinds } from './panels/index.js';
import { makePresets } from './presets.js';
import { room } from './room.js';
import { makeTier } from './tier.js';

/** @import { Context, Handlers, Index, LiveRun, Refusal, State, Trainer, Training, View } from './types.js' */

/** @param {Node} root */
function dress(root) {
  const home = root instanceof ShadowRoot ? root : document.head;
  if (home.querySelector('style[data-steadynet]')) return;
  home.append(h('style', { 'data-steadynet': '' }, css));
}

/**
 * Draw `state` into `host`. A page or a kernel may train there, or be refused to.
 *
 * @param {HTMLElement} host
 * @param {State} state
 * @param {Training | Refusal | null | undefined | ''} means
 */
export function mount(host, state, means) {
  const training = means && 'connect' in means ? means : null;
  const sizes = state.controls.map((c) => c.values.length);
  const opening = state.controls.map((c) => c.default);
  const arrays = openArrays(state.arrays, sizes);
  const me = uid('view');
  const first = state.panels.find((panel) => panel.kind === 'layers')?.moment ?? 0;
  /** @type {View} */
  const view = { index: opening, live: null, pinned: null, moment: first };
  /** @type {Trainer | null} */
  let trainer = null;
  let runs = 0;

  // --- what the reader does
  /** @param {Index} index */
  function go(index) {
    const moved = index.some((v, k) => v !== view.index[k]);
    view.index = index;
    if (moved) trainer && !trainer.resting ? begin() : leaveRun();
    draw();
    if (moved) announce();
  }
  /** @param {number} moment */
  function look(moment) {
    view.moment = moment;
    panels.forEach((panel) => panel.draw(view));
    numbers.update();
  }
  /** @type {Context['move']} */
  const move = (changes) => go(view.index.map((v, k) => changes[k] ?? v));
  function begin() {
    if (!trainer) return;
    const run = `${me}:${++runs}`;
    view.live = {
      run,
      status: 'waiting',
      progress: 0,
      arrays: null,
      outcome: null,
      twin: trainer.twin,
    };
    trainer.start(run, Object.fromEntries(state.controls.map((c, k) => [c.name, view.index[k]])));
  }
  function leaveRun() {
    if (view.live && trainer) trainer.stop();
    view.live = null;
  }
  function toggleRun() {
    if (view.live && tier.isRunning(view.live)) {
      trainer?.stop();
      view.live = { ...view.live, run: null, status: 'stopped' };
    } else begin();
    draw();
  }
  function togglePin() {
    view.pinned = view.pinned ? null : { index: view.index, live: view.live?.arrays ? view.live : null };
    draw();
  }
  function reset() {
    view.pinned = null;
    view.index = opening;
    view.moment = first;
    leaveRun();
    trainer?.rest?.();
    draw();
    announce();
  }

  // --- what the trainer says; a run that is not the newest is not ours any more
  /** @type {(run: string | undefined, news: Partial<LiveRun>) => void} */
  function hear(run, news) {
    if (!view.live || run !== view.live.run) return;
    view.live = { ...view.live, ...news };
    draw();
    if (news.outcome) announce();
  }
  /** @type {Handlers} */
  const handlers = {
    onReady(ready) {
      trainer = ready;
      draw();
    },
    onRefused(why) {
      trainer = null;
      tier.refuse(why);
      draw();
    },
    onWait: (run, download) => hear(run, { status: 'waiting', download }),
    onLive: (run, progress, now) =>
      hear(run, { status: 'running', progress, arrays: { ...view.live?.arrays, ...now } }),
    onDone: (run, outcome, comparison) => hear(run, { status: 'done', progress: 1, outcome, comparison }),
    onError: (run, text, trace) => hear(run, { status: 'error', text, trace }),
  };

  // --- the parts
  const title = h('p', { class: 'sn-title', id: uid('title') }, state.title);
  const presets = makePresets(state.presets, go);
  const controls = state.controls.map((control, k) => makeControl(control, (i) => move({ [k]: i })));
  const outcome = makeOutcome(state, sizes, training?.words);
  const panels = state.panels.map((panel) =>
    kinds[panel.kind](panel, arrays, { sizes, controls: state.controls, trains: Boolean(training), move, look }),
  );
  const figures = panels.map((panel, i) =>
    h(
      'figure',
      { class: `sn-panel sn-panel-${state.panels[i].kind}` },
      h(
        'figcaption',
        {},
        h('span', { class: 'sn-panel-title' }, state.panels[i].title),
        state.panels[i].caption && h('span', { class: 'sn-caption' }, state.panels[i].caption),
      ),
      panel.node,
    ),
  );
  let beside = 0; // two panels a row; one that is wide, or that would be alone, has the row for itself
  panels.forEach(({ wide }, i) => {
    const alone = beside === 0 && (i + 1 === panels.length || panels[i + 1].wide);
    figures[i].classList.toggle('sn-wide', Boolean(wide || alone));
    beside = wide || alone ? 0 : 1 - beside;
  });
  const code = makeCode(state.code, sizes);
  const numbers = makeNumbers(state, panels, () => view);
  const tier = makeTier(state, toggleRun, training?.words, means && 'refused' in means ? means.refused : '');
  const pinning = h('span');
  const pin = h(
    'button',
    { type: 'button', class: 'sn-button', onclick: togglePin },
    room(pinning, ['Pin this run', 'Unpin']),
  );
  const status = h('p', { class: 'sn-unseen', role: 'status' });
  const root = h(
    'div',
    { class: 'steadynet', role: 'group', 'aria-labelledby': title.id },
    h('div', { class: 'sn-head' }, title, h('p', { class: 'sn-question' }, state.question)),
    presets.node,
    h(
      'div',
      { class: 'sn-controls' },
      controls.map((c) => c.node),
    ),
    h(
      'div',
      { class: 'sn-result' },
      outcome.node,
      h(
        'div',
        { class: 'sn-actions' },
        tier.buttons,
        h(
          'div',
          { class: 'sn-buttons' },
          pin,
          h('button', { type: 'button', class: 'sn-button', onclick: reset }, 'Reset'),
        ),
      ),
      tier.bar,
    ),
    h('div', { class: 'sn-stage' }, h('div', { class: 'sn-panels' }, figures), tier.error),
    outcome.twin,
    code.node,
    numbers.node,
    tier.node,
    status,
  );

  function draw() {
    presets.update(view.index);
    controls.forEach((control, k) => control.update(view.index[k]));
    outcome.update(view, tier.words(view.live, trainer), Boolean(trainer?.resting && !view.live));
    panels.forEach((panel) => panel.draw(view));
    code.update(view.index);
    numbers.update();
    tier.update(view.live, trainer, view.index);
    say(pinning, view.pinned ? 'Unpin' : 'Pin this run');
    pin.setAttribute('aria-pressed', String(Boolean(view.pinned)));
  }

  const told = () =>
    view.live?.outcome
      ? `Live run: ${[view.live.outcome, view.live.comparison].filter(Boolean).join(' ')}`
      : outcome.words(view.index);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let announcing;
  function announce() {
    // once the hand rests, so that a sweep is not read out stop by stop
    clearTimeout(announcing);
    announcing = setTimeout(() => say(status, told()), 600);
  }

  // --- width: axes are drawn anew only here
  const widths = figures.map(() => 0);
  function layout() {
    figures.forEach((figure, i) => {
      const width = Math.round(figure.clientWidth) || widths[i] || 480;
      if (width === widths[i]) return;
      widths[i] = width;
      panels[i].layout(width);
      panels[i].draw(view);
    });
  }
  // Enter and Space press a button; a notebook would take them as its own.
  root.addEventListener('keydown', (event) => {
    if ((event.key === 'Enter' || event.key === ' ') && !event.shiftKey && !event.ctrlKey && !event.metaKey)
      event.stopPropagation();
  });
  host.replaceChildren(root);
  dress(root.getRootNode());
  layout();
  draw();
  const observer = new ResizeObserver(layout);
  figures.forEach((figure) => observer.observe(figure));
  const connected = training?.connect(handlers, arrays.at);
  return {
    dispose() {
      observer.disconnect();
      clearTimeout(announcing);
      connected?.dispose();
      view.live = null;
      root.remove();
    },
  };
}
