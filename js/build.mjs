// Bundles the view twice, an ES module for Jupyter and a classic script for the site, and what trains in its pages.

import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const smallCss = {
  name: 'small-css',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const options = { entryPoints: [path], bundle: true, minify: true, write: false };
      const [{ text }] = (await build(options)).outputFiles;
      return { contents: text.trim(), loader: 'text' };
    }),
};
const common = {
  bundle: true,
  alias: { 'd3-interpolate': './view/interpolate.js' },
  minify: true,
  target: 'es2021',
  charset: 'utf8',
  legalComments: 'none',
  plugins: [smallCss],
  logLevel: 'warning',
};
const out = process.argv[2];
await build({ ...common, entryPoints: ['view/widget.js'], format: 'esm', outfile: `${out}/explorer.mjs` });
await build({ ...common, entryPoints: ['page/page.js'], format: 'iife', outfile: `${out}/explorer-page.js` });

// The runtime: names hold a digest of the contents, so that a browser may keep a file for good.
// LiteRT twice, both of one thread: plain SIMD for every browser, and relaxed SIMD, a quarter faster on convolutions.
const LITERT = 'node_modules/@litertjs/core/wasm/litert_wasm';
const LICENCE = 'litert-licence.txt';
const folder = `${out}/training`;

async function keep(bytes, name) {
  const path = name(createHash('sha256').update(bytes).digest('hex').slice(0, 16));
  await writeFile(`${folder}/${path}`, bytes);
  return { path, bytes: bytes.length };
}

async function packed(path) {
  const bytes = gzipSync(await readFile(path), { level: 9 });
  bytes[9] = 255; // gzip notes the system it ran on
  return keep(bytes, (digest) => `${digest}.bin`);
}

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const banner = { js: `/* Holds parts of LiteRT.js, (c) Google LLC, Apache License 2.0: see ${LICENCE}. */` };
const [{ contents }] = (
  await build({ ...common, entryPoints: ['page/training/worker.js'], format: 'iife', banner, write: false })
).outputFiles;
const runtime = {
  worker: await keep(contents, (digest) => `worker-${digest}.js`),
  loader: await packed(`${LITERT}_compat_internal.js`),
  wasm: await packed(`${LITERT}_compat_internal.wasm`),
  relaxed_loader: await packed(`${LITERT}_internal.js`),
  relaxed_wasm: await packed(`${LITERT}_internal.wasm`),
  licence: await keep(await readFile(`page/training/${LICENCE}`), () => LICENCE),
};
await writeFile(`${folder}/runtime.json`, `${JSON.stringify(runtime)}\n`);
