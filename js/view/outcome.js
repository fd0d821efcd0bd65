// What happened, in words, each line with the mark its curve has: the legend and the message in one.
import { lookUp } from './data.js';
import { h, s, say } from './dom.js';
import { longest, room } from './room.js';

/** @import { Index, State, View, Words } from './types.js' */

const marks = {
  recorded: () => [
    s('path', { class: 'sn-seeds', d: 'M1,2H27M1,12H27' }),
    s('path', { class: 'sn-median', d: 'M1,7H27' }),
  ],
  live: () => [
    s('path', { class: 'sn-live', d: 'M1,7H21' }),
    s('path', { class: 'sn-live-end', d: 'M19,7a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z' }),
  ],
  twin: () => [s('path', { class: 'sn-twin', d: 'M1,7H27' })],
  pinned: () => [
    s('path', { class: 'sn-ghost', d: 'M1,7H20' }),
    s('path', { class: 'sn-ghost-end', d: 'M22,2l5,5l-5,5l-5,-5Z' }),
  ],
};

const LIVE = 'Live run: ';
const HINT = 'Pin a run, and it stays behind the next ones.';
// What a run or a comparison may say has this much room; what says more scrolls in it.
const LONGEST_OUTCOME = 'Seed 100, trained in this page: solved after 10,000 steps, and lost again in the end.';
const LONGEST_COMPARISON =
  'It follows TensorFlow’s recording of the same seed within 0.9 points up to step 1,000; ' +
  'then rounding, which differs, has grown and they part by up to 88 points.';

/**
 * @param {keyof typeof marks | 'pinned-hint'} kind
 * @param {string[]} spares The longest words it may have.
 * @param {string} [name]
 * @param {string} [spareName] The longest name.
 */
function line(kind, spares, name = '', spareName = name) {
  const mark = kind === 'pinned-hint' ? 'pinned' : kind;
  const text = h('span', { class: 'sn-words' });
  const title = h('span', { class: 'sn-name' }, name);
  const node = h(
    'p',
    { class: `sn-line sn-line-${kind}` },
    s('svg', { class: 'sn-key', viewBox: '0 0 28 14', 'aria-hidden': 'true' }, ...marks[mark]()),
    room(h('span', {}, title, text), spares, spareName),
  );
  return {
    node,
    title,
    /** @param {string | null | undefined} words */
    show: (words) => {
      node.classList.toggle('sn-off', words == null);
      say(text, words ?? '');
    },
  };
}

// Digits are equally wide: one text stands for all that differ in them alone.
/** @type {(texts: string[]) => string[]} */
const shapes = (texts) => [...new Set(texts.map((text) => text.replace(/\d/g, '0')))];

/**
 * @param {State} state
 * @param {number[]} sizes
 * @param {Words | undefined} words What a trainer says, where there may be one.
 */
export function makeOutcome(state, sizes, words) {
  const outcomes = shapes(state.outcome.words);
  /** @type {(texts: string[]) => string} */
  const nameOf = (texts) => `Pinned (${texts.join(' · ')}): `;
  const longestName = nameOf(state.controls.map((c) => longest(c.texts)[0]));
  const said = longest(words ? [...outcomes, LONGEST_OUTCOME] : outcomes, 3);

  const recorded = line('recorded', outcomes);
  const live = line('live', [LONGEST_OUTCOME], LIVE);
  const pinned = line('pinned', said, '', longestName);
  const hint = line('pinned-hint', [HINT]);
  const twin = line('twin', [LONGEST_COMPARISON]);
  const invitation = h('p', { class: 'sn-quiet' });
  return {
    node: h(
      'div',
      { class: 'sn-outcome' },
      recorded.node,
      words && live.node,
      h('div', { class: 'sn-stack' }, pinned.node, hint.node),
    ),
    twin: words?.offered && h('div', { class: 'sn-stack sn-twins' }, twin.node, invitation),
    /** @param {Index} index */
    words: (index) => lookUp(state.outcome, index, sizes),
    /** @param {View} view @param {string | null} liveWords @param {boolean} inviting */
    update(view, liveWords, inviting) {
      recorded.show(lookUp(state.outcome, view.index, sizes));
      live.show(liveWords);
      const paired = view.live?.twin != null && view.live.status !== 'error';
      twin.show(paired ? (view.live?.comparison ?? 'TensorFlow’s recording of the same seed.') : null);
      say(invitation, (inviting && words?.offered) || '');
      const { pinned: ghost } = view;
      say(pinned.title, ghost ? nameOf(state.controls.map((c, k) => c.texts[ghost.index[k]])) : '');
      pinned.show(ghost && (ghost.live?.outcome ?? lookUp(state.outcome, ghost.index, sizes)));
      hint.show(ghost ? null : HINT);
    },
  };
}
