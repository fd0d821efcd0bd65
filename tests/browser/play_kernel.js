// A widget model whose kernel is the test, and random moves over the view with what must always hold.
{
  window.makeModel = (state) => {
    const on = [];
    const model = {
      sent: [],
      get: (key) => ({ state })[key],
      on: (_, f) => on.push(f),
      off: (_, f) => on.splice(on.indexOf(f), 1),
      send: (message) => model.sent.push({ ...message, at: performance.now() }),
      hear: (message, buffers) => on.slice().forEach((f) => f(message, buffers)),
      listeners: on,
    };
    return model;
  };

  window.openView = async (source, state) => {
    window.view = (await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })))).default;
    window.state = state;
    window.model = makeModel(state);
    window.host = document.createElement('div');
    document.querySelector('main').append(host);
    window.close_ = view.render({ model, el: host });
  };

  const f32 = (values) => new DataView(new Float32Array(values).buffer);
  window.live = (run, curves, progress = 0.5, shapes = {}) =>
    model.hear(
      {
        kind: 'live',
        run,
        progress,
        arrays: Object.entries(curves).map(([name, values]) => ({ name, shape: shapes[name] ?? [values.length] })),
      },
      Object.values(curves).map(f32),
    );
  // What a run of the state's panels reports when its curve is the constant `value`.
  window.report = (value, length) => {
    const [curves, shapes] = [{}, {}];
    for (const p of state.panels) {
      if (p.kind === 'curves') curves[p.y] = Array(length).fill(value);
      if (p.kind === 'histogram') curves[p.counts] = Array(p.edges.length - 1).fill(1);
      if (p.kind === 'across') curves[p.y] = [value];
      if (p.kind !== 'layers') continue;
      shapes[p.y] = [1 + (length % p.moments.length), p.layers, p.quantiles.length];
      curves[p.y] = Array(shapes[p.y].reduce((a, b) => a * b)).fill(value);
    }
    return [curves, shapes];
  };
  window.trains = () => model.sent.filter((m) => m.kind === 'train');

  // Height of the live curve where the view must have drawn the constant `value` on its log axis.
  const $ = (q) => host.querySelector(q);
  const $$ = (q) => [...host.querySelectorAll(q)];
  const heightOf = (value) => {
    const ticks = $$('.sn-panel:first-child .sn-axis-y .tick').map((tick) => [
      Number(tick.querySelector('text').textContent.replaceAll(',', '')),
      Number(tick.getAttribute('transform').match(/,([-\d.]+)/)[1]),
    ]);
    const [[a, ya], [b, yb]] = [ticks[0], ticks[ticks.length - 1]];
    return ya + ((yb - ya) * (Math.log(value) - Math.log(a))) / (Math.log(b) - Math.log(a));
  };
  const liveHeight = () => {
    const d = $('.sn-panel:first-child path.sn-live')?.getAttribute('d');
    return d ? Number(d.match(/M[-\d.]+,([-\d.]+)/)[1]) : null;
  };

  window.fuzz = async (seed, moves) => {
    let s = seed;
    const random = (n) => {
      s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
      return Math.floor((s / 4294967296) * n);
    };
    const wrong = [];
    const log = [];
    window.addEventListener('error', (e) => wrong.push(`exception: ${e.message}`));
    const axes = () =>
      $$('.sn-axis')
        .map((g) => g.outerHTML)
        .join('');
    const still = axes();
    const constantOf = new Map(); // run -> the constant its curve has
    let n = 0;

    const setting = () =>
      state.controls.map((c, k) => {
        const control = $$('.sn-control')[k];
        if (c.kind === 'slider') return Number(control.querySelector('input').value);
        if (c.kind === 'switch') return Number(control.querySelector('input').checked);
        return control.querySelectorAll('input:checked').length === 1
          ? [...control.querySelectorAll('input')].findIndex((i) => i.checked)
          : -1;
      });
    const words = (table, index) =>
      table.words[table.entries[table.over.reduce((at, k) => at * state.controls[k].values.length + index[k], 0)]];
    const newest = () => {
      // the run the view waits for: the last sent, if nothing moved since
      const last = trains()[trains().length - 1];
      return last && state.controls.every((c, k) => last.setting[c.name] === setting()[k]) ? last : null;
    };
    const press = (q) => {
      const all = $$(q);
      const b = all[random(all.length)];
      if (b && !b.hidden) b.click();
    };
    const acts = {
      slide() {
        const all = $$('input[type=range]');
        const i = all[random(all.length)];
        i.value = random(Number(i.max) + 1);
        i.dispatchEvent(new Event('input', { bubbles: true }));
      },
      point() {
        // a click somewhere on a panel across a control
        const all = $$('.sn-clickable');
        const i = random(all.length);
        if (!all.length) return;
        const { left, width, top } = all[i].getBoundingClientRect();
        all[i].dispatchEvent(
          new MouseEvent('click', { clientX: left + random(Math.round(width)), clientY: top + 50, bubbles: true }),
        );
      },
      sweep() {
        for (let k = 0; k < 6; k++) acts.slide();
      },
      radio: () => press('input[type=radio]'),
      toggle: () => press('input[type=checkbox]'),
      preset: () => press('.sn-presets button'),
      act: () => press('.sn-actions button'),
      disclose: () => press('summary'),
      live() {
        const all = trains();
        if (!all.length) return;
        const { run } = all[random(3) ? all.length - 1 : random(all.length)];
        if (!constantOf.has(run)) constantOf.set(run, 0.02 * 1.05 ** (constantOf.size % 100));
        const before = liveHeight();
        const length = 1 + random(60);
        const [curves, shapes] = report(constantOf.get(run), length);
        live(run, curves, length / 60, shapes);
        const after = liveHeight();
        if (state.panels[0].y_log && after !== before && Math.abs(after - heightOf(constantOf.get(run))) > 0.2)
          wrong.push(`drawn at ${after}, not where run ${run} is`);
        if (after !== before && newest()?.run !== run) wrong.push(`an old run ${run} was drawn`);
      },
      done() {
        const all = trains();
        if (all.length) model.hear({ kind: 'done', run: all[random(all.length)].run, outcome: `ended ${++n}` }, []);
      },
      error() {
        const all = trains();
        if (all.length)
          model.hear(
            { kind: 'error', run: all[random(all.length)].run, text: `ValueError: ${++n}`, trace: 'there' },
            [],
          );
      },
      noise: () =>
        model.hear(
          {
            kind: ['pong', 'live', 'done', 'error', 'new'][random(5)],
            run: 'nobody',
            progress: 1,
            arrays: [],
            live: true,
          },
          [],
        ),
      wait: () => new Promise((r) => setTimeout(r, random(90))),
    };
    const names = [...Object.keys(acts), 'live', 'live', 'live', 'wait', 'wait'];
    for (let k = 0; k < moves; k++) {
      const name = names[random(names.length)];
      log.push(name);
      const before = setting().join();
      try {
        await acts[name]();
      } catch (e) {
        wrong.push(`${name}: ${e.stack}`);
      }
      const now = setting();
      if (now.join() !== before && liveHeight() !== null) wrong.push(`${name}: the curve of the setting before stays`);
      if (axes() !== still) wrong.push(`${name}: an axis moved`);
      state.controls.forEach((c, k) => {
        const text =
          $$('.sn-control')[k].querySelector('input[type=range]')?.getAttribute('aria-valuetext') ?? c.texts[now[k]];
        if (text !== c.texts[now[k]]) wrong.push(`${name}: aria-valuetext is ${text}`);
      });
      const moments = new Set($$('.sn-moment input').flatMap((i) => [i.value, i.getAttribute('aria-valuetext')]));
      if (moments.size > 2) wrong.push(`${name}: moments differ: ${[...moments]}`);
      if (now.includes(-1)) wrong.push(`${name}: not one radio is chosen`);
      if ($('.sn-line-recorded .sn-words').textContent !== words(state.outcome, now))
        wrong.push(`${name}: the outcome is of another setting`);
      const code = state.code.pieces
        .map((p) => (typeof p === 'string' ? p : words(state.code.parts[p.part], now)))
        .join('');
      if (state.code.pieces.length && $('pre code').textContent !== code)
        wrong.push(`${name}: the code is of another setting`);
      const bad = $$('.sn-panels path').find((p) => /NaN|Infinity|undefined/.test(p.getAttribute('d') ?? ''));
      if (bad) wrong.push(`${name}: ${bad.getAttribute('class')} has no place: ${bad.getAttribute('d').slice(0, 80)}`);
      $$('.sn-presets button').forEach((b, i) => {
        const chosen = state.presets[i].index.every((v, j) => v === now[j]);
        if (b.getAttribute('aria-pressed') !== String(chosen))
          wrong.push(`${name}: preset ${i} is ${b.getAttribute('aria-pressed')}`);
      });
      if (wrong.length > 5) break;
    }
    await new Promise((r) => setTimeout(r, 150));
    const gaps = trains()
      .slice(1)
      .map((m, i) => m.at - trains()[i].at);
    const starting = $('.sn-line-live').textContent.includes('starting');
    if (starting && !newest()) wrong.push('the last move was not sent');
    return { wrong, shortest: Math.min(...gaps), trained: trains().length, tail: log.slice(-8) };
  };

  window.redraw = (moves) => {
    const input = $('input[type=range]');
    for (let i = 0; i < moves; i++) {
      input.value = i % (Number(input.max) + 1);
      input.dispatchEvent(new Event('input'));
    }
  };
}
