// The packed arrays of a state (see state.py): read one setting's block at a time.
/** @import { Arrays, Block, Index, Numbers, Packed, Table } from './types.js' */

/**
 * @param {Packed['data']} data
 * @returns {ArrayBuffer}
 */
function bytes(data) {
  if (typeof data === 'string') return Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer;
  return ArrayBuffer.isView(data) ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data;
}

/**
 * @param {Record<string, Packed>} packed
 * @param {number[]} sizes
 * @returns {Arrays}
 */
export function openArrays(packed, sizes) {
  /** @typedef {Packed & { codes: Float32Array | Uint16Array }} Opened */
  /** @type {Map<string, Opened>} */
  const opened = new Map();
  /** @type {(name: string) => Opened} */
  const open = (name) => {
    const known = opened.get(name);
    if (known) return known;
    const array = packed[name];
    const raw = bytes(array.data);
    const found = { ...array, codes: array.type === 'f32' ? new Float32Array(raw) : new Uint16Array(raw) };
    opened.set(name, found);
    return found;
  };
  /** @type {(array: Opened, from: number, to: number) => Float64Array} */
  const decode = ({ type, codes, lo, hi, log }, from, to) => {
    const out = new Float64Array(to - from);
    for (let i = from; i < to; i++) {
      const share = codes[i] / 65534;
      if (type === 'f32') out[i - from] = codes[i];
      else if (codes[i] === 65535) out[i - from] = NaN;
      else out[i - from] = log ? lo * (hi / lo) ** share : lo + (hi - lo) * share;
    }
    return out;
  };
  return {
    all(name) {
      const array = open(name);
      return { shape: array.shape, data: decode(array, 0, array.codes.length) };
    },
    at(name, index) {
      const array = open(name);
      const shape = array.shape.slice(sizes.length);
      const size = shape.reduce((a, b) => a * b, 1);
      const place = placeOf(index, sizes);
      return { shape, data: decode(array, place * size, (place + 1) * size) };
    },
  };
}

/** @type {(index: Index, sizes: number[]) => number} */
export const placeOf = (index, sizes) => index.reduce((place, i, k) => place * sizes[k] + i, 0);

/** @type {(table: Table, index: Index, sizes: number[]) => string} */
export function lookUp(table, index, sizes) {
  const place = table.over.reduce((at, control) => at * sizes[control] + index[control], 0);
  return table.words[table.entries[place]];
}

/**
 * Rows of a [rows, n] block (a [n] block has one row).
 *
 * @type {(block: Block) => Numbers[]}
 */
export function rows({ shape, data }) {
  if (shape.length < 2) return [data];
  return Array.from({ length: shape[0] }, (_, i) => data.subarray(i * shape[1], (i + 1) * shape[1]));
}

/** @type {(lines: ArrayLike<number>[]) => ArrayLike<number>} */
export function medians(lines) {
  if (lines.length === 1) return lines[0];
  const out = new Float64Array(lines[0].length);
  for (let i = 0; i < out.length; i++) {
    const there = lines
      .map((line) => line[i])
      .filter((v) => !Number.isNaN(v))
      .sort((a, b) => a - b);
    const half = there.length >> 1;
    out[i] = !there.length ? NaN : there.length % 2 ? there[half] : (there[half - 1] + there[half]) / 2;
  }
  return out;
}
