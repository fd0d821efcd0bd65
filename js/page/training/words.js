// What the tier line and the button say of training in the page.
const mega = (bytes) => (bytes / 1e6).toFixed(1);
const size = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1000)} kB` : `${mega(bytes)} MB`);

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

export const offer = (bytes) => (bytes ? `Downloads ${size(bytes)}, once.` : '');
export const loading = (loaded, total) =>
  total < 1e5 ? `Downloading ${size(total)}` : `Downloading ${mega(loaded)} of ${mega(total)} MB`;
