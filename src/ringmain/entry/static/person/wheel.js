// A wheel that stops at the prize that was won: the first of its sectors. One press spins it.
import { canvas, colour, pen, show, stage } from "./game.js";

const TURNS = 4, SPIN_MS = 2600, FULL = 2 * Math.PI;
let labels = JSON.parse(canvas.dataset.sectors);
// A wheel of one or two prizes shows each of them several times.
while (labels.length < 4) labels = labels.concat(JSON.parse(canvas.dataset.sectors));
const [drawing, size] = pen();
const middle = size / 2, wide = FULL / labels.length;
const washes = [colour("teal"), colour("brass-wash")], inks = [colour("on-teal"), colour("ink")];

drawing.translate(middle, middle);
labels.forEach((label, place) => {
  const odd = labels.length % 2 && place === labels.length - 1 ? 2 : place % 2;
  drawing.fillStyle = odd === 2 ? colour("teal-wash") : washes[odd];
  drawing.beginPath();
  drawing.moveTo(0, 0);
  // The first sector lies around the top.
  const begin = place * wide - wide / 2 - FULL / 4;
  drawing.arc(0, 0, middle - 2, begin, begin + wide);
  drawing.fill();
  drawing.save();
  drawing.rotate(begin + wide / 2);
  drawing.fillStyle = odd === 2 ? colour("ink") : inks[odd];
  drawing.font = `650 ${label.length > 9 ? 14 : 18}px system-ui, sans-serif`;
  drawing.textAlign = "right";
  drawing.textBaseline = "middle";
  drawing.fillText(label.length > 14 ? `${label.slice(0, 13)}…` : label, middle - 16, 0, middle - 56);
  drawing.restore();
});
drawing.fillStyle = colour("paper");
drawing.beginPath();
drawing.arc(0, 0, 24, 0, FULL);
drawing.fill();

// At rest it points at a line between two; which prize stops at the top was decided before.
const rest = 360 / labels.length * 1.5;
canvas.style.transform = `rotate(${rest}deg)`;
stage.addEventListener("click", () => {
  if (stage.getAttribute("aria-busy")) return;
  stage.setAttribute("aria-busy", "true");
  const turning = canvas.animate(
    [{ transform: `rotate(${rest}deg)` }, { transform: `rotate(${360 * TURNS}deg)` }],
    { duration: SPIN_MS, easing: "cubic-bezier(0.15, 0.6, 0.15, 1)", fill: "forwards" },
  );
  turning.finished.then(() => setTimeout(show, 400));
});
