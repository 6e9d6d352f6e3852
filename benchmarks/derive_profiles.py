"""Derive the bundled hour-of-week profiles from public data.

``python benchmarks/derive_profiles.py --data FOLDER`` rewrites ``simulator/demand/profile/catalogue/*.yaml``. The
folder holds ``traces/nab_nyc_taxi.csv`` (``data/realKnownCause/nyc_taxi.csv`` of numenta/NAB) and
``activity/bike_hour_uci.csv`` (``hour.csv`` of the UCI Bike Sharing data set).
"""

import argparse
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.holiday import USFederalHolidayCalendar

HOURS_PER_DAY = 24
DAYS_PER_WEEK = 7
DECIMALS = 4
LINE_WIDTH = 116
DERIVED_ON = "2026-11-23"
CATALOGUE = Path(__file__).parents[1] / "simulator" / "demand" / "profile" / "catalogue"
TAXI_ANOMALIES = (
    "2014-11-02",  # New York City marathon, and clocks are set back
    "2014-11-28",  # the day after Thanksgiving
    "2014-12-24",
    "2014-12-26",
    "2014-12-31",
    "2015-01-26",  # blizzard
    "2015-01-27",
)
FEWEST_BIKE_HOURS = 22
"""Days with fewer recorded hours had an outage or a storm; in the others an absent hour had no rental."""


@dataclass(frozen=True)
class Profile:
    """An hour-of-week profile and what there is to know about it."""

    name: str
    description: str
    source: str
    licence: str
    derived: str
    weights: npt.NDArray[np.float64]


def hour_of_week_weights(per_hour: pd.Series, left_out: Iterable[pd.Timestamp]) -> npt.NDArray[np.float64]:
    """Return the median count of each hour of the week, Monday 00:00 first, scaled to mean 1.

    Parameters
    ----------
    per_hour
        Counts by the hour's local start.
    left_out
        Days (at midnight) that are like no other.
    """
    times = pd.DatetimeIndex(per_hour.index)
    kept = per_hour[~times.normalize().isin(list(left_out))]
    times = pd.DatetimeIndex(kept.index)
    median = kept.groupby([times.day_of_week, times.hour]).median().to_numpy(dtype=np.float64)
    assert median.size == DAYS_PER_WEEK * HOURS_PER_DAY
    return rounded_to_mean_one(median / median.mean())


def rounded_to_mean_one(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return weights rounded so that their mean is still exactly 1: the largest remainders are rounded up."""
    scaled = weights * 10**DECIMALS
    whole = np.floor(scaled).astype(np.int64)
    missing = weights.size * 10**DECIMALS - int(whole.sum())
    whole[np.argsort(whole - scaled, kind="stable")[:missing]] += 1
    return np.asarray(whole / 10**DECIMALS, dtype=np.float64)


def evening_meals(data: Path) -> Profile:
    """Return the week of New York's taxis, which peaks in the evening as orders for dinner do."""
    counts = pd.read_csv(data / "traces" / "nab_nyc_taxi.csv", parse_dates=["timestamp"], index_col="timestamp")
    per_hour = counts["value"].resample("h").sum()
    holidays = USFederalHolidayCalendar().holidays(per_hour.index[0], per_hour.index[-1])
    left_out = [*holidays, *map(pd.Timestamp, TAXI_ANOMALIES)]
    return Profile(
        name="evening_meals",
        description="Highest from 18:00 to 23:00, at most 1.7 times the mean, rising from Monday to Saturday and "
        "running into a long night at the weekend; Sunday is nearly flat from noon to 21:00. Lowest from 03:00 to "
        "06:00. Taxi passengers stand in for people who order an evening meal, for want of public orders: a "
        "delivery service has a narrower and higher dinner peak, less of a morning, and not the dip at 16:00, when "
        "taxi drivers change shifts.",
        source="numenta/NAB, realKnownCause/nyc_taxi.csv: passengers of New York City taxis per half hour, "
        "2014-07-01 to 2015-01-31 (from the NYC Taxi and Limousine Commission)",
        licence="MIT",
        derived="Half hours added up to hours in local time. Left out: US federal holidays (Independence Day, Labor "
        "Day, Columbus Day, Veterans Day, Thanksgiving, Christmas, New Year's Day, Martin Luther King Day), "
        "24, 26 and 31 December, the day after Thanksgiving, the marathon of 2014-11-02, the blizzard of "
        "2015-01-26 and 27. Median of each hour of the week, divided by the mean of the 168 medians.",
        weights=hour_of_week_weights(per_hour, left_out),
    )


def commuters(data: Path) -> Profile:
    """Return the week of registered bike renters: two peaks on working days, one hump at the weekend."""
    table = pd.read_csv(data / "activity" / "bike_hour_uci.csv")
    days = pd.to_datetime(table["dteday"], format="%m/%d/%Y")
    recorded = days.map(days.value_counts())
    left_out = days[(recorded < FEWEST_BIKE_HOURS) | (table["holiday"] == 1)].unique()
    rentals = pd.Series(table["registered"].to_numpy(), index=days + pd.to_timedelta(table["hr"], unit="h"))
    every_hour = pd.date_range(days.min(), days.max() + pd.Timedelta(hours=23), freq="h")
    return Profile(
        name="commuters",
        description="Peaks at 08:00 and from 17:00 to 18:00 on working days, one flat hump around noon at the weekend, "
        "almost nothing at night: people who look on their way to and from work.",
        source="UCI Machine Learning Repository, Bike Sharing data set, hour.csv: rentals by registered users of "
        "Capital Bikeshare, Washington, D.C., 2011-01-01 to 2012-12-31 (H. Fanaee-T and J. Gama, 2013, "
        "doi:10.24432/C5W894)",
        licence="CC-BY-4.0",
        derived="Registered rentals by hour in local time; an hour that is not recorded had none. Left out: holidays "
        f"as the data set marks them, and days with fewer than {FEWEST_BIKE_HOURS} recorded hours (storms, "
        "outages). Median of each hour of the week over both years, divided by the mean of the 168 medians.",
        weights=hour_of_week_weights(rentals.reindex(every_hour, fill_value=0), left_out),
    )


def as_yaml(profile: Profile) -> str:
    """Return the profile as a file of the catalogue, a line of weights per day."""
    prose = {key: getattr(profile, key) for key in ("description", "source", "derived")}
    paragraphs = [f"{key}: >-\n{textwrap.indent(textwrap.fill(text, LINE_WIDTH), '  ')}" for key, text in prose.items()]
    days = profile.weights.reshape(DAYS_PER_WEEK, HOURS_PER_DAY)
    rows = ["  " + ", ".join(f"{weight:.{DECIMALS}f}" for weight in day) for day in days]
    head = (
        "# Made by benchmarks/derive_profiles.py. Weights by hour of the week, Monday 00:00 first, local time, mean 1."
    )
    return "\n".join(
        [
            head,
            f"name: {profile.name}",
            *paragraphs,
            f"licence: {profile.licence}",
            f"date: {DERIVED_ON}",
            "weights: [",
            ",\n".join(rows),
            "]",
            "",
        ]
    )


def main() -> None:
    """Rewrite the catalogue."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with traces/ and activity/")
    parser.add_argument("--out", type=Path, default=CATALOGUE, help="folder to write to")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for profile in (evening_meals(options.data), commuters(options.data)):
        path = options.out / f"{profile.name}.yaml"
        path.write_text(as_yaml(profile), encoding="utf-8", newline="\n")
        print(f"{path}: mean {profile.weights.mean():.12f}, {profile.weights.min()} to {profile.weights.max()}")


if __name__ == "__main__":
    main()
