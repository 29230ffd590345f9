// Where somebody stands is asked on a tap, sent for one answer, and kept nowhere. The map comes on request only.

const form = document.querySelector("[data-here]");
const refused = document.querySelector("[data-no-place]");

if (form && "geolocation" in navigator) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    if (form.elements.latitude.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    form.removeAttribute("aria-busy");
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      // Eleven metres are near enough.
      form.elements.latitude.value = coords.latitude.toFixed(4);
      form.elements.longitude.value = coords.longitude.toFixed(4);
      form.requestSubmit();
    }, () => { refused.hidden = false; }, { timeout: 8000, maximumAge: 60000 });
  }, { capture: true });
}

const button = document.querySelector("[data-show-map]");
const map = document.querySelector("[data-map]");
if (button && map) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.hidden = true;
    map.hidden = false;
    const { points, place, style } = JSON.parse(document.querySelector("[data-map-points]").textContent);
    try {
      const { draw } = await import("/static/person/map.js");
      await draw(map, points, place, style);
    } catch {
      // No WebGL, or the library did not come: the list below says the same.
      map.hidden = true;
    }
  });
}
