// Numbers as people read them: what `simulator/report/format.py` writes, to the last digit.

const NOTHING = "-";

/** Return a number with so many decimals and commas; exact halves go to the even digit, as Python has it. */
function fixed(amount, places) {
  const size = Math.abs(amount);
  let text = size.toFixed(places);
  const isHalf = Number.isInteger(size * 2 ** (places + 1)) && (size * 10 ** places) % 1 === 0.5;
  if (isHalf && Number(text.at(-1)) % 2 === 1) text = (Number(text) - 10 ** -places).toFixed(places);
  const [whole, rest] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return (amount < 0 ? "-" : "") + grouped + (rest === undefined ? "" : `.${rest}`);
}

function trimmed(text) {
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

/** Return so many significant digits, without an exponent and without zeros at the end. */
function plain(amount, digits) {
  if (amount === 0) return "0";
  const exponent = Number(amount.toExponential().split("e")[1]);
  return trimmed(fixed(amount, Math.max(0, digits - 1 - exponent)));
}

function short(amount) {
  const steps = [[1e12, "T"], [1e9, "B"], [1e6, "M"]];
  const step = steps.find(([size]) => Math.abs(amount) >= size * ROUNDED);
  return step ? plain(amount / step[0], 3) + step[1] : plain(amount, 3);
}

const ROUNDED = 1 - 5e-4;

function usd(amount) {
  if (!Number.isFinite(amount)) return NOTHING;
  const size = Math.abs(amount), sign = amount < 0 ? "-" : "";
  if (size >= 10e6 * ROUNDED) return `${sign}$${short(size)}`;
  if (Number(size.toFixed(2)) >= 100) return `${sign}$${fixed(size, 0)}`;
  if (size >= 1) return `${sign}$${fixed(size, 2)}`;
  if (size === 0) return "$0";
  if (size < 1e-4) return `${sign}<$0.0001`;
  const [cents, digits] = [fixed(size, 2), plain(size, 2)];
  return `${sign}$${digits.length > cents.length ? digits : cents}`;
}

function usdOnBill(amount) {
  if (amount >= 1 || amount === 0) return usd(amount);
  return amount >= 0.01 ? `$${fixed(amount, 2)}` : "<$0.01";
}

function signedUsd(amount) {
  return amount < 0 || !Number.isFinite(amount) ? usd(amount) : `+${usd(amount)}`;
}

/** Return half an interval as `± $4`, no finer than the mean is written; empty where there is none. */
function usdWithin({ mean, half }) {
  if (Number.isNaN(half) || (mean === 0 && half === 0)) return "";
  const size = Math.abs(mean);
  const step = size >= 100 ? 1 : size >= 1 ? 0.01 : 0;
  if (half < step / 2) return `± <${usd(step).replace(/\.00$/, "")}`;
  return size >= 100 ? `± $${fixed(half, 0)}` : `± ${usd(half)}`;
}

function priceText(amount) {
  if (amount > 0 && amount < 1e-4) return `$${plain(amount * 1e6, 4)}/1M`;
  return amount >= 1 || amount === 0 ? `$${fixed(amount, 2)}` : `$${plain(amount, 4)}`;
}

function count(amount) {
  if (!Number.isFinite(amount)) return NOTHING;
  if (Math.abs(amount) >= 1e6 * ROUNDED) return short(amount);
  return Math.abs(amount) >= 100 || Number.isInteger(amount) ? fixed(amount, 0) : fixed(amount, 1);
}

function relativeChange(before, after) {
  if (before === 0) return "";
  const change = ((after - before) / Math.abs(before)) * 100;
  if (Math.abs(change) < 0.05) return "about 0 %";
  return `${change > 0 ? "+" : ""}${fixed(change, 1).replaceAll(",", "")} %`;
}

/** Return an amount of money to ten digits, without an exponent. */
function usdText(amount) {
  return `${digitsOf(amount, 10)} USD`;
}

/** Return a number as Python's `:.{digits}g` has it, but without an exponent. */
function digitsOf(amount, digits) {
  return amount === 0 ? "0" : plain(Number(amount.toPrecision(digits)), digits).replaceAll(",", "");
}

/** Return a share as people write it, and exactly. */
function shareText(fraction) {
  const percent = digitsOf(fraction * 100, 12);
  return Number(percent) / 100 === fraction ? `${percent} %` : String(fraction);
}
