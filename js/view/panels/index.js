// Kinds of panel: (panel, arrays, context) -> {node, layout(width), draw(view), tidy(source, table), wide}.
import { across } from './across.js';
import { curves } from './curves.js';
import { histogram } from './histogram.js';
import { layers } from './layers.js';
import { network } from './network.js';
import { surface } from './surface.js';

export const kinds = { across, curves, histogram, layers, network, surface };
