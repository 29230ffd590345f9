// What a guest gets beside prices, and the press that tells that it was given. It counts once a day, however often it is pressed.

import { ask, newKey, Refused } from "./ask.js";

let drawn = null;

// `member` is null where nobody is known. `say(text, wrong)` tells what went wrong.
export function drawBenefits(member, texts, say) {
  // Drawn once per guest: a press stays pressed while the amount is typed.
  if (drawn === member) return;
  drawn = member;
  const list = document.getElementById("benefits");
  list.replaceChildren(...(member?.benefits ?? []).map((one) => line(one, texts, say)));
  list.hidden = !list.children.length;
}

function line(one, texts, say) {
  const row = document.getElementById("benefit-line").content.firstElementChild.cloneNode(true);
  const button = row.querySelector("button");
  const key = newKey();
  row.querySelector("span").textContent = one.text;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ask("/till/benefit", { key, token: one.token });
      button.textContent = texts.benefitGiven;
      row.classList.add("given");
    } catch (error) {
      button.disabled = false;
      say(error instanceof Refused ? `${error.problem.why} ${error.problem.next_step}` : texts.noAnswer, true);
    }
  });
  return row;
}
