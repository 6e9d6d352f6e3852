// What a reader sets, and all that follows from it on the page.

const DELAY_MS = 150;
const WRONG = "A field that is marked holds no number that can be; what it was before still counts.";
const data = JSON.parse(document.getElementById("data").textContent);
const inRun = judged(data, data.terms);
const fields = [...document.querySelectorAll("#settings input[type=number]")];
const sliders = [...document.querySelectorAll("#settings input[type=range]")];
const asInRun = new Map([...document.querySelectorAll("#comparison [data-cell]")].map((each) => [each, seen(each)]));
let terms = structuredClone(data.terms);

function seen(each) {
  return [each.textContent, each.dataset.value];
}

// A field shows a figure of the terms; shares in percent.

function figureAt(of, path) {
  return path.split(".").reduce((part, key) => part[key], of);
}

function setFigure(of, path, figure) {
  const keys = path.split("."), last = keys.pop();
  keys.reduce((part, key) => part[key], of)[last] = figure;
}

function shownIn(field, figure) {
  return "percent" in field.dataset ? Number((figure * 100).toPrecision(12)) : figure;
}

/** Return what a field says, or null where it says nothing that can be. */
function figureIn(field) {
  const shown = field.value.trim() === "" ? NaN : Number(field.value);
  const most = field.max === "" ? Infinity : Number(field.max);
  if (!(shown >= 0 && shown <= most && Number.isFinite(shown))) return null;
  return "percent" in field.dataset ? shown / 100 : shown;
}

function sameIn(field, one, other) {
  return shownIn(field, figureAt(one, field.dataset.path)) === shownIn(field, figureAt(other, field.dataset.path));
}

/** Return the number fields beside a slider that it moves: prices, and not what is free. */
function movedBy(slider) {
  const beside = [...slider.closest("fieldset").querySelectorAll("input[type=number]")];
  return beside.filter((field) => !field.dataset.path.endsWith(".free"));
}

function isShare(slider) {
  return "percent" in movedBy(slider)[0].dataset;
}

function take(field) {
  const figure = figureIn(field);
  field.setAttribute("aria-invalid", String(figure === null));
  if (figure !== null) setFigure(terms, field.dataset.path, figure);
}

function slid(slider) {
  for (const field of movedBy(slider)) {
    const before = figureAt(data.terms, field.dataset.path);
    const moved = isShare(slider) ? Number(slider.value) : Number(((before * slider.value) / 100).toPrecision(12));
    field.value = moved;
    take(field);
  }
}

/** Put a slider where its fields are. */
function follow(slider) {
  const fields = movedBy(slider), now = fields.map((field) => figureAt(terms, field.dataset.path));
  const before = fields.map((field) => figureAt(data.terms, field.dataset.path));
  const place = now.findIndex((_, k) => before[k] > 0);
  const percent = isShare(slider) ? now[0] * 100 : place < 0 ? 100 : (now[place] / before[place]) * 100;
  slider.value = percent;
  const said = `${plain(Number(percent.toPrecision(4)), 4)} %`;
  slider.nextElementSibling.textContent = said;
  slider.setAttribute("aria-valuetext", said);
}

function showFields() {
  for (const field of fields) {
    field.value = shownIn(field, figureAt(terms, field.dataset.path));
    field.setAttribute("aria-invalid", "false");
  }
}

// A link carries what is other than in the run.

function toLink() {
  const changed = fields.filter((field) => !sameIn(field, terms, data.terms));
  const said = changed.map((field) => [field.dataset.key, shownIn(field, figureAt(terms, field.dataset.path))]);
  return said.length ? `#set:${new URLSearchParams(said)}` : "#prices";
}

function fromLink() {
  terms = structuredClone(data.terms);
  if (location.hash.startsWith("#set:")) {
    const said = new URLSearchParams(location.hash.slice(5));
    showFields();
    for (const field of fields.filter((each) => said.has(each.dataset.key))) {
      field.value = said.get(field.dataset.key);
      take(field);
    }
    document.getElementById("prices").scrollIntoView();
  }
  showFields();
  update();
}

