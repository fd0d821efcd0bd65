/** @import { Runtime } from './types.js' */

const SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]; // i8x16.splat, popcnt

const RELAXED = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
]; // i8x16.relaxed_swizzle

/** @type {(bytes: number[]) => boolean} */
const runs = (bytes) => {
  try {
    return WebAssembly.validate(new Uint8Array(bytes));
  } catch {
    return false;
  }
};

/**
 * A plan's runtime with the loader and wasm that suit this browser.
 *
 * @type {(runtime: Runtime) => Runtime}
 */
export function fitting({ relaxed_loader: loader, relaxed_wasm: wasm, ...runtime }) {
  return loader && wasm && runs(RELAXED) ? { ...runtime, loader, wasm } : runtime;
}

/**
 * What this browser and this page lack for training, in words; null where they lack nothing.
 *
 * @returns {string | null}
 */
export function lacking() {
  /** @type {(what: string) => string} */
  const cannot = (what) => `This browser cannot train in the page: it has no ${what}. The recorded runs stay.`;
  if (!/^https?:$/.test(location.protocol))
    return (
      'Training in the page needs the website: a page opened from a file may not load programs. ' +
      'The recorded runs stay.'
    );
  if (typeof Worker === 'undefined') return cannot('web workers');
  if (typeof DecompressionStream === 'undefined') return cannot('DecompressionStream, which unpacks the programs');
  if (!runs(SIMD)) return cannot('WebAssembly SIMD, which the programs need');
  return null;
}
