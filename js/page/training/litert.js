// LiteRT below its own run(): that one waits for a promise and makes new tensors a step, which costs more than the
// arithmetic of a small network. Here inputs keep their memory, and an output can become the next step's input.
import { LiteRt } from '@litertjs/core';
import { createWasmLib } from '@litertjs/wasm-utils';

const ONE_THREAD = { accelerator: 'wasm', cpuOptions: { numThreads: 1 } };
const ARRAYS = { float32: Float32Array, int32: Int32Array };
const ELEMENTS = { float32: 1, int32: 2 }; // LiteRT's numbers of the types
const HARMLESS = /^(INFO|VERBOSE)\b|npu_registry/; // LiteRT writes its notices where errors go

/** Start LiteRT from the bytes of its loader and its wasm: {compile(bytes, outputs), memory()}. */
export async function openRuntime(loader, wasm) {
  const url = URL.createObjectURL(new Blob([loader], { type: 'text/javascript' }));
  const printErr = (line) => {
    if (!HARMLESS.test(line)) console[line.startsWith('WARNING') ? 'warn' : 'error'](line);
  };
  self.Module = { wasmBinary: wasm, print() {}, printErr };
  try {
    const litert = await createWasmLib(LiteRt, url);
    const { liteRtWasm } = litert;
    // Its loadLiteRt() would ask the browser for a graphics device first.
    litert.setDefaultEnvironment({
      liteRtEnvironment: liteRtWasm.LiteRtEnvironment.create(null),
      webGpuDevice: null,
      options: {},
    });
    return {
      compile: async (bytes, outputs) => openProgram(litert, await litert.loadAndCompile(bytes, ONE_THREAD), outputs),
      memory: () => liteRtWasm.HEAPU8.length,
    };
  } finally {
    URL.revokeObjectURL(url);
  }
}

const plain = (name) => name.replace(/^serving_default_/, '').replace(/:\d+$/, '');
const numbered = (name) => {
  // Identity, Identity_1, … or StatefulPartitionedCall:0, :1, …
  const [, major = 0, minor = 0] = /(?:_(\d+))?(?::(\d+))?$/.exec(name);
  return Number(major) * 1e4 + Number(minor);
};

function makeBuffer(litert, { dtype, shape, name }) {
  if (!(dtype in ARRAYS)) throw new Error(`input ${name} is ${dtype}; a program takes float32 or int32`);
  const wasm = litert.liteRtWasm;
  const sizes = new wasm.VectorInt32();
  shape.forEach((size) => sizes.push_back(size));
  const layout = wasm.LiteRtLayout.create(sizes);
  const type = wasm.LiteRtRankedTensorType.create({ value: ELEMENTS[dtype] }, layout);
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

function openProgram(litert, model, outputs) {
  const wasm = litert.liteRtWasm;
  const { READ, WRITE } = wasm.LiteRtTensorBufferLockMode;
  const length = ({ shape }) => shape.reduce((a, b) => a * b, 1);
  const ins = model.getInputDetails();
  const places = new Map(ins.map((detail, i) => [plain(detail.name), i]));
  const buffers = ins.map((detail) => makeBuffer(litert, detail));
  const outs = model.getOutputDetails();
  const order = outs.map((_, i) => i).sort((a, b) => numbered(outs[a].name) - numbered(outs[b].name));
  const produced = new Map(outputs.map((name, k) => [name, order[k]]));
  let results = [];
  if (order.length !== outputs.length)
    throw new Error(`the program has ${order.length} outputs, its plan names ${outputs.length}`);

  // What `use` gets is LiteRT's own memory: it is gone after the call.
  function within(buffer, { dtype, ...detail }, mode, use) {
    const at = buffer.lock(mode);
    try {
      return use(new ARRAYS[dtype](wasm.HEAPU8.buffer, at, length(detail)));
    } finally {
      buffer.unlock();
    }
  }
  const drop = () => {
    results.forEach((buffer) => buffer?.delete());
    results = [];
  };

  return {
    takes: (name) => places.has(name),
    shape: (name) => [...ins[places.get(name)].shape],
    write: (name, fill) => within(buffers[places.get(name)], ins[places.get(name)], WRITE, fill),
    run() {
      drop();
      results = model.liteRtCompiledModel.run(0, buffers);
    },
    /** Give an output as an input: the next run takes it as it is. */
    feedBack(output, input) {
      const from = produced.get(output);
      const to = places.get(input);
      buffers[to].delete();
      buffers[to] = results[from];
      results[from] = null;
    },
    look: (name, use) => within(results[produced.get(name)], outs[produced.get(name)], READ, use),
    outputs: outputs.map((name) => ({ name, shape: [...outs[produced.get(name)].shape] })),
    rest: drop,
    delete() {
      drop();
      buffers.forEach((buffer) => buffer.delete());
      model.delete();
    },
  };
}
