// What follows from what plans cost: metrics of money, ranking and choice, as `simulator/studies` have them.

/** Return every plan's costs, bill and place at such terms. */
function judged(data, terms) {
  const plans = data.plans.map((plan) => costed(data, plan, terms));
  const whole = plans.find(({ losses }) => losses.length === Math.max(...plans.map((each) => each.losses.length)));
  plans.forEach((plan) => { plan.lossUsd = rankedLoss(plan, whole); });
  const ranking = [...plans].sort(compared);
  const best = data.choice.recommends && !ranking[0].breaks ? ranking[0] : null;
  const against = best === null ? new Map() : standings(data, plans, best);
  return { plans, ranking, best, against };
}

function costed(data, plan, terms) {
  const numbers = plan.unread.map((_, number) => number);
  const bills = numbers.map((number) => billOf(data, plan, terms, number));
  const costs = bills.map(totalUsd);
  const nets = plan.value_usd?.map((value, number) => value - costs[number]);
  const estimate = (values) => estimateOf(values, data.choice.quantiles);
  return {
    name: plan.name, breaks: plan.breaks, overloaded: plan.overloaded, age: plan.age_s ?? Infinity,
    losses: data.choice.weighs_value ? nets.map((net) => -net) : costs,
    bill: billOf(data, plan, terms),
    costs, cost: estimate(costs), net: nets && estimate(nets),
    per1k: plan.requests && mean(plan.requests.map((requests, k) => (costs[k] / data.months / requests) * 1000)),
    wasted: plan.has_wasted ? mean(bills.map((lines, k) => wastedUsd(plan, lines, plan.unread[k]))) : null,
  };
}

function wastedUsd(plan, lines, [batch, nearline, held]) {
  const of = (holds) => fsum(lines.filter((_, k) => k < plan.lines.length && holds(plan.lines[k])).map(({ usd: cost }) => cost));
  return batch * of((each) => each.ahead && !each.after_events) +
    nearline * of((each) => each.ahead && each.after_events) + held * of((each) => each.holds);
}

function mean(values) {
  return fsum(values) / values.length;
}

function variance(values) {
  const middle = mean(values);
  return fsum(values.map((value) => (value - middle) ** 2)) / (values.length - 1);
}

/** Return the mean and half its interval; `level` is the place among the quantiles. */
function estimateOf(values, quantiles, level = 0) {
  if (values.length === 1) return { mean: values[0], half: NaN };
  const half = (quantiles[values.length][level] * Math.sqrt(variance(values))) / Math.sqrt(values.length);
  return { mean: mean(values), half };
}

/** Return a plan's mean loss; that of one with fewer replications by its difference from one that has them all. */
function rankedLoss(plan, whole) {
  if (plan.losses.length === whole.losses.length) return mean(plan.losses);
  return mean(whole.losses) + mean(gaps(plan, whole));
}

function gaps(plan, other) {
  const size = Math.min(plan.losses.length, other.losses.length);
  return plan.losses.slice(0, size).map((loss, k) => loss - other.losses[k]);
}

function compared(one, other) {
  return one.breaks - other.breaks || one.overloaded - other.overloaded || one.lossUsd - other.lossUsd ||
    (one.age === other.age ? 0 : one.age - other.age);
}

/** Return how the plans that are chosen from stand against the best, by plan. */
function standings(data, plans, best) {
  const indifference = data.choice.indifference * Math.abs(best.cost.mean);
  const rivals = plans.filter((each) =>
    each !== best && each.breaks === best.breaks && each.overloaded === best.overloaded);
  return new Map(rivals.map((each) => [each, standing(gaps(each, best), data.choice.quantiles, indifference)]));
}

function standing(sample, quantiles, indifference) {
  const { mean: middle, half } = estimateOf(sample, quantiles, 1);
  if (sample.length === 1) return { mean: middle, half, told: "undecided" };
  const halfChoice = estimateOf(sample, quantiles, 2).half;
  let told = middle - halfChoice >= -indifference ? "no better" : "undecided";
  if (middle + half <= indifference && middle >= -indifference) told = "as good";
  else if (middle - half > 0) told = "worse";
  return { mean: middle, half, told };
}

/** Return as good as how many times the replications a difference is because it is paired, as the table has it. */
function pairingText(data, plan, first) {
  const size = Math.min(plan.losses.length, first.losses.length);
  if (size === 1) return "";
  const apart = variance(plan.losses.slice(0, size)) + variance(first.losses.slice(0, size));
  const times = apart / variance(gaps(plan, first));
  if (!(Number.isFinite(times) && times)) return "";
  const rounded = Number(times.toPrecision(2));
  return `${fixed(rounded, times >= 10 ? 0 : 1)} x`;
}

/** Return which plan is the best now, and whether it was so before: what `predcost reprice` says. */
function bestNow(data, before, after) {
  if (after.best === null) {
    return data.choice.recommends ? "No plan meets every bound; prices do not change that." : "Too little to recommend anything.";
  }
  const isSame = before.best.name === after.best.name;
  const turned = isSame ? "" : `; it was ${before.best.name}`;
  const kinds = [[`as good within ${data.choice.indifference_text} of the cost`, "as good"], ["not decided", "undecided"]];
  const also = kinds.map(([what, told]) => {
    const names = [...after.against].filter(([, each]) => each.told === told).map(([{ name }]) => name);
    return names.length ? `; ${what}: ${names.join(", ")}` : "";
  });
  return `The best plan that meets every bound ${isSame ? "stays" : "is now"} ${after.best.name}${turned}${also.join("")}.`;
}
