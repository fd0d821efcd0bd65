// Which tier is in use, in words; the button that trains or stops; what went wrong.
import { h, say } from './dom.js';

const isRunning = (live) => live?.status === 'waiting' || live?.status === 'running';

export function makeTier(state, toggle) {
  const seeds = state.panels.filter((p) => p.kind === 'curves').map((p) => state.arrays[p.y].shape[state.controls.length])[0];
  const recorded = `${state.source}${seeds > 1 ? `, ${seeds} seeds` : ''}.`;
  const text = h('span');
  const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Training', hidden: true });
  const button = h('button', { type: 'button', class: 'sn-button', hidden: true, onclick: toggle }, 'Train here');
  const error = h('div', { class: 'sn-error', role: 'alert', hidden: true });

  function far(live) {
    if (state.steps) return `step ${Math.round(live.progress * state.steps)} of ${state.steps}`;
    return `${Math.round(100 * live.progress)} %`;
  }

  function tell(live, trainer) {
    if (!trainer) return recorded;
    if (!live || live.status === 'error') return trainer.words.idle;
    const words = trainer.words[live.status];
    return live.status === 'running' || live.status === 'stopped' ? `${words}: ${far(live)}` : words;
  }

  return {
    button,
    error,
    isRunning,
    node: h('p', { class: 'sn-tier' }, text, ' ', bar, state.note && h('span', { class: 'sn-note' }, state.note)),
    words(live, trainer) { // the line of the live run among the outcomes
      if (!trainer) return null;
      if (!live) return 'move a control, or press “Train here”.';
      if (live.status === 'error') return 'failed.';
      if (live.status === 'stopped') return `stopped at ${far(live)}.`;
      if (live.status === 'done') return live.outcome;
      return live.status === 'running' ? `training, ${far(live)}.` : 'starting …';
    },
    update(live, trainer) {
      say(text, tell(live, trainer));
      bar.hidden = !isRunning(live);
      bar.value = live?.progress ?? 0;
      button.hidden = !trainer;
      say(button, isRunning(live) ? 'Stop' : 'Train here');
      const failed = live?.status === 'error';
      if (failed === error.hidden) {
        error.hidden = !failed;
        error.replaceChildren(...(failed ? [h('p', {}, 'Training failed: ', h('b', {}, live.text)),
          live.trace && h('details', {}, h('summary', {}, 'Where'), h('pre', { tabindex: 0 }, live.trace))].filter(Boolean) : []));
      }
    },
  };
}
