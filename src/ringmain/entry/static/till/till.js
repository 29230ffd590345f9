// The till's one screen: amount, guest, vouchers, payment. What a customer brings lives in `sale` and goes with them.

import "./page.js";
import { ask, newKey, Refused, Unanswered } from "./ask.js";
import { drawBenefits } from "./benefit.js";
import { load, possible, readCode } from "./camera.js";
import { minor, type, writer } from "./money.js";
import { begin, foundHere, hold, reckon, release } from "./offline.js";
import { askAmount } from "./part.js";
import { hide, showDone, showKept, showRefused, showUndone, shown } from "./result.js";
import { listen } from "./scan.js";
import { goOn, send, waiting } from "./send.js";
import { play } from "./sound.js";
import { openSplit } from "./split.js";
import { openUndo } from "./undo.js";

const facts = JSON.parse(document.querySelector("#facts").textContent);
const { texts, precision } = facts;
const write = writer(facts.language, facts.currency, precision);
const at = (id) => document.getElementById(id);
const amount = at("amount");
const who = at("who-text");
const offers = document.querySelector("[name=offers]");
// As many figures are no amount: they are a phone, or the twelve of a typed code.
const PHONE_BEGINS = 10;
const TYPED_CODE = 12;
const PHONE_PAUSE = 450;
const QUOTE_PAUSE = 90;

let sale = fresh();
let recording = null;
let looking = Promise.resolve();
let quoting = null;
let quoteTimer = 0;
let whoTimer = 0;

function fresh() {
  return { text: "", target: "amount", member: null, quote: null, chosen: null, codes: new Map(), here: new Map(), parts: new Map(), own: new Map(), payment: null, challenge: null, joining: null, attempt: null, done: null };
}

// ------------------------------------------------------------------------------------------------------------- drawing

const total = () => minor(sale.text, precision) ?? 0;
const off = () => (sale.quote ? Math.min(sale.quote.off_minor, total() || sale.quote.off_minor) : 0);
const day = new Intl.DateTimeFormat(facts.language, { dateStyle: "medium" });
const collect = () => Math.max(total() - off(), 0);

function draw() {
  amount.value = sale.text ? shownAmount() : write(0);
  amount.classList.toggle("empty", !sale.text);
  at("collect").replaceChildren(...collectLine());
  const ready = total() > 0;
  const nothing = ready && collect() === 0;
  for (const button of document.querySelectorAll("[data-tender]")) {
    const free = button.dataset.tender === "none";
    button.hidden = free !== nothing;
    button.disabled = !ready;
    if (!free) button.querySelector("b").textContent = ready ? write(collect()) : "";
  }
  at("split-open").hidden = nothing;
  at("split-open").disabled = !ready;
  drawGuest();
}

function shownAmount() {
  const part = sale.text.split(".")[1];
  const whole = write(minor(sale.text, precision));
  if (part === undefined || part.length === precision) return part === undefined && precision ? whole.replace(/[.,]0+(?=\D*$)/, "") : whole;
  return `${write(minor(sale.text.split(".")[0], precision)).replace(/[.,]0+(?=\D*$)/, "")}.${part}`;
}

function collectLine() {
  if (!sale.quote?.off_minor || !total()) return [];
  const less = document.createElement("span");
  less.className = "less";
  less.textContent = write(-off());
  const rest = document.createElement("b");
  rest.textContent = write(collect());
  return [less, " ", rest, ` ${texts.collect}`];
}

function drawGuest() {
  const { member } = sale;
  at("who").hidden = Boolean(member);
  at("member").hidden = !member;
  at("join").hidden = !sale.joining;
  at("hint").hidden = Boolean(member || sale.joining || sale.codes.size);
  document.body.classList.toggle("joining", Boolean(sale.joining));
  at("who").classList.toggle("target", sale.target === "who");
  at("who-go").hidden = !who.value;
  at("camera-open").hidden = Boolean(who.value) || !possible();
  const label = sale.joining?.challenge ? texts.phone : texts.who;
  at("who-label").textContent = who.placeholder = label;
  if (sale.joining) at("join-why").textContent = sale.joining.challenge ? texts.askPhone : texts.notMember;
  at("join-yes").disabled = !who.value;
  if (member) drawMember(member);
  drawBenefits(member, texts, say);
  drawVouchers();
}

