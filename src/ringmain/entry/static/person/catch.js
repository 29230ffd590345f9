// Drops fall; a basket catches them. Three caught, or ten fallen, and the prize shows: nobody can lose.
import { colour, pen, show, stage } from "./game.js";

const ENOUGH = 3, MOST = 10, HEIGHT = 320, BASKET = 84, STEP = 48, FALL_PX_S = 170;
const [drawing, width, height] = pen(HEIGHT);
const ink = colour("ink"), water = colour("teal-drop"), brass = colour("brass-fill");
let basket = width / 2, drop = null, caught = 0, fallen = 0, before = 0, running = false;

stage.querySelector("canvas").style.height = `${height}px`;
const within = (x) => Math.min(Math.max(x, BASKET / 2), width - BASKET / 2);

function draw() {
  drawing.clearRect(0, 0, width, height);
  drawing.fillStyle = brass;
  drawing.beginPath();
  drawing.roundRect(basket - BASKET / 2, height - 44, BASKET, 32, [4, 4, 16, 16]);
  drawing.fill();
  drawing.fillStyle = water;
  for (let place = 0; place < ENOUGH; place++) {
    drawing.globalAlpha = place < caught ? 1 : 0.25;
    shape(24 + place * 28, 26, 8);
  }
  drawing.globalAlpha = 1;
  if (drop) shape(drop.x, drop.y, 14);
  if (!running) {
    drawing.fillStyle = ink;
    drawing.beginPath();
    drawing.moveTo(width / 2 - 16, height / 2 - 24);
    drawing.lineTo(width / 2 + 26, height / 2);
    drawing.lineTo(width / 2 - 16, height / 2 + 24);
    drawing.fill();
  }
}

function shape(x, y, size) {
  drawing.beginPath();
  drawing.arc(x, y, size, 0, Math.PI);
  drawing.quadraticCurveTo(x - size, y - size * 0.7, x, y - size * 1.8);
  drawing.quadraticCurveTo(x + size, y - size * 0.7, x + size, y);
  drawing.fill();
}

function fall(now) {
  const seconds = Math.min((now - before) / 1000, 0.1);
  before = now;
  if (!drop) drop = { x: within(Math.random() * width), y: 0 };
  drop.y += FALL_PX_S * seconds;
  if (drop.y > height - 50) {
    fallen += 1;
    if (Math.abs(drop.x - basket) < BASKET / 2 + 10) caught += 1;
    drop = null;
  }
  draw();
  if (caught >= ENOUGH || fallen >= MOST) show();
  else requestAnimationFrame(fall);
}

stage.addEventListener("click", () => {
  if (running) return;
  running = true;
  before = performance.now();
  requestAnimationFrame(fall);
});
stage.addEventListener("pointermove", (event) => {
  basket = within(event.clientX - stage.getBoundingClientRect().left);
  if (running) draw();
});
addEventListener("keydown", (event) => {
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!running || !way || document.querySelector(".game.shown")) return;
  event.preventDefault();
  basket = within(basket + way * STEP);
});
draw();
