"""When people come: the hours of the week as the log has them and as they are fitted, and those unlike all others."""

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.units import DAY_S, HOUR_S, HOURS_PER_DAY, HOURS_PER_WEEK
from simulator.report import format as form
from simulator.report.charts.calibration import AXES_LEFT, AXES_RIGHT, KEY_LEFT, calibration_slide, measures_of
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, NoChartError
from simulator.report.charts.theme import in_style, theme, tint
from simulator.studies.calibration.calibrating import Calibration
from simulator.studies.calibration.fitting import UserFit
from simulator.studies.calibration.measures import Measures
from simulator.studies.calibration.weekly import Unusual, local_hours

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_DOTTED_WEEKS = 8
"""Of a longer log a band is drawn: the dots of all its hours would be an area anyway."""
BAND = (10, 90)
"""Percentiles of an hour over the weeks."""
HIGHEST = 1.6
"""Of the fit: hours that are above are drawn at the edge, as arrows."""
HEADROOM = 1.08
NAMED = 3
MOST_LARGE = 200
"""So many marks are drawn large."""


@dataclass(frozen=True)
class _Hours:
    """The hours of a log, each over the mean hour of its week."""

    found: Calibration

    @property
    def measures(self) -> Measures:
        """What was counted."""
        return measures_of(self.found)

    @property
    def weights(self) -> FloatArray:
        """Of the fit, by slot: the hours of a week or of a day; of mean 1."""
        return np.asarray(self.found.fit.weekly.weights)

    @property
    def step(self) -> int:
        """How many hours are told apart from others: 24 where the log tells days alone."""
        return HOURS_PER_DAY if self.measures.resolution_s >= DAY_S else 1

    @property
    def piece(self) -> str:
        """What is told apart."""
        return "hour" if self.step == 1 else "day"

    @property
    def zone(self) -> str:
        """The clock whose users are drawn: that of most, where they live by several."""
        return next(iter(self.measures.zones), self.found.fit.zone)

    @property
    def clock(self) -> str:
        """The same, with how many live by it."""
        homes = self.found.fit.homes if isinstance(self.found.fit, UserFit) else {}
        return f"{self.zone} ({homes[self.zone].value:.0%} of the users)" if len(homes) > 1 else self.zone

    @cached_property
    def slots(self) -> IntArray:
        """Which slot each piece of the log begins in."""
        of = self.measures
        return local_hours(of.first_hour, of.by_zone.shape[2], self.zone)[:: self.step] % self.weights.size

    @cached_property
    def levels(self) -> FloatArray:
        """What came in each piece, over the mean hour, growth taken out; NaN where the log covers little of it."""
        of, expected = self.measures, self.found.fit.weekly.by_zone[0]
        begins = range(0, expected.size, self.step)
        counts, due, covered = (
            np.add.reduceat(each, begins) for each in (of.by_zone[:, 0].sum(axis=0), expected, of.covered)
        )
        usable = (due > 0) & (covered > self.step / 2)
        return np.where(usable, self.weights[self.slots] * counts / np.where(usable, due, 1.0), np.nan)

    @cached_property
    def is_unusual(self) -> np.ndarray:
        """Which pieces are unlike those of other weeks."""
        first = self.measures.first_hour
        marked = np.zeros(self.found.fit.weekly.expected.size, dtype=bool)
        for each in self.found.fit.weekly.unusual:
            begins = round(each.begins.timestamp() / HOUR_S) - first
            marked[begins : begins + each.hours] = True
        return np.logical_or.reduceat(marked, range(0, marked.size, self.step))

    @property
    def highest(self) -> float:
        """How far up is drawn."""
        most, band = float(np.nanmax(self.levels)), float(np.nanmax(self.band[1]))
        return min(max(HIGHEST * float(self.weights.max()), HEADROOM * band), HEADROOM * max(most, 1.0))

    @cached_property
    def band(self) -> FloatArray:
        """Between what most weeks are in each slot, shape (2, slots); NaN in those of which the log has nothing."""
        usual = ~self.is_unusual & ~np.isnan(self.levels)
        spread = np.full((2, self.weights.size), np.nan)
        for slot in np.unique(self.slots[usual]):
            inside = np.percentile(self.levels[usual & (self.slots == slot)], BAND)
            spread[:, slot : slot + self.step] = inside[:, None]
        return spread


@in_style
def login_hours(found: Calibration) -> Figure:
    """Draw the hours of the week on the users' clock: the log's, the fit's, and those that are kept out of it.

    Raises
    ------
    NoChartError
        If the log is shorter than a day, or names no users.
    """
    hours = _Hours(found)
    if hours.weights.size < HOURS_PER_DAY:
        raise NoChartError("the log is shorter than a day: it has no hours of a day to draw")
    when = f"{hours.piece} of the {'week' if hours.weights.size == HOURS_PER_WEEK else 'day'}"
    subtitle = f"Logins by {when} in {hours.clock}, over those of the mean {hours.piece}, with growth taken out"
    figure = calibration_slide(found, hours_title(found), subtitle)
    axes = figure.add_axes((AXES_LEFT, BOTTOM, AXES_RIGHT - AXES_LEFT, TOP - BOTTOM))
    is_band = _log(axes, hours)
    edges = np.arange(hours.weights.size + 1)
    axes.stairs(hours.weights, edges, color=_fit_colour(), linewidth=2.2, baseline=None, label="fit", zorder=3)
    highest = hours.highest
    _unusual(axes, hours, highest)
    _axes(axes, hours, highest)
    axes.set_xlabel(f"{form.capital(when)} in {hours.zone}")
    key(figure, _entries(found, hours, is_band=is_band), KEY_LEFT)
    return figure


