// Amounts as they are typed: figures and at most one point, with the decimals of the currency (JPY none, KWD three).

const MOST_WHOLE = 9;

export function type(text, key, precision) {
  if (key === "back") return text.slice(0, -1);
  const [whole, part] = text.split(".");
  if (key === ".") return precision && part === undefined ? `${whole || "0"}.` : text;
  let changed = text;
  for (const digit of key) {
    const [now, decimals] = changed.split(".");
    if (decimals !== undefined) { if (decimals.length < precision) changed += digit; }
    else if (now === "0" || (now === "" && digit === "0")) changed = digit === "0" ? "" : digit;
    else if (now.length < MOST_WHOLE) changed += digit;
  }
  return changed;
}

export function minor(text, precision) {
  const found = /^(\d*)(?:[.,](\d*))?$/.exec(text.trim());
  if (!found || (found[2] ?? "").length > precision) return null;
  const digits = `${found[1] || "0"}${(found[2] ?? "").padEnd(precision, "0")}`;
  return digits.length > 15 ? null : Number(digits);
}

export function plain(amount, precision) {
  if (!precision) return String(amount);
  const digits = String(amount).padStart(precision + 1, "0");
  return `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}

export function writer(language, currency, precision) {
  const format = new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "narrowSymbol", minimumFractionDigits: precision, maximumFractionDigits: precision });
  return (amount) => format.format(amount / 10 ** precision).replace("-", "\u2212");
}
