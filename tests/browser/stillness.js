// Where all that must keep its place is: charts, controls, the explorer and what follows it on the page.
{
  const WHAT = '.sn-panel, .sn-frame, .sn-chart, .sn-chain, .sn-control, .sn-ticks, input, button, summary, .sn-result';
  const places = () => {
    const root = document.querySelector('.steadynet');
    const kept = [...root.querySelectorAll(WHAT)].filter((node) => !node.closest('.sn-error'));
    return [root, ...kept, ...document.querySelectorAll('.sn-after')].map((node) => {
      const { left, top, width, height } = node.getBoundingClientRect();
      return [`${node.tagName} ${node.getAttribute('class')}`, [left + scrollX, top + scrollY, width, height].join()];
    });
  };
  let last = null;
  const compare = () => {
    const now = places();
    const found = now
      .filter(([, place], i) => last && last[i]?.[1] !== place)
      .map(([name, place]) => `${name}: ${place}`);
    if (last && now.length !== last.length) found.push(`${now.length}, not ${last.length} have a place`);
    last = now;
    return found;
  };
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));

  // What moved since the last call, once the page was laid out anew.
  window.moved = async () => {
    await frame();
    await frame();
    return compare();
  };

  // What moved at any position of any slider and any choice, by name.
  window.tryControls = async () => {
    const found = [];
    const look = (what) => found.push(...compare().map((moved) => `${what}: ${moved}`));
    const inputs = [...document.querySelectorAll('.steadynet input')];
    for (const input of inputs.filter(({ type }) => type === 'range')) {
      for (let value = 0; value <= Number(input.max); value++) {
        input.value = value;
        input.dispatchEvent(new Event('input', { bubbles: true }));
        look(`slider ${input.id} at ${value}`);
      }
    }
    for (const input of inputs.filter(({ type }) => type !== 'range')) {
      input.click();
      look(`${input.type} ${input.value}`);
    }
    return [...found, ...(await moved())];
  };
}
