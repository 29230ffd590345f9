// A scanner that types is told from people by its pace, whatever has the focus and whichever input method is on.
//
// Letters that follow one another within GAP milliseconds are one scan once there are enough of them; Enter or Tab ends
// it (or silence, for scanners without a suffix). Until then they count as typed, so that nothing feels slow: what they
// did is taken back (`untype`) as soon as they turn out to be a scan. From there on every key is swallowed, the ending
// Enter too, so that no button is pressed and no form is sent. Where scans end with a key, silence in the middle of one
// is a busy machine and no end: there it is waited for much longer.

const GAP = 60;
const ENOUGH = 5;
const SHORTEST = 4;
const SILENCE = 180;
const STALLED = 2000;
const LONE = 12;

const SHIFTED = { Minus: "_", Equal: "+", Semicolon: ":", Quote: '"', Comma: "<", Period: ">", Slash: "?", Backquote: "~", Digit1: "!", Digit2: "@", Digit3: "#", Digit4: "$", Digit5: "%", Digit6: "^", Digit7: "&", Digit8: "*", Digit9: "(", Digit0: ")" };
const PLAIN = { Minus: "-", Equal: "=", Semicolon: ":", Quote: "'", Comma: ",", Period: ".", Slash: "/", Backquote: "`", Space: " " };

// With an input method on, `key` says only "Process": the key's place on the keyboard tells the letter.
function letterOf(event) {
  if (event.key.length === 1) return event.key;
  if (event.key !== "Process" && event.key !== "Unidentified" && !event.isComposing) return "";
  const { code, shiftKey } = event;
  if (/^Key[A-Z]$/.test(code)) return shiftKey === event.getModifierState("CapsLock") ? code[3].toLowerCase() : code[3];
  if (shiftKey && SHIFTED[code]) return SHIFTED[code];
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(code);
  return digit ? digit[1] : (PLAIN[code] ?? "");
}

export function listen({ scanned, typed = () => false, mark = () => null, untype = () => {} }, target = window) {
  let letters = "";
  let first = 0;
  let last = -Infinity;
  let before = null;
  let field = null;
  let timer = 0;
  let patience = SILENCE;

  const scanning = () => letters.length >= ENOUGH;
  const rest = () => { letters = ""; last = -Infinity; field = null; clearTimeout(timer); };
  const end = () => {
    const text = letters, took = Math.round(last - first);
    undo();
    rest();
    scanned(text, took);
  };
  const silent = () => {
    if (letters.length < LONE) { rest(); return; }
    patience = SILENCE;
    end();
  };
  const undo = () => {
    untype(before);
    // A field that people write in keeps what stood there before the scan.
    if (field?.isConnected) field.element.value = field.value;
  };
  const swallow = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  const written = (element) => element instanceof HTMLInputElement && !element.readOnly && !["checkbox", "radio", "button"].includes(element.type);

  const down = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = event.timeStamp;
    const quick = at - last <= GAP;
    if ((event.key === "Enter" || event.key === "Tab") && quick && letters.length >= SHORTEST) {
      swallow(event);
      last = at;
      patience = STALLED;
      end();
      return;
    }
    const letter = letterOf(event);
    if (!letter) {
      if (event.key !== "Shift" && event.key !== "CapsLock") { rest(); if (typed(event, "")) swallow(event); }
      return;
    }
    if (!quick) {
      silent();
      first = at;
      before = mark();
      field = written(event.target) ? { element: event.target, value: event.target.value, get isConnected() { return this.element.isConnected; } } : null;
    }
    letters += letter;
    last = at;
    clearTimeout(timer);
    if (scanning()) {
      swallow(event);
      if (letters.length === ENOUGH) undo();
      timer = setTimeout(silent, patience);
    } else if (typed(event, letter)) {
      event.preventDefault();
    }
  };
  const up = (event) => { if (scanning()) swallow(event); };

  target.addEventListener("keydown", down, { capture: true });
  target.addEventListener("keyup", up, { capture: true });
  return () => {
    target.removeEventListener("keydown", down, { capture: true });
    target.removeEventListener("keyup", up, { capture: true });
  };
}
