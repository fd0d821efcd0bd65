// Bundles the view twice: an ES module for Jupyter, a classic script for the site.
import { build, transform } from 'esbuild';
import { readFile } from 'node:fs/promises';

const smallCss = {
  name: 'small-css',
  setup: ({ onLoad }) => onLoad({ filter: /\.css$/ }, async ({ path }) => {
    const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true });
    return { contents: code.trim(), loader: 'text' };
  }),
};
const common = { bundle: true, alias: { 'd3-interpolate': './src/interpolate.js' }, minify: true, target: 'es2021', charset: 'utf8', legalComments: 'none', plugins: [smallCss], logLevel: 'warning' };
const out = process.argv[2];
await build({ ...common, entryPoints: ['src/widget.js'], format: 'esm', outfile: `${out}/explorer.mjs` });
await build({ ...common, entryPoints: ['src/page.js'], format: 'iife', outfile: `${out}/explorer-page.js` });
