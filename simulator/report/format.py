"""Numbers as people read them: the only place that rounds."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from simulator.core.estimate import Estimate
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S
from simulator.report.names import one_line as one_line  # noqa: PLC0414  (names and numbers are written together)
from simulator.report.names import short_names as short_names  # noqa: PLC0414
from simulator.report.names import shortened as shortened  # noqa: PLC0414

NOTHING = "-"
"""Stands for what does not apply."""
CENTS_BELOW_USD = 100.0
MILLIONS_FROM_USD = 10e6
LEAST_USD = 1e-4
LEAST_CENTS_USD = 0.01
PER_MILLION_BELOW_USD = 1e-4
"""Prices below this are written per million units, as price lists do."""
SHORT_FROM = 1e6
"""Counts from here on are written 61.4M."""
FEW = 10.0
"""Ranges from here on are written without decimals, as they are rough."""
BARE_FROM = 100.0
"""From here on a number needs no decimals."""
_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_DURATIONS = (
    (2 * DAY_S, DAY_S, "d"),
    (HOUR_S, HOUR_S, "h"),
    (MINUTE_S, MINUTE_S, "min"),
    (1.0, 1.0, "s"),
    (1e-3, 1e-3, "ms"),
)
_LEAST_S = 1e-6
_ROUNDED = 1 - 5e-4
"""What rounds to a unit is written in it: 59.99 s is 1.0 min."""
_FINEST_SHARE = 1e-5
_PLAIN_SHARE = 1e-3

Writer = Callable[[float], str]


def usd(amount: float) -> str:
    """Return an amount of money: ``$1,942``, ``$3.20``, ``$0.0029``, ``$12.3M``. [USD]"""
    if not math.isfinite(amount):
        return NOTHING
    size, sign = abs(amount), "-" if amount < 0 else ""
    if size >= MILLIONS_FROM_USD * _ROUNDED:
        return f"{sign}${_short(size)}"
    if round(size, 2) >= CENTS_BELOW_USD:
        return f"{sign}${size:,.0f}"
    if size >= 1 or size == 0:
        return f"{sign}${size:.2f}" if size else "$0"
    if size < LEAST_USD:
        return f"{sign}<${_plain(LEAST_USD, 1)}"
    return f"{sign}${max(f'{size:.2f}', _plain(size, 2), key=len)}"


def usd_on_bill(amount: float) -> str:
    """Return an amount of a bill, to the cent below $100. [USD]"""
    return usd(amount) if amount >= 1 or amount == 0 else f"${amount:.2f}" if amount >= LEAST_CENTS_USD else "<$0.01"


def signed_usd(amount: float) -> str:
    """Return a difference of money with its sign: ``+$165``. [USD]"""
    return usd(amount) if amount < 0 or not math.isfinite(amount) else f"+{usd(amount)}"


def usd_within(estimate: Estimate) -> str:
    """Return half an interval as ``± $4``, no finer than the mean is written; empty where there is none. [USD]"""
    half = estimate.half_width
    if math.isnan(half) or estimate.mean == half == 0:
        return ""
    size = abs(estimate.mean)
    step = 1.0 if size >= CENTS_BELOW_USD else 0.01 if size >= 1 else 0.0
    if half < step / 2:
        return f"± <{usd(step).removesuffix('.00')}"
    return f"± ${half:,.0f}" if size >= CENTS_BELOW_USD else f"± {usd(half)}"


def stated_range(low: float, high: float) -> str:
    """Return what a figure may be, as ``1,200-2,900``."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    write = number if high < FEW else lambda amount: f"{amount:,.0f}"
    return f"{write(low)}-{write(high)}"


def price(amount: float) -> str:
    """Return the price of one unit; a tiny one for a million units, as price lists do: ``$0.625/1M``. [USD]"""
    if 0 < amount < PER_MILLION_BELOW_USD:
        return f"${_plain(amount * 1e6, 4)}/1M"
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${_plain(amount, 4)}"


def share(fraction: float) -> str:
    """Return a fraction in percent; what is not all is never written 100 %, nor what is not nothing 0 %."""
    if not math.isfinite(fraction):
        return NOTHING
    if fraction in (0.0, 1.0):
        return f"{fraction * 100:.0f} %"
    if 0 < fraction < _PLAIN_SHARE:
        return f"{_plain(fraction * 100, 2)} %" if fraction >= _FINEST_SHARE else "<0.001 %"
    if 1 - _PLAIN_SHARE < fraction < 1:
        rest = 1 - fraction
        return f"{100 - float(_plain(rest * 100, 2)):.6g} %" if rest >= _FINEST_SHARE else ">99.999 %"
    return f"{fraction * 100:.1f} %"


def quality(fraction: float) -> str:
    """Return a quality in percent of a fresh answer's, fine enough to tell models apart: ``99.78 %``."""
    return f"{fraction * 100:.2f} %" if math.isfinite(fraction) else NOTHING


