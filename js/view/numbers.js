import { format } from 'd3-format';

const SUPER = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const six = format('.6~r');
const three = format(',.3~r');
const whole = format(',d');

/**
 * Plain decimals for a spreadsheet: no exponent, an ASCII minus.
 *
 * @type {(v: number) => string}
 */
export const decimal = (v) =>
  Number.isFinite(v) ? six(v).replace('−', '-') : Number.isNaN(v) ? '' : v > 0 ? 'inf' : '-inf';

/** @type {(exponent: number) => string} */
export function power(exponent) {
  return `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((d) => SUPER[Number(d)]).join('')}`;
}

/**
 * A number as people say it: 0.01, 1, 250; powers of ten only where zeros would be counted.
 *
 * @type {(v: number) => string}
 */
export function said(v) {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? 'none' : v > 0 ? 'infinite' : '−infinite';
  const size = Math.abs(v);
  if (size === 0) return '0';
  if (size < 1e6 && Number.isInteger(v)) return whole(v);
  if (size >= 1e-4 && size < 1e6) return three(v);
  const exponent = Math.floor(Math.log10(size) + 1e-9);
  const lead = three(v / 10 ** exponent);
  return lead === '1' ? power(exponent) : `${lead} × ${power(exponent)}`;
}

/** @type {(share: number) => string} */
export function percent(share) {
  if (share > 0 && share < 0.005) return 'under 1 %';
  if (share < 1 && share > 0.995) return 'over 99 %';
  return `${Math.round(100 * share)} %`;
}
