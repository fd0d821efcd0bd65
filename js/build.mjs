// Bundles what is built of JavaScript, into the folder that is given: the view twice, as an ES module for Jupyter and a
// classic script for the site; what trains in the site's pages; what sets formulas while the site is built.
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** @type {import('esbuild').Plugin} */
const smallCss = {
  name: 'small-css',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      /** @type {import('esbuild').BuildOptions} */
      const options = { entryPoints: [path], bundle: true, minify: true, write: false };
      const text = (await build(options)).outputFiles?.[0].text ?? '';
      return { contents: text.trim(), loader: 'text' };
    }),
};
/** @type {import('esbuild').BuildOptions} */
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

/** @param {string} folder */
async function empty(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}

const PACKAGE = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/**
 * The licences of the packages that went into a bundle.
 *
 * @param {import('esbuild').Metafile} made
 */
async function licences({ inputs }) {
  const packages = new Set(Object.keys(inputs).flatMap((path) => PACKAGE.exec(path)?.slice(1) ?? []));
  const texts = [...packages]
    .sort()
    .map(async (name) => `${name}\n\n${await readFile(`node_modules/${name}/LICENSE`)}`);
  return (await Promise.all(texts)).join('\n\n');
}

/** @param {string} out */
async function bundleView(out) {
  const file = 'explorer-licences.txt';
  const banner = { js: `/* Holds parts of d3, ISC License: see ${file}. */` };
  const widget = { ...common, entryPoints: ['view/widget.js'], banner, outfile: `${out}/explorer.mjs` };
  const page = { ...common, entryPoints: ['page/page.js'], banner, outfile: `${out}/explorer-page.js` };
  await build({ ...widget, format: 'esm' });
  const { metafile } = await build({ ...page, format: 'iife', metafile: true });
  await writeFile(`${out}/${file}`, await licences(metafile));
}

/**
 * The runtime: names hold a digest of the contents, so that a browser may keep a file for good.
 * LiteRT twice, both of one thread: plain SIMD for every browser, and relaxed SIMD, a quarter faster on convolutions.
 *
 * @param {string} folder
 */
async function bundleTraining(folder) {
  const litert = 'node_modules/@litertjs/core/wasm/litert_wasm';
  const licence = 'litert-licence.txt'; // the npm package has none

  /** @type {(bytes: Uint8Array, name: (digest: string) => string) => Promise<{ path: string, bytes: number }>} */
  async function keep(bytes, name) {
    const path = name(createHash('sha256').update(bytes).digest('hex').slice(0, 16));
    await writeFile(`${folder}/${path}`, bytes);
    return { path, bytes: bytes.length };
  }

  /** @param {string} path */
  async function packed(path) {
    const bytes = gzipSync(await readFile(path), { level: 9 });
    bytes[9] = 255; // gzip notes the system it ran on
    return keep(bytes, (digest) => `${digest}.bin`);
  }

  await empty(folder);
  const banner = { js: `/* Holds parts of LiteRT.js, (c) Google LLC, Apache License 2.0: see ${licence}. */` };
  /** @type {import('esbuild').BuildOptions} */
  const worker = { entryPoints: ['page/training/worker.js'], format: 'iife', banner, write: false };
  const [script] = (await build({ ...common, ...worker })).outputFiles ?? [];
  const runtime = {
    worker: await keep(script.contents, (digest) => `worker-${digest}.js`),
    loader: await packed(`${litert}_compat_internal.js`),
    wasm: await packed(`${litert}_compat_internal.wasm`),
    relaxed_loader: await packed(`${litert}_internal.js`),
    relaxed_wasm: await packed(`${litert}_internal.wasm`),
    licence: await keep(await readFile(`page/training/${licence}`), () => licence),
  };
  await writeFile(`${folder}/runtime.json`, `${JSON.stringify(runtime)}\n`);
}

/**
 * A script for node, and beside it what the site serves: KaTeX's style and fonts, of which browsers take woff2.
 *
 * @param {string} folder
 */
async function bundleTypesetter(folder) {
  const katex = 'node_modules/katex';
  const served = `${folder}/served/katex`;
  await empty(folder);
  await mkdir(`${served}/fonts`, { recursive: true });
  const banner = { js: '/* Holds KaTeX, MIT License: see served/katex/LICENSE. */' };
  /** @type {import('esbuild').BuildOptions} */
  const script = { entryPoints: ['typeset/typeset.js'], platform: 'node', format: 'esm', target: 'node18', banner };
  await build({ ...common, ...script, outfile: `${folder}/typeset.mjs` });
  const style = await readFile(`${katex}/dist/katex.min.css`, 'utf8');
  await writeFile(`${served}/katex.min.css`, style.replace(/,url\([^)]+\.(woff|ttf)\) format\("\w+"\)/g, ''));
  await copyFile(`${katex}/LICENSE`, `${served}/LICENSE`);
  for (const font of await readdir(`${katex}/dist/fonts`))
    if (font.endsWith('.woff2')) await copyFile(`${katex}/dist/fonts/${font}`, `${served}/fonts/${font}`);
}

const out = process.argv[2];
await bundleView(out);
await bundleTraining(`${out}/training`);
await bundleTypesetter(`${out}/typeset`);