// What follows.

function cell(row, text, classes) {
  const found = row.insertCell();
  found.textContent = text;
  if (classes) found.className = classes;
  return found;
}

function heading(row, text) {
  const found = document.createElement("th");
  found.scope = "row";
  const name = document.createElement("bdi");
  name.textContent = printable(text);
  found.append(name);
  row.append(found);
}

function printable(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ").replace(/\s+/g, " ").trim() || "(no name)";
}

function showRanking(now) {
  const body = document.querySelector("#now-table tbody");
  body.replaceChildren();
  now.ranking.forEach((plan, place) => {
    const before = inRun.plans.find(({ name }) => name === plan.name), row = body.insertRow();
    if (plan === now.best) row.className = "best";
    heading(row, plan.name);
    const rank = inRun.ranking.indexOf(before);
    cell(row, rank === place ? `${place + 1}` : `${rank + 1} \u2192 ${place + 1}`, "number");
    cell(row, usd(before.cost.mean), "number");
    cell(row, usd(plan.cost.mean), "number");
    cell(row, usdWithin(plan.cost), "number");
    cell(row, plan.cost.mean === before.cost.mean ? "" : relativeChange(before.cost.mean, plan.cost.mean), "number");
  });
}

/** Return what stands in the cells of a plan that prices change: text and number, by the cells' names. */
function moneyCells(now, plan) {
  const cost = "cost_usd_per_month", net = "net_value_usd_per_month";
  const judgedBy = data.choice.weighs_value ? net : cost, sign = data.choice.weighs_value ? -1 : 1;
  const first = now.ranking[0], against = now.against.get(plan);
  const gap = plan === first ? null : sign * (against?.mean ?? mean(gaps(plan, first)));
  const rank = now.ranking.indexOf(plan) + 1;
  const cells = {
    rank: [`${rank}`, rank],
    [cost]: [usd(plan.cost.mean), plan.cost.mean],
    [`${cost}/chance, 95 %`]: [usdWithin(plan.cost)],
    [`${judgedBy}/above rank 1`]: [gap === null ? "" : signedUsd(gap)],
    [`${judgedBy}/against rank 1`]: [gap === null ? "" : signedUsd(gap)],
    [`${judgedBy}/all at once`]: [against ? allAtOnce(sign * against.mean, against.half) : ""],
    [`${judgedBy}/choice`]: [against ? (against.told === "undecided" ? "?" : against.told) : plan === now.best && now.against.size ? "best" : ""],
    [`${judgedBy}/pairing saves`]: [pairingText(data, plan, first)],
  };
  if (plan.per1k !== null) cells.cost_usd_per_1k_requests = [usd(plan.per1k), plan.per1k];
  if (plan.wasted !== null) cells.wasted_usd_per_month = [usd(plan.wasted), plan.wasted];
  if (plan.net) Object.assign(cells, { [net]: [usd(plan.net.mean), plan.net.mean], [`${net}/chance, 95 %`]: [usdWithin(plan.net)] });
  return cells;
}

function allAtOnce(gapUsd, half) {
  return half < 0.01 && gapUsd ? "\u00b1 <$0.01" : usdWithin({ mean: gapUsd, half });
}

/** Show the comparison as it is now; what the run itself says, in its own words, which know a little more. */
function showComparison(now, isChanged) {
  for (const table of document.querySelectorAll("#comparison table")) {
    for (const row of table.tBodies[0].rows) {
      const plan = now.plans[row.dataset.plan], cells = moneyCells(now, plan);
      row.classList.toggle("best", plan === now.best);
      for (const each of row.cells) {
        const [text, number] = isChanged ? cells[each.dataset.cell] ?? [] : asInRun.get(each) ?? [];
        if (text === undefined) continue;
        if (each.textContent !== text) each.textContent = text;
        if (number !== undefined) each.dataset.value = number;
      }
    }
    const [body] = table.tBodies;
    body.append(...now.ranking.map((plan) => [...body.rows].find(({ dataset }) => now.plans[dataset.plan] === plan)));
    sortAgain(table);
  }
}

