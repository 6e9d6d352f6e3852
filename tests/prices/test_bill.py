"""Bills: every dollar is quantity x price."""

import pytest
from hypothesis import strategies as st

from simulator.core.errors import UserError
from simulator.core.units import DAY_S, KIB_PER_GIB, MONTH_S, WEEK_S
from simulator.core.usage import Driver, Usage
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook, load_book

AWS = load_book("aws-us-east-1")
KIB = 1 / KIB_PER_GIB
TIERED = PriceBook.model_validate(
    {
        "name": "tiered",
        "groups": [
            {
                "source": "made up",
                "date": "2026-11-23",
                "prices": [{"meter": "api/calls", "unit": "row", "tiers": [{"up_to": 100, "usd": 2}, {"usd": 1}]}],
            }
        ],
    }
)


def rows(meter: str, quantity: float, row_gib: float = KIB, item: str = "store", **more: object) -> Usage:
    known = {"driver": Driver.TRAFFIC, "row_gib": row_gib} | more
    return Usage(item, meter, quantity, "row", **known)  # type: ignore[arg-type]


def hours(instance: str, quantity: float, **more: object) -> Usage:
    known = {"driver": Driver.TRAFFIC} | more
    return Usage("online compute", f"instance/{instance}", quantity, "h", **known)  # type: ignore[arg-type]


usages = st.lists(
    st.builds(
        Usage,
        item=st.just("something"),
        meter=st.sampled_from([price.meter for price in AWS.prices if price.unit == "row"]),
        quantity=st.floats(0, 1e12),
        unit=st.just("row"),
        driver=st.sampled_from(Driver),
        row_gib=st.floats(0, 1e-3),
        computes_ahead=st.booleans(),
    ),
    max_size=6,
)
horizons = st.floats(DAY_S, 10 * MONTH_S)


def test_a_night_of_a_hundred_million_rows_costs_62_dollars_and_a_half() -> None:
    bill = Bill.of([rows("dynamodb_on_demand/write", 100e6)], AWS, DAY_S)
    assert bill.total_usd == pytest.approx(62.50)
    assert bill.total_usd_per_month == pytest.approx(30 * 62.50)


def test_a_row_of_a_kibibyte_and_a_half_is_two_writes_and_one_read() -> None:
    write, read = Bill.of(
        [rows("dynamodb_on_demand/write", 1e6, 1.5 * KIB), rows("dynamodb_on_demand/read", 1e6, 1.5 * KIB)],
        AWS,
        MONTH_S,
    ).lines
    assert (write.quantity, write.unit) == (2e6, "write unit")
    assert write.detail == "1,000,000 rows of 1.5 KiB, each 2 units of 1 KiB"
    assert (read.quantity, read.unit) == (1e6, "read unit")
    assert [write.usd_per_month, read.usd_per_month] == pytest.approx([1.25, 0.125])
    assert read.detail == "1,000,000 rows of 1.5 KiB, each 1 unit of 4 KiB"


def test_a_line_carries_where_its_price_comes_from() -> None:
    (line,) = Bill.of([hours("g4dn.xlarge/spot", 24, computes_ahead=True)], AWS, WEEK_S).lines
    price = AWS.price_of("instance/g4dn.xlarge/spot")
    assert (line.source, line.date) == (price.source, price.date)
    assert (line.driver, line.computes_ahead, line.detail) == (Driver.TRAFFIC, True, "")


def test_a_price_that_the_scenario_states_beats_the_book() -> None:
    pipeline = Usage("feature pipeline", "pipeline", 28, "run", Driver.POPULATION, given_price_usd=30.0)
    own = hours("g4dn.xlarge/spot", 10, given_price_usd=0.1)
    bill = Bill.of([pipeline, own], AWS, 28 * DAY_S)
    assert [line.usd for line in bill.lines] == pytest.approx([840, 1])
    assert {(line.source, line.date) for line in bill.lines} == {("stated in the scenario", "")}


def test_every_meter_that_the_book_lacks_is_named_at_once() -> None:
    with pytest.raises(UserError) as caught:
        Bill.of([hours("g4dn.xlrge/spot", 1), rows("cosmos/write", 1)] * 2, AWS, DAY_S)
    first, second = str(caught.value).splitlines()
    assert "'instance/g4dn.xlrge/spot'; did you mean 'instance/g4dn.xlarge/spot'? (needed for online compute)" in first
    assert "'cosmos/write'" in second


def test_a_meter_priced_by_another_unit_is_the_books_fault() -> None:
    usage = Usage("store", "dynamodb_on_demand/storage", 1, "GB month", Driver.POPULATION)
    with pytest.raises(UserError, match=r"per 'GiB h', but store is measured in 'GB month'"):
        Bill.of([usage], AWS, DAY_S)


@pytest.mark.parametrize("horizon_s", [0, -1, float("nan"), float("inf")])
def test_a_bill_needs_a_horizon(horizon_s: float) -> None:
    with pytest.raises(ValueError, match=r"horizon_s\(=.*\) must be finite and > 0"):
        Bill.of([], AWS, horizon_s)


def test_tiers_are_of_the_month_and_not_of_the_horizon() -> None:
    (line,) = Bill.of([rows("api/calls", 50)], TIERED, MONTH_S / 4).lines
    assert line.usd_per_month == pytest.approx(100 * 2 + 100 * 1)
    assert line.usd == pytest.approx(300 / 4)
    assert line.price_usd == pytest.approx(1.5)
    assert line.detail == "mean price of 200 units a month; per 1: 2 USD up to 100, then 1 USD"


def test_lines_of_one_meter_share_its_tiers() -> None:
    apart = Bill.of([rows("api/calls", 150), rows("api/calls", 50, item="other")], TIERED, MONTH_S)
    together = Bill.of([rows("api/calls", 200)], TIERED, MONTH_S)
    assert apart.total_usd_per_month == pytest.approx(together.total_usd_per_month) == pytest.approx(300)
    assert [line.price_usd for line in apart.lines] == pytest.approx([1.5, 1.5])
