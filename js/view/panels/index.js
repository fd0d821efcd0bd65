// Kinds of panel: each takes the panels of its own kind, which no type of a table can say.
import { across } from './across.js';
import { curves } from './curves.js';
import { histogram } from './histogram.js';
import { layers } from './layers.js';
import { network } from './network.js';
import { surface } from './surface.js';

/** @import { Arrays, Context, Drawn, Panel } from '../types.js' */

/** @type {Record<Panel['kind'], (panel: any, arrays: Arrays, context: Context) => Drawn>} */
export const kinds = { across, curves, histogram, layers, network, surface };
