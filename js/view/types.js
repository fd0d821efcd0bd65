/**
 * What the view is made of, as types: checked by `tsc`, and gone from the bundles.
 *
 * @typedef {number[]} Index Position of every control.
 * @typedef {{ shape: number[], data: Numbers }} Block An array, in C order.
 * @typedef {Float32Array | Float64Array} Numbers
 * @typedef {Record<string, Block>} Blocks By the names that the panels use.
 */

// --- a state, as explorer/state.py makes it

/**
 * @typedef {object} State
 * @property {string} name
 * @property {string} title
 * @property {string} question
 * @property {string} source Where the recorded runs come from, in words.
 * @property {string} note
 * @property {number | null} steps Of a run.
 * @property {Control[]} controls
 * @property {Panel[]} panels
 * @property {Preset[]} presets
 * @property {Table} outcome
 * @property {Code} code
 * @property {Record<string, Packed>} arrays
 * @property {boolean} live Whether a kernel may train it.
 *
 * @typedef {object} Control
 * @property {'slider' | 'choice' | 'switch'} kind
 * @property {string} name
 * @property {string} label
 * @property {string} help
 * @property {Value[]} values
 * @property {string[]} texts The values as people say them.
 * @property {number} default Position of the opening value.
 * @property {number[]} ticks Positions that are written under a slider; picked where there are none.
 *
 * @typedef {number | string | boolean | null} Value
 * @typedef {{ label: string, point: string, index: Index }} Preset
 * @typedef {{ over: number[], entries: number[], words: string[] }} Table Words over the controls `over`, in C order.
 * @typedef {{ pieces: (string | { part: string })[], parts: Record<string, Table> }} Code
 *
 * @typedef {object} Packed See `pack` in explorer/state.py.
 * @property {'f32' | 'u16'} type
 * @property {number[]} shape
 * @property {number} lo
 * @property {number} hi
 * @property {boolean} log
 * @property {string | ArrayBuffer | ArrayBufferView<ArrayBuffer>} data Base64, or bytes.
 */

// --- panels, as explorer/panels describes them

/**
 * @typedef {{ title: string, caption: string }} Heading
 * @typedef {{ y: string, y_label: string, y_domain: number[], y_log: boolean, y_format: string }} Upright
 * @typedef {Heading & Upright & { kind: 'curves', x: number[], x_label: string }} CurvesPanel
 * @typedef {Heading & Upright & {
 *   kind: 'across', control: number, x_label: string, label: string, reference: string | null, reference_label: string
 * }} AcrossPanel
 * @typedef {Heading & Upright & {
 *   kind: 'layers', x_label: string, layers: number, quantiles: number[], moments: string[], moment: number,
 *   steps: number[]
 * }} LayersPanel
 * @typedef {Heading & {
 *   kind: 'histogram', edges: number[], counts: string, x_label: string, marker: (number | null)[] | null,
 *   marker_control: number | null, marker_label: string, share: string | null, beyond: string, y_max: number
 * }} HistogramPanel
 * @typedef {Heading & {
 *   kind: 'surface', x: number[], x_label: string, y: number[], y_label: string, z: string, z_label: string,
 *   z_log: boolean, path: string, start: number[] | null
 * }} SurfacePanel
 * @typedef {Heading & {
 *   kind: 'network', layers: NetworkLayer[], frozen: string | null, depth: string | null, norm: string | null
 * }} NetworkPanel
 * @typedef {{ name: string, kind: string, size: string, parameters: number, norm: number }} NetworkLayer
 * @typedef {CurvesPanel | AcrossPanel | LayersPanel | HistogramPanel | SurfacePanel | NetworkPanel} Panel
 */

// --- what is shown