def about_share(fraction: float) -> str:
    """Return a fraction in percent for a sentence, without a decimal that says nothing: ``98 %``."""
    return share(fraction).replace(".0 ", " ")


def duration(seconds: float) -> str:
    """Return a time in the unit that people would use: ``4.0 ms``, ``13.2 h``. [s]"""
    if not math.isfinite(seconds):
        return NOTHING
    if seconds == 0:
        return "0 s"
    size = abs(seconds)
    place = next((i for i, (start, _, _) in enumerate(_DURATIONS) if size >= start * _ROUNDED), len(_DURATIONS))
    if place == len(_DURATIONS):
        return f"{seconds / _LEAST_S:.0f} µs" if size >= _LEAST_S else "<1 µs"
    _, unit_s, name = _DURATIONS[place]
    return f"{number(seconds / unit_s)} {name}"


def exact_duration(seconds: float) -> str:
    """Return a time that somebody has given, in the unit that people would use, and not rounded: ``36 h``. [s]"""
    _, unit_s, name = next((step for step in _DURATIONS if seconds >= step[0]), (0.0, _LEAST_S, "µs"))
    return f"{seconds / unit_s:.12g} {name}"


def count(amount: float) -> str:
    """Return a count: ``615,666``, ``61.4M``, ``2.5``."""
    if not math.isfinite(amount):
        return NOTHING
    if abs(amount) >= SHORT_FROM * _ROUNDED:
        return _short(amount)
    return f"{amount:,.0f}" if abs(amount) >= BARE_FROM or amount == round(amount) else f"{amount:.1f}"


def number(amount: float) -> str:
    """Return a number with one decimal below 100: ``2.0``, ``176``."""
    if not math.isfinite(amount):
        return NOTHING
    if abs(amount) >= SHORT_FROM * _ROUNDED:
        return _short(amount)
    if 0 < abs(amount) < 0.1:  # noqa: PLR2004  (one decimal would leave nothing)
        return _plain(amount, 2)
    return f"{amount:,.0f}" if round(abs(amount), 1) >= BARE_FROM else f"{amount:.1f}"


def rate(per_s: float) -> str:
    """Return a rate: ``176 /s``. [1/s]"""
    return f"{number(per_s)} /s"


def dispersion(variance_over_mean: float) -> str:
    """Return a variance over a mean, where the second digit after 1 tells: ``1.04``, ``18.3``."""
    return _plain(variance_over_mean, 3)


def ratio(one: float, other: float) -> str:
    """Return what ``one`` is of ``other``, both above 0: ``a third of``, ``38 % of``, ``18 % less than``."""
    found = one / other
    if found > 1:
        return f"{number(found) if found < BARE_FROM else f'{found:,.0f}'} times"
    for value, words in _FRACTIONS:
        if abs(found / value - 1) < _NEAR:
            return words
    if found > _MOST_OF:
        return f"{(1 - found) * 100:.0f} % less than"
    return f"{_plain(found * 100, 2)} % of"


_FRACTIONS = (
    (2 / 3, "two thirds of"),
    (1 / 2, "half of"),
    (1 / 3, "a third of"),
    (1 / 4, "a quarter of"),
    (1 / 5, "a fifth of"),
    (1 / 10, "a tenth of"),
)
_NEAR = 0.05
"""A ratio this near to a fraction, relative to it, is called by its name."""
_MOST_OF = 0.7
"""Above this it is clearer to say what is saved."""


@dataclass(frozen=True)
class Reading:
    """How a metric is read."""

    label: str
    write: Writer


