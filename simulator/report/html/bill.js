// What usage costs: `simulator/prices/bill.py` and what it rests on, step by step, for settings that a reader makes.
//
// `data` is what `rebilling_data.py` returns; `terms` has the form of `data.terms`, with other figures. All amounts are
// for a month of 30 days.

/** Return a sum without the errors of adding one by one, as Python's math.fsum. */
function fsum(amounts) {
  const partials = [];
  for (let x of amounts) {
    let kept = 0;
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y, low = y - (high - x);
      if (low) partials[kept++] = low;
      x = high;
    }
    partials.length = kept;
    partials.push(x);
  }
  return partials.reduceRight((sum, part) => sum + part, 0);
}

/** Return the same price a share lower. */
function lowered(price, off) {
  const cheaper = (each) => ({ ...each, usd: each.usd * (1 - off) });
  return {
    ...price,
    usd: price.usd === null ? null : price.usd * (1 - off),
    tiers: price.tiers.map(cheaper),
    long_prompts: price.long_prompts.map(cheaper),
  };
}

function meanUsdPerUnit(price, unitsPerMonth) {
  if (unitsPerMonth <= 0) return (price.usd === null ? price.tiers[0].usd : price.usd) / price.per;
  if (price.usd !== null && !price.free) return price.usd / price.per;
  return usdOfUnits(price, Math.max(0, unitsPerMonth - price.free)) / unitsPerMonth;
}

function usdOfUnits(price, charged) {
  if (price.usd !== null) return (charged * price.usd) / price.per;
  let total = 0, start = 0;
  for (const tier of price.tiers) {
    const end = tier.up_to === null ? Infinity : tier.up_to;
    total += Math.max(0, Math.min(charged, end) - start) * tier.usd;
    start = end;
  }
  return total / price.per;
}

/** Return the mean price of a token, where long prompts cost more; null where all cost the same. */
function meanUsdByPrompt(price, parts) {
  const total = fsum(parts ?? []);
  if (!price.long_prompts.length || total <= 0) return null;
  const each = [price.usd, ...price.long_prompts.map(({ usd }) => usd)];
  return fsum(parts.map((part, place) => part * each[place])) / total / price.per;
}

/** Return a plan's lines: of the mean usage, or of a replication's where its number is given, without details. */
function billOf(data, plan, terms, replication) {
  const isMean = replication === undefined;
  const used = plan.lines.map((line) => ({
    isMean,
    quantity: (isMean ? line.mean_quantity : line.quantities[replication]) * line.units * data.months,
    parts: isMean ? line.mean_parts : line.parts?.[replication],
  }));
  const pooled = new Map();
  plan.lines.forEach(({ price }, k) => pooled.set(price, (pooled.get(price) ?? 0) + used[k].quantity));
  const lines = plan.lines.map((line, k) => billLine(data, line, used[k], pooled.get(line.price), terms));
  return settled(data, plan, lines, terms);
}

function billLine(data, line, { isMean, quantity, parts }, pooled, terms) {
  const listed = terms.prices[line.price];
  const price = line.off ? lowered(listed, line.off) : listed;
  const plainUsd = meanUsdByPrompt(price, parts) ?? meanUsdPerUnit(price, pooled);
  const discounts = line.discounts.map((number) => terms.discounts[number]).filter((each) => !isIdle(each, each.share));
  const priceUsd = discounts.reduce((usd, each) => usd * (1 - each.share), plainUsd);
  const found = { item: line.item, quantity, unit: line.unit, size: line.size, priceUsd, usd: quantity * priceUsd };
  return isMean ? { ...found, details: termsDetail(data, price, { pooled, parts, plainUsd, discounts }) } : found;
}

/** Return whether a term is one that only the reader may add, and has not. */
function isIdle(term, figure) {
  return term.is_added && figure === 0;
}

