/**
 * What the till's screen asks of the offline side: which voucher a code is, and what may be sold without an answer.
 *
 * - `begin({busy})`: open the queue, tend the leases, install the service worker; `busy()` says whether a guest is served.
 * - `foundHere(text, basket)`: a scanned code without a network: `{lease, amount}`, `{why, anyway}` (see leases.js;
 *   "network" where this till has no lease of it), or null where it is no voucher. `anyway` is `{id, code}` where the
 *   merchant lets its tills take such a voucher at its own loss.
 * - `reckon(ids, basket, {parts, own})`: what leased vouchers take off together, those in `parts` (id to amount) in part,
 *   and those in `own` at the merchant's own loss: `{off, amounts: Map}`, or `{why, id}`.
 * - `hold(codes, ids, member)`: lease for some minutes what a guest is about to use, so that a network that fails now
 *   does no harm. `release(ids)` gives back what was not used.
 */

import { amountOf, anyway, find, giveBack, held, idOf, isVoucher, lend, plainOf, tend } from "./leases.js";
import { list, start } from "./queue.js";

const ABOUT_TO_USE = 15;

export async function begin({ busy }) {
  await start();
  tend();
  await install(busy);
}

async function install(busy) {
  if (!("serviceWorker" in navigator)) return;
  const worker = await navigator.serviceWorker.register("/till/sw.js", { scope: "/till", updateViaCache: "none" }).catch(() => null);
  if (!worker) return;
  const takeOver = () => { if (worker.waiting && !busy()) worker.waiting.postMessage({ take: "over" }); };
  worker.addEventListener("updatefound", () => worker.installing?.addEventListener("statechange", takeOver));
  setInterval(takeOver, 30_000);
  takeOver();
}

export async function foundHere(text, basket) {
  if (!isVoucher(text)) return null;
  const lease = await find(text);
  if (!lease) return withoutLease(plainOf(text));
  const answer = amountOf(lease, basket);
  // Before the amount is typed, a minimum is not missed yet.
  if (answer.why === "minimum" && !basket) return { lease, amount: 0 };
  return answer.why ? { why: answer.why, lease } : { lease, amount: answer.amount };
}

async function withoutLease(code) {
  const same = (one) => one.code && plainOf(one.code) === code;
  // Taken here before: another guest's copy, or the same one again.
  if ((await list()).some((record) => record.state !== "refused" && record.sale.vouchers?.some(same))) return { why: "used" };
  return { why: "network", anyway: code && anyway() ? { id: idOf(code), code } : null };
}

function taken(lease, left, part, own) {
  if (own) return { amount: Math.min(own, left) };
  const answer = lease ? amountOf(lease, left) : { why: "network" };
  if (answer.why || !part) return answer;
  return part > answer.amount ? { why: "part" } : { amount: part };
}

export async function reckon(ids, basket, { parts, own }) {
  const amounts = new Map();
  let left = basket;
  for (const id of ids) {
    const lease = await held(id);
    const answer = taken(lease, left, parts.get(id), own.get(id));
    if (answer.why) return { why: answer.why, id };
    if (ids.length > 1 && lease && !lease.combinable) return { why: "alone", id };
    amounts.set(id, answer.amount);
    left -= answer.amount;
  }
  return { off: basket - left, amounts };
}

export async function hold(codes, ids, memberId) {
  if (codes.length || ids.length) await lend({ codes, voucherIds: ids, memberId, minutes: ABOUT_TO_USE, momentary: true });
}

/** Give back what a guest who has gone did not use. */
export async function release(ids) {
  const own = await Promise.all(ids.map(held));
  await giveBack(own.filter((one) => one?.momentary).map((one) => one.voucher_id));
}
