// The worker of the person's phone: the network first, and what was kept where the network is away, marked as old.
// It keeps the wallet, its vouchers, and the files they are made of; nothing else, and nothing once the phone is signed out.

const PAGES = "ringmain-pages-1";
const FILES = "ringmain-files-1";
const KEPT_PAGE = /^\/wallet(\/[0-9a-f-]{36})?$/;
const NEVER_CHANGES = /\.[0-9a-f]{12}\.[a-z]+$/;
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((cache) => cache.add("/offline")).catch(() => undefined));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const { pages = [], files = [] } = event.data ?? {};
  event.waitUntil(Promise.all([
    ...pages.filter((path) => KEPT_PAGE.test(path)).map((path) => fromNetwork(new Request(path)).catch(() => undefined)),
    ...files.map((path) => file(new Request(path)).catch(() => undefined)),
  ]));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(event.request));
  else if (event.request.mode === "navigate") event.respondWith(page(event.request, url.pathname));
});

// A message: shown at once, because browsers allow no other; the same one again takes the place of the first.
self.addEventListener("push", (event) => {
  const told = event.data?.json();
  if (!told) return;
  const stop = { en: "Stop these", zh: "退订" }[told.language] ?? "Stop these";
  event.waitUntil(self.registration.showNotification(told.title, {
    body: told.body,
    lang: told.language,
    tag: told.id,
    data: { url: told.url ?? "/wallet", stop: told.stop },
    actions: told.stop ? [{ action: "stop", title: stop }] : [],
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url, stop } = event.notification.data;
  event.waitUntil(self.clients.openWindow(event.action === "stop" && stop ? stop : url));
});

async function file(request) {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request);
  if (kept && NEVER_CHANGES.test(new URL(request.url).pathname)) return kept;
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function page(request, path) {
  if (!KEPT_PAGE.test(path)) {
    try {
      return await fetch(request);
    } catch {
      return (await (await caches.open(FILES)).match("/offline")) ?? Response.error();
    }
  }
  const kept = await (await caches.open(PAGES)).match(path);
  try {
    // Where nothing was kept there is nothing better than to wait.
    return await (kept ? Promise.race([fromNetwork(request), late()]) : fromNetwork(request));
  } catch {
    return kept ? old(kept) : (await (await caches.open(FILES)).match("/offline")) ?? Response.error();
  }
}

async function fromNetwork(request) {
  const answer = await fetch(request);
  const path = new URL(request.url).pathname;
  const led = answer.redirected || answer.type === "opaqueredirect";
  // Led elsewhere: nobody holds this phone any more, and what was kept of them goes.
  if (led) await caches.delete(PAGES);
  else if (answer.ok && !led) await (await caches.open(PAGES)).put(path, answer.clone());
  return answer;
}

function late() {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("late")), PATIENCE_MS));
}

async function old(kept) {
  const html = (await kept.text()).replaceAll('data-fresh="yes"', 'data-fresh="no"');
  return new Response(html, { status: 200, headers: kept.headers });
}
