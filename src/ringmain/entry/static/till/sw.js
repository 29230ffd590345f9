/**
 * The till's service worker: keeps the shell of the till, so that it opens without a network. Served as /till/sw.js with
 * the list of files in front: `FILES` (addresses of the shell's parts) and `VERSION` (their digest).
 *
 * - A page is asked of the server first; what is kept of /till answers only where the server does not.
 * - Nothing but GET is touched. What a till sends goes to the server or into its queue, never through here.
 * - A new version waits until a page says that nobody is being served (`{take: "over"}`): no change in mid-sale.
 * - A till that is locked or unpaired leaves nothing to open.
 */

/* global FILES, VERSION */

const SHELL = `till-${VERSION}`;
const HOME = "/till";
const PATIENCE = 4_000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const before = await lastHome();
    for (const name of await caches.keys()) if (name.startsWith("till-") && name !== SHELL) await caches.delete(name);
    if (before) await (await caches.open(SHELL)).put(HOME, before);
    await self.clients.claim();
  })());
});

async function lastHome() {
  for (const name of await caches.keys()) {
    const found = name.startsWith("till-") && (await (await caches.open(name)).match(HOME));
    if (found) return found;
  }
  return null;
}

self.addEventListener("message", (event) => {
  if (event.data?.take === "over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, url));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(request, url));
});

async function page(request, url) {
  const cache = await caches.open(SHELL);
  const kept = (url.pathname === HOME || url.pathname.startsWith("/till/")) && (await cache.match(HOME));
  try {
    // Where nothing is kept there is nothing better than to wait for a slow server.
    const answer = await fetch(request, kept ? { signal: AbortSignal.timeout(PATIENCE) } : {});
    const where = new URL(answer.url || request.url).pathname;
    if (answer.ok && where === HOME) await cache.put(HOME, answer.clone());
    // Locked, or of nobody: without its server this till is nobody's to open.
    if (where === "/till/unlock" || where === "/till/pair") await cache.delete(HOME);
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** Files of the shell come from here, so that a page and its modules are of one version; others from the server first. */
async function file(request, url) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(url.pathname);
  if (kept) return kept;
  try {
    return await fetch(request);
  } catch (error) {
    // The page that is kept may name a file by the digest of a former version.
    const plain = url.pathname.replace(/\.[0-9a-f]{12}(\.\w+)$/, "$1");
    const other = await cache.match(plain);
    if (other) return other;
    throw error;
  }
}
