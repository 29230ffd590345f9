/**
 * The till's clock: what the server's clock shows now, as far as this device knows.
 *
 * - `now()`: the estimate, in milliseconds since 1970.
 * - `offset()`: what is added to the device's own clock for it, in milliseconds; null before the first contact.
 * - `measured(serverTime, sentAt, heardAt)`: a contact; the server's time (ISO 8601 or milliseconds), and when the
 *   question was sent and its answer heard by the device's clock.
 *
 * The offset outlives the page. Where somebody sets the device's clock while the page is open, `performance.now()`, which
 * nobody can set, tells; the offset moves along.
 */

const KEY = "till.clock";
const JUMP = 2000;

let known = JSON.parse(localStorage.getItem(KEY) ?? "null");
let anchor = { wall: Date.now(), steady: performance.now() };

function keep(offset) {
  known = { offset };
  localStorage.setItem(KEY, JSON.stringify(known));
}

function followJumps() {
  const wall = Date.now();
  const steady = performance.now();
  const jump = wall - anchor.wall - (steady - anchor.steady);
  anchor = { wall, steady };
  if (Math.abs(jump) > JUMP && known) keep(Math.round(known.offset - jump));
}

export function now() {
  followJumps();
  return Date.now() + (known?.offset ?? 0);
}

export function offset() {
  followJumps();
  return known ? known.offset : null;
}

export function measured(serverTime, sentAt, heardAt = Date.now()) {
  followJumps();
  const server = typeof serverTime === "number" ? serverTime : Date.parse(serverTime);
  // The answer was made somewhere between asking and hearing: in the middle, for want of better knowledge.
  if (Number.isFinite(server)) keep(Math.round(server - (sentAt + heardAt) / 2));
}
