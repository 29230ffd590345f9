/**
 * The till's leases: vouchers that this terminal alone may redeem for a time, and what they take off without a network.
 *
 * - `lend({codes, voucherIds, memberId, prepared, minutes, momentary})`: ask for leases, and keep those that are given;
 *   silence is borne. `codes` are plain texts of scanners. `momentary` ones are given back when their guest has gone.
 * - `find(text)`: the lease of a scanned code, or null. `isVoucher(text)`: whether a text is a voucher's code at all.
 * - `amountOf(lease, basket)`: `{amount}` in minor units, or `{why}`: "used", "over", "minimum", "hours", "holder".
 * - `plainOf(text)`, `idOf(plain)`: the plain code in what was scanned, and the voucher that it names.
 * - `anyway()`: whether the merchant lets its tills take vouchers that they have not leased, at its own loss.
 * - `giveBack(voucherIds)`: release leases that nobody used.
 * - `tend()`: keep the leases of guests who mean to come: asked for at the start and every few minutes.
 */

import { measured, now } from "./clock.js";
import { DURABLE, store } from "./store.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const PLAIN = /RM1[A-Z2-7]{52}/;
const SIGNED = /RM2[A-Z2-7]{200,400}/;
const TEND = 10 * 60_000;
const SHARE = 10_000;
// As the last answer said it: off for a till that has never been told.
const ANYWAY = "till.anyway";

// ------------------------------------------------------------------------------------------------------------- codes

function bytesOf(letters) {
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const letter of letters) {
    held = (held << 5) | ALPHABET.indexOf(letter);
    bits += 5;
    if (bits >= 8) { bits -= 8; bytes.push((held >> bits) & 255); held &= (1 << bits) - 1; }
  }
  return bytes;
}

function lettersOf(bytes) {
  let letters = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) { bits -= 5; letters += ALPHABET[(held >> bits) & 31]; held &= (1 << bits) - 1; }
  }
  return bits ? letters + ALPHABET[(held << (5 - bits)) & 31] : letters;
}

/** The plain code in what was scanned: of a signed one too, whose payload carries voucher and secret behind its version. */
export function plainOf(text) {
  const upper = text.trim().toUpperCase();
  const plain = PLAIN.exec(upper)?.[0];
  if (plain) return plain;
  const signed = SIGNED.exec(upper)?.[0];
  return signed ? `RM1${lettersOf(bytesOf(signed.slice(3)).slice(2, 34))}` : null;
}

export const isVoucher = (text) => plainOf(text) !== null;

export function idOf(plain) {
  const hex = bytesOf(plain.slice(3)).slice(0, 16).map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

async function hashOf(plain) {
  // Without https within a shop there is no digest: then only a code that was scanned before is known again.
  if (!crypto.subtle) return null;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(plain));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ------------------------------------------------------------------------------------------------------------- leases

async function post(path, body) {
  const sentAt = Date.now();
  const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(8_000) });
  if (!response.ok) throw new Error(String(response.status));
  const answer = await response.json();
  if (answer.server_time) measured(answer.server_time, sentAt);
  return answer;
}

export async function lend({ codes = [], voucherIds = [], memberId = null, prepared = false, minutes = null, momentary = false } = {}) {
  const plain = codes.map(plainOf).filter(Boolean);
  const vouchers = [...plain.map((code) => ({ code })), ...voucherIds.map((id) => ({ voucher_id: id }))];
  let answer;
  try {
    answer = await post("/till/leases", { vouchers, member_id: memberId, prepared, lasting_minutes: minutes });
  } catch {
    return [];
  }
  localStorage.setItem(ANYWAY, answer.accept_anyway ? "yes" : "");
  const given = answer.items.map((item) => item.answer).filter(Boolean);
  const scanned = new Map(plain.map((code) => [idOf(code), code]));
  const work = (await store()).transaction("leases", "readwrite", DURABLE);
  for (const lease of given) {
    const before = await work.store.get(lease.voucher_id);
    const same = before?.lease_id === lease.lease_id;
    await work.store.put({ ...lease, code: scanned.get(lease.voucher_id) ?? before?.code ?? null, member_id: memberId ?? before?.member_id ?? null, momentary: momentary && (!same || before.momentary), used_by: same ? before.used_by : null });
  }
  await work.done;
  return given;
}

