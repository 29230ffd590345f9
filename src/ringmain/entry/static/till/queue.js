/**
 * The till's queue: every sale is kept on this device before it is sent, and is recorded once, however often that is.
 *
 * A record is `{key, sale, made_at, state, tries, later, give_back, answer, problem}`. The key is made before the first
 * attempt and the content never changes under it. States: `queued` (to be sent), `sending` (on its way: after a lost tab
 * that is `queued` again), `done`, `refused` (as a sale of the moment; one that has happened is never refused).
 *
 * - `keep(record, {uses, later})`: write a sale, and mark the leased vouchers `uses` (ids) as used, in one durable step.
 *   Throws `UsedHere` where one of them was used on this device already, and has kept nothing then. `later` says that the
 *   guest has gone with the goods.
 * - `sendNow(key)`: one attempt; returns the kept record. It throws nothing: silence leaves the record `queued`.
 * - `letGo(key, {giveBack})`: the guest does not wait for the answer. What is refused is then sent again as a sale that
 *   has happened, under a derived key; with `giveBack` (paid in full) a voucher that was redeemed after all is given back.
 * - `flush()`: send what is queued, in one tab at a time (Web Locks); `start()` does so by itself, with growing pauses.
 * - `kept(key)`, `list()`, `waiting()`: one record; all of them, newest first; how many wait.
 */

import { measured, now, offset } from "./clock.js";
import { DURABLE, changed, store } from "./store.js";

const BATCH = 50;
const KEPT_DONE = 40;
// What the server cannot read, or refuses for its content: too long, malformed, with the number of a card in it.
const UNREADABLE = [400, 413, 422];
const PATIENCE = 10_000;
// While somebody stands at the till.
const PATIENCE_NOW = 4_000;
const PAUSES = [1_000, 2_000, 5_000, 15_000, 60_000];

export class UsedHere extends Error {}

