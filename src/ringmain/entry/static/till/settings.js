// The choices of this device, and the test of its scanner.

import "./page.js";
import { listen } from "./scan.js";
import { play, soundOn } from "./sound.js";

const sound = document.querySelector("#sound");
const large = document.querySelector("#large");
const scanned = document.querySelector("#scanned");

sound.checked = soundOn();
large.checked = localStorage.getItem("till.large") === "on";
sound.addEventListener("change", () => {
  localStorage.setItem("till.sound", sound.checked ? "on" : "off");
  play("done");
});
large.addEventListener("change", () => {
  localStorage.setItem("till.large", large.checked ? "on" : "off");
  document.documentElement.classList.toggle("large-type", large.checked);
});
listen({
  scanned: (text, took) => {
    scanned.textContent = `${scanned.dataset.ok}: ${text} (${text.length} ${scanned.dataset.took} ${took} ms)`;
    play("found");
  },
});
