// The price book that a reader has set, as the YAML that `predcost reprice --prices` takes; and the command.

/** Return the book, whole, with the figures of `terms`. */
function bookText(data, terms) {
  const { book } = data, lines = [`name: ${JSON.stringify(book.name)}`];
  const priceOf = (meter) => terms.prices.find((each) => !each.is_stated && each.name === meter);
  if (book.groups.length) lines.push("groups:");
  for (const { source, date, prices } of book.groups) {
    lines.push(`  - source: ${JSON.stringify(source)}`, `    date: ${JSON.stringify(date)}`, "    prices:");
    lines.push(...prices.map((stated) => `      - ${flow(atFigures(stated, priceOf(stated.meter)))}`));
  }
  const added = (kind, figure) => terms[kind].filter((each) => each.is_added && each[figure] > 0);
  const agreed = { source: "set in the report", date: "as set" };
  lines.push(...listOf("discounts", [
    ...book.discounts.map((stated, k) => ({ ...stated, share: shareText(terms.discounts[k].share) })),
    ...added("discounts", "share").map(({ meters, share }) => ({ meters, share: shareText(share), ...agreed })),
  ]));
  const amounts = (each) => ({ usd_per_h: `${each.usd_per_h} USD/h`, discount: shareText(each.discount) });
  lines.push(...listOf("commitments", [
    ...book.commitments.map((stated, k) => ({ ...stated, ...amounts(terms.commitments[k]) })),
    ...added("commitments", "usd_per_h").map((each) => ({ meters: each.meters, ...amounts(each), ...agreed })),
  ]));
  return `${lines.join("\n")}\n${book.energy}`;
}

function listOf(name, parts) {
  return parts.length ? [`${name}:`, ...parts.map((part) => `  - ${flow(part)}`)] : [];
}

/** Return what a book states of a price, with the figures that it has now. */
function atFigures(stated, price) {
  if (!price) return stated;
  const found = { ...stated };
  if (price.usd !== null) found.usd = price.usd;
  if (price.free || "free" in stated) found.free = price.free;
  for (const kind of ["tiers", "long_prompts"]) {
    if (kind in stated) found[kind] = stated[kind].map((each, k) => ({ ...each, usd: price[kind][k].usd }));
  }
  return found;
}

/** Return a value on one line. */
function flow(value) {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, each]) => `${key}: ${flow(each)}`).join(", ")}}`;
}

/** Return the command that bills a run so; `file` is where the book is. */
function repriceCommand(data, terms, file) {
  const before = data.terms.prices;
  const sets = terms.prices.flatMap((price, k) =>
    price.is_stated && price.usd !== before[k].usd ? [`--set ${quoted(`${price.name}=${price.usd} USD`)}`] : []);
  const bookChanged = JSON.stringify({ ...terms, prices: terms.prices.filter((each) => !each.is_stated) }) !==
    JSON.stringify({ ...data.terms, prices: before.filter((each) => !each.is_stated) });
  return ["predcost reprice RUN", ...(bookChanged ? [`--prices ${file}`] : []), ...sets].join(" ");
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
