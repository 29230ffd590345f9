/**
 * What a till keeps on this device, durably: its queue of sales, its leases, and what became of the last sales.
 *
 * - `store()`: the database, opened once per page (IndexedDB through `idb`).
 * - `changed(what)`: tell the other tabs, and this page by the event `till:queue`.
 *
 * Two object stores: `sales` by `key`, `leases` by `voucher_id`. The browser is asked never to clear them by itself.
 */

import { openDB } from "/static/vendor/idb.js";

const NAME = "ringmain-till";
const VERSION = 1;
// A transaction that has ended is on the disk, not only on its way there.
export const DURABLE = { durability: "strict" };

let opened = null;
const others = "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;
others?.addEventListener("message", ({ data }) => announce(data));

export function store() {
  opened ??= openDB(NAME, VERSION, {
    upgrade(database) {
      database.createObjectStore("sales", { keyPath: "key" }).createIndex("made_at", "made_at");
      database.createObjectStore("leases", { keyPath: "voucher_id" });
    },
    // A newer page waits for this one: it closes, and opens again when it is asked.
    blocking() { opened?.then((database) => database.close()); opened = null; },
    terminated() { opened = null; },
  });
  navigator.storage?.persist?.().catch(() => {});
  return opened;
}

function announce(what) {
  window.dispatchEvent(new CustomEvent("till:queue", { detail: what }));
}

export function changed(what) {
  announce(what);
  others?.postMessage(what);
}
