// A ticket to be rubbed free: by finger, mouse, or three presses of a key.
import { canvas, colour, pen, show, stage } from "./game.js";

const ENOUGH = 0.45, WIDE = 44, ROWS = 8, COLUMNS = 12, PRESSES = 3;
const under = document.querySelector(".under");
const [drawing, width, height] = pen(under.offsetHeight);
const rubbed = new Set();
let last = null, presses = 0;

drawing.fillStyle = colour("brass-fill");
drawing.fillRect(0, 0, width, height);
drawing.strokeStyle = colour("brass-wash");
drawing.globalAlpha = 0.35;
drawing.lineWidth = 6;
for (let x = -height; x < width; x += 24) {
  drawing.beginPath();
  drawing.moveTo(x, height);
  drawing.lineTo(x + height, 0);
  drawing.stroke();
}
drawing.globalAlpha = 1;
drawing.globalCompositeOperation = "destination-out";
drawing.lineCap = drawing.lineJoin = "round";
drawing.lineWidth = WIDE;

function line(from, to) {
  drawing.beginPath();
  drawing.moveTo(...from);
  drawing.lineTo(...to);
  drawing.stroke();
}

function rub(from, to) {
  line(from, to);
  const steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / 8) + 1;
  for (let step = 0; step <= steps; step++) {
    const x = from[0] + (to[0] - from[0]) * step / steps, y = from[1] + (to[1] - from[1]) * step / steps;
    rubbed.add(`${Math.floor(x / width * COLUMNS)},${Math.floor(y / height * ROWS)}`);
  }
  // A stroke is about two fields high.
  if (rubbed.size * 2 > ROWS * COLUMNS * ENOUGH) show();
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

stage.addEventListener("pointerdown", (event) => {
  stage.setPointerCapture(event.pointerId);
  last = place(event);
  rub(last, last);
});
stage.addEventListener("pointermove", (event) => {
  if (!last) return;
  const next = place(event);
  rub(last, next);
  last = next;
});
for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { last = null; });

// A press that no pointer made: keys, and readers of screens.
stage.addEventListener("click", (event) => {
  if (event.detail) return;
  presses += 1;
  const y = height * (presses - 0.5) / PRESSES;
  drawing.lineWidth = height / PRESSES;
  line([0, y], [width, y]);
  drawing.lineWidth = WIDE;
  if (presses >= PRESSES) show();
});