function drawMember(member) {
  const face = at("member-face");
  const name = member.name ?? member.initial ?? "";
  if (member.photo && face.dataset.photo !== member.photo) {
    const picture = new Image(56, 56);
    picture.alt = "";
    picture.src = member.photo;
    face.replaceChildren(picture);
    face.dataset.photo = member.photo;
  } else if (!member.photo) {
    delete face.dataset.photo;
    face.textContent = (name || texts.guest).slice(0, 1).toUpperCase();
  }
  at("member-name").textContent = name || texts.guest;
  const points = `${member.points.toLocaleString(facts.language)} ${texts.points}`;
  at("member-facts").textContent = [member.phone && `··· ${member.phone}`, points].filter(Boolean).join(" · ");
  at("member-habits").replaceChildren(...member.habits.map(habitLine));
}

function habitLine(text) {
  const line = document.createElement("small");
  line.textContent = text;
  return line;
}

function drawVouchers() {
  const list = at("vouchers");
  const held = sale.quote?.vouchers ?? [];
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.voucher : null;
  list.replaceChildren(...held.flatMap(voucherButtons));
  if (focused) list.querySelector(`[data-voucher="${focused}"]`)?.focus();
  if (!sale.member || held.length) return;
  const nothing = document.createElement("p");
  nothing.className = "note";
  nothing.textContent = texts.noVoucher;
  list.append(nothing);
}

function voucherButtons(one) {
  const [button, part] = at("voucher-button").content.cloneNode(true).children;
  const used = sale.quote.used.includes(one.id);
  button.dataset.voucher = one.id;
  button.setAttribute("aria-pressed", String(used));
  button.classList.toggle("cannot", Boolean(one.refusal));
  button.querySelector(".off").textContent = used && one.amount_minor ? write(-one.amount_minor) : one.worth;
  button.querySelector(".name").textContent = one.name;
  button.querySelector("small").textContent = one.refusal?.why ?? voucherNote(one, used);
  if (!used || !one.left_minor || !total()) return [button];
  part.dataset.part = one.id;
  return [button, part];
}

function voucherNote(one, used) {
  if (sale.own.has(one.id)) return texts.ownRisk;
  if (used && sale.parts.has(one.id)) return `${write(one.left_minor - one.amount_minor)} ${texts.stays}`;
  return `${texts.ends} ${one.ends}`;
}

function say(text, wrong = false) {
  at("said").textContent = text;
  at("said").classList.toggle("wrong", wrong);
}

// -------------------------------------------------------------------------------------------------------------- typing

function press(key) {
  if (sale.target === "who" && !who.hidden && !sale.member) {
    who.value = key === "back" ? who.value.slice(0, -1) : who.value + key;
    if (!who.value && !sale.joining) sale.target = "amount";
    whoTyped();
  } else {
    const digits = sale.text + key;
    if (/^\d+$/.test(digits) && digits.length >= PHONE_BEGINS && !sale.member) {
      sale.text = "";
      sale.target = "who";
      who.value = digits;
      whoTyped();
    } else {
      sale.text = type(sale.text, key, precision);
      requote();
    }
  }
  draw();
}

// A phone of this country looks itself up once nothing more is typed, a code at once.
function whoTyped() {
  clearTimeout(whoTimer);
  if (sale.joining?.challenge) return;
  if (sale.joining) endJoin();
  if (!/^\d+$/.test(who.value)) return;
  if (who.value.length === TYPED_CODE) lookUp(who.value);
  else if (who.value.length === facts.mobileDigits) whoTimer = setTimeout(() => lookUp(who.value), PHONE_PAUSE);
}

