// One training run: the plan's steps in turn, with looks at the layers and tests in between.
import { gather } from './arrays.js';
import { collect } from './measures.js';
import { judge } from './verdict.js';

const number = (program, name, value) => {
  if (program.takes(name)) program.write(name, (to) => to.fill(value));
};

function begin(step, { chosen, start }) {
  step.write('state', (to) => {
    to.fill(0); // what a start does not hold are slots of the optimizer
    to.set(start.state.data);
  });
  number(step, 'rate', chosen.rate);
  number(step, 'limit', chosen.limit);
}

function trainOn(step, { examples, order }, k) {
  const batch = step.shape('x')[0];
  const rows = order?.order.data.subarray(k * batch, (k + 1) * batch);
  step.write('x', (to) => gather(to, examples.x, rows, k * batch));
  step.write('y', (to) => gather(to, examples.y, rows, k * batch));
  step.run();
}

// A program that only looks: it gets the state, and rows from `first` on.
function inspect(program, state, { x, y }, first) {
  program.write('state', (to) => to.set(state.subarray(0, to.length)));
  program.write('x', (to) => gather(to, x, null, first));
  if (program.takes('y')) program.write('y', (to) => gather(to, y, null, first));
  program.run();
  const found = program.outputs.map(({ name, shape }) => ({
    name,
    shape,
    data: program.look(name, (from) => from.slice()),
  }));
  program.rest();
  return found;
}

async function countRight(program, state, heldOut, pause) {
  const chunk = program.shape('x')[0];
  const all = heldOut.x.shape[0];
  let right = 0;
  for (let first = 0; first < all; first += chunk) {
    right += inspect(program, state, heldOut, first)[0].data[0];
    await pause();
  }
  return right / all;
}

/**
 * Train. `parts` holds the programs step, look and test, the arrays start, examples, order, shown and held_out, and
 * `chosen`; `pause()` lets messages in and throws where the run is to end; `show(step, arrays)` may be called often.
 */
export async function train(plan, parts, { pause, show }) {
  const { step, look, test } = parts;
  const found = collect(plan);
  const verdict = judge(plan);
  const [looks, tests] = [plan.looks, plan.tests].map((part) => new Set(part?.at));
  const state = () => step.look('state', (from) => from.slice());
  begin(step, parts);
  if (look && looks.has(0))
    found.look(
      inspect(
        look,
        step.write('state', (now) => now.slice()),
        parts.shown,
        0,
      ),
    );
  for (let k = 0; k < plan.steps; k++) {
    trainOn(step, parts, k);
    step.look('measures', (measures) => {
      found.step(measures);
      verdict.step(measures);
    });
    if (look && looks.has(k + 1)) found.look(inspect(look, state(), parts.shown, 0));
    if (test && tests.has(k + 1)) found.test(await countRight(test, state(), parts.held_out, pause));
    step.feedBack('state', 'state');
    show(k + 1, found);
    await pause();
  }
  return verdict.words(found.shares);
}