_READINGS = {
    "requests_per_s_mean": Reading("requests per second, mean", rate),
    "requests_per_s_peak": Reading("requests per second, busiest minute", rate),
    "daily_active_fraction": Reading("daily active", share),
    "weekly_active_fraction": Reading("weekly active", share),
    "monthly_active_fraction": Reading("monthly active", share),
    "dispersion_1s": Reading("variance/mean of requests a second", dispersion),
    "dispersion_60s": Reading("variance/mean of requests a minute", dispersion),
    "predictions_computed": Reading("predictions computed", count),
    "predictions_computed_batch": Reading("predictions computed in batch", count),
    "predictions_computed_online": Reading("predictions computed online", count),
    "predictions_computed_nearline": Reading("predictions computed nearline", count),
    "predictions_wasted": Reading("predictions never read", count),
    "wasted_fraction": Reading("never read", share),
    "coverage": Reading("answered from precomputed", share),
    "cache_hit_ratio": Reading("answered from cache", share),
    "computed_fraction": Reading("computed while waiting", share),
    "default_fraction": Reading("answered by default", share),
    "stale_fraction": Reading("stale answers", share),
    "slo_attainment": Reading("requests within the latency bound", share),
    "timeout_fraction": Reading("timeouts", share),
    "refused_fraction": Reading("refused", share),
    "fallback_fraction": Reading("answered by the stored on failure", share),
    "requests_per_batch": Reading("requests computed together", number),
    "retries_per_call": Reading("retries per computation", number),
    "deadline_miss_fraction": Reading("batch deadlines missed", share),
    "instance_cold_start_fraction": Reading("instance cold starts", share),
    "utilisation": Reading("utilisation", share),
    "quality_mean": Reading("quality, mean", quality),
    "wait_mean_s": Reading("wait in the queue, mean", duration),
    "waited_fraction": Reading("requests that waited", share),
    "batch_makespan_mean_s": Reading("batch makespan, mean", duration),
    "batch_makespan_p95_s": Reading("batch makespan p95", duration),
    "batch_reclaims_mean": Reading("workers reclaimed in a batch run, mean", number),
    "lost_shards_fraction": Reading("batch shards lost to reclaims", share),
    "replicas_mean": Reading("replicas, mean", number),
    "cost_usd_per_month": Reading("cost per month", usd),
    "cost_usd_per_1k_requests": Reading("cost per 1,000 requests", usd),
    "wasted_usd_per_month": Reading("spent on the never read, per month", usd),
    "value_usd_per_month": Reading("value per month", usd),
    "net_value_usd_per_month": Reading("net value per month", usd),
    "kwh_per_month": Reading("energy per month", lambda kwh: f"{number(kwh)} kWh"),
    "kg_co2e_per_month": Reading("CO2e per month", lambda kg: f"{number(kg)} kg"),
}
_BY_UNIT: tuple[tuple[str, Writer], ...] = (
    ("_usd_per_month", usd),
    ("_per_s", rate),
    ("_fraction", share),
    ("_usd", usd),
    ("_s", duration),
)


def reading(metric: str) -> Reading:
    """Return how a metric is read; one that has no entry of its own is read by the unit at the end of its name."""
    known = _READINGS.get(metric)
    if known is not None:
        return known
    for suffix, write in _BY_UNIT:
        if metric.endswith(suffix):
            return Reading(_words(metric.removesuffix(suffix)), write)
    return Reading(_words(metric), count)


def metric_text(metric: str, value: float) -> str:
    """Return a metric's value with its unit."""
    return reading(metric).write(value)


def signed_metric(metric: str, difference: float) -> str:
    """Return how far a metric lies above another value of it: ``+$165``, ``-1.2 ms``, ``+0.21 pp`` of a share."""
    if difference == 0 or not math.isfinite(difference):
        return "0" if difference == 0 else NOTHING
    size, write = abs(difference), reading(metric).write
    if write in (share, quality):
        text = f"{_points(size * 100)} pp" if size >= _FINEST_SHARE else "<0.001 pp"
    else:
        text = write(size)
    return "about 0" if text.startswith("<") else f"{'+' if difference > 0 else '-'}{text}"


def _points(points: float) -> str:
    return f"{points:.1f}" if points >= FEW else _plain(points, 2)


def signed_interval(metric: str, low: float, high: float) -> str:
    """Return the ends of an interval of a difference: ``-$14 to -$10``, ``-8.9 to +14.2 min``."""
    ends = [signed_metric(metric, end) for end in (low, high)]
    if ends[0] == ends[1]:
        return ends[0]
    (first, _, unit), (_, _, other) = (end.partition(" ") for end in ends)
    return f"{first if unit == other else ends[0]} to {ends[1]}"


def relative_change(before: float, after: float) -> str:
    """Return how much more it is now, in percent of what it was: ``+1.6 %``; empty where it was nothing."""
    if before == 0:
        return ""
    change = (after - before) / abs(before) * 100
    return f"{change:+.1f} %" if abs(change) >= _LEAST_PERCENT else "about 0 %"


_LEAST_PERCENT = 0.05


def metric_label(metric: str) -> str:
    """Return what a metric is called in tables."""
    return reading(metric).label


def capital(text: str) -> str:
    """Return a sentence with a capital first letter."""
    return text[:1].upper() + text[1:]


def listed(words: list[str]) -> str:
    """Return words as a sentence lists them: ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _words(name: str) -> str:
    words = name.replace("_", " ").split(" ")
    return " ".join("p99.9" if word == "p999" else word for word in words).replace(" mean", ", mean")


def _short(amount: float) -> str:
    for size, letter in _STEPS:
        if abs(amount) >= size * _ROUNDED:
            return f"{_plain(amount / size, 3)}{letter}"
    return _plain(amount, 3)


def _plain(amount: float, digits: int) -> str:
    """Return so many significant digits, without an exponent and without zeros at the end."""
    if amount == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(amount))))
    text = f"{amount:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
