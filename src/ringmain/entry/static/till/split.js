// Several ways to pay one sale: what is typed into each, and "the rest" by one tap.

import { minor, plain } from "./money.js";

const dialog = document.querySelector("#split");
const left = document.querySelector("#split-left");
const done = document.querySelector("#split-done");
const fields = [...dialog.querySelectorAll("[data-split]")];
let wanted = null;

const amounts = () => fields.map((field) => [field.dataset.split, field.value.trim() ? minor(field.value, wanted.precision) : 0]);

function show() {
  const parts = amounts();
  const paid = parts.reduce((sum, [, amount]) => sum + (amount ?? 0), 0);
  const rest = wanted.collect - paid;
  const good = parts.every(([, amount]) => amount !== null) && rest === 0;
  left.textContent = rest === 0 ? wanted.write(wanted.collect) : `${wanted.write(Math.abs(rest))} ${rest > 0 ? wanted.texts.left : wanted.texts.over}`;
  left.classList.toggle("wrong", rest < 0);
  done.disabled = !good;
}

export function openSplit(asked) {
  wanted = asked;
  for (const field of fields) field.value = "";
  show();
  dialog.showModal();
  fields[0].focus();
}

dialog.addEventListener("input", show);
dialog.addEventListener("click", (event) => {
  const kind = event.target.closest("[data-rest]")?.dataset.rest;
  if (!kind) return;
  const others = amounts().reduce((sum, [one, amount]) => sum + (one === kind ? 0 : (amount ?? 0)), 0);
  dialog.querySelector(`[data-split=${kind}]`).value = plain(Math.max(wanted.collect - others, 0), wanted.precision);
  show();
});
done.addEventListener("click", () => {
  if (done.disabled) return;
  const tenders = amounts().filter(([, amount]) => amount > 0).map(([kind, amount]) => ({ kind, amount_minor: amount }));
  dialog.close();
  wanted.pay(tenders);
});