function keyed(event, letter) {
  if (document.querySelector("dialog[open]:not(#result)")) return false;
  if (shown()) {
    // Any key is the next customer; what keys do to the two other buttons stays theirs.
    const control = event.target.closest("#result-receipt, #result-undo");
    if (event.key === "Tab" || event.key === "Shift" || (control && ["Enter", " "].includes(event.key))) return false;
    next();
    if (!/[0-9]/.test(letter)) return true;
  }
  const own = event.target.matches?.("#who-text, input[type=checkbox]");
  if (/[0-9]/.test(letter) || (letter === "." && sale.target === "amount" && precision)) { if (own && event.target === who) return false; press(letter); return true; }
  if (event.key === "Backspace" && !own) { press("back"); return true; }
  if (event.key === "Escape") { next(); return true; }
  if (letter === "/" && event.target !== who) { who.focus(); return true; }
  if (event.key !== "Enter" || event.target.closest?.("button, a, summary") || own) return false;
  if (sale.target === "who" && who.value) lookUp(who.value);
  else document.querySelector("[data-tender]:not([hidden], [disabled])")?.click();
  return true;
}

// --------------------------------------------------------------------------------------------------------- who it is

// One after the other: two scans that follow at once are both answered, in their order.
function lookUp(text) {
  const mine = sale;
  clearTimeout(whoTimer);
  const question = { key: newKey(), scanned: text, total_minor: total() || null };
  looking = looking.then(async () => {
    if (sale !== mine) return;
    try {
      found(await ask("/till/identify", question), text);
    } catch (error) {
      if (!(error instanceof Unanswered) || !(await meetHere(text, mine))) failed(error, () => lookUp(text));
    }
    if (sale === mine) draw();
  });
  return looking;
}

function found(answer, text) {
  say("");
  if (answer.kind === "member") return meet(answer);
  if (answer.kind === "voucher") {
    const [voucher] = answer.quote.vouchers;
    sale.codes.set(voucher.id, answer.code);
    sale.chosen = [...(sale.quote?.used ?? []).filter((id) => id !== voucher.id), voucher.id];
    who.value = "";
    sale.target = "amount";
    if (!sale.member && sale.codes.size === 1) sale.quote = answer.quote;
    else requote(0);
    hold([answer.code], [], null);
    play("found");
    return null;
  }
  sale.joining = { challenge: answer.kind === "payment" ? answer.challenge_id : null };
  if (answer.kind === "payment") {
    const [kind, token] = [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)];
    sale.payment = { kind, token };
    who.value = "";
  } else {
    who.value = answer.phone;
  }
  sale.target = answer.kind === "payment" ? "who" : "amount";
  play("found");
  return null;
}

// Without a network: a voucher that this till has leased, or the word that it needs one.
async function meetHere(text, mine) {
  const here = await foundHere(text, total());
  if (!here || sale !== mine) return Boolean(here);
  who.value = "";
  sale.target = "amount";
  if (here.why) {
    const anyway = here.anyway ? () => takeAnyway(here.anyway) : null;
    showRefused({ why: texts.here[here.why] ?? texts.here.network, next_step: texts.hereNext }, { anyway });
    return true;
  }
  const { lease } = here;
  sale.codes.set(lease.voucher_id, text);
  sale.here.set(lease.voucher_id, lease);
  sale.chosen = [...(sale.quote?.used ?? []).filter((id) => id !== lease.voucher_id), lease.voucher_id];
  await quoteHere();
  play("found");
  return true;
}

// The merchant lets its tills take what they have not leased: the amount is what the guest's phone shows.
function takeAnyway({ id, code }) {
  const mine = sale;
  const use = (amount) => {
    if (sale !== mine) return;
    sale.codes.set(id, code);
    sale.own.set(id, amount);
    sale.chosen = [...(sale.quote?.used ?? []).filter((other) => other !== id), id];
    quoteHere();
  };
  askAmount({ title: texts.ownRiskHow, more: texts.ownRiskMore, amount: 0, most: total() || null, precision, write, texts, use });
}

