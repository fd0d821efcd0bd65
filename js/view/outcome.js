// What happened, in words, each line with the mark its curve has: the legend and the message in one.
import { lookUp } from './data.js';
import { h, s, say } from './dom.js';

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

const LONGEST_COMPARISON =
  'It follows TensorFlow’s recording of the same seed within 0.9 points up to step 1,000; ' +
  'then rounding, which differs, has grown and they part by up to 88 points.';

function line(kind, name) {
  const text = h('span', { class: 'sn-words' });
  const title = h('span', { class: 'sn-name' }, name);
  const node = h(
    'p',
    { class: `sn-line sn-line-${kind}` },
    s('svg', { class: 'sn-key', viewBox: '0 0 28 14', 'aria-hidden': 'true' }, ...marks[kind]()),
    h('span', {}, title, text),
  );
  return {
    node,
    title,
    show: (words) => {
      node.hidden = words == null;
      say(text, words ?? '');
    },
  };
}

export function makeOutcome(state, sizes) {
  const longest = state.outcome.words.reduce((a, b) => (b.length > a.length ? b : a), '');
  const recorded = line('recorded', '');
  const room = line('recorded', ''); // as tall as the longest words, so that charts stay where they are
  room.show(longest);
  const live = line('live', 'Live run: ');
  const twin = line('twin', '');
  const space = line('twin', ''); // the same for what is said of a run that was trained in the page
  space.show(LONGEST_COMPARISON);
  for (const { node } of [room, space]) {
    node.classList.add('sn-off');
    node.setAttribute('aria-hidden', 'true');
  }
  const pair = h('div', { class: 'sn-stack' }, twin.node, space.node);
  const pinned = line('pinned', '');
  const node = h(
    'div',
    { class: 'sn-outcome' },
    h('div', { class: 'sn-stack' }, recorded.node, room.node),
    live.node,
    pair,
    pinned.node,
  );
  return {
    node,
    words: (index) => lookUp(state.outcome, index, sizes),
    update(view, liveWords) {
      recorded.show(lookUp(state.outcome, view.index, sizes));
      live.show(liveWords);
      const paired = view.live?.twin != null && view.live.status !== 'error';
      pair.hidden = !paired;
      node.classList.toggle('sn-paired', paired);
      twin.show(view.live?.comparison ?? 'TensorFlow’s recording of the same seed.');
      const texts = view.pinned && state.controls.map((c, k) => c.texts[view.pinned.index[k]]).join(' · ');
      say(pinned.title, view.pinned ? `Pinned (${texts}): ` : '');
      pinned.show(view.pinned && (view.pinned.live?.outcome ?? lookUp(state.outcome, view.pinned.index, sizes)));
    },
  };
}
