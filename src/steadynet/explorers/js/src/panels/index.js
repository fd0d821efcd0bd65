// Kinds of panel: (panel, arrays, context) -> {node, layout(width), draw(view), tidy(source, table)}.
import { curves } from './curves.js';
import { histogram } from './histogram.js';
import { surface } from './surface.js';

export const kinds = { curves, histogram, surface };