// Each tab holds a lock of its own for as long as it lives: what it is sending is its business until then.
const TAB = `till.tab.${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
const ORPHANED_AFTER = 120_000;
navigator.locks?.request(TAB, () => new Promise(() => {}));

let count = 0;
let timer = 0;
let failures = 0;

// Other tabs of this device send from the same queue.
window.addEventListener("till:queue", ({ detail }) => { if (detail?.waiting !== undefined) count = detail.waiting; });

const isWaiting = (one) => one.state === "queued" || one.state === "sending";

export function waiting() {
  return count;
}

/** The record under a key, if there is one. */
export async function kept(key) {
  return (await (await store()).get("sales", key)) ?? null;
}

export async function list() {
  const all = await (await store()).getAllFromIndex("sales", "made_at");
  return all.reverse();
}

async function recount() {
  count = (await list()).filter(isWaiting).length;
  changed({ waiting: count });
}

export async function keep(record, { uses = [], later = false } = {}) {
  const work = (await store()).transaction(["sales", "leases"], "readwrite", DURABLE);
  for (const id of uses) {
    const lease = await work.objectStore("leases").get(id);
    if (!lease || lease.used_by) {
      work.abort();
      await work.done.catch(() => {});
      throw new UsedHere(id);
    }
    await work.objectStore("leases").put({ ...lease, used_by: record.key });
  }
  await work.objectStore("sales").put({ tries: 0, state: "queued", made_at: now(), tab: TAB, give_back: false, ...record, later });
  await work.done;
  await recount();
}

/** The fields that say when a sale was made, and whether it has happened already. */
export function timed(sale, { offline }) {
  return { ...sale, sold_at: new Date(now()).toISOString(), clock_offset_ms: offset(), offline };
}

async function change(key, fields) {
  const work = (await store()).transaction("sales", "readwrite", DURABLE);
  const record = await work.store.get(key);
  if (record) await work.store.put({ ...record, ...fields });
  await work.done;
  return record && { ...record, ...fields };
}

async function post(items, patience = PATIENCE) {
  const sentAt = Date.now();
  const response = await fetch("/till/queue/sales", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ items }), signal: AbortSignal.timeout(patience) });
  if (UNREADABLE.includes(response.status)) {
    const problem = await response.json();
    // One that cannot be read must not hold up the others: each is sent alone, and stays on this device.
    if (items.length === 1) return [{ problem, unreadable: true }];
    const answers = [];
    for (const one of items) answers.push(...(await post([one], patience)));
    return answers;
  }
  if (!response.ok) throw new Error(String(response.status));
  const answer = await response.json();
  measured(answer.server_time, sentAt);
  return answer.items;
}

const asItem = ({ key, sale, staff_id: staff, give_back: back }) => ({ key, sale, staff_id: staff ?? null, give_back: back });

/** Act on one answer; what was refused as a sale of the moment, though the guest has gone, is queued as one that was. */
async function settle(record, answer) {
  const work = (await store()).transaction(["sales", "leases"], "readwrite", DURABLE);
  const sales = work.objectStore("sales");
  const present = (await sales.get(record.key)) ?? record;
  if (answer.done) {
    await sales.put({ ...present, state: "done", answer: { ...answer.done, not_paid: answer.not_paid }, problem: null });
  } else {
    await sales.put({ ...present, state: "refused", problem: answer.problem });
    if (present.later && !present.sale.offline && !answer.unreadable) await sales.put(twin(present));
    else if (!present.later) await free(work.objectStore("leases"), record.key);
  }
  await work.done;
}

function twin(record) {
  const sale = { ...record.sale, offline: true };
  if (record.give_back) sale.vouchers = [];
  return { ...record, key: `${record.key}-x`, sale, state: "queued", tries: 0, give_back: false, problem: null };
}

/** A refused sale has not used its leases. */
async function free(leases, key) {
  for (const lease of await leases.getAll()) if (lease.used_by === key) await leases.put({ ...lease, used_by: null });
}

export async function sendNow(key) {
  const record = await change(key, { state: "sending" });
  if (!record) return null;
  try {
    const [answer] = await post([asItem(record)], PATIENCE_NOW);
    await settle(record, answer);
    failures = 0;
  } catch {
    await change(key, { state: "queued", tries: record.tries + 1 });
    later();
  }
  await recount();
  return (await store()).get("sales", key);
}

export async function letGo(key, { giveBack = false } = {}) {
  await change(key, { later: true, give_back: giveBack });
  later(0);
}

/** Run work in one tab at a time; where the browser has no locks the server's keys alone keep every sale at one. */
async function alone(work) {
  if (!navigator.locks) return work();
  return navigator.locks.request("till.queue", { ifAvailable: true }, (lock) => (lock ? work() : null));
}

export async function flush() {
  await alone(async () => {
    // What another page of this device is sending is left to it for a while; after a lost tab nobody is.
    let ready = (await list()).reverse().filter((one) => one.later && isWaiting(one));
    while (ready.length) {
      const batch = ready.slice(0, BATCH);
      let answers;
      try {
        answers = await post(batch.map(asItem));
      } catch {
        failures += 1;
        await recount();
        later();
        return;
      }
      failures = 0;
      for (const [place, record] of batch.entries()) await settle(record, answers[place]);
      ready = (await list()).reverse().filter((one) => one.later && isWaiting(one));
    }
    await prune();
    await recount();
  });
}

async function prune() {
  const all = await list();
  // What was not recorded, and nothing took its place, stays until a person has dealt with it.
  const settled = (one) => one.state === "done" || (one.state === "refused" && (!one.later || all.some(({ key }) => key === `${one.key}-x`)));
  const old = all.filter(settled).slice(KEPT_DONE);
  if (!old.length) return;
  const work = (await store()).transaction("sales", "readwrite");
  for (const one of old) await work.store.delete(one.key);
  await work.done;
}

function later(pause = PAUSES[Math.min(failures, PAUSES.length - 1)] * (0.75 + Math.random() / 2)) {
  clearTimeout(timer);
  timer = setTimeout(flush, pause);
}

/** The tabs of this device that live; null where the browser cannot tell. */
async function tabs() {
  if (!navigator.locks?.query) return null;
  return new Set((await navigator.locks.query()).held.map((lock) => lock.name));
}

/** Send what waits, now and whenever there is hope. A sale whose tab was lost before its answer has happened, for all we know. */
export async function start() {
  const living = await tabs();
  const lost = (one) => (living ? !living.has(one.tab) : now() - one.made_at > ORPHANED_AFTER);
  const work = (await store()).transaction("sales", "readwrite", DURABLE);
  for (const one of await work.store.getAll()) if (isWaiting(one) && !one.later && lost(one)) await work.store.put({ ...one, state: "queued", later: true });
  await work.done;
  await recount();
  await flush();
  window.addEventListener("online", () => { failures = 0; later(0); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && count) later(0); });
  if (count) later();
}
