// The numbers behind the charts: a table for each panel, and one tidy CSV of all.
import { h } from './dom.js';
import { decimal } from './numbers.js';

/** @import { Drawn, Panel, Row, Source, State, View } from './types.js' */

/** @type {(view: View) => Source[]} */
function sources(view) {
  const { moment } = view;
  /** @type {Omit<Source, 'moment'>[]} */
  const out = [{ name: 'recorded', index: view.index }];
  if (view.live?.arrays) out.push({ name: 'live', index: view.index, run: view.live });
  if (view.pinned) out.push({ name: 'pinned', index: view.pinned.index });
  if (view.pinned?.live?.arrays) out.push({ name: 'pinned live', index: view.pinned.index, run: view.pinned.live });
  return out.map((source) => ({ ...source, moment }));
}

/**
 * @param {Drawn} panel
 * @param {View} view
 * @param {boolean} quantities Whether columns name them.
 */
function pivot(panel, view, quantities) {
  /** @type {Map<string, Map<number, number>>} */
  const columns = new Map();
  /** @type {Map<number, string>} */
  const xs = new Map();
  let xLabel = '';
  for (const source of sources(view)) {
    for (const row of panel.tidy(source, true)) {
      const seed = row.seed === '' ? '' : row.seed === 'median' ? ', median' : `, seed ${row.seed}`;
      const column = `${source.name}${seed}${quantities ? `, ${row.quantity}` : ''}`;
      const values = columns.get(column) ?? new Map();
      columns.set(column, values.set(row.x, row.value));
      xs.set(row.x, row.x_text ?? decimal(row.x));
      xLabel = row.x_label;
    }
  }
  return { xLabel, columns: [...columns], xs: [...xs].sort(([a], [b]) => a - b) };
}

/** @type {(spec: Panel, panel: Drawn, view: View, title: string) => HTMLElement} */
function table(spec, panel, view, title) {
  const first = panel.tidy(sources(view)[0], true);
  const several = new Set(first.map((row) => row.quantity)).size > 1;
  const { xLabel, columns, xs } = pivot(panel, view, several);
  const caption = several || !first.length ? spec.title : `${spec.title}: ${first[0].quantity}`;
  return h(
    'div',
    { class: 'sn-scroll', tabindex: 0, role: 'region', 'aria-label': `Table: ${caption} (${title})` },
    h(
      'table',
      {},
      h('caption', {}, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, xLabel),
          columns.map(([name]) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        xs.map(([x, text]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, text),
            columns.map(([, values]) => h('td', {}, values.has(x) ? decimal(values.get(x) ?? NaN) || '–' : '–')),
          ),
        ),
      ),
    ),
  );
}

/** @type {(v: string) => string} */
const cell = (v) => (/[",\n]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v);

/** @type {(state: Pick<State, 'controls' | 'panels'>, panels: Pick<Drawn, 'tidy'>[], view: View) => string} */
export function csv(state, panels, view) {
  const moments = state.panels.some((panel) => 'moments' in panel);
  const head = [
    'panel',
    'source',
    ...state.controls.map((c) => c.name),
    ...(moments ? ['moment'] : []),
    'seed',
    'x_label',
    'x',
    'quantity',
    'value',
  ];
  const lines = [head];
  for (const source of sources(view)) {
    /** @type {(index: number[]) => string[]} */
    const written = (index) =>
      state.controls.map((c, k) => {
        const value = c.values[index[k]];
        return typeof value === 'number' ? decimal(value) : c.texts[index[k]];
      });
    const setting = written(source.index);
    panels.forEach((panel, i) => {
      for (const row of panel.tidy(source, false)) {
        lines.push([
          state.panels[i].title,
          source.name,
          ...(row.index ? written(row.index) : setting),
          ...(moments ? [decimal(row.moment ?? NaN)] : []),
          String(row.seed),
          row.x_label,
          row.x_text ?? decimal(row.x),
          row.quantity,
          decimal(row.value),
        ]);
      }
    });
  }
  return `${lines.map((line) => line.map(cell).join(',')).join('\n')}\n`;
}

/** @type {(name: string, text: string) => void} */
function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = h('a', { href: url, download: name });
  document.body.append(link); // Firefox follows only links of the document
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/**
 * @param {State} state
 * @param {Drawn[]} panels
 * @param {() => View} now
 */
export function makeNumbers(state, panels, now) {
  const tables = h('div', { class: 'sn-tables' });
  const details = h(
    'details',
    { class: 'sn-details', ontoggle: () => fill() },
    h('summary', {}, 'Numbers as a table'),
    tables,
    h(
      'button',
      { type: 'button', class: 'sn-button', onclick: () => download(`${state.name}.csv`, csv(state, panels, now())) },
      'Download as CSV',
    ),
  );
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  function fill() {
    if (details.open)
      tables.replaceChildren(...panels.map((panel, i) => table(state.panels[i], panel, now(), state.title)));
  }
  return {
    node: details,
    update() {
      // rebuilding thousands of cells waits until the reader's hand rests
      clearTimeout(waiting);
      if (details.open) waiting = setTimeout(fill, 150);
    },
  };
}
