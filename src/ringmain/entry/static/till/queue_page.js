// The page of what waits on this device, and of what became of the last sales: a refused voucher with when and where.

import "./page.js";
import { writer } from "./money.js";
import { flush, list, start, waiting } from "./queue.js";

const facts = JSON.parse(document.querySelector("#facts").textContent);
const { texts } = facts;
const write = writer(facts.language, facts.currency, facts.precision);
const at = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(facts.language, { dateStyle: "medium", timeStyle: "short" });

function row(record) {
  const item = at("row").content.cloneNode(true).firstElementChild;
  const { answer, problem, sale } = record;
  const notPaid = answer?.not_paid ?? [];
  item.dataset.state = record.state;
  item.dataset.receipt = sale.receipt ?? "";
  item.querySelector(".total").textContent = write(sale.total_minor);
  const taken = (sale.vouchers ?? []).reduce((sum, one) => sum + (one.taken_minor ?? 0), 0);
  item.querySelector(".money").textContent = taken ? write(-taken) : "";
  const said = [clock.format(new Date(record.made_at)), sale.receipt];
  for (const one of notPaid) said.push(one.refusal.why, one.refusal.where, `${write(one.loss_minor)} ${texts.loss}`);
  if (problem) said.push(problem.why, problem.where, record.later ? texts.replaced : problem.next_step);
  item.querySelector(".about").textContent = said.filter(Boolean).join(" · ");
  const badge = item.querySelector(".badge");
  badge.textContent = notPaid.length ? texts.notPaid : texts[record.state];
  badge.classList.toggle("wrong", Boolean(notPaid.length || problem));
  return item;
}

async function draw() {
  const records = await list();
  at("sales").replaceChildren(...records.map(row));
  at("empty").hidden = records.length > 0;
  at("state").textContent = navigator.onLine ? texts.online : texts.offline;
  at("state").classList.toggle("off", !navigator.onLine);
  at("send-now").disabled = !waiting();
  at("waiting").textContent = waiting() ? `${waiting()} ${texts.waiting}` : texts.none;
}

at("send-now").addEventListener("click", flush);
for (const name of ["online", "offline", "till:queue"]) window.addEventListener(name, draw);
await start();
await draw();
document.documentElement.dataset.ready = "yes";
