// One line of JSON in ({tex, display, macros}), one line out ({html} or {error}).
const { createInterface } = require("node:readline");
const katex = require("./katex.min.js");

createInterface({ input: process.stdin }).on("line", (line) => {
  const { tex, display, macros } = JSON.parse(line);
  let answer;
  try {
    answer = { html: katex.renderToString(tex, { displayMode: display, macros, strict: "ignore" }) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
