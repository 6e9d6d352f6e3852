"""Bills: every dollar is quantity x price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import UserError
from simulator.core.units import DAY_S, KIB_PER_GIB, MONTH_S, WEEK_S
from simulator.core.usage import Driver, StandIn, Usage
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book

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
    assert "'instance/g4dn.xlrge/spot'; did you mean 'instance/g4dn.xlarge/spot', " in first
    assert first.endswith("(needed for online compute)")
    assert "'cosmos/write'" in second


def test_a_meter_priced_by_another_unit_is_the_books_fault() -> None:
    usage = Usage("store", "dynamodb_on_demand/storage", 1, "GB month", Driver.POPULATION)
    with pytest.raises(UserError, match=r"per 'GiB h', but it is measured in 'GB month'"):
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


def book(*prices: dict[str, object], **terms: object) -> PriceBook:
    return PriceBook.model_validate(
        {"name": "ours", "groups": [{"source": "made up", "date": "2026-11-23", "prices": list(prices)}], **terms}
    )


AGREED = {"source": "contract", "date": "2026-01-01"}
FREE = {"meter": "fn/second", "unit": "GiB s", "free": 400_000, "usd": 2, "per": 1_000_000}
MACHINE = {"meter": "instance/g4dn.xlarge/on_demand", "unit": "h", "usd": 0.5}


def seconds(quantity: float, item: str = "online memory") -> Usage:
    return Usage(item, "fn/second", quantity, "GiB s", Driver.TRAFFIC)


def test_free_units_are_of_the_month_and_shared_by_the_lines_of_a_meter() -> None:
    first, second = Bill.of([seconds(300_000), seconds(700_000, "other")], book(FREE), MONTH_S).lines
    assert first.usd_per_month + second.usd_per_month == pytest.approx(600_000 * 2 / 1e6)
    assert first.price_usd == second.price_usd == pytest.approx(1.2 / 1e6)
    assert first.detail == "mean price of 1,000,000 units a month, 400,000 of them free; per 1,000,000: 2 USD"
    assert Bill.of([seconds(399_000)], book(FREE), MONTH_S).total_usd == 0


def test_tiers_begin_behind_the_free_units() -> None:
    tiers = {"meter": "egress", "unit": "GiB", "free": 100, "tiers": [{"up_to": 10, "usd": 3}, {"usd": 1}]}
    (line,) = Bill.of([Usage("egress", "egress", 120, "GiB", Driver.TRAFFIC)], book(tiers), MONTH_S).lines
    assert line.usd_per_month == pytest.approx(10 * 3 + 10 * 1)
    assert line.detail == "mean price of 120 units a month, 100 of them free; per 1: 3 USD up to 10, then 1 USD"


def test_discounts_are_taken_one_after_another_where_their_meters_fit() -> None:
    discounts = [
        {"meters": "instance/*", "share": "20 %", "label": "enterprise discount", **AGREED},
        {"meters": "*/on_demand", "share": "10 %", **AGREED},
        {"meters": "fn/*", "share": "50 %", **AGREED},
    ]
    (line,) = Bill.of([hours("g4dn.xlarge/on_demand", 100)], book(MACHINE, discounts=discounts), MONTH_S).lines
    assert line.price_usd == pytest.approx(0.5 * 0.8 * 0.9)
    assert line.usd_per_month == line.quantity * line.price_usd
    assert line.detail == (
        "0.5 USD less 20 % (enterprise discount; contract, 2026-01-01) = 0.4 USD; "
        "0.4 USD less 10 % (discount; contract, 2026-01-01) = 0.36 USD"
    )


def committed(usd_per_h: float, used_h: float, **terms: object) -> Bill:
    commitment = {"meters": "instance/*", "usd_per_h": f"{usd_per_h} USD/h", "discount": "30 %", **AGREED}
    agreed = book(MACHINE, commitments=[commitment], **terms)
    return Bill.of([hours("g4dn.xlarge/on_demand", used_h)], agreed, MONTH_S)


def test_what_a_commitment_does_not_cover_is_at_the_price_without_it() -> None:
    (line,) = committed(0.7, 5 * 720).lines  # two of five machines: 0.7 USD/h buys 1 USD/h of usage
    assert line.usd_per_month == pytest.approx(0.7 * 720 + 3 * 0.5 * 720)
    assert line.detail == (
        "40 % covered by the commitment to 0.7 USD/h (contract, 2026-01-01) at 30 % off: "
        "0.5 USD less 40 % x 30 % of 0.5 USD = 0.44 USD"
    )


def test_what_a_commitment_covers_too_much_is_paid_all_the_same() -> None:
    line, unused = committed(0.7, 720).lines
    assert line.usd_per_month == pytest.approx(0.5 * 0.7 * 720)
    assert unused.usd_per_month == pytest.approx(0.35 * 720)
    assert (unused.item, unused.quantity, unused.unit) == ("unused commitment to 0.7 USD/h", 720, "h")
    assert unused.usd_per_month == unused.quantity * unused.price_usd


def test_a_commitment_that_nothing_uses_is_paid() -> None:
    bill = committed(0.7, 0.0)
    assert bill.total_usd_per_month == pytest.approx(0.7 * 720)


def test_a_commitment_is_off_the_price_after_discounts() -> None:
    discounts = [{"meters": "*", "share": "50 %", **AGREED}]
    (line,) = committed(0.7, 5 * 720, discounts=discounts).lines  # 1 USD/h at list price less 50 % is four machines
    assert line.usd_per_month == pytest.approx(0.7 * 720 + 0.25 * 720)


def test_of_two_commitments_the_second_covers_what_the_first_leaves() -> None:
    terms = [
        {"meters": "instance/g4dn.*", "usd_per_h": "0.25 USD/h", "discount": "50 %", **AGREED},
        {"meters": "instance/*", "usd_per_h": "0.4 USD/h", "discount": "20 %", **AGREED},
    ]
    bill = Bill.of([hours("g4dn.xlarge/on_demand", 3 * 720)], book(MACHINE, commitments=terms), MONTH_S)
    assert bill.total_usd_per_month == pytest.approx((0.25 + 0.4 + 0.5) * 720)


def test_what_each_of_two_commitments_covers_is_told_as_a_share_of_all() -> None:
    """Of four machines the first covers one at 0.25 USD/h, and the second the other three at 0.3 USD/h."""
    terms = [
        {"meters": "instance/*", "usd_per_h": "0.25 USD/h", "discount": "50 %", "label": "first", **AGREED},
        {"meters": "instance/*", "usd_per_h": "0.9 USD/h", "discount": "40 %", "label": "second", **AGREED},
    ]
    (line,) = Bill.of([hours("g4dn.xlarge/on_demand", 4 * 720)], book(MACHINE, commitments=terms), MONTH_S).lines
    assert line.usd_per_month == pytest.approx((0.25 + 0.9) * 720)
    assert line.detail == (
        "25 % covered by the first (contract, 2026-01-01) at 50 % off: "
        "0.5 USD less 25 % x 50 % of 0.5 USD = 0.4375 USD; "
        "75 % covered by the second (contract, 2026-01-01) at 40 % off: "
        "0.4375 USD less 75 % x 40 % of 0.5 USD = 0.2875 USD"
    )


INPUT = {"meter": "llm/m/input", "unit": "token", "free": 100, "tiers": [{"up_to": 100, "usd": 2}, {"usd": 1}]}


def tokens(side: str, quantity: float, off: float | None = None) -> Usage:
    stand_in = None if off is None else StandIn("llm/m/input", off)
    return Usage(side, f"llm/m/{side}", quantity, "token", Driver.TRAFFIC, stand_in=stand_in)


def test_what_stands_in_shares_the_free_units_and_tiers_of_its_meter() -> None:
    """Of 300 tokens 100 are free, 100 cost 2 USD and 100 cost 1 USD: 1 USD in the mean."""
    used = [tokens("input", 150), tokens("cache_write", 50, 0.0), tokens("batch_input", 100, 0.5)]
    lines = Bill.of(used, book(INPUT), MONTH_S).lines
    assert [line.usd_per_month for line in lines] == pytest.approx([150, 50, 50])
    assert lines[2].detail == (
        "mean price of 300 units a month, 100 of them free; per 1: 1 USD up to 100, then 0.5 USD"
    )


def test_a_meter_with_a_price_of_its_own_shares_nothing() -> None:
    own = {"meter": "llm/m/cache_write", "unit": "token", "usd": 3}
    lines = Bill.of([tokens("input", 100), tokens("cache_write", 50, 0.0)], book(INPUT, own), MONTH_S).lines
    assert [line.usd_per_month for line in lines] == pytest.approx([0, 150])


def test_terms_of_a_meter_hold_for_what_it_stands_in_for_and_once() -> None:
    plain = {"meter": "llm/m/input", "unit": "token", "usd": 1}
    used = [tokens("input", 720), tokens("cache_write", 720, 0.0), tokens("batch_input", 720, 0.5)]
    for meters in ("llm/m/input", "llm/*"):
        less = book(plain, discounts=[{"meters": meters, "share": "20 %", **AGREED}])
        assert [line.price_usd for line in Bill.of(used, less, MONTH_S).lines] == pytest.approx([0.8, 0.8, 0.4])
        ahead = {"meters": meters, "usd_per_h": "1.25 USD/h", "discount": "50 %", **AGREED}
        lines = Bill.of(used, book(plain, commitments=[ahead]), MONTH_S).lines
        assert [line.usd_per_month for line in lines] == pytest.approx([360, 360, 180])
    own = {"meter": "llm/m/cache_write", "unit": "token", "usd": 1}
    less = book(plain, own, discounts=[{"meters": "llm/m/input", "share": "20 %", **AGREED}])
    assert [line.price_usd for line in Bill.of(used, less, MONTH_S).lines] == pytest.approx([0.8, 1.0, 0.4])


def test_no_term_holds_for_what_the_scenario_prices_itself() -> None:
    terms = {
        "discounts": [{"meters": "*", "share": "50 %", **AGREED}],
        "commitments": [{"meters": "pipe*", "usd_per_h": "0 USD/h", "discount": "50 %", **AGREED}],
    }
    pipeline = Usage("feature pipeline", "pipeline", 28, "run", Driver.POPULATION, given_price_usd=30.0)
    assert Bill.of([pipeline], book(MACHINE, **terms), 28 * DAY_S).total_usd == pytest.approx(840)


TERMS = book(
    FREE,
    MACHINE,
    {"meter": "api/calls", "unit": "row", "free": 50, "tiers": [{"up_to": 100, "usd": 2}, {"usd": 1}]},
    discounts=[{"meters": "instance/*", "share": "20 %", **AGREED}],
    commitments=[{"meters": "*", "usd_per_h": "0.01 USD/h", "discount": "30 %", **AGREED}],
)


@given(st.floats(0, 1e6), st.floats(0, 1e7), st.floats(0, 1e4), horizons)
def test_doubled_prices_double_the_bill_and_no_prices_make_it_nothing(
    used_h: float, used_s: float, calls: float, horizon_s: float
) -> None:
    used = [hours("g4dn.xlarge/on_demand", used_h), seconds(used_s), rows("api/calls", calls)]
    bill, doubled, nothing = (Bill.of(used, TERMS.scaled(factor), horizon_s) for factor in (1.0, 2.0, 0.0))
    assert doubled.total_usd_per_month == 2 * bill.total_usd_per_month
    assert nothing.total_usd_per_month == 0
    assert all(line.usd_per_month == line.quantity * line.price_usd for line in bill.lines)
    assert bill.total_usd_per_month >= 0.01 * 720 * (1 - 1e-12)
