// Arrays of a plan's file: little-endian, one after the other, as browsers run on little-endian machines only.
const TYPES = { f32: Float32Array, u8: Uint8Array, u16: Uint16Array, i32: Int32Array, u32: Uint32Array };

/** @import { Head, Stored, StoredArrays } from './types.js' */

/**
 * The arrays in unpacked bytes, by name.
 *
 * @type {(bytes: Uint8Array<ArrayBuffer>, heads: Head[], name: string) => StoredArrays}
 */
export function openFile(bytes, heads, name) {
  let at = 0;
  const found = heads.map(([array, type, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1) * TYPES[type].BYTES_PER_ELEMENT;
    // A copy: a view would have to start at a multiple of its width.
    const data = new TYPES[type](bytes.slice(at, at + size).buffer);
    at += size;
    return /** @type {[string, Stored]} */ ([array, { data, shape }]);
  });
  if (at !== bytes.length)
    throw new Error(`${name} holds ${bytes.length} bytes, its plan says ${at}: the recorded runs stay.`);
  return Object.fromEntries(found);
}

/**
 * Fill `target` with rows of an array: those that `rows` names, or from `first` on where it names none.
 *
 * @type {(target: Stored['data'], array: Stored, rows: ArrayLike<number> | null | undefined, first: number) => void}
 */
export function gather(target, { data, shape }, rows, first) {
  const width = data.length / shape[0];
  const count = target.length / width;
  for (let i = 0, to = 0; i < count; i++) {
    const from = (rows ? rows[i] : (first + i) % shape[0]) * width;
    for (let j = 0; j < width; j++) target[to++] = data[from + j];
  }
}