/** List what is set, so that it is seen on paper, too. */
function showChanged() {
  const changed = fields.filter((field) => !sameIn(field, terms, data.terms));
  document.getElementById("changed").replaceChildren(...changed.map((field) => {
    const found = document.createElement("li"), fieldset = field.closest("fieldset");
    const [before, now] = [data.terms, terms].map((of) => shownIn(field, figureAt(of, field.dataset.path)));
    const label = field.parentElement.textContent.trim();
    found.textContent = `${fieldset.querySelector("legend").textContent}, ${label}: ${before} \u2192 ${now}`;
    return found;
  }));
}

function showBills(now) {
  for (const table of document.querySelectorAll("table.bill")) {
    const { bill } = now.plans[table.dataset.plan], body = table.tBodies[0];
    body.replaceChildren();
    for (const line of bill) {
      const row = body.insertRow();
      heading(row, line.item);
      cell(row, count(line.quantity), "number");
      cell(row, line.unit);
      cell(row, priceText(line.priceUsd), "number");
      cell(row, usdOnBill(line.usd), "number");
      cell(row, [line.size, ...line.details].filter(Boolean).join("; "), "detail");
    }
    table.querySelector(".total").textContent = usd(totalUsd(bill));
  }
}

function showRepeat(isChanged) {
  const text = bookText(data, terms), command = repriceCommand(data, terms, "as-set.yaml");
  document.getElementById("repeat").hidden = !isChanged;
  document.getElementById("reprice-command").textContent = command;
  const hasBook = command.includes(" --prices ");
  for (const id of ["with-book", "book-part"]) document.getElementById(id).hidden = !hasBook;
  document.getElementById("book").value = text;
  document.getElementById("save").href = `data:application/yaml;charset=utf-8,${encodeURIComponent(text)}`;
}

function update() {
  const now = judged(data, terms), isChanged = fields.some((field) => !sameIn(field, terms, data.terms));
  for (const note of document.querySelectorAll(".stale")) note.hidden = !isChanged;
  document.getElementById("prices").classList.toggle("unchanged", !isChanged);
  const said = isChanged ? bestNow(data, inRun, now) : "These are the prices of the run; nothing is changed.";
  for (const each of document.querySelectorAll(".now")) each.textContent = printable(said);
  const isWrong = fields.some((field) => field.getAttribute("aria-invalid") === "true");
  document.getElementById("now").textContent = printable(isWrong ? `${said} ${WRONG}` : said);
  showRanking(now);
  showComparison(now, isChanged);
  showChanged();
  showBills(now);
  showRepeat(isChanged);
  sliders.forEach(follow);
  document.getElementById("link").href = toLink();
}

let waiting = 0;

function changed({ target }) {
  if (target.type === "range") slid(target); else take(target);
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    update();
    keepInAddress();
  }, DELAY_MS);
}

/** Let the address say what is set, so that it can be kept or sent. */
function keepInAddress() {
  try {
    history.replaceState(null, "", toLink());
  } catch { // where a page may not do so, the link has it
  }
}

document.getElementById("settings").addEventListener("input", changed);
document.getElementById("settings").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("reset").addEventListener("click", () => {
  terms = structuredClone(data.terms);
  showFields();
  update();
  keepInAddress();
});
document.getElementById("copy").addEventListener("click", async () => {
  const book = document.getElementById("book"), told = document.getElementById("copied");
  book.select();
  try {
    await navigator.clipboard.writeText(book.value);
    told.textContent = "Copied.";
  } catch {
    told.textContent = "Selected; copy it with the keyboard.";
  }
});
window.addEventListener("hashchange", () => { if (location.hash.startsWith("#set:")) fromLink(); });
fromLink();
