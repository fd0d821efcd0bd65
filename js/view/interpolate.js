// Stands in for d3-interpolate in the bundle: our scales map numbers only, and need none of its colours.
/** @type {(a: number, b: number) => (t: number) => number} */
export const interpolateNumber = (a, b) => (t) => a * (1 - t) + b * t;
/** @type {(a: number, b: number) => (t: number) => number} */
export const interpolateRound = (a, b) => (t) => Math.round(a * (1 - t) + b * t);
export const interpolate = interpolateNumber;
export const piecewise = undefined; // named by d3-scale's diverging scales, which the bundle drops
