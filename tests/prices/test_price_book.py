"""Price books: finding prices, reading files, saying what is wrong with them."""

import pickle
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from simulator.core.errors import InputFileError, UserError
from simulator.core.units import KIB_PER_GIB
from simulator.prices.book import PriceBook
from simulator.prices.loading import catalogue_names, find_book, load_book
from simulator.prices.price import Price
from simulator.prices.terms import Commitment
from simulator.prices.writing import write_book

OWN_BOOK = """\
name: ours
groups:
  - source: contract 4711
    date: 2026-10-01
    prices:
      - {meter: instance/m7g.large/on_demand, unit: h, usd: 0.05}
      - {meter: table/write, unit: row, usd: 1.25, per: 1_000_000, size_step: 1 KiB, source: appendix B}
      - meter: table/storage
        unit: GiB h
        per: 720
        tiers: [{up_to: 720, usd: 0}, {up_to: 7_200, usd: 0.3}, {usd: 0.2}]
"""


@pytest.fixture
def own_book(tmp_path: Path) -> PriceBook:
    (tmp_path / "ours.yaml").write_text(OWN_BOOK, encoding="utf-8")
    return load_book("ours.yaml", tmp_path)


def faults_of(text: str, folder: Path) -> list[str]:
    (folder / "book.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputFileError) as caught:
        load_book("book.yaml", folder)
    return [str(fault) for fault in caught.value.faults]


def test_a_price_without_source_or_date_has_its_groups(own_book: PriceBook) -> None:
    instance, write, _ = own_book.prices
    assert (instance.source, instance.date) == ("contract 4711", "2026-10-01")
    assert (write.source, write.date) == ("appendix B", "2026-10-01")


def test_an_absolute_path_needs_no_folder(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(OWN_BOOK, encoding="utf-8")
    assert load_book(tmp_path / "ours.yaml").name == "ours"


def test_a_book_written_out_reads_back_the_same(own_book: PriceBook, tmp_path: Path) -> None:
    written = StringIO()
    YAML().dump(own_book.model_dump(mode="json"), written)
    (tmp_path / "again.yaml").write_text(written.getvalue(), encoding="utf-8")
    assert load_book("again.yaml", tmp_path) == own_book


def test_a_book_travels_to_other_processes(own_book: PriceBook) -> None:
    assert pickle.loads(pickle.dumps(own_book)) == own_book  # noqa: S301  (our own bytes)


def test_an_unknown_name_is_told_the_nearest_one() -> None:
    with pytest.raises(UserError, match=r"'aws-us-est-1' is neither .* did you mean 'aws-us-east-1'\?"):
        load_book("aws-us-est-1")


def test_a_file_that_is_not_text_is_the_users_error(tmp_path: Path) -> None:
    (tmp_path / "book.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputFileError, match=r"book\.yaml: line 1: is not UTF-8 at byte 0"):
        load_book("book.yaml", tmp_path)


def test_the_catalogue_wins_over_a_file_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "aws-us-east-1").write_text(OWN_BOOK, encoding="utf-8")
    assert load_book("aws-us-east-1", tmp_path).name == "aws-us-east-1"
    assert load_book("./aws-us-east-1", tmp_path).name == "ours"


def test_every_fault_of_a_file_is_reported_with_its_path_and_line(tmp_path: Path) -> None:
    text = (
        OWN_BOOK.replace("usd: 0.05", "usd: -1")
        .replace("size_step: 1 KiB", "sizestep: 1 KiB")
        .replace("name: ours\n", "")
    )
    assert faults_of(text, tmp_path) == [
        "needs 'name', e.g. 'name: our prices'",
        "line 5: groups[0].prices[0].usd: -1 must be at least 0",
        "line 6: groups[0].prices[1]: unknown key 'sizestep'; did you mean 'size_step'?",
    ]


def test_a_book_may_hold_thousands_of_prices(tmp_path: Path) -> None:
    prices = "".join(f"      - {{meter: instance/x{n}/spot, unit: h, usd: {n}}}\n" for n in range(4_000))
    (tmp_path / "large.yaml").write_text(OWN_BOOK + prices, encoding="utf-8")
    assert load_book("large.yaml", tmp_path).price_of("instance/x3999/spot").usd == 3999


def test_a_bundled_book_is_found_by_its_name_and_a_file_by_its_absolute_path(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(OWN_BOOK, encoding="utf-8")
    assert find_book("aws-us-east-1", tmp_path) == "aws-us-east-1"
    assert find_book("ours.yaml", tmp_path) == str(tmp_path.resolve() / "ours.yaml")


@pytest.mark.parametrize(
    "name", ["", "x" * 5000, "a\0b", "none.yaml", "."], ids=["empty", "long", "nul", "none", "dot"]
)
def test_a_name_that_is_no_file_is_the_users_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is neither a bundled price book nor a file in") as caught:
        load_book(name, tmp_path)
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("{meter: a/b, unit: h}", "'a/b' needs either usd or tiers, and not both"),
        ("{meter: a/b, unit: h, usd: 1, tiers: [{usd: 1}]}", "'a/b' needs either usd or tiers, and not both"),
        ("{meter: a/b, unit: h, usd: .inf}", "finite"),
        ("{meter: a/b, unit: h, usd: cheap}", "'cheap' is not a number"),
        ("{meter: a/b, unit: h, usd: 1, per: 0}", "prices[3].per: 0 must be above 0"),
        ("{meter: a/b, unit: h, usd: 1, size_step: 1 KiB}", "its unit is 'h'; only a 'row' is charged by size"),
        ("{meter: a/b, unit: row, usd: 1, size_step: 1}", "1 has no unit; write e.g. '1 KiB'"),
        ("{meter: a/b, unit: h, tiers: [{up_to: 5, usd: 1}]}", "end at [5.0]; each must end above the one before"),
        ("{meter: a/b, unit: h, tiers: [{usd: 2}, {up_to: 5, usd: 1}]}", "end at [inf, 5.0]"),
        ("{meter: table/write, unit: row, usd: 1}", "table/write: priced more than once"),
        ("3", "line 12: groups[0].prices[3]: must be a mapping with 'meter', 'unit', not 3"),
    ],
)
def test_a_wrong_price_is_named_with_the_rule_it_breaks(wrong: str, message: str, tmp_path: Path) -> None:
    (fault,) = faults_of(f"{OWN_BOOK}      - {wrong}\n", tmp_path)
    assert message in fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("name: a\nname: b\n", "line 2: name: appears a second time; the first is on line 1"),
        ("groups: [1\nname: b\n", "line 2: not YAML"),
        ("groups: [&a {<<: *a}]\n", "'*a' stands inside its own anchor"),
        (OWN_BOOK.replace("10-01", "02-30"), "line 4: groups[0].date: '2026-02-30' is no day of the calendar"),
        (OWN_BOOK.replace("2026-10-01", "2026"), "line 4: groups[0].date: 2026 must be text; put it in quotes"),
        (OWN_BOOK + "currency: EUR\n", "line 12: currency: 'EUR' is not one of USD"),
    ],
)
def test_a_file_that_is_no_book_says_why(text: str, message: str, tmp_path: Path) -> None:
    (fault,) = faults_of(text, tmp_path)
    assert message in fault


