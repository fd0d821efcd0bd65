// Which tier is in use, in words; the button that trains or stops; what went wrong.
import { h, say, uid } from './dom.js';

const isRunning = (live) => live?.status === 'waiting' || live?.status === 'running';

export function makeTier(state, toggle) {
  const seeds = state.panels
    .filter((p) => p.kind === 'curves')
    .map((p) => state.arrays[p.y].shape[state.controls.length])[0];
  const recorded = `${state.source}${seeds > 1 ? `, ${seeds} seeds` : ''}.`;
  const text = h('span');
  const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Training', hidden: true });
  const button = h('button', { type: 'button', class: 'sn-button', hidden: true, onclick: toggle });
  const error = h('div', { class: 'sn-error', role: 'alert', hidden: true });

  const offer = h('p', { class: 'sn-offer', id: uid('offer'), hidden: true });
  let refused = '';

  function far(live, { steps = state.steps }) {
    if (steps) return `step ${Math.round(live.progress * steps)} of ${steps}`;
    return `${Math.round(100 * live.progress)} %`;
  }

  function tell(live, trainer) {
    if (!trainer) return refused ? `${recorded} ${refused}` : recorded;
    if (!live || live.status === 'error')
      return trainer.resting ? `${recorded} ${trainer.words.offered}` : trainer.words.idle;
    const words = trainer.words[live.status];
    if (live.status === 'waiting') return live.download?.words ?? words;
    if (live.status === 'stopped' && !live.progress && trainer.words.unstarted) return trainer.words.unstarted;
    return live.status === 'running' || live.status === 'stopped' ? `${words}: ${far(live, trainer)}` : words;
  }

  return {
    button,
    offer,
    error,
    refuse(why) {
      refused = why;
    },
    isRunning,
    node: h('p', { class: 'sn-tier' }, text, ' ', bar, state.note && h('span', { class: 'sn-note' }, state.note)),
    words(live, trainer) {
      // the line of the live run among the outcomes
      if (!trainer || (trainer.resting && !live)) return null;
      if (!live) return `move a control, or press “${trainer.words.button}”.`;
      if (live.status === 'error') return 'failed.';
      if (live.status === 'stopped') return `stopped at ${far(live, trainer)}.`;
      if (live.status === 'done') return live.outcome;
      return live.status === 'running'
        ? `training, ${far(live, trainer)}.`
        : live.download
          ? `${live.download.words.replace(/^D/, 'd')} …`
          : 'starting …';
    },
    update(live, trainer, index) {
      say(text, tell(live, trainer));
      bar.hidden = !isRunning(live);
      const download = live?.status === 'waiting' ? live.download : null;
      bar.value = download?.share ?? live?.progress ?? 0;
      bar.setAttribute('aria-label', download ? 'Download' : 'Training');
      button.hidden = !trainer;
      if (trainer?.offer && isRunning(live) && !button.style.minWidth)
        button.style.minWidth = `${button.offsetWidth}px`; // its row must not break anew
      say(button, isRunning(live) || !trainer ? 'Stop' : trainer.words.button);
      const offered = trainer && !isRunning(live) ? trainer.offer?.(index) : '';
      say(offer, offered || '');
      offer.hidden = !offered;
      if (offered) button.setAttribute('aria-describedby', offer.id);
      else button.removeAttribute('aria-describedby');
      const failed = live?.status === 'error';
      if (failed === error.hidden) {
        error.hidden = !failed;
        error.replaceChildren(
          ...(failed
            ? [
                h('p', {}, 'Training failed: ', h('b', {}, live.text)),
                live.trace && h('details', {}, h('summary', {}, 'Where'), h('pre', { tabindex: 0 }, live.trace)),
              ].filter(Boolean)
            : []),
        );
      }
    },
  };
}
