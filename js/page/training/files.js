// Files of the training: fetched once, kept in the browser's own store, unpacked.
/** @import { Wanted } from './types.js' */

const STORE = 'steadynet-training';

async function openStore() {
  // only pages served securely have one, and a private window may refuse it
  try {
    return (await self.caches?.open(STORE)) ?? null;
  } catch {
    return null;
  }
}

/**
 * Addresses of what need not be downloaded again.
 *
 * @returns {Promise<Set<string>>}
 */
export async function kept() {
  const store = await openStore();
  return new Set((await store?.keys())?.map(({ url }) => url));
}

/**
 * Keep this plan in the store, and drop the files that no plan kept there names any more.
 *
 * @param {string} address
 * @param {string[]} names
 */
export async function tidyUp(address, names) {
  const store = await openStore();
  if (!store) return;
  await store.put(address, new Response(JSON.stringify(names)));
  const named = new Set();
  const held = await store.keys();
  for (const request of held.filter(({ url }) => url.endsWith('.json'))) {
    named.add(request.url);
    const kept = await store.match(request);
    for (const name of (await kept?.json()) ?? []) named.add(new URL(name, request.url).href);
  }
  await Promise.all(held.filter(({ url }) => !named.has(url)).map((request) => store.delete(request)));
}

/** @type {(name: string, why: string | number) => Error} */
const missing = (name, why) => new Error(`${name} could not be loaded (${why}): the recorded runs stay.`);

/** @type {(url: string, name: string, signal: AbortSignal, onBytes: (bytes: number) => void) => Promise<Blob>} */
async function download(url, name, signal, onBytes) {
  const answer = await fetch(url, { signal }).catch((error) => {
    throw signal.aborted ? error : missing(name, 'no connection');
  });
  if (!answer.ok || !answer.body) throw missing(name, answer.status);
  const reader = answer.body.getReader();
  const parts = [];
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw signal.aborted ? error : missing(name, 'the connection broke off');
    });
    if (done) return new Blob(parts);
    parts.push(value);
    onBytes(value.length);
  }
}

/** @type {(blob: Blob, name: string) => Promise<Uint8Array<ArrayBuffer>>} */
async function unpack(blob, name) {
  try {
    return new Uint8Array(await new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  } catch {
    throw missing(name, 'it is damaged');
  }
}

/**
 * @typedef {object} Loading
 * @property {AbortSignal} signal
 * @property {(loaded: number, total: number) => void} onBytes Hears of what is downloaded, in bytes as they travel.
 */

/**
 * Load files below `base`: their unpacked bytes by name.
 *
 * @type {(files: Wanted[], base: string, how: Loading) => Promise<Map<string, Uint8Array<ArrayBuffer>>>}
 */
export async function load(files, base, { signal, onBytes }) {
  const store = await openStore();
  const entries = await Promise.all(
    files.map(async (file) => {
      const url = new URL(file.name, base).href;
      return { ...file, url, found: await store?.match(url) };
    }),
  );
  const total = entries.reduce((sum, { found, bytes }) => sum + (found ? 0 : bytes), 0);
  let loaded = 0;
  /** @type {(bytes: number) => void} */
  const count = (bytes) => {
    loaded += bytes;
    onBytes(Math.min(loaded, total), total);
  };
  if (total) count(0);
  return new Map(
    await Promise.all(
      entries.map(async ({ name, url, found }) => {
        const blob = found ? await found.blob() : await download(url, name, signal, count);
        const bytes = await unpack(blob, name).catch(async (error) => {
          await store?.delete(url);
          throw error;
        });
        // A full disk: it is fetched anew next time.
        if (!found) await store?.put(url, new Response(blob)).catch(() => {});
        return /** @type {[string, Uint8Array<ArrayBuffer>]} */ ([name, bytes]);
      }),
    ),
  );
}
