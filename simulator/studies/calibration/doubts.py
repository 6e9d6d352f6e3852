"""What speaks against a fit, and what to do about it; a sentence each."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from simulator.core.input_files.wording import one_line, shortened
from simulator.core.units import DAY_S, HOUR_S, HOURS_PER_DAY, MONTHLY_ACTIVE_DAYS, WEEK_S
from simulator.studies.calibration.activity import BOUNDS, Beginning
from simulator.studies.calibration.events import US_PER_S, Events
from simulator.studies.calibration.fitting import DORMANT, UserFit
from simulator.studies.calibration.held_out import HeldOut
from simulator.studies.calibration.lapsing import Lapsing
from simulator.studies.calibration.measures import Measures
from simulator.studies.calibration.robots import ROBOT_TIMES
from simulator.studies.calibration.user_zones import LEAST_FRACTION, Zones
from simulator.studies.calibration.weekly import Weekly

ONE_FRACTION: Final = 0.05
"""Of all events: nobody makes more, where users are so few that the mean one makes nearly as much."""
FEW_FRACTION: Final = 0.5
FLAT: Final = 0.1
"""A profile whose hours scatter less, relative to their mean, has neither day nor week."""
LAPSED: Final = 0.8
SHOWN: Final = 3
MOVING: Final = 0.01
"""Of the users: so many with rows of several time zones are told."""
LARGE_ZONE: Final = 0.05
UNLIKE: Final = 0.2
"""In a zone of so many users they come so much more often, or less, than all do, that it is told."""
WIDE: Final = 0.5
"""A number whose interval is wider on one side, relative to it, is hardly known."""


def doubts(events: Events, measures: Measures, fit: UserFit, verdict: HeldOut | None) -> Iterator[str]:
    """Yield what speaks against a fit."""
    yield from _of_robots(measures)
    if events.zones is not None:
        yield from _of_zones(events.zones, measures)
    yield from _of_kinds(fit)
    if fit.shape <= 2 * float(np.exp(BOUNDS[0][0])) and not fit.has_segments:
        yield "no gamma fits how often users come: nearly all came once, a few again and again; give segments"
    if (events.last_us - events.first_us) / US_PER_S < 2 * WEEK_S:
        yield "the log is shorter than two weeks: what differs between weeks is not in it; bring four weeks"
    if fit.beginning is Beginning.JOINING:
        yield from _of_joining(fit)
    else:
        yield from _of_dormant(fit)
    yield from _of_time(events, fit)
    for key, found in fit.parameters.items():
        if found.value > 0 and (found.high - found.value) > WIDE * found.value:
            interval = f"{found.value:.3g}, from {found.low:.3g} to {found.high:.3g}"
            yield f"{key} is hardly known: {interval}; bring a longer log"
    yield from verdict.unjudged if verdict else ()
    yield from of_misses(verdict)


def _of_robots(measures: Measures) -> Iterator[str]:
    few, one, robots, of_robots = (float(each) for each in measures.heaviest)
    if robots:
        who, each = ("one user makes", "") if robots == 1 else (f"{robots:.0f} users make", "each ")
        yield (
            f"{who} {of_robots:.0%} of all events, {each}more than {ROBOT_TIMES:g} times as many as users do on "
            "average, as no person does; leave such out with --without-robots"
        )
    elif one > ONE_FRACTION:
        yield f"one user makes {one:.0%} of all events, as no person does; leave robots out of the log"
    elif few > FEW_FRACTION:
        yield f"a thousandth of the users makes {few:.0%} of all events; if they are robots, leave them out of the log"


def of_misses(verdict: HeldOut | None) -> Iterator[str]:
    """Yield what is farther off than is asked, and last what chance alone may have so."""
    for each in (*verdict.bad, *verdict.unsure) if verdict else ():
        both = f"{each.fit:.4g} by the fit and {each.log:.4g} on the end of the log"
        chance = "; chance alone may do that in so short a time" if each.may_be_chance else ""
        yield f"{each.metric} is {both} ({each.error:+.0%}){chance}"


def _of_zones(zones: Zones, measures: Measures) -> Iterator[str]:
    homes = zones.homes
    users, others = sum(homes.users.values()), homes.rows_without + homes.rows_unknown
    if others:
        example = f", such as '{one_line(shortened(homes.example, 40))}'" if homes.example is not None else ""
        yield (
            f"{others:,} rows have no time zone ({homes.rows_without:,}) or another value ({homes.rows_unknown:,}"
            f"{example}); their users live where their other rows say"
        )
    if homes.several > MOVING * users:
        yield f"{homes.several / users:.0%} of the users have rows of several time zones, and live in that of most"
    if zones.few:
        named = f"{zones.few[0]} and {len(zones.few) - 1} more" if len(zones.few) > 1 else zones.few[0]
        yield (
            f"{named}, of less than {LEAST_FRACTION:.1%} of the users each and {zones.few_fraction:.1%} of all, were "
            f"taken for the nearest of the other time zones, at most {zones.farthest_h:.2g} h off"
        )
    yield from _of_rates_by_zone(measures)


def _of_rates_by_zone(measures: Measures) -> Iterator[str]:
    """Yield in which zone users come as often as in none other: a scenario has all of them come alike."""
    logins, users = measures.by_zone.sum(axis=(0, 2)), measures.users_by_zone.sum(axis=0)
    per_user = logins / np.maximum(users, 1.0) * users.sum() / logins.sum()
    large = users >= LARGE_ZONE * users.sum()
    place = int(np.argmax(np.where(large, np.abs(np.log(np.maximum(per_user, 1e-9))), -1.0)))
    if large.any() and abs(float(per_user[place]) - 1.0) > UNLIKE:
        yield (
            f"users of {measures.zones[place]} came {per_user[place]:.2g} times as often as all did; a scenario has "
            "the same rates in all time zones"
        )


def _of_kinds(fit: UserFit) -> Iterator[str]:
    worst = fit.kinds.worst if fit.kinds is not None else None
    if fit.kinds is None or worst is None:
        return
    said = f"one gamma does not fit how often users come: {worst.what} is {worst.fitted:.1%} by it and "
    said += f"{worst.counted:.1%} by the counts"
    if fit.has_segments:
        left = max(abs(each.error) for each in fit.kinds.two)
        yield f"{said}; two segments are {left:.1%} off at most"
    else:
        yield f"{said}, and two gammas are no better; go by how near the end of the log is"


def _of_joining(fit: UserFit) -> Iterator[str]:
    if fit.lapsing is not None:
        yield from _of_lapsing(fit.lapsing)
        return
    yield "users join during the log; a scenario has as many as at its end, and none who join later"
    if fit.late_times < LAPSED:
        yield (
            f"users lapse: at the end of the log they come {fit.late_times:.0%} as often as by their own rates, and "
            "some not at all; a scenario has no users who leave, so give it those who are still active"
        )
    elif fit.late_times > 1 / LAPSED:
        yield f"at the end of the log users come {fit.late_times:.2g} times as often as they did before"


def _of_dormant(fit: UserFit) -> Iterator[str]:
    if not fit.users_are_given:
        yield "whether there are users who never come is in no log; say with --population how many there are"
    elif DORMANT in fit.parameters:
        never = fit.parameters[DORMANT]
        share = f"{never.value:.0%} never come ({never.low:.0%} to {never.high:.0%})"
        yield f"of the {fit.users:,.0f} users {share}, more than a gamma makes; they are dormant"


def _of_lapsing(found: Lapsing) -> Iterator[str]:
    pool = found.pool
    joining = pool.joining_per_day * MONTHLY_ACTIVE_DAYS
    yield (
        f"{found.lapsed_fraction:.0%} of the log's {found.seen_users:,.0f} users have lapsed by its end, by "
        f"{found.model} (r {found.r:.3g}, alpha {found.alpha_days:.3g} days, a {found.a:.3g}, b {found.b:.3g}); the "
        f"population is the {pool.alive:,.0f} who are still there and the {joining:,.0f} who join in "
        f"{MONTHLY_ACTIVE_DAYS} days, at the rates of then; a scenario has none who leave or join later"
    )


def _of_time(events: Events, fit: UserFit) -> Iterator[str]:
    if events.resolution_s >= DAY_S:
        yield "the log tells days and no times: the profile within a day, sessions and bursts are not fitted from it"
        return
    if events.resolution_s >= HOUR_S:
        yield "the log tells hours and no minutes: pauses within a login and bursts are not fitted from it"
    weights = np.asarray(fit.weekly.weights)
    if weights.size >= HOURS_PER_DAY and float(weights.std()) < FLAT:
        yield "the log has neither day nor week: people sleep, so these may be simulated logins or those of machines"
    yield from of_unusual(fit.weekly)


def of_unusual(weekly: Weekly) -> Iterator[str]:
    """Yield which hours were kept out of the profile."""
    unusual = weekly.unusual
    if unusual:
        told = [f"{each.begins:%Y-%m-%d %H:00} UTC, {each.hours} h x {each.multiplier:.2g}" for each in unusual]
        some = ", ".join(told[:SHOWN])
        more = f" and {len(unusual) - SHOWN} more" if len(unusual) > SHOWN else ""
        yield f"kept out of the profile, as unlike all other weeks: {some}{more}; give as spikes what comes again"
