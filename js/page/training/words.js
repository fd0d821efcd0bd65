// What the tier line and the button say of training in the page.
/** @import { Words } from '../../view/types.js' */

/** @type {(bytes: number) => string} */
const mega = (bytes) => (bytes / 1e6).toFixed(1);
/** @type {(bytes: number) => string} */
const size = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1000)} kB` : `${mega(bytes)} MB`);

/** @type {Words} */
export const words = {
  button: 'Train in this page',
  offered: 'Or train here: TensorFlow’s training step runs in this page, on your machine.',
  idle: 'Training in this page: every move trains, beside the recorded runs.',
  waiting: 'Getting ready to train in this page …',
  running: 'Training in this page',
  stopped: 'Stopped in this page',
  unstarted: 'Stopped before the first step.',
  done: 'Trained in this page.',
};

/** @type {(bytes: number) => string} */
export const offer = (bytes) => (bytes ? `Downloads ${size(bytes)}, once.` : '');
/** @type {(loaded: number, total: number) => string} */
export const loading = (loaded, total) =>
  total < 1e5 ? `Downloading ${size(total)}` : `Downloading ${mega(loaded)} of ${mega(total)} MB`;
