// What every page of people, tills and consoles does with JavaScript; all of it works without, only less smoothly.

// A form that is on its way is not sent again by an impatient second tap. The server counts one press once anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  if (form.method.toLowerCase() === "post" && !form.hasAttribute("hx-post")) form.setAttribute("aria-busy", "true");
});

// A page that comes back from the browser's memory is at rest again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
});

// "Copy" buttons say that they did.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const idle = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = idle; }, 2000);
});

// Choosing in a form that is only a choice sends it.
document.addEventListener("change", (event) => {
  if (event.target.form?.hasAttribute("data-at-once")) event.target.form.requestSubmit();
});

// "Print" prints this page.
document.addEventListener("click", (event) => {
  if (event.target.closest("button[data-print]")) window.print();
});

// Charts are drawn when they come into view, by a library that is loaded only then.
const charts = document.querySelectorAll("[data-chart]");
if (charts.length) {
  const seen = new IntersectionObserver(async (entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      seen.unobserve(entry.target);
      const { draw } = await import("/static/charts.js");
      draw(entry.target);
    }
  });
  for (const chart of charts) seen.observe(chart);
}
