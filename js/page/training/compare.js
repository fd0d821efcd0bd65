// A run trained in the page beside TensorFlow's recording of the same seed, in one sentence.
import { said } from '../../view/numbers.js';

const RECORDING = 'TensorFlow’s recording of the same seed';

/**
 * @import { Block, Numbers } from '../../view/types.js'
 *
 * @typedef {object} How
 * @property {number} tolerance The distance that counts as following.
 * @property {((i: number) => string) | null | undefined} at Names a place ("step 650"), where there is more than one.
 * @property {boolean} [share] Whether the quantity is a share, told in points of a hundred.
 */

// Up, never down: "within" has to hold. But recorded shares are kept in 65,535 steps: what these make is no difference.
/** @type {(distance: number, how: Pick<How, 'share'>) => string} */
function upTo(distance, { share }) {
  if (!Number.isFinite(distance)) return 'more than any number';
  if (!share)
    return said(
      Number(distance.toPrecision(2)) < distance
        ? Number((distance * 1.05).toPrecision(2))
        : Number(distance.toPrecision(2)),
    );
  const points = 100 * distance - 1e-3;
  const shown = points > 10 ? Math.ceil(points) : Math.max(1, Math.ceil(10 * points)) / 10;
  return `${shown} ${shown === 1 ? 'point' : 'points'}`;
}

// Two runs that both came to nothing there agree.
/** @type {(a: number, b: number) => number} */
function apart(a, b) {
  if (Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const distance = Math.abs(a - b);
  return Number.isNaN(distance) ? Infinity : distance;
}

/**
 * Say how `live` follows `recorded`, both arrays over the same places; null without a common one.
 *
 * @type {(live: ArrayLike<number>, recorded: ArrayLike<number>, how: How) => string | null}
 */
export function compare(live, recorded, { tolerance, at, share }) {
  const count = Math.min(live.length, recorded.length);
  if (!count) return null;
  const distances = Array.from({ length: count }, (_, i) => apart(live[i], recorded[i]));
  const worst = Math.max(...distances);
  const parts = distances.findIndex((distance) => !(distance <= 1.001 * tolerance));
  /** @type {(distance: number) => string} */
  const words = (distance) => upTo(distance, { share });
  const whole = `${RECORDING[0].toUpperCase()}${RECORDING.slice(1)}`;
  if (count === 1) {
    if (parts < 0) return `${whole} ends the same within ${words(worst)}.`;
    return Number.isFinite(worst)
      ? `${whole} ends ${words(worst)} apart from it.`
      : `Of this run and ${RECORDING}, one ended without a number.`;
  }
  if (parts < 0) return `${whole}: the same within ${words(worst)} throughout.`;
  const gap = Number.isFinite(worst) ? `by up to ${words(worst)}` : 'and one of them ends without a number';
  const last = distances[count - 1];
  const close = last <= 1.001 * tolerance ? `, but they end within ${words(last)} of each other` : '';
  if (!parts) return `It parts from ${RECORDING} from ${at ? at(0) : 'the start'} on, ${gap}${close}.`;
  const until = at ? `up to ${at(parts - 1)}` : 'at first';
  const together = words(Math.max(...distances.slice(0, parts)));
  const then = `then rounding, which differs, has grown and they part ${gap}${close}`;
  return `It follows ${RECORDING} within ${together} ${until}; ${then}.`;
}

/**
 * The one of a panel's recorded curves that has the seed at `run`; null where it was not recorded.
 *
 * @type {(block: Block, run: number, length: number) => Numbers | null}
 */
export function sameSeed({ shape, data }, run, length) {
  if (shape.length > 1) return run < shape[0] ? data.subarray(run * shape[1], (run + 1) * shape[1]) : null;
  if (length > 1) return data; // one curve, no seeds
  return run < data.length ? data.subarray(run, run + 1) : null;
}