async function quoteHere() {
  const mine = sale;
  const ids = mine.chosen ?? mine.quote?.used ?? [];
  const reckoned = await reckon(ids, total(), mine);
  if (sale !== mine) return;
  const known = new Map((mine.quote?.vouchers ?? []).map((one) => [one.id, one]));
  for (const lease of mine.here.values()) if (!known.has(lease.voucher_id)) known.set(lease.voucher_id, { id: lease.voucher_id, name: lease.goods ?? "", worth: write(lease.remaining_minor), ends: day.format(new Date(lease.valid_until)), amount_minor: 0, refusal: null, left_minor: lease.kind === "gift" ? lease.remaining_minor : null });
  for (const [id, amount] of mine.own) if (!known.has(id)) known.set(id, { id, name: "", worth: write(amount), ends: "", amount_minor: 0, refusal: null, left_minor: null });
  const failing = reckoned.why && total() ? texts.here[reckoned.why] : "";
  say(failing, true);
  const vouchers = [...known.values()].map((one) => ({ ...one, amount_minor: reckoned.amounts?.get(one.id) ?? 0 }));
  mine.quote = { vouchers, used: reckoned.why && total() ? [] : ids, off_minor: reckoned.off ?? 0 };
  draw();
}

function meet(answer) {
  sale.member = answer.member;
  sale.joining = null;
  sale.target = "amount";
  who.value = "";
  offers.checked = false;
  // Vouchers that were scanned before stay chosen beside the guest's own.
  if (sale.codes.size) { sale.chosen = [...sale.codes.keys()]; requote(0); } else sale.quote = answer.quote;
  hold([], used(), sale.member.member_id);
  play("found");
}

function endJoin() {
  sale.joining = null;
  sale.target = "amount";
}

async function join() {
  if (!sale.joining || !who.value || sale.joining.busy) return;
  const mine = sale;
  const asked = sale.joining;
  if (asked.phone !== who.value) { asked.phone = who.value; asked.key = newKey(); }
  asked.busy = true;
  try {
    const answer = await ask("/till/join", { key: asked.key, phone: asked.phone, challenge_id: asked.challenge, offers: offers.checked, total_minor: total() || null });
    if (sale !== mine) return;
    if (answer.kind === "code") askCode(asked.challenge);
    else meet(answer);
  } catch (error) {
    if (sale === mine) failed(error, join);
  } finally {
    asked.busy = false;
    if (sale === mine) draw();
  }
}

function askCode(challenge) {
  at("sent-code-text").value = "";
  at("sent-code").showModal();
  at("sent-code-text").focus();
  at("sent-code-go").onclick = async () => {
    try {
      meet(await ask("/till/join-code", { challenge_id: challenge, code: at("sent-code-text").value.trim(), total_minor: total() || null }));
      at("sent-code").close();
      draw();
    } catch (error) {
      failed(error, null);
    }
  };
}

// ------------------------------------------------------------------------------------------------------------ vouchers

function requote(pause = QUOTE_PAUSE) {
  clearTimeout(quoteTimer);
  if (!sale.member && !sale.codes.size) return;
  const mine = sale;
  const state = {};
  quoting = state;
  state.done = new Promise((resolve) => { quoteTimer = setTimeout(resolve, pause); }).then(async () => {
    if (sale !== mine || quoting !== state) return;
    const chosen = sale.chosen?.map(asUsed) ?? null;
    const answer = await ask("/till/quote", { member_id: sale.member?.member_id ?? null, chosen, total_minor: total() || null });
    if (sale !== mine || quoting !== state) return;
    quoting = null;
    const last = sale.chosen?.at(-1);
    // What does not go together is used alone: the one that was touched last.
    if (answer.refusal?.code === "not_combinable" && sale.chosen.length > 1) { sale.chosen = [last]; requote(0); await quoting?.done; return; }
    say(answer.refusal && total() ? `${answer.refusal.why} ${answer.refusal.where}` : "", true);
    sale.quote = answer;
    draw();
  }).catch(async (error) => { if (quoting === state) quoting = null; if (sale === mine && error instanceof Unanswered && sale.chosen) await quoteHere(); if (sale === mine && error instanceof Refused) { sale.quote = null; failed(error, null); } });
}

