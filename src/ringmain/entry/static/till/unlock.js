// The PIN: digits from the keys on the screen or from a keyboard. How long somebody's PIN is, this device remembers, so
// that the last digit opens.

import "./page.js";
import { listen } from "./scan.js";

const form = document.querySelector("#unlock");
const SHORTEST = 4;
const LONGEST = 8;

if (form) {
  const pin = form.querySelector("#pin");
  const said = form.querySelector("#refusal");
  const who = () => form.querySelector("input[name=staff_id]:checked")?.value ?? "";
  const length = () => Number(localStorage.getItem(`till.pin.${who()}`) ?? 0);
  const show = () => { said.textContent = pin.value ? "●".repeat(pin.value.length) : ""; said.classList.remove("wrong"); };
  const type = (key) => {
    if (form.getAttribute("aria-busy") === "true") return;
    pin.value = key === "back" ? pin.value.slice(0, -1) : (pin.value + key).slice(0, LONGEST);
    show();
    if (key !== "back" && pin.value.length === length()) form.requestSubmit();
  };
  form.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]")?.dataset.key;
    if (key) type(key);
  });
  form.addEventListener("change", () => { pin.value = ""; show(); pin.focus(); });
  form.addEventListener("submit", (event) => {
    if (pin.value.length < SHORTEST) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    // Kept only when it was right: the till's first page takes it from here.
    sessionStorage.setItem("till.pin", JSON.stringify([who(), pin.value.length]));
  }, { capture: true });
  listen({
    // A scan is no PIN.
    scanned: () => { pin.value = ""; show(); },
    mark: () => pin.value,
    untype: (before) => { pin.value = before ?? ""; show(); },
    typed: (event, letter) => {
      if (event.key === "Backspace") type("back");
      else if (/[0-9]/.test(letter)) type(letter);
      else return event.target === pin && letter !== "";
      return true;
    },
  });
  pin.focus();
}
