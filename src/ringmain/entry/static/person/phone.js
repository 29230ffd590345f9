// Keeps the wallet and its vouchers on this phone, so that they open where there is no network.

async function keep() {
  const worker = await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  const links = [...document.querySelectorAll("a[data-keep]")].slice(0, 12).map((link) => link.pathname);
  const here = /^\/wallet(\/[0-9a-f-]{36})?$/.test(location.pathname) ? [location.pathname] : [];
  const files = performance.getEntriesByType("resource").map((entry) => new URL(entry.name))
    .filter((url) => url.origin === location.origin && url.pathname.startsWith("/static/")).map((url) => url.pathname);
  const pages = [...new Set([...here, ...links])];
  if (pages.length) (worker.active ?? navigator.serviceWorker.controller)?.postMessage({ pages, files });
}

// Without a worker (an old browser, a private window, plain http) everything works but offline.
if ("serviceWorker" in navigator) keep().catch(() => undefined);
