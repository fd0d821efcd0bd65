// LiteRT below its own run(): that one waits for a promise and makes new tensors a step, which costs more than the
// arithmetic of a small network. Here inputs keep their memory, and an output can become the next step's input.
import { LiteRt } from '@litertjs/core';
import { createWasmLib } from '@litertjs/wasm-utils';

/** @type {import('@litertjs/core').CompileOptions} */
const ONE_THREAD = { accelerator: 'wasm', cpuOptions: { numThreads: 1 } };
const ARRAYS = { float32: Float32Array, int32: Int32Array };
const ELEMENTS = { float32: 1, int32: 2 }; // LiteRT's numbers of the types
const HARMLESS = /^(INFO|VERBOSE)\b|npu_registry/; // LiteRT writes its notices where errors go

/**
 * @import { CompiledModel, TensorDetails } from '@litertjs/core'
 * @import { Program, Tensor } from './types.js'
 *
 * @typedef {LiteRt['liteRtWasm']} Wasm
 * @typedef {ReturnType<Wasm['LiteRtTensorBuffer']['createManaged']>} Buffer
 * @typedef {{ run(signature: number, inputs: Buffer[]): Buffer[] }} Runner What CompiledModel keeps to itself.
 */

/**
 * Start LiteRT from the bytes of its loader and its wasm.
 *
 * @param {Uint8Array<ArrayBuffer>} loader
 * @param {Uint8Array<ArrayBuffer>} wasm
 */
export async function openRuntime(loader, wasm) {
  const url = URL.createObjectURL(new Blob([loader], { type: 'text/javascript' }));
  /** @type {(line: string) => void} */
  const printErr = (line) => {
    if (!HARMLESS.test(line)) console[line.startsWith('WARNING') ? 'warn' : 'error'](line);
  };
  Object.assign(self, { Module: { wasmBinary: wasm, print() {}, printErr } });
  try {
    const litert = await createWasmLib(LiteRt, url);
    const { liteRtWasm } = litert;
    // Its loadLiteRt() would ask the browser for a graphics device first.
    const environment = {
      liteRtEnvironment: liteRtWasm.LiteRtEnvironment.create(null),
      webGpuDevice: null,
      options: {},
    };
    litert.setDefaultEnvironment(/** @type {any} */ (environment));
    return {
      /** @type {(bytes: Uint8Array, outputs: string[]) => Promise<Program>} */
      compile: async (bytes, outputs) => openProgram(litert, await litert.loadAndCompile(bytes, ONE_THREAD), outputs),
    };
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @type {(name: string) => string} */
const plain = (name) => name.replace(/^serving_default_/, '').replace(/:\d+$/, '');
/** @type {(name: string) => number} */
const numbered = (name) => {
  // Identity, Identity_1, … or StatefulPartitionedCall:0, :1, …
  const [, major = 0, minor = 0] = /(?:_(\d+))?(?::(\d+))?$/.exec(name) ?? [];
  return Number(major) * 1e4 + Number(minor);
};

/** @param {string} dtype @returns {dtype is keyof typeof ARRAYS} */
const taken = (dtype) => dtype in ARRAYS;

/** @type {(litert: LiteRt, detail: TensorDetails) => Buffer} */
function makeBuffer(litert, { dtype, shape, name }) {
  if (!taken(dtype)) throw new Error(`input ${name} is ${dtype}; a program takes float32 or int32`);
  const wasm = litert.liteRtWasm;
  const sizes = new wasm.VectorInt32();
  shape.forEach((size) => sizes.push_back(size));
  const layout = wasm.LiteRtLayout.create(sizes);
  const type = wasm.LiteRtRankedTensorType.create(/** @type {any} */ ({ value: ELEMENTS[dtype] }), layout);
  const { liteRtEnvironment } = litert.getDefaultEnvironment();
  const buffer = wasm.LiteRtTensorBuffer.createManaged(
    liteRtEnvironment,
    wasm.LiteRtTensorBufferType.HOST_MEMORY,
    type,
    type.bytes(),
  );
  [sizes, layout, type].forEach((each) => each.delete());
  return buffer;
}

/** @type {(litert: LiteRt, model: CompiledModel, outputs: string[]) => Program} */
function openProgram(litert, model, outputs) {
  const wasm = litert.liteRtWasm;
  const { READ, WRITE } = wasm.LiteRtTensorBufferLockMode;
  const { liteRtCompiledModel: runner } = /** @type {{ liteRtCompiledModel: Runner }} */ (
    /** @type {unknown} */ (model)
  );
  /** @type {(detail: TensorDetails) => number} */
  const length = ({ shape }) => shape.reduce((a, b) => a * b, 1);
  const ins = model.getInputDetails();
  const places = Object.fromEntries(ins.map((detail, i) => [plain(detail.name), i]));
  const buffers = ins.map((detail) => makeBuffer(litert, detail));
  const outs = model.getOutputDetails();
  const order = outs.map((_, i) => i).sort((a, b) => numbered(outs[a].name) - numbered(outs[b].name));
  const produced = Object.fromEntries(outputs.map((name, k) => [name, order[k]]));
  /** @type {(Buffer | null)[]} */
  let results = [];
  if (order.length !== outputs.length)
    throw new Error(`the program has ${order.length} outputs, its plan names ${outputs.length}`);

  /**
   * What `use` gets is LiteRT's own memory: it is gone after the call.
   *
   * @template T
   * @param {Buffer | null} buffer
   * @param {TensorDetails} detail
   * @param {Parameters<Buffer['lock']>[0]} mode
   * @param {(memory: Tensor) => T} use
   */
  function within(buffer, detail, mode, use) {
    if (!buffer || !taken(detail.dtype)) throw new Error(`${detail.name} cannot be read`);
    const at = buffer.lock(mode);
    try {
      return use(new ARRAYS[detail.dtype](/** @type {ArrayBuffer} */ (wasm.HEAPU8.buffer), at, length(detail)));
    } finally {
      buffer.unlock();
    }
  }
  const drop = () => {
    results.forEach((buffer) => buffer?.delete());
    results = [];
  };

  return {
    takes: (name) => name in places,
    shape: (name) => [...ins[places[name]].shape],
    write: (name, fill) => within(buffers[places[name]], ins[places[name]], WRITE, fill),
    run() {
      drop();
      results = runner.run(0, buffers);
    },
    feedBack(output, input) {
      const [from, to] = [produced[output], places[input]];
      const result = results[from];
      if (!result) throw new Error(`${output} cannot be given twice`);
      buffers[to].delete();
      buffers[to] = result;
      results[from] = null;
    },
    look: (name, use) => within(results[produced[name]], outs[produced[name]], READ, use),
    outputs: outputs.map((name) => ({ name, shape: [...outs[produced[name]].shape] })),
    rest: drop,
    delete() {
      drop();
      buffers.forEach((buffer) => buffer.delete());
      model.delete();
    },
  };
}
