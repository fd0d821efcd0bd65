// Kinds of panel: each takes the panels of its own kind, which no type of a table can say.
import { curves } from './curves.js';
import { histogram } from './histogram.js';
import { layers } from './layers.js';
import { network } from './network.js';
import { surface } from './surface.js';
import { sweep } from './sweep.js';

/** @import { Arrays, Context, Drawn, Panel } from '../types.js' */

/** @type {Record<Panel['kind'], (panel: any, arrays: Arrays, context: Context) => Drawn>} */
export const kinds = { curves, histogram, layers, network, surface, sweep };