/** Return the lines with what commitments cover at its discount, and a line for each that is not used up. */
function settled(data, plan, lines, terms) {
  const before = [...lines], left = lines.map(() => 1), unused = [];
  terms.commitments.forEach((commitment, number) => {
    if (isIdle(commitment, commitment.usd_per_h)) return;
    const held = before.flatMap((line, k) =>
      left[k] > 0 && line.usd > 0 && plan.lines[k].commitments.includes(number) ? [k] : []);
    const usageUsd = fsum(held.map((k) => before[k].usd * left[k]));
    const paidUsd = commitment.usd_per_h * data.month_h;
    const roomUsd = paidUsd / (1 - commitment.discount);
    const share = usageUsd <= roomUsd ? 1 : roomUsd / usageUsd;
    for (const k of held) {
      lines[k] = covered(lines[k], before[k], commitment, left[k] * share);
      left[k] *= 1 - share;
    }
    const unusedUsd = share < 1 ? 0 : Math.max(0, fsum([paidUsd, -usageUsd * (1 - commitment.discount)]));
    if (unusedUsd > 0) unused.push(unusedLine(data, commitment, unusedUsd));
  });
  return [...lines, ...unused];
}

function covered(line, before, commitment, share) {
  const savedUsd = before.usd * share * commitment.discount;
  const priceUsd = (line.usd - savedUsd) / line.quantity;
  const found = { ...line, priceUsd, usd: line.quantity * priceUsd };
  if (!line.details) return found;
  const detail = `${commitmentDetail(commitment, share, before.priceUsd, line.priceUsd)} = ${usdText(priceUsd)}`;
  return { ...found, details: [...line.details, detail] };
}

function unusedLine(data, commitment, unusedUsd) {
  const hours = data.month_h, priceUsd = unusedUsd / hours, paidUsd = commitment.usd_per_h * hours;
  const detail =
    `${digitsOf(commitment.usd_per_h, 6)} USD/h for ${digitsOf(hours, 6)} h is ${fixed(paidUsd, 2)} USD, of which ` +
    `usage takes ${fixed(paidUsd - unusedUsd, 2)} USD; settled over the month, as if usage were the same in every hour`;
  const item = `unused ${nameOf(commitment)}`;
  return { item, quantity: hours, unit: "h", size: "", priceUsd, usd: hours * priceUsd, details: [detail] };
}

function nameOf(commitment) {
  return commitment.label || `commitment to ${digitsOf(commitment.usd_per_h, 6)} USD/h`;
}

// How a price came about: `simulator/prices/detail.py`.

function termsDetail(data, price, { pooled, parts, plainUsd, discounts }) {
  const details = [];
  if (price.tiers.length || price.free) {
    const free = price.free ? `, ${fixed(Math.min(price.free, pooled), 0)} of them free` : "";
    const mean = `mean price of ${fixed(pooled, 0)} units a month${free}`;
    details.push(`${mean}; per ${fixed(price.per, 0)}: ${graduated(price)}`);
  }
  if (meanUsdByPrompt(price, parts) !== null) details.push(...promptsDetail(data, price, parts));
  let before = plainUsd;
  for (const { share, name, agreed } of discounts) {
    const after = before * (1 - share);
    details.push(`${usdText(before)} less ${shareText(share)} (${name}; ${agreed}) = ${usdText(after)}`);
    before = after;
  }
  return details;
}

function graduated({ usd: amount, tiers }) {
  if (amount !== null) return usdText(amount);
  return tiers.map(({ up_to: end, usd: each }) =>
    end === null ? `then ${usdText(each)}` : `${usdText(each)} up to ${fixed(end, 0)}`).join(", ");
}

function promptsDetail(data, price, parts) {
  const ends = price.long_prompts.map(({ above }) => above);
  const each = [price.usd, ...price.long_prompts.map(({ usd: amount }) => amount)];
  return parts.flatMap((tokens, place) => {
    if (!tokens) return [];
    const what = place ? `prompts above ${fixed(ends[place - 1], 0)} tokens` : `prompts up to ${fixed(ends[0], 0)} tokens`;
    const million = usdText((each[place] / price.per) * 1e6);
    return [`${fixed(tokens * data.months, 0)} tokens of ${what} at ${million} a million`];
  });
}

function commitmentDetail(commitment, share, beforeUsd, priceUsd) {
  const off = shareText(commitment.discount), some = `${digitsOf(share * 100, 6)} %`;
  const [howMuch, less] = share === 1 ? ["all", off] : [some, `${some} x ${off}`];
  return `${howMuch} covered by the ${nameOf(commitment)} (${commitment.agreed}) at ${off} off: ` +
    `${usdText(priceUsd)} less ${less} of ${usdText(beforeUsd)}`;
}

function totalUsd(lines) {
  return fsum(lines.map((line) => line.usd));
}
