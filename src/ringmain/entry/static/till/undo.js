// Undoing a sale: a reason is the confirmation. The key is made when the dialog opens, so that a lost answer asked for
// again is the same undoing.

import { ask, newKey, Refused, Unanswered } from "./ask.js";

const dialog = document.querySelector("#undo");
const said = document.querySelector("#undo-said");
let wanted = null;
let busy = false;

export function openUndo(saleId, what, done) {
  wanted = { key: newKey(), saleId, reason: null, done };
  document.querySelector("#undo-what").textContent = what;
  said.textContent = "";
  dialog.showModal();
}

dialog.addEventListener("click", async (event) => {
  const reason = event.target.closest("[data-reason]")?.dataset.reason;
  if (!reason || busy || !wanted) return;
  busy = true;
  const mine = wanted;
  // Another reason is another wish.
  if (mine.reason && mine.reason !== reason) mine.key = newKey();
  mine.reason = reason;
  try {
    const answer = await ask("/till/undo", { key: mine.key, sale_id: mine.saleId, reason });
    dialog.close();
    mine.done(answer);
  } catch (error) {
    if (error instanceof Refused) said.textContent = `${error.problem.why} ${error.problem.next_step}`;
    else if (error instanceof Unanswered) said.textContent = dialog.dataset.unanswered;
    else throw error;
  } finally {
    busy = false;
  }
});