/**
 * @typedef {object} View
 * @property {Index} index
 * @property {LiveRun | null} live
 * @property {{ index: Index, live: LiveRun | null } | null} pinned
 * @property {number} moment That of panels that look at training over time.
 *
 * @typedef {object} LiveRun
 * @property {string | null} run Its name; null once it was stopped.
 * @property {'waiting' | 'running' | 'stopped' | 'done' | 'error'} status
 * @property {number} progress Share of its steps.
 * @property {Blocks | null} arrays What it has given so far.
 * @property {string | null} outcome
 * @property {string | null} [comparison]
 * @property {number} [twin] The recorded run of the same seed.
 * @property {Download} [download]
 * @property {string} [text] Of an error.
 * @property {string} [trace] Of an error.
 *
 * @typedef {{ share: number, words: string }} Download
 *
 * @typedef {object} Arrays
 * @property {(name: string) => Block} all A whole array.
 * @property {At} at The block of one setting.
 * @typedef {(name: string, index: Index) => Block} At
 *
 * @typedef {object} Context What a panel may use beside its arrays.
 * @property {number[]} sizes How many values each control has.
 * @property {Control[]} controls
 * @property {boolean} trains Whether runs may be trained in this place.
 * @property {(changes: Record<number, number>) => void} move Sets controls, by position.
 * @property {(moment: number) => void} look
 *
 * @typedef {object} Drawn A panel in the page.
 * @property {HTMLElement} node
 * @property {(width: number) => void} layout
 * @property {(view: View) => void} draw
 * @property {(source: Source, table: boolean) => Row[]} tidy
 * @property {boolean} [wide] Whether it has a row for itself.
 *
 * @typedef {{ name: string, index: Index, moment: number, run?: LiveRun }} Source
 *
 * @typedef {object} Row One number of a panel.
 * @property {string} x_label
 * @property {number} x
 * @property {string} [x_text]
 * @property {string} quantity
 * @property {number | string} seed A number, 'median' or ''.
 * @property {number} value
 * @property {Index} [index] Where it is not the source's.
 * @property {number} [moment]
 */

// --- the contract of a trainer: kernel.js and page/training/page-trainer.js are two

/**
 * @typedef {object} Trainer
 * @property {(run: string, setting: Record<string, number>) => void} start Trains at the controls' positions by name;
 *   a run that was started before is dropped.
 * @property {() => void} stop
 * @property {() => void} dispose
 * @property {boolean} [resting] Until the reader asks, moves do not train.
 * @property {() => void} [rest]
 * @property {(index: Index) => string} [offer] What stands beside the button.
 * @property {number} [twin] Which recorded run has its seed.
 * @property {number} [steps] Of its runs, where they are not the recorded ones'.
 *
 * @typedef {object} Words
 * @property {string} button
 * @property {string} idle
 * @property {string} waiting
 * @property {string} running
 * @property {string} stopped
 * @property {string} done
 * @property {string} [offered] While it rests.
 * @property {string} [unstarted] Where it was stopped before its first step.
 *
 * @typedef {object} Handlers What a trainer calls; of a run with the name that `start` got.
 * @property {(trainer: Trainer) => void} onReady Once it can train, and when what it offers has changed.
 * @property {(why: string) => void} onRefused
 * @property {(run: string, download: Download) => void} onWait
 * @property {(run: string, progress: number, arrays: Blocks) => void} onLive
 * @property {(run: string, outcome: string, comparison?: string | null) => void} onDone
 * @property {(run: string | undefined, text: string, trace?: string) => void} onError
 *
 * @typedef {{ words: Words, connect: Connect }} Training How runs are trained in this place, before it is known whether.
 * @typedef {(handlers: Handlers, recordedAt: At) => { dispose(): void }} Connect
 * @typedef {{ refused: string }} Refusal
 */

// --- what a kernel and the view send each other: explorer/worker.py is the other end

/**
 * @typedef {{ kind: 'ping' } | { kind: 'stop' } | { kind: 'train', run: string, setting: Record<string, number> }} Asked
 * @typedef {{ kind: 'pong', live: boolean }
 *   | { kind: 'live', run: string, progress: number, arrays: { name: string, shape: number[] }[] }
 *   | { kind: 'done', run: string, outcome: string }
 *   | { kind: 'error', run: string, text: string, trace: string }} Answer
 * @typedef {(message: Answer, buffers: (ArrayBuffer | DataView<ArrayBuffer>)[]) => void} Listener
 *
 * @typedef {object} Model Of anywidget.
 * @property {(event: 'msg:custom', listener: Listener) => void} on
 * @property {(event: 'msg:custom', listener: Listener) => void} off
 * @property {(message: Asked) => void} send
 *
 * @typedef {Model & { get(name: 'state'): State }} WidgetModel
 */

export {};
