/**
 * A plan, as explorer/plan.py describes it and the site completes it, and what the page and its worker send each other.
 *
 * @import { Block } from '../../view/types.js'
 *
 * @typedef {object} Plan
 * @property {number} version
 * @property {string} demo
 * @property {number} seed
 * @property {number} twin Position of the seed among the recorded ones.
 * @property {number} steps
 * @property {string[]} measures Names of what a step measures, in their order.
 * @property {Record<string, { over: number[], entries: Entry[] }>} pick
 * @property {Record<string, PlanFile>} files
 * @property {Runtime} runtime
 * @property {Outcome} outcome
 * @property {{ array: string, tolerance: number } | null} [compare]
 * @property {{ every: number, arrays: Record<string, string> }} [windows] Means of measures, by the panels' names.
 * @property {Record<string, { of: string, edges: number[] }>} [histogram]
 * @property {{ at: number[] }} [looks]
 * @property {{ at: number[], array?: string, last?: string }} [tests]
 *
 * @typedef {string | number | null} Entry The name of a file, or a number.
 * @typedef {Record<string, Entry>} Chosen The entries for one setting.
 * @typedef {{ bytes: number, outputs?: string[], arrays?: Head[] }} PlanFile A program or arrays.
 * @typedef {[name: string, type: 'f32' | 'u8' | 'u16' | 'i32' | 'u32', shape: number[]]} Head
 * @typedef {{ path: string, bytes: number }} RuntimeFile
 * @typedef {{ worker: RuntimeFile, loader: RuntimeFile, wasm: RuntimeFile,
 *   relaxed_loader?: RuntimeFile, relaxed_wasm?: RuntimeFile }} Runtime
 *
 * @typedef {{ kind: 'right' } | SolvedRule} Outcome
 * @typedef {object} SolvedRule See `RULE` in tasks/temporal_order.py.
 * @property {'solved'} kind
 * @property {string} measure
 * @property {number} window Steps.
 * @property {number} target Mean over a window from which a run counts as solved.
 * @property {number} slack
 * @property {number} kept Mean over the last window under which it was lost again.
 * @property {number} ending Steps whose mean tells how an unsolved run ended.
 */

/**
 * @typedef {{ name: string, bytes: number }} Wanted A file to load, and its size as it travels.
 * @typedef {Float32Array | Int32Array} Tensor
 * @typedef {{ shape: number[],
 *   data: Float32Array | Uint8Array | Uint16Array | Int32Array | Uint32Array }} Stored An array of a file.
 * @typedef {Record<string, Stored>} StoredArrays
 *
 * @typedef {object} Program One that LiteRT runs.
 * @property {(name: string) => boolean} takes
 * @property {(name: string) => number[]} shape Of an input.
 * @property {<T>(name: string, fill: (to: Tensor) => T) => T} write What `fill` gets is gone after the call.
 * @property {() => void} run
 * @property {(output: string, input: string) => void} feedBack Gives an output as an input: the next run takes it.
 * @property {<T>(name: string, use: (from: Tensor) => T) => T} look
 * @property {{ name: string, shape: number[] }[]} outputs
 * @property {() => void} rest Drops the outputs.
 * @property {() => void} delete
 *
 * @typedef {object} Parts Of one setting.
 * @property {Chosen} chosen
 * @property {Program} step
 * @property {Program} [look]
 * @property {Program} [test]
 * @property {StoredArrays} start
 * @property {StoredArrays} examples
 * @property {StoredArrays} [order]
 * @property {StoredArrays} [shown]
 * @property {StoredArrays} [held_out]
 *
 * @typedef {{ name: string, shape: number[], data: Float32Array<ArrayBuffer> }} Named
 */

/**
 * To the worker: train the newest request only (an older run ends at its next step); end what runs, and its downloads.
 * `address` is the plan's own.
 *
 * @typedef {{ kind: 'train', run: string, address: string, plan: Plan, chosen: Chosen }} TrainRequest
 * @typedef {TrainRequest | { kind: 'stop' }} ToWorker
 *
 * @typedef {{ kind: 'loading', run: string, loaded: number, total: number }} Loading In bytes.
 * @typedef {{ kind: 'live', run: string, progress: number, arrays: Named[] }} Live
 * @typedef {{ kind: 'done', run: string, outcome: string }} Done
 * @typedef {{ kind: 'error', run: string, text: string, trace?: string }} Failed
 * @typedef {Loading | Live | Done | Failed} FromWorker
 */

export {};
