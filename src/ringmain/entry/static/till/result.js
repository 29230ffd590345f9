// What became of it, over the whole screen: by colour, sign, words and sound.

import { play } from "./sound.js";

const at = (id) => document.getElementById(id);
const result = at("result");
const refused = at("refused");
const screen = (dialog) => { if (!dialog.open) dialog.showModal(); };

export const shown = () => result.open || refused.open;

export function showDone(done, write, texts) {
  result.className = "full";
  at("result-title").textContent = texts.done;
  at("result-worth").textContent = `${write(done.to_pay_minor)}`;
  const more = [];
  if (done.redeemed_minor) more.push(`${texts.vouchers} ${write(-done.redeemed_minor)}`);
  if (done.receipt) more.push(`${texts.receipt} ${done.receipt}`);
  at("result-more").textContent = more.join(" · ");
  at("result-receipt").href = `/till/receipt/${done.sale_id}`;
  at("result-receipt").hidden = false;
  at("result-undo").hidden = false;
  screen(result);
  at("result-next").focus();
  play("done");
}

// A sale that waits on this device: the guest may go.
export function showKept({ receipt }, collected, write, texts) {
  result.className = "full quiet";
  at("result-title").textContent = texts.kept;
  at("result-worth").textContent = write(collected);
  at("result-more").textContent = [texts.keptMore, receipt && `${texts.receipt} ${receipt}`].filter(Boolean).join(" · ");
  at("result-receipt").hidden = true;
  at("result-undo").hidden = true;
  screen(result);
  at("result-next").focus();
  play("done");
}

export function showUndone(done, write, texts) {
  result.className = "full quiet";
  at("result-title").textContent = texts.undone;
  at("result-worth").textContent = done.given_back_minor ? write(done.given_back_minor) : "";
  at("result-more").textContent = [done.given_back_minor ? texts.giveBack : "", done.restored ? texts.lives : ""].filter(Boolean).join(" · ");
  at("result-undo").hidden = true;
  screen(result);
  at("result-next").focus();
  play("undone");
}

// `anyway`: what is to be done at the shop's own risk; `without`: what is to be tried without the voucher; `again`: what is to be asked once more; `full`: the guest pays in
// full and goes, though nobody knows yet whether the voucher was redeemed.
export function showRefused({ why, where = "", next_step: next }, { without = null, again = null, full = null, anyway = null } = {}) {
  at("refused-why").textContent = why;
  at("refused-where").textContent = where;
  at("refused-next").textContent = next;
  at("refused-without").hidden = !without;
  at("refused-again").hidden = !again;
  at("refused-full").hidden = !full;
  at("refused-anyway").hidden = !anyway;
  at("refused-anyway").onclick = () => { refused.close(); anyway?.(); };
  at("refused-without").onclick = () => { refused.close(); without?.(); };
  at("refused-full").onclick = () => { refused.close(); full?.(); };
  at("refused-again").onclick = () => { refused.close(); again?.(); };
  screen(refused);
  (again ? at("refused-again") : at("refused-back")).focus();
  play("refused");
}

export function hide() {
  result.close();
  refused.close();
}

at("refused-back").addEventListener("click", () => refused.close());