const asUsed = (id) => ({ ...(sale.codes.has(id) ? { code: sale.codes.get(id) } : { voucher_id: id }), amount_minor: sale.parts.get(id) ?? null });

function choosePart(id) {
  const mine = sale;
  const one = sale.quote.vouchers.find((voucher) => voucher.id === id);
  const most = Math.min(one.left_minor, total() || one.left_minor);
  const use = (amount) => {
    if (sale !== mine) return;
    if (amount === most) sale.parts.delete(id); else sale.parts.set(id, amount);
    sale.chosen = [...used()];
    requote(0);
  };
  askAmount({ title: texts.part, more: `${write(one.left_minor)} ${texts.onIt}`, amount: one.amount_minor, most, precision, write, texts, use });
}

function choose(id) {
  const one = sale.quote.vouchers.find((voucher) => voucher.id === id);
  const used = sale.quote.used;
  say("");
  if (one.refusal && !used.includes(id)) {
    say(`${one.refusal.why} ${one.refusal.next_step}`, true);
    return;
  }
  sale.chosen = used.includes(id) ? used.filter((other) => other !== id) : [...used, id];
  sale.parts.delete(id);
  requote(0);
}

// ------------------------------------------------------------------------------------------------------------- payment

async function pay(tenders) {
  if (recording || !total()) return;
  const mine = sale;
  recording = mine;
  document.body.classList.add("busy");
  try {
    while (quoting) await quoting.done;
    if (sale !== mine) return;
    const record = recordOf(typeof tenders === "string" ? tendersOf(tenders) : tenders);
    const vouchers = used().map((id) => ({ id, taken_minor: sale.quote.vouchers.find((one) => one.id === id)?.amount_minor ?? 0, anyway: sale.own.has(id) }));
    const done = await send(record, vouchers, texts.here.used);
    if (sale !== mine) return;
    sale.done = done;
    sale.attempt = null;
    if (done.kept) showKept(done, collect(), write, texts);
    else showDone(done, write, texts);
  } catch (error) {
    if (sale !== mine) return;
    if (error instanceof Refused) sale.attempt = null;
    if (error instanceof Unanswered && sale.attempt) {
      const { key } = sale.attempt;
      showRefused({ why: texts.noAnswer, next_step: texts.noAnswerVouchers }, { again: () => pay(tenders), full: async () => { await goOn(key); showKept({ receipt: null }, total(), write, texts); } });
      return;
    }
    const withVouchers = sale.quote?.used.length;
    failed(error, () => pay(tenders), withVouchers ? () => { sale.chosen = []; sale.codes.clear(); sale.quote = sale.member ? sale.quote : null; requote(0); draw(); } : null);
  } finally {
    recording = null;
    document.body.classList.remove("busy");
  }
}

const used = () => sale.quote?.used ?? [];
const tendersOf = (kind) => (collect() ? [{ kind, amount_minor: collect() }] : []);

// The same sale keeps its key: a lost answer that is asked for again is the same sale.
function recordOf(tenders) {
  const vouchers = used().map(asUsed);
  const body = { total_minor: total(), currency: facts.currency, tenders, vouchers };
  if (sale.member) body.member_id = sale.member.member_id;
  else if (sale.payment) body.payment = sale.payment;
  const content = JSON.stringify(body);
  if (sale.attempt?.content !== content) sale.attempt = { content, key: newKey(), receipt: nextReceipt() };
  return { key: sale.attempt.key, staff_id: facts.staff, sale: { ...body, receipt: sale.attempt.receipt } };
}

function nextReceipt() {
  // Day, till, and the number of the day: two tills of a shop never print the same.
  const day = `${new Date().toISOString().slice(5, 10).replace("-", "")}${facts.terminal}`;
  const [before, count] = (localStorage.getItem("till.receipt") ?? "").split("-");
  const number = before === day ? Number(count) + 1 : 1;
  localStorage.setItem("till.receipt", `${day}-${number}`);
  return `${day}-${String(number).padStart(4, "0")}`;
}

