// Asks for an amount: how much of a voucher that is spent in parts, or what one takes off of which nothing is known here.

import { minor, plain } from "./money.js";

const dialog = document.querySelector("#part");
const field = document.querySelector("#part-amount");
const said = document.querySelector("#part-said");
let wanted = null;

// `most` in minor units, null where nobody knows; `use` gets the amount.
export function askAmount(asked) {
  wanted = asked;
  dialog.querySelector("h2").textContent = asked.title;
  document.querySelector("#part-more").textContent = asked.more;
  field.value = asked.amount ? plain(asked.amount, asked.precision) : "";
  said.textContent = "";
  dialog.showModal();
  field.focus();
  field.select();
}

dialog.querySelector("form").addEventListener("submit", (event) => {
  const { most, precision, texts, write, use } = wanted;
  const amount = minor(field.value, precision);
  const over = most !== null && amount > most;
  if (amount && !over) { use(amount); return; }
  event.preventDefault();
  said.textContent = over ? `${texts.tooMuch} ${write(most)}.` : texts.noAmount;
  said.classList.add("wrong");
  field.focus();
  field.select();
});
