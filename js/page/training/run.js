// One training run: the plan's steps in turn, with looks at the layers and tests in between.
import { gather } from './arrays.js';
import { collect } from './measures.js';
import { judge } from './verdict.js';

/** @import { Named, Parts, Plan, Program, StoredArrays, Tensor } from './types.js' */

/** @type {(memory: Tensor) => Float32Array<ArrayBuffer>} What a program holds is gone after the call. */
const copy = (memory) => new Float32Array(memory);

/** @type {(program: Program, name: string, value: Parts['chosen'][string]) => void} */
const number = (program, name, value) => {
  if (program.takes(name)) program.write(name, (to) => to.fill(Number(value)));
};

/** @type {(step: Program, parts: Parts) => void} */
function begin(step, { chosen, start }) {
  step.write('state', (to) => {
    to.fill(0); // what a start does not hold are slots of the optimizer
    to.set(start.state.data);
  });
  number(step, 'rate', chosen.rate);
  number(step, 'limit', chosen.limit);
}

/** @type {(step: Program, parts: Parts, k: number) => void} */
function trainOn(step, { examples, order }, k) {
  const batch = step.shape('x')[0];
  const rows = order?.order.data.subarray(k * batch, (k + 1) * batch);
  step.write('x', (to) => gather(to, examples.x, rows, k * batch));
  step.write('y', (to) => gather(to, examples.y, rows, k * batch));
  step.run();
}

/**
 * Outputs of a program that only looks: it gets the state, and rows from `first` on.
 *
 * @type {(program: Program, state: Float32Array, data: StoredArrays, first: number) => Named[]}
 */
function inspect(program, state, { x, y }, first) {
  program.write('state', (to) => to.set(state.subarray(0, to.length)));
  program.write('x', (to) => gather(to, x, null, first));
  if (program.takes('y')) program.write('y', (to) => gather(to, y, null, first));
  program.run();
  const found = program.outputs.map(({ name, shape }) => ({
    name,
    shape,
    data: program.look(name, copy),
  }));
  program.rest();
  return found;
}

/** @type {(program: Program, state: Float32Array, heldOut: StoredArrays, pause: Pause) => Promise<number>} */
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
 * Train; the outcome in words.
 *
 * @typedef {() => Promise<void>} Pause Lets messages in, and throws where the run is to end.
 * @typedef {(step: number, found: ReturnType<typeof collect>) => void} Show May be called often.
 *
 * @type {(plan: Plan, parts: Parts, calls: { pause: Pause, show: Show }) => Promise<string>}
 */
export async function train(plan, parts, { pause, show }) {
  const { step, look, shown, test, held_out: heldOut } = parts;
  const found = collect(plan);
  const verdict = judge(plan);
  const [looks, tests] = [plan.looks, plan.tests].map((part) => new Set(part?.at));
  const state = () => step.look('state', copy);
  begin(step, parts);
  if (look && shown && looks.has(0)) found.look(inspect(look, step.write('state', copy), shown, 0));
  for (let k = 0; k < plan.steps; k++) {
    trainOn(step, parts, k);
    step.look('measures', (measures) => {
      found.step(measures);
      verdict.step(measures);
    });
    if (look && shown && looks.has(k + 1)) found.look(inspect(look, state(), shown, 0));
    if (test && heldOut && tests.has(k + 1)) found.test(await countRight(test, state(), heldOut, pause));
    step.feedBack('state', 'state');
    show(k + 1, found);
    await pause();
  }
  return verdict.words(found.shares);
}
