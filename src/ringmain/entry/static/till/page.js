// What every page of a till does: large type where it is chosen, no focus left on a pressed button, and a scan on a page
// that has no use for it leads back to the till, with what was scanned.

import { listen } from "./scan.js";

if (localStorage.getItem("till.large") === "on") document.documentElement.classList.add("large-type");

document.addEventListener("click", (event) => {
  // A button that keeps the focus would be pressed by the next Enter.
  if (event.detail > 0) event.target.closest("button, summary")?.blur();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
});

if (!document.querySelector("[data-own-scans]")) {
  listen({
    scanned: (text) => {
      sessionStorage.setItem("till.scan", text);
      location.assign("/till");
    },
  });
}
