// Says that a pressed button is at work, and keeps an impatient second press from leaving the page. The form works
// without this: the server counts a press once, however often it is sent.
const forms = document.querySelectorAll("form[data-busy]");

for (const form of forms) {
  form.addEventListener("submit", (event) => {
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    const button = form.querySelector("button");
    form.setAttribute("aria-busy", "true");
    button.dataset.idle = button.textContent;
    button.textContent = form.dataset.busy;
  });
}

// A page that comes back from the browser's memory is at rest again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of forms) {
    const button = form.querySelector("button");
    form.removeAttribute("aria-busy");
    if (button.dataset.idle) button.textContent = button.dataset.idle;
  }
});