@pytest.mark.parametrize(
    ("meter", "hint"),
    [
        ("instance/p5.4xlarge/spot", "did you mean 'instance/p5.4xlarge/on_demand'?"),
        (
            "instance/g4dn.xlrge/spot",
            "did you mean 'instance/g4dn.xlarge/spot', 'instance/g4dn.8xlarge/spot' or 'instance/g4dn.4xlarge/spot'?",
        ),
        ("instance/Standard_B4ms_v2/now", "it prices 89 meters of 'instance', none of them like it"),
    ],
)
def test_a_meter_that_the_book_lacks_is_told_the_nearest_ones(meter: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        load_book("aws-us-east-1").price_of(meter)
    assert str(caught.value).startswith(f"price book 'aws-us-east-1' has no price for '{meter}'; {hint}")


def test_a_store_that_the_book_lacks_is_told_the_stores_that_it_has() -> None:
    with pytest.raises(UserError, match=r"did you mean .*'dynamodb_on_demand/write'"):
        load_book("aws-us-east-1").price_of("cassandra/write")


def test_a_meter_like_none_of_the_book_is_told_the_families_there_are() -> None:
    book = load_book("aws-us-east-1")
    families = sorted({meter.split("/")[0] for meter in book.meters})
    with pytest.raises(UserError) as caught:
        book.price_of("xyz")
    assert str(caught.value).endswith(f"choose one of: {', '.join(families)}")


@pytest.mark.parametrize(
    ("row_kib", "units"),
    [(0, 1), (0.1, 1), (1, 1), (1.001, 2), (2, 2), (4.5, 5), (400, 400)],
)
def test_a_row_is_charged_by_started_step_and_at_least_one(row_kib: float, units: int, own_book: PriceBook) -> None:
    assert own_book.price_of("table/write").units_per_row(row_kib / KIB_PER_GIB) == units


@given(st.integers(1, 10_000), st.sampled_from(["1 KiB", "3 KiB", "0.1 KiB", "1 kB"]))
def test_a_row_of_whole_steps_is_charged_no_step_more(steps: int, step: str) -> None:
    price = Price.model_validate({"meter": "a/write", "unit": "row", "usd": 1, "size_step": step})
    assert price.size_step_gib is not None
    assert price.units_per_row(steps * price.size_step_gib) == steps


@pytest.mark.parametrize(("gib_months", "usd"), [(0.5, 0.0), (1, 0.0), (2, 0.3), (10, 2.7), (20, 4.7)])
def test_graduated_tiers_price_the_part_that_falls_into_each(
    gib_months: float, usd: float, own_book: PriceBook
) -> None:
    quantity = gib_months * 720
    assert own_book.price_of("table/storage").mean_usd_per_unit(quantity) * quantity == pytest.approx(usd, abs=1e-12)


def test_the_price_of_nothing_is_the_first_tiers() -> None:
    tiers = [{"up_to": 5, "usd": 2}, {"usd": 1}]
    price = Price.model_validate({"meter": "a/calls", "unit": "row", "per": 4, "tiers": tiers})
    assert price.mean_usd_per_unit(0) == 0.5


@pytest.mark.parametrize("factor", [-1, float("inf"), float("nan")])
def test_a_book_is_not_scaled_by_nonsense(factor: float, own_book: PriceBook) -> None:
    with pytest.raises(ValueError, match=r"factor\(=.*\) must be finite and >= 0"):
        own_book.scaled(factor)


def test_the_catalogue_has_aws() -> None:
    assert "aws-us-east-1" in catalogue_names()


OVER = """\
name: over
groups:
  - {source: contract 4712, date: 2026-11-01, prices: [{meter: table/write, unit: row, usd: 1}]}
discounts:
  - {meters: "instance/*", share: 20 %, label: enterprise discount, source: contract, date: 2026-01-01}
commitments:
  - {meters: "instance/m7g.*", usd_per_h: 5 USD/h, discount: 30 %, source: contract, date: 2026-01-01}
"""


def test_a_later_book_replaces_the_meters_of_an_earlier_one(own_book: PriceBook, tmp_path: Path) -> None:
    (tmp_path / "over.yaml").write_text(OVER, encoding="utf-8")
    both = load_book(["ours.yaml", "over.yaml"], tmp_path)
    assert both.name == "ours + over"
    assert (both.price_of("table/write").usd, both.price_of("table/write").source) == (1, "contract 4712")
    assert both.price_of("table/storage") == own_book.price_of("table/storage")
    assert sorted(both.meters) == sorted(own_book.meters)
    assert both.discounts[0].share_fraction == pytest.approx(0.2)
    assert both.commitments[0].usd_per_h == 5
    assert load_book(["over.yaml", "ours.yaml"], tmp_path).price_of("table/write").usd == 1.25


def test_a_book_may_state_terms_alone(own_book: PriceBook, tmp_path: Path) -> None:
    terms = "\n".join(line for line in OVER.splitlines() if not line.startswith(("groups", "  - {source")))
    (tmp_path / "terms.yaml").write_text(terms, encoding="utf-8")
    assert load_book(["ours.yaml", "terms.yaml"], tmp_path).prices == own_book.prices


def test_a_scaled_book_remembers_nothing_of_the_one_before(own_book: PriceBook) -> None:
    assert own_book.price_of("table/write").usd == 1.25
    assert own_book.scaled(2).price_of("table/write").usd == 2.5


@pytest.mark.parametrize("names", ["aws-us-east-1", ["aws-us-east-1", "llm-2025-09"], ["aws-us-east-1", "over.yaml"]])
def test_a_book_written_a_price_a_line_reads_back_the_same(names: str | list[str], tmp_path: Path) -> None:
    (tmp_path / "over.yaml").write_text(OVER, encoding="utf-8")
    book = load_book(names, tmp_path)
    (tmp_path / "again.yaml").write_text(write_book(book), encoding="utf-8")
    assert load_book("again.yaml", tmp_path) == book


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("discounts: [{meters: '*', share: 120 %, source: s, date: d}]", "120 %"),
        ("discounts: [{meters: '*', source: s, date: d}]", "share"),
        ("commitments: [{meters: '*', usd_per_h: 5, discount: 30 %, source: s, date: d}]", "5 has no unit"),
        ("commitments: [{meters: '*', usd_per_h: 5 USD/h, discount: 100 %, source: s, date: d}]", "100 % off"),
        (
            "energy: {watts: [{source: s, date: d, within: 0, why: w, instances: [{instance: a, idle: 9, full: 8}]}]}",
            "'a'",
        ),
    ],
)
def test_wrong_terms_are_named_with_the_rule_they_break(wrong: str, message: str, tmp_path: Path) -> None:
    (fault,) = faults_of(f"name: ours\n{wrong}\n", tmp_path)
    assert message in fault


