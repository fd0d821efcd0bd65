// For tests: the worker, which here also runs one program of a plan on arrays by name. No bundle holds it.
import { LiteRt } from '@litertjs/core';
import { part, prepare } from './opened.js';
import { needs } from './plan.js';
import './worker.js';

/**
 * @import { Plan, Program } from './types.js'
 *
 * @typedef {{ kind: 'check', id: number, address: string, plan: Plan, program: string,
 *   inputs: Record<string, ArrayLike<number>> }} CheckRequest
 */

let memory = () => 0;
const { setDefaultEnvironment } = LiteRt.prototype;
LiteRt.prototype.setDefaultEnvironment = function set(environment) {
  memory = () => this.liteRtWasm.HEAPU8.length;
  setDefaultEnvironment.call(this, environment);
};

/** @param {CheckRequest} request */
async function check({ id, plan, address, program, inputs }) {
  const { signal } = new AbortController();
  await prepare({ plan, address }, needs(plan, { step: program }), { signal, onBytes() {} });
  const one = /** @type {Program} */ (part(program, address));
  for (const [name, values] of Object.entries(inputs)) one.write(name, (to) => to.set(values));
  one.run();
  const outputs = Object.fromEntries(one.outputs.map(({ name }) => [name, one.look(name, (from) => from.slice())]));
  one.rest();
  self.postMessage({ kind: 'checked', id, outputs, memory: memory() });
}

const train = self.onmessage;
/** @param {MessageEvent} event */
self.onmessage = (event) => {
  if (event.data.kind !== 'check') return train?.call(self, event);
  check(event.data).catch(({ message }) => self.postMessage({ kind: 'error', id: event.data.id, text: message }));
};
