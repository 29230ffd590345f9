// The member's own code renews itself before it ends; no clock runs down in front of anybody.

const LEAST_MS = 1000;
let timer;

function wait() {
  const shown = document.querySelector("[data-code]");
  clearTimeout(timer);
  if (shown) timer = setTimeout(renew, Math.max(Number(shown.dataset.left), LEAST_MS));
}

async function renew() {
  const away = document.querySelector("[data-code-away]");
  try {
    const answer = await fetch("/code/now", { cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new Error("no code");
    const fresh = document.createElement("template");
    fresh.innerHTML = await answer.text();
    document.querySelector("[data-code]").replaceWith(fresh.content.querySelector("[data-code]"));
    if (away) away.hidden = true;
  } catch {
    if (away) away.hidden = false;
    document.querySelector("[data-code]").dataset.left = "5000";
  }
  wait();
}

// Phones sleep: who wakes theirs up sees a code of now.
document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
wait();
