import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.estimate import Estimate
from simulator.report import format as form

SHARES = st.floats(0, 1, exclude_min=True, exclude_max=True)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.0, "$0"),
        (0.0032, "$0.0032"),
        (0.5, "$0.50"),
        (0.999, "$1.00"),
        (3.2, "$3.20"),
        (99.999, "$100"),
        (1942.4, "$1,942"),
        (12.34e6, "$12.3M"),
        (-3.0, "-$3.00"),
        (1e-9, "<$0.0001"),
        (math.nan, "-"),
    ],
)
def test_money_is_written_as_people_read_it(amount: float, text: str) -> None:
    assert form.usd(amount) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (64e-6, "64 µs"), (0.004, "4.0 ms"), (0.2, "200 ms"), (5, "5.0 s"), (59.99, "1.0 min"),
     (47_520, "13.2 h"), (129_600, "36.0 h"), (172_800, "2.0 d")],
)  # fmt: skip
def test_times_are_written_in_the_unit_that_people_would_use(seconds: float, text: str) -> None:
    assert form.duration(seconds) == text


def test_given_times_are_not_rounded() -> None:
    assert [form.exact_duration(seconds) for seconds in (129_600, 0.2, 1.25, 604_800)] == [
        "36 h",
        "200 ms",
        "1.25 s",
        "7 d",
    ]


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.98, "98.0 %"), (0.0005, "0.05 %"), (0.99986, "99.986 %"), (1e-12, "<0.001 %"),
     (1 - 1e-12, ">99.999 %")],
)  # fmt: skip
def test_shares_are_in_percent(fraction: float, text: str) -> None:
    assert form.share(fraction) == text


@given(SHARES)
def test_only_everything_is_100_percent_and_only_nothing_is_0(fraction: float) -> None:
    assert form.share(fraction) not in {"0 %", "0.0 %", "100 %", "100.0 %"}


@pytest.mark.parametrize(
    ("amount", "text"), [(7e8, "700M"), (61_423_600, "61.4M"), (999_999, "1M"), (615_666, "615,666"), (2.5, "2.5")]
)
def test_counts_are_short_from_a_million_on(amount: float, text: str) -> None:
    assert form.count(amount) == text


def test_tiny_prices_are_for_a_million_units() -> None:
    assert [form.price(amount) for amount in (6.25e-7, 0.526, 30.0)] == ["$0.625/1M", "$0.526", "$30.00"]


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [(1.0, 3.0, "a third of"), (0.98, 2.0, "half of"), (38.0, 100.0, "38 % of"), (82.0, 100.0, "18 % less than"),
     (1.0, 250.0, "0.4 % of"), (3.0, 2.0, "1.5 times")],
)  # fmt: skip
def test_ratios_are_told_in_words(one: float, other: float, text: str) -> None:
    assert form.ratio(one, other) == text


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(1942, 1938, 1946), "± $4"),
        (Estimate(853, 852.9, 853.1), "± <$1"),
        (Estimate(5, math.nan, math.nan), ""),
    ],
)
def test_an_interval_is_no_finer_than_its_mean(estimate: Estimate, text: str) -> None:
    assert form.usd_within(estimate) == text


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("cost_usd_per_month", 1942.0, "$1,942"),
        ("age_p95_s", 47_520.0, "13.2 h"),
        ("coverage", 0.98, "98.0 %"),
        ("requests_per_s_peak", 8140.0, "8,140 /s"),
        ("kg_co2e_per_month", 12.0, "12.0 kg"),
        ("some_new_metric_s", 0.004, "4.0 ms"),
        ("some_new_fraction", 0.5, "50.0 %"),
    ],
)
def test_every_metric_is_written_with_its_unit(metric: str, value: float, text: str) -> None:
    assert form.metric_text(metric, value) == text


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    short = form.shortened("everything that the team has tried, number two", 20)
    assert len(short) <= 20
    assert short.startswith("everything")
    assert short.endswith("two")
    assert form.shortened("cached", 20) == "cached"


def test_a_metric_is_called_by_words() -> None:
    assert form.metric_label("latency_p999_s") == "latency p99.9"
    assert form.metric_label("wasted_fraction") == "never read"
