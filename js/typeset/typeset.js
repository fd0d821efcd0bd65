// Sets formulas for the site's build: one line of JSON in ({tex, display, macros}), one out ({html} or {error}).
import { createInterface } from 'node:readline';
import katex from 'katex';

createInterface({ input: process.stdin }).on('line', (line) => {
  const { tex, display, macros } = JSON.parse(line);
  let answer;
  try {
    answer = { html: katex.renderToString(tex, { displayMode: display, macros, strict: 'ignore' }) };
  } catch (error) {
    answer = { error: /** @type {Error} */ (error).message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