def hours_title(found: Calibration) -> str:
    """Return when most come, and how many hours are unlike those of other weeks."""
    hours = _Hours(found)
    most, least = int(hours.weights.argmax()), int(hours.weights.argmin())
    times = f"{float(hours.weights[most]):.2g} times the mean hour"
    if hours.step == HOURS_PER_DAY:
        said = f"most come on {DAYS[most // HOURS_PER_DAY]}s, {float(hours.weights[most]):.2g} times the mean day"
    else:
        said = f"most come {_named(hours, most)}, {times}; fewest {_named(hours, least)}"
    odd = sum(each.hours for each in found.fit.weekly.unusual)
    return f"{said}; {odd:,} hour{'s are' if odd > 1 else ' is'} unlike all others" if odd else said


def _named(hours: _Hours, slot: int) -> str:
    clock = f"{slot % HOURS_PER_DAY:02d}:00"
    return f"on {DAYS[slot // HOURS_PER_DAY]}s at {clock}" if hours.weights.size == HOURS_PER_WEEK else f"at {clock}"


def _fit_colour() -> str:
    return theme().palette[0]


def _log(axes: Axes, hours: _Hours) -> bool:
    """Draw the hours of the log, and return whether as a band."""
    if hours.levels.size * hours.step <= MOST_DOTTED_WEEKS * HOURS_PER_WEEK:
        usual = ~hours.is_unusual & ~np.isnan(hours.levels)
        axes.plot(
            hours.slots[usual] + hours.step / 2,
            hours.levels[usual],
            "o",
            ms=3,
            mew=0,
            color=theme().quiet,
            alpha=0.6,
            zorder=2,
        )
        return False
    edges = np.arange(hours.weights.size + 1)
    axes.stairs(hours.band[1], edges, baseline=hours.band[0], fill=True, color=tint(theme().quiet, 0.6), zorder=1)
    return True


def _unusual(axes: Axes, hours: _Hours, highest: float) -> None:
    odd = hours.is_unusual & ~np.isnan(hours.levels)
    slots, levels = hours.slots[odd] + hours.step / 2, hours.levels[odd]
    is_above = levels > highest
    size = 6 if odd.sum() <= MOST_LARGE else 3.5
    axes.plot(slots[~is_above], levels[~is_above], "o", ms=size, color=theme().forbidden, mew=0, zorder=4)
    top = np.full(int(is_above.sum()), 0.985 * highest)
    axes.plot(slots[is_above], top, "^", ms=8, color=theme().forbidden, mew=0, zorder=4)


def _axes(axes: Axes, hours: _Hours, highest: float) -> None:
    size = hours.weights.size
    axes.set_xlim(0, size)
    axes.set_ylim(0, highest)
    axes.set_ylabel(f"Logins, over those of the mean {hours.piece}")
    axes.locator_params(axis="y", nbins=6)
    axes.grid(axis="both")
    if size == HOURS_PER_DAY:
        ticks = range(0, HOURS_PER_DAY + 1, 3)
        axes.set_xticks(ticks, [f"{hour:02d}:00" for hour in ticks])
        return
    begins = range(0, size + 1, HOURS_PER_DAY)
    axes.set_xticks(begins, [""] * len(begins))
    axes.set_xticks([each + HOURS_PER_DAY / 2 for each in begins[:-1]], DAYS, minor=True)
    axes.tick_params(axis="x", which="both", length=0)


def _entries(found: Calibration, hours: _Hours, *, is_band: bool) -> list[Entry]:
    weeks = hours.levels.size * hours.step / HOURS_PER_WEEK
    unusual = found.fit.weekly.unusual
    low, high = BAND
    log = (
        Entry("log", Look(tint(theme().quiet, 0.6)), [f"band: {high - low} % of {weeks:,.0f} weeks"])
        if is_band
        else Entry("log", Look(theme().quiet, marker="o", is_line=False), [f"each {hours.piece} of {weeks:.1f} weeks"])
    )
    growth = found.fit.parameters.get("traffic.growth_per_week")
    grown = [f"growth of {growth.value * 100:+.2g} % a week"] if growth is not None else []
    entries = [Entry("fit", Look(_fit_colour()), [f"mean of each {hours.piece}", *grown]), log]
    if unusual:
        zone = ZoneInfo(hours.zone)
        told = [_told(each, zone) for each in sorted(unusual, key=lambda each: -each.hours * each.multiplier)[:NAMED]]
        more = [f"and {len(unusual) - NAMED:,} more"] if len(unusual) > NAMED else []
        look = Look(theme().forbidden, marker="o", is_line=False)
        entries.append(Entry("unlike all others", look, ["kept out of the fit", *told, *more]))
    return entries


def _told(each: Unusual, zone: ZoneInfo) -> str:
    return f"{each.begins.astimezone(zone):%Y-%m-%d %H:00}, {each.hours} h x {each.multiplier:.2g}"
