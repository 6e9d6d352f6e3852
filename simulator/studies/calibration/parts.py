"""What was fitted, as the parts of a scenario."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S, WEEK_S
from simulator.demand.population import Population
from simulator.studies.calibration.activity import Beginning
from simulator.studies.calibration.fitting import (
    DORMANT,
    GAP,
    GAP_CV,
    GROWTH,
    PROBABILITY,
    RATE,
    REQUESTS,
    SEGMENT,
    SEGMENTS,
    THINK,
    UserFit,
)
from simulator.studies.calibration.gap_kinds import Gap, gap_of
from simulator.studies.calibration.rates import BURSTS, RateFit

DIGITS: Final = 4
LEAST_BURSTINESS: Final = 0.02
"""A factor on the rate that scatters less is left out."""
LEAST_THINK_S: Final = 0.5


def parts_of(fit: UserFit, *, growth_until_s: float | None = None, without_spikes: bool = True) -> dict[str, Any]:
    """Return ``population`` and ``traffic`` as a scenario states them.

    Parameters
    ----------
    fit
        What was fitted.
    growth_until_s
        Where the scenario begins, from the log's beginning: the rate is stated for then. By default its end. [s]
    without_spikes
        Whether what was unlike all other hours is left out, as it is of the past.
    """
    found = fit.parameters
    grows = fit.grows and fit.beginning is Beginning.LASTING  # what grows by those who join goes on only if they do
    until_s = fit.length_s if growth_until_s is None else growth_until_s
    grown = math.exp(math.log1p(found[GROWTH].value) * (until_s - fit.length_s / 2) / (7 * DAY_S)) if grows else 1.0
    traffic: dict[str, Any] = {"profile": _profile(primary_weights(fit)), "timezones": _zones(fit)}
    if grows:
        traffic["growth_per_week"] = f"{_round(found[GROWTH].value * 100)} %"
    if PROBABILITY in found:
        gap = _random_duration(found[GAP].value, found[GAP_CV].value if GAP_CV in found else None)
        traffic["return_visits"] = {"probability": f"{_round(found[PROBABILITY].value * 100)} %", "gap": gap}
    if fit.burstiness_cv > LEAST_BURSTINESS:
        traffic["burstiness"] = {"cv": _round(fit.burstiness_cv), "every": _duration(MINUTE_S)}
    if not without_spikes and fit.weekly.unusual:
        traffic["spikes"] = [
            {
                "at": f"{each.begins:%Y-%m-%dT%H:%M:%S}+00:00",
                "duration": f"{each.hours} h",
                "multiplier": _round(each.multiplier),
            }
            for each in fit.weekly.unusual
        ]
    traffic["session"] = _session(fit)
    return {"population": _population(fit, grown), "traffic": traffic}


def _zones(fit: UserFit) -> Mapping[str, str] | str:
    """Return where users live: shares that add up to all, as the first has what rounding leaves of the others."""
    if len(fit.homes) < 2:  # noqa: PLR2004
        return next(iter(fit.homes), fit.zone)
    (first, _), *others = fit.homes.items()
    shares = {zone: _round(each.value * 100) for zone, each in others}
    return {
        zone: f"{share} %" for zone, share in {first: round(100 - sum(shares.values()), DIGITS + 2), **shares}.items()
    }


def _population(fit: UserFit, grown: float) -> dict[str, Any]:
    found, users = fit.parameters, {"users": max(round(fit.users), 1)}
    never = found[DORMANT].value if DORMANT in found else 0.0
    dormant = {"dormant": f"{_percent(never)} %"} if never > 0 else {}
    if not fit.has_segments:
        rate = f"{_round(found[RATE].value * grown)}/day"
        return {**users, "logins_per_day": rate, "shape": _round(fit.shape), **dormant}
    busy = _round(found[f"{SEGMENT}.{SEGMENTS[0]}.share"].value * 100)
    segments = [
        {
            "name": name,
            "share": f"{share} %",
            "logins_per_day": f"{_round(found[f'{SEGMENT}.{name}.logins_per_day'].value * grown)}/day",
            "shape": _round(found[f"{SEGMENT}.{name}.shape"].value),
            **dormant,
        }
        for name, share in zip(SEGMENTS, (busy, round(100 - busy, DIGITS + 2)), strict=True)
    ]
    return {**users, "segments": segments}


def among(population: Mapping[str, Any], users: int) -> dict[str, Any]:
    """Return a population of more users, who do the same: those who are added never log in.

    Parameters
    ----------
    population
        What `parts_of` says of it.
    users
        How many there shall be, dormant ones included; fewer than there are leave it as it is.
    """
    if users <= population["users"]:
        return dict(population)
    stated = Population.model_validate(population)
    assert stated.logins_per_day is not None
    kept = stated.users / users
    dormant = 1.0 - kept * (1.0 - stated.dormant_fraction)
    rate = f"{stated.logins_per_day * kept}/day"
    return {**population, "users": users, "logins_per_day": rate, "dormant": f"{dormant * 100} %"}


def _session(fit: UserFit) -> dict[str, Any]:
    mean = _round(fit.parameters[REQUESTS].value)
    if fit.requests.kind == "fixed" or mean <= 1:
        return {"requests": {"kind": "fixed", "count": 1}}
    session: dict[str, Any] = {"requests": {"kind": fit.requests.kind, "mean": mean}}
    if THINK in fit.parameters:
        cv = fit.think_cv if fit.think_cv > MOST_EXPONENTIAL_CV else None
        session["think_time"] = _random_duration(max(fit.parameters[THINK].value, LEAST_THINK_S), cv)
    return session


MOST_EXPONENTIAL_CV: Final = 1.25
"""Pauses that scatter more are taken for lognormal."""


def primary_weights(fit: UserFit) -> tuple[float, ...]:
    """Return the profile of primary logins: that of all logins without the return visits, which follow at any hour.

    Each login is followed with probability q by another after a random gap, so that of all logins T the primary ones
    are T - q (T * gap), over the hours of a week or of a day that come again and again.
    """
    weights = np.asarray(fit.weekly.weights)
    if PROBABILITY not in fit.parameters or weights.size == 1:
        return fit.weekly.weights
    found = fit.parameters
    ends = _ends(gap_of(found[GAP].value, found[GAP_CV].value if GAP_CV in found else None))
    around = np.bincount(np.arange(ends.size) % weights.size, ends, weights.size)
    again = np.fft.irfft(np.fft.rfft(weights) * np.fft.rfft(around / around.sum()), weights.size)
    primary = np.maximum(weights - found[PROBABILITY].value * again, LEAST_WEIGHT * weights)
    return tuple(float(value) for value in primary / primary.mean())


def _ends(gap: Gap) -> FloatArray:
    """Return the share of gaps that end 0, 1, 2, ... hours later, where each begins anywhere in its hour.

    That is 1 - (M(k + 1) - M(k)) up to hour k, where M(x) is the mean of what is cut off at x hours.
    """
    hours = np.arange(1, math.ceil(FEW_LEFT * gap.mean_s / HOUR_S) + 2)
    cut = np.array([0.0, *(gap.mean_up_to_s(float(hour) * HOUR_S) / HOUR_S for hour in hours)])
    return np.diff(1.0 - np.diff(cut), prepend=0.0)


FEW_LEFT: Final = 20.0
"""Gaps are followed for so many of their means."""
LEAST_WEIGHT: Final = 0.02
"""Of the profile of all logins: no hour is without primary ones where chance alone says so."""


def _profile(weights: tuple[float, ...]) -> Mapping[str, Any] | str:
    if len(weights) == 1:
        return "flat"
    return {"kind": "hourly", "weights": [_round(weight) for weight in weights]}


def _duration(seconds: float) -> str:
    for unit, name in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= unit:
            return f"{_round(seconds / unit)} {name}"
    return f"{_round(seconds)} s"


def _random_duration(mean_s: float, cv: float | None) -> dict[str, str]:
    """Return a random length of time: lognormal if it is said how it scatters, else exponential."""
    if cv is None:
        return {"kind": "exponential", "mean": _duration(mean_s)}
    return {"kind": "lognormal", "mean": _duration(mean_s), "cv": str(_round(cv))}


def _percent(fraction: float) -> float:
    """Return a share in percent; of one that is nearly all, what is left is as exact, and so is never nothing."""
    if fraction < 0.5:  # noqa: PLR2004
        return _round(fraction * 100)
    return round(100 - _round((1 - fraction) * 100), 12)


def _round(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def parts_of_rates(fit: RateFit, *, after_s: float = 0.0) -> dict[str, Any]:
    """Return ``traffic`` as a scenario states it, and ``population`` where it is known how many users there are.

    Each request is a login of its own. Nothing says how unlike the users are, and all are taken to be alike. The rate
    is stated for so long after the log's end. [s]
    """
    traffic: dict[str, Any] = {"profile": _profile(fit.weekly.weights), "timezones": fit.zone}
    if fit.grows:
        traffic["growth_per_week"] = f"{_round(fit.parameters[GROWTH].value * 100)} %"
    if BURSTS in fit.parameters and fit.parameters[BURSTS].value > LEAST_BURSTINESS:
        cv = min(fit.parameters[BURSTS].value, MOST_BURSTINESS)
        traffic["burstiness"] = {"cv": _round(cv), "every": _duration(fit.burst_s)}
    traffic["session"] = {"requests": {"kind": "fixed", "count": 1}}
    if fit.population is None:
        return {"traffic": traffic}
    growth = math.log1p(fit.parameters[GROWTH].value) if fit.grows else 0.0
    per_day = fit.end_per_day * math.exp(growth * after_s / WEEK_S)
    per_user = f"{_round(per_day / fit.population)}/day"
    return {
        "population": {"users": round(fit.population), "logins_per_day": per_user, "shape": "inf"},
        "traffic": traffic,
    }


MOST_BURSTINESS: Final = 5.0
"""What a scenario takes; a factor that scatters more is stated as that."""


def monday_after(last: datetime) -> datetime:
    """Return the first Monday after a log, when a scenario made of it may begin."""
    day = last.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return day + timedelta(days=(7 - day.weekday()) % 7)
