// Kinds of panel: (panel, arrays, context) -> {node, layout(width), draw(view), tidy(source, table), wide}.
import { curves } from './curves.js';
import { histogram } from './histogram.js';
import { layers } from './layers.js';
import { network } from './network.js';
import { surface } from './surface.js';
import { sweep } from './sweep.js';

export const kinds = { curves, histogram, layers, network, surface, sweep };