export const anyway = () => localStorage.getItem(ANYWAY) === "yes";

export async function find(text) {
  const plain = plainOf(text);
  if (!plain) return null;
  const lease = await (await store()).get("leases", idOf(plain));
  if (!lease) return null;
  return lease.code === plain || (lease.code_hash && lease.code_hash === (await hashOf(plain))) ? lease : null;
}

/** The lease of a voucher, by its id; null where this device has none. */
export async function held(voucherId) {
  return (await (await store()).get("leases", voucherId)) ?? null;
}

export function amountOf(lease, basket) {
  const at = now();
  if (lease.used_by) return { why: "used" };
  if (at < Date.parse(lease.leased_from) - 60_000 || at >= Date.parse(lease.leased_until)) return { why: "over" };
  if (lease.holder_only && !lease.member_id) return { why: "holder" };
  if (basket < lease.minimum_minor) return { why: "minimum" };
  if (!isOpen(lease, new Date(at))) return { why: "hours" };
  const amount = worthOf(lease, basket);
  // What takes nothing off is not used up.
  return basket && amount <= 0 ? { why: "minimum" } : { amount };
}

function worthOf({ kind, remaining_minor: left, percent_bp: percent, parts_left: parts }, basket) {
  if (kind === "exchange") return left;
  if (kind === "discount") return Math.min(left, Math.floor((basket * percent + SHARE / 2) / SHARE));
  if (kind === "bundle") return Math.min(Math.floor(left / Math.max(parts, 1)), basket);
  return Math.min(left, basket);
}

/** Days and hours by the clock of this device, which stands in the shop; the server judges by the shop's own zone. */
function isOpen(lease, local) {
  const minute = local.getHours() * 60 + local.getMinutes();
  let day = local.getDay() || 7;
  const { from_minute: from, until_minute: until, weekdays } = lease;
  const overnight = from > until;
  const open = overnight ? minute >= from || minute < until : minute >= from && minute < until;
  if (overnight && minute < until) day = day === 1 ? 7 : day - 1;
  return open && (!weekdays.length || weekdays.includes(day));
}

export async function giveBack(voucherIds) {
  const database = await store();
  for (const id of voucherIds) {
    const lease = await database.get("leases", id);
    if (!lease || lease.used_by) continue;
    // Forgotten first: a lease that was released must not be used, and one that was not is only kept from others.
    await database.delete("leases", id);
    await post("/till/leases/release", { lease_id: lease.lease_id }).catch(() => {});
  }
}

/** Ask for what guests prepared for this shop; forget leases that have been over for long, or whose sale is recorded. */
async function ahead() {
  if (navigator.onLine) {
    const left = (await (await store()).getAll("leases")).filter((one) => one.momentary && !one.used_by && Date.parse(one.leased_until) < now());
    await giveBack(left.map((one) => one.voucher_id));
    await lend({ prepared: true });
  }
  const work = (await store()).transaction(["leases", "sales"], "readwrite");
  for (const lease of await work.objectStore("leases").getAll()) {
    const sale = lease.used_by ? await work.objectStore("sales").get(lease.used_by) : null;
    const over = Date.parse(lease.free_at) < now();
    if (over && (!lease.used_by || !sale || sale.state === "done")) await work.objectStore("leases").delete(lease.voucher_id);
  }
  await work.done;
}

export async function tend() {
  if (navigator.onLine) await giveBack((await (await store()).getAll("leases")).filter((one) => one.momentary).map((one) => one.voucher_id));
  await ahead();
  setInterval(ahead, TEND);
}
