// What all games share. The prize was decided on the server before the page was made; a game only uncovers it.

const game = document.querySelector(".game");
export const stage = game.querySelector("[data-stage]");
export const canvas = stage.querySelector("canvas");
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Uncover the prize, say it, and keep the focus on the way. */
export function show() {
  if (game.classList.contains("shown")) return;
  const within = game.contains(document.activeElement);
  game.classList.add("shown");
  const said = game.querySelector("[data-said]");
  said.textContent = said.dataset.words;
  if (within) game.querySelector("[data-prize]").focus();
}

/** Fit the canvas to its place on this screen; returns its pen, and its width and height in CSS pixels. */
export function pen(height) {
  const dense = Math.min(devicePixelRatio || 1, 2);
  const width = canvas.clientWidth || 320;
  const high = height || width;
  canvas.width = width * dense;
  canvas.height = high * dense;
  const drawing = canvas.getContext("2d");
  drawing.scale(dense, dense);
  return [drawing, width, high];
}

/** A colour of the theme. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

game.querySelector("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault();
  show();
});
still.addEventListener("change", () => { if (still.matches) show(); });