function failed(error, again, without = null) {
  if (error instanceof Refused) showRefused(error.problem, { without });
  else if (error instanceof Unanswered) showRefused({ why: texts.noAnswer, next_step: texts.noAnswerNext }, { again });
  else throw error;
}

function next() {
  hide();
  release([...new Set([...used(), ...sale.codes.keys()])]);
  sale = fresh();
  quoting = null;
  who.value = "";
  offers.checked = false;
  say("");
  draw();
  amount.focus({ preventScroll: true });
}

// -------------------------------------------------------------------------------------------------------------- wiring

at("keypad").addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (key) press(key);
});
at("tenders").addEventListener("click", (event) => {
  const kind = event.target.closest("[data-tender]")?.dataset.tender;
  if (kind) pay(kind);
});
at("split-open").addEventListener("click", async () => {
  while (quoting) await quoting.done;
  openSplit({ collect: collect(), precision, write, texts, pay });
});
at("vouchers").addEventListener("click", (event) => {
  const { voucher, part } = event.target.closest("[data-voucher], [data-part]")?.dataset ?? {};
  if (voucher) choose(voucher);
  if (part) choosePart(part);
});
who.addEventListener("focus", () => { sale.target = "who"; draw(); });
who.addEventListener("blur", () => { if (!who.value && !sale.joining) { sale.target = "amount"; draw(); } });
who.addEventListener("input", () => { whoTyped(); draw(); });
amount.addEventListener("focus", () => { if (!who.value) { sale.target = "amount"; draw(); } });
at("who").addEventListener("submit", (event) => { event.preventDefault(); if (!who.value) return; if (sale.joining) join(); else lookUp(who.value); });
at("join-yes").addEventListener("click", join);
at("join-no").addEventListener("click", () => { who.value = ""; endJoin(); draw(); });
at("member-clear").addEventListener("click", () => { const { text } = sale; next(); sale.text = text; draw(); });
at("result-next").addEventListener("click", next);
at("result").addEventListener("cancel", (event) => { event.preventDefault(); next(); });
at("result-undo").addEventListener("click", () => openUndo(sale.done.sale_id, write(sale.done.total_minor), (answer) => showUndone(answer, write, texts)));
at("camera-open").addEventListener("click", async () => {
  const text = await readCode(at("camera"), at("camera-view"), at("camera-said"), texts);
  if (text) lookUp(text);
});
// What the payment app of this device hands over: the token of who pays, never a card's number.
window.addEventListener("ringmain:payment", ({ detail }) => lookUp(`${detail.kind}:${detail.token}`));

listen({
  scanned: (text) => { if (shown()) next(); for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close(); lookUp(text); },
  mark: () => ({ sale, quoting, text: sale.text, target: sale.target, who: who.value }),
  untype: (before) => {
    clearTimeout(whoTimer);
    if (quoting !== before.quoting) { clearTimeout(quoteTimer); quoting = null; }
    if (before.sale === sale) { sale.text = before.text; sale.target = before.target; } else { sale.text = ""; sale.target = "amount"; }
    who.value = before.sale === sale ? before.who : "";
    draw();
  },
  typed: keyed,
});

function state() {
  const line = at("state");
  const count = waiting();
  line.textContent = count ? `${count} ${line.dataset.waiting}` : navigator.onLine ? line.dataset.online : line.dataset.offline;
  line.classList.toggle("off", !navigator.onLine || count > 0);
  at("queue-open").hidden = !count;
}
begin({ busy: () => Boolean(recording || sale.text || sale.member || sale.codes.size || shown()) });
for (const name of ["online", "offline", "till:queue"]) window.addEventListener(name, state);
state();

const [person, length] = JSON.parse(sessionStorage.getItem("till.pin") ?? "[]");
if (person) { localStorage.setItem(`till.pin.${person}`, String(length)); sessionStorage.removeItem("till.pin"); }
const brought = sessionStorage.getItem("till.scan");
sessionStorage.removeItem("till.scan");
if (brought) lookUp(brought);
if (possible()) requestIdleCallback?.(load);
draw();
document.documentElement.dataset.ready = "yes";