def test_a_book_that_says_nothing_is_told_so(tmp_path: Path) -> None:
    (fault,) = faults_of("name: ours\n", tmp_path)
    assert "says nothing; give 'groups' of prices" in fault


def test_token_prices_are_read_from_the_file_that_others_keep(tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text(
        '{"gpt-x": {"input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6}}', encoding="utf-8"
    )
    book = load_book(["aws-us-east-1", "models.json"], tmp_path)
    price = book.price_of("llm/gpt-x/output")
    assert (price.usd, price.unit, price.source) == (8e-6, "token", "models.json")
    assert "last changed" in price.date
    assert book.find("llm/gpt-x/batch_input") is None


def test_the_example_of_an_agreements_meters_is_what_is_bought_on_demand_alone() -> None:
    """An AWS Savings Plan covers neither spot nor reserved instances."""
    (meters,) = Commitment.model_fields["meters"].examples or []
    terms = {"meters": meters, "usd_per_h": "5 USD/h", "discount": "30 %", "source": "contract", "date": "2026-01-01"}
    commitment = Commitment.model_validate(terms)
    purchases = ("on_demand", "spot", "reserved_1y", "reserved_3y")
    assert [commitment.holds_for(f"instance/m7g.xlarge/{how}") for how in purchases] == [True, False, False, False]
