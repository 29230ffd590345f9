// Recent sales: undone from here, too.

import "./page.js";
import { play } from "./sound.js";
import { openUndo } from "./undo.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-undo]");
  if (!button) return;
  openUndo(button.dataset.undo, button.dataset.what, () => {
    play("undone");
    location.reload();
  });
});
