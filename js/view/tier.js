// Which tier is in use, in words; the button that trains or stops; what went wrong.
import { h, say, uid } from './dom.js';
import { room } from './room.js';

/** @import { Index, LiveRun, State, Trainer, Words } from './types.js' */

/** @type {(live: LiveRun | null) => boolean} */
const isRunning = (live) => live?.status === 'waiting' || live?.status === 'running';
const LONGEST_OFFER = 'Downloads 88.8 MB, once.';

/**
 * @param {State} state
 * @param {() => void} toggle
 * @param {Words | undefined} words What a trainer says, where there may be one.
 * @param {string} refused Why there is none.
 */
export function makeTier(state, toggle, words, refused) {
  const seeds = state.panels
    .filter((p) => p.kind === 'curves')
    .map((p) => state.arrays[p.y].shape[state.controls.length])[0];
  const recorded = `${state.source}${seeds > 1 ? `, ${seeds} seeds` : ''}.`;
  const text = h('span');
  const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Training', hidden: true });
  const label = h('span');
  const button = h(
    'button',
    { type: 'button', class: 'sn-button', disabled: true, onclick: toggle },
    room(label, words ? [words.button, 'Stop'] : []),
  );
  const error = h('div', { class: 'sn-error', role: 'alert', hidden: true });
  const offer = h('span', { class: 'sn-offer', id: uid('offer') });

  /** @type {(live: LiveRun, trainer: Trainer) => string} */
  function far(live, { steps = state.steps }) {
    if (steps) return `step ${Math.round(live.progress * steps)} of ${steps}`;
    return `${Math.round(100 * live.progress)} %`;
  }

  /** @type {(live: LiveRun | null, trainer: Trainer | null) => string} */
  function tell(live, trainer) {
    if (!trainer || !words) return refused ? `${recorded} ${refused}` : recorded;
    if (!live || live.status === 'error') return trainer.resting ? recorded : words.idle;
    if (live.status === 'waiting') return live.download?.words ?? words.waiting;
    if (live.status === 'stopped' && !live.progress && words.unstarted) return words.unstarted;
    const told = words[live.status];
    return live.status === 'running' || live.status === 'stopped' ? `${told}: ${far(live, trainer)}` : told;
  }

  /** @param {LiveRun | null} live */
  function fail(live) {
    const failed = live?.status === 'error';
    if (failed !== error.hidden) return;
    error.hidden = !failed;
    const where = live?.trace && h('details', {}, h('summary', {}, 'Where'), h('pre', { tabindex: 0 }, live.trace));
    const said = failed ? [h('p', {}, 'Training failed: ', h('b', {}, live?.text)), where] : [];
    error.replaceChildren(...said.filter((node) => node instanceof Node));
  }

  const note = state.note ? ` ${state.note}` : '';
  const known = words ? [recorded, words.idle, words.waiting, words.running, words.stopped] : [recorded];
  return {
    bar,
    error,
    buttons: words && h('div', { class: 'sn-buttons' }, button, room(offer, [LONGEST_OFFER])),
    /** @param {string} why */
    refuse(why) {
      refused = why;
    },
    isRunning,
    node: h(
      'p',
      { class: 'sn-tier' },
      room(
        h('span', {}, text, note),
        known.map((told) => `${told}: step 10000 of 10000${note}`),
      ),
    ),
    /** @param {LiveRun | null} live @param {Trainer | null} trainer */
    words(live, trainer) {
      // the line of the live run among the outcomes
      if (!trainer || !words) return null;
      if (!live) return trainer.resting ? `press “${words.button}”.` : `move a control, or press “${words.button}”.`;
      if (live.status === 'error') return 'failed.';
      if (live.status === 'stopped') return `stopped at ${far(live, trainer)}.`;
      if (live.status === 'done') return live.outcome;
      if (live.status === 'running') return `training, ${far(live, trainer)}.`;
      return live.download ? `${live.download.words.replace(/^D/, 'd')} …` : 'starting …';
    },
    /** @param {LiveRun | null} live @param {Trainer | null} trainer @param {Index} index */
    update(live, trainer, index) {
      say(text, tell(live, trainer));
      bar.hidden = !isRunning(live);
      const download = live?.status === 'waiting' ? live.download : null;
      bar.value = download?.share ?? live?.progress ?? 0;
      bar.setAttribute('aria-label', download ? 'Download' : 'Training');
      button.disabled = !trainer;
      button.classList.toggle('sn-off', !trainer);
      say(label, isRunning(live) || !words ? 'Stop' : words.button);
      const offered = trainer && !isRunning(live) ? trainer.offer?.(index) : '';
      say(offer, offered || '');
      offer.classList.toggle('sn-off', !offered);
      if (offered) button.setAttribute('aria-describedby', offer.id);
      else button.removeAttribute('aria-describedby');
      fail(live);
    },
  };
}
