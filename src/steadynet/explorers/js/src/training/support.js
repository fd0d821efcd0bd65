// What this browser and this page lack for training, in words; null where they lack nothing.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]; // i8x16.splat, popcnt

const hasSimd = () => { try { return WebAssembly.validate(new Uint8Array(SIMD)); } catch { return false; } };

export function lacking() {
  const cannot = (what) => `This browser cannot train in the page: it has no ${what}. The recorded runs stay.`;
  if (!/^https?:$/.test(location.protocol)) return 'Training in the page needs the website: a page opened from a file may not load programs. The recorded runs stay.';
  if (typeof Worker === 'undefined') return cannot('web workers');
  if (typeof DecompressionStream === 'undefined') return cannot('DecompressionStream, which unpacks the programs');
  if (!hasSimd()) return cannot('WebAssembly SIMD, which the programs need');
  return null;
}
