// The one way of every sale to the server: kept on this device first, then sent, and sent again until it is answered.
//
// - `send(record, vouchers)`: `record` is {key, sale, staff_id}; `vouchers` are [{id, taken_minor, anyway}] in the order
//   of `sale.vouchers`; `anyway`: taken without a lease, at the shop's own risk. Returns what became of it, or {kept: true} where the guest may go and it is sent by itself later.
//   Throws `Refused`, or `Unanswered` where vouchers that this till has no lease of wait for an answer.
// - `goOn(key)`: the guest pays in full and goes, though the answer is not known.

import { Refused, Unanswered } from "./ask.js";
import { amountOf, held } from "./leases.js";
import { keep, kept, letGo, sendNow, timed, UsedHere, waiting } from "./queue.js";

const AGAIN_AFTER = [0, 400];

export { waiting };

export async function send(record, vouchers = [], usedHere = "") {
  const { key } = record;
  const leases = await Promise.all(vouchers.map(({ id }) => held(id)));
  const mine = leases.map((lease) => (lease && (lease.used_by === key || !amountOf(lease, record.sale.total_minor).why) ? lease : null));
  const certain = mine.every((lease, place) => lease || vouchers[place].anyway);
  if (!(await kept(key))) {
    const away = !navigator.onLine;
    if (away && !certain) throw new Unanswered("no network");
    const sale = { ...record.sale, vouchers: record.sale.vouchers.map((one, place) => ({ ...one, taken_minor: vouchers[place].taken_minor, lease_id: mine[place]?.lease_id ?? null })) };
    const uses = vouchers.filter((_, place) => mine[place]).map(({ id }) => id);
    try {
      await keep({ ...record, sale: timed(sale, { offline: away }) }, { uses, later: away });
    } catch (error) {
      if (error instanceof UsedHere) throw new Refused({ code: "used_here", why: usedHere, next_step: "" }, 409);
      throw error;
    }
  }
  for (const pause of navigator.onLine ? AGAIN_AFTER : []) {
    await new Promise((done) => { setTimeout(done, pause); });
    const now = await sendNow(key);
    if (now?.state === "done") return now.answer;
    if (now?.state === "refused") throw new Refused(now.problem, 409);
  }
  if (!certain) throw new Unanswered("no answer");
  await letGo(key);
  return { kept: true, receipt: record.sale.receipt };
}

export async function goOn(key) {
  if (await kept(key)) await letGo(key, { giveBack: true });
}
