"""Providers' own price lists and invoices: what a unit costs, and what of them is left out and said to be."""

import json
from pathlib import Path

import price_lists as lists
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from simulator.core.errors import InputFileError, UserError
from simulator.prices.importers.base import Imported
from simulator.prices.importing import import_book


def imported(kind: str, text: str, folder: Path, region: str | None = None, rate: str | None = None) -> Imported:
    (folder / "list.txt").write_text(text, encoding="utf-8")
    return import_book(kind, folder / "list.txt", folder / "book.yaml", region, None, rate)


def cost(found: Imported, meter: str, units: float = 1.0) -> float:
    return found.book.price_of(meter).mean_usd_per_unit(units) * units


def reasons(found: Imported) -> dict[str, tuple[str, ...]]:
    return {each.why: each.names for each in found.left_out}


def test_an_offer_file_brings_machines_requests_and_storage_with_what_is_free(tmp_path: Path) -> None:
    found = imported("aws-offers", lists.OFFERS, tmp_path)
    assert cost(found, "instance/m5.large/on_demand") == 0.096
    assert cost(found, "instance/m5.large/reserved_1y") == 0.06
    for meter in ("dynamodb_on_demand/storage", "dynamodb_provisioned/storage"):
        assert cost(found, meter, 25 * 720) == 0
        assert cost(found, meter, 125 * 720) == pytest.approx(100 * 0.25)
    assert cost(found, "egress", 20_480) == pytest.approx(10_240 * (0.09 + 0.085))
    write = found.book.price_of("dynamodb_on_demand/write")
    assert (write.units_per_row(1.5 / 2**20), write.usd) == (2, 0.000000625)
    assert found.book.groups[0].date == "2026-11-20"


def test_another_class_of_storage_and_machines_with_software_are_left_out_by_name(tmp_path: Path) -> None:
    told = reasons(imported("aws-offers", lists.OFFERS, tmp_path))
    assert told["no meter counts Storage"] == ("USE2-IA-TimedStorage-ByteHrs",)
    assert told["no meter counts Compute Instance of another preInstalledSw"] == ("USE2-BoxUsage:m5.large",)


def test_what_the_command_of_aws_prints_is_read_as_an_offer_file_is(tmp_path: Path) -> None:
    data = lists.OFFERS_DATA
    printed = [
        json.dumps(
            {
                "product": product,
                "serviceCode": "AmazonEC2",
                "terms": {kind: by_sku[sku] for kind, by_sku in data["terms"].items() if sku in by_sku},
                "publicationDate": "2026-11-20T00:00:00Z",
            }
        )
        for sku, product in data["products"].items()
    ]
    assert (
        imported("aws-offers", json.dumps({"PriceList": printed}), tmp_path).book.prices
        == imported("aws-offers", lists.OFFERS, tmp_path).book.prices
    )


def test_an_offer_in_another_currency_or_with_a_gap_becomes_no_price(tmp_path: Path) -> None:
    told = reasons(imported("aws-offers", lists.OFFERS.replace('{"USD": "0.096"}', '{"CNY": "0.7"}'), tmp_path))
    assert told["prices in CNY; only USD is read"] == ("USE2-BoxUsage:m5.large",)
    with pytest.raises(InputFileError, match="E: has steps with gaps between them"):
        imported("aws-offers", lists.OFFERS.replace('"endRange": "10240"', '"endRange": "10000"'), tmp_path)


def test_azures_retail_prices_bring_spot_and_reserved_ones_too(tmp_path: Path) -> None:
    found = imported("azure-retail", lists.AZURE_RETAIL, tmp_path, "eastus")
    machine = "instance/Standard_D2s_v3"
    assert [cost(found, f"{machine}/{how}") for how in ("on_demand", "spot", "reserved_1y")] == [0.096, 0.02, 0.1]
    told = reasons(found)
    assert "prices in EUR; only USD is read" in told
    assert "machines with Windows" in told
    assert "the answer goes on at NextPageLink, and only this page of it is here" in told


def test_googles_machines_cost_their_cores_memory_and_accelerators(tmp_path: Path) -> None:
    found = imported("gcp-skus", lists.GCP, tmp_path, "us-central1")
    assert cost(found, "instance/n2-standard-8/on_demand") == pytest.approx(8 * 0.031611 + 32 * 0.004237)
    assert cost(found, "instance/n2-highcpu-4/spot") == pytest.approx(4 * 0.007 + 4 * 0.001)
    assert cost(found, "instance/g2-standard-24/on_demand") == pytest.approx(24 * 0.025 + 96 * 0.003 + 2 * 0.56)
    assert found.book.find("instance/g2-standard-24/spot") is None
    assert "prices in EUR; only USD is read" in reasons(found)


def test_token_prices_of_today_with_long_prompts_and_calls(tmp_path: Path) -> None:
    found = imported("genai-prices", lists.GENAI, tmp_path)
    price = found.book.price_of("llm/openai/gpt-x/input")
    assert (price.usd_in_class(200), price.usd_in_class(201)) == (1.25, 2.5)
    assert cost(found, "llm/openai/gpt-x/cached_input", 1e6) == pytest.approx(0.125)
    assert cost(found, "llm/openai/gpt-x/call", 1_000) == pytest.approx(5)
    assert cost(found, "llm/openai/later/input", 1e6) == pytest.approx(2)
    with pytest.raises(UserError, match="0 a token beside prices by input_audio_seconds"):
        found.book.price_of("llm/openai/whisper/input")
    assert reasons(found)["prices of some hours of the day"] == ("openai/later",)


def test_vantages_table_has_the_region_that_is_asked_for(tmp_path: Path) -> None:
    found = imported("vantage", lists.VANTAGE, tmp_path, "us-east-1")
    prices = [cost(found, f"instance/m5.large/{how}") for how in ("on_demand", "spot", "reserved_1y")]
    assert prices == [0.096, 0.041, 0.06]
    assert reasons(found)["no price on-demand"] == ("mac1.metal",)


@pytest.mark.parametrize(
    ("rate", "usd_per_h"),
    [("list", 0.526), ("effective", (4.208 + 9 + 15) / 100), (None, (4.208 + 25.248) / 70)],
)
def test_a_usage_report_says_what_a_machine_hour_really_cost(
    rate: str | None, usd_per_h: float, tmp_path: Path
) -> None:
    found = imported("aws-cur", lists.CUR, tmp_path, None, rate)
    assert cost(found, "instance/g4dn.xlarge/on_demand") == pytest.approx(usd_per_h)
    assert cost(found, "dynamodb_on_demand/storage", 720) == pytest.approx(0.1875)
    told = reasons(found)
    assert told["charges that are no usage"] == ("?",)
    assert "BoxUsage:g4dn.xlarge" in told["no meter counts it"]  # with Windows
    assert ("covered by a reservation, which has no contracted rate" in told) == (rate is None)


@pytest.mark.parametrize(("rate", "usd_per_h"), [("list", 0.526), ("effective", 0.3), ("contracted", 0.4208)])
def test_a_bill_in_focus_is_read_as_csv_and_as_parquet(rate: str, usd_per_h: float, tmp_path: Path) -> None:
    found = imported("focus", lists.FOCUS, tmp_path, None, rate)
    assert cost(found, "instance/g4dn.xlarge/on_demand") == pytest.approx(usd_per_h)
    assert "2026-10-01 to 2026-10-02" in found.book.groups[0].source
    assert {"charges that are no usage", "corrections of earlier bills"} <= set(reasons(found))
    pq.write_table(pa_csv.read_csv(tmp_path / "list.txt"), tmp_path / "list.parquet")
    again = import_book("focus", tmp_path / "list.parquet", tmp_path / "again.yaml", None, None, rate)
    assert [(one.meter, one.usd) for one in again.book.prices] == [(one.meter, one.usd) for one in found.book.prices]


def test_machines_in_anybodys_bill_are_told_by_their_details(tmp_path: Path) -> None:
    found = imported("focus", lists.FOCUS_OF_ANYBODY, tmp_path)
    assert {price.meter: price.mean_usd_per_unit(1) for price in found.book.prices} == pytest.approx(
        {"instance/Standard_D4s_v5/on_demand": 0.192, "instance/Standard_D4s_v5/spot": 0.04}
    )
    assert set(reasons(found)["no meter counts it"]) == {"D4s v5", "E4", "Hot LRS"}


def test_details_that_are_pairs_say_the_same(tmp_path: Path) -> None:
    imported("focus", lists.FOCUS_OF_ANYBODY, tmp_path)
    table = pa_csv.read_csv(tmp_path / "list.txt")
    pairs = [list(json.loads(each).items()) for each in table["SkuPriceDetails"].to_pylist()]
    place = table.column_names.index("SkuPriceDetails")
    table = table.set_column(place, "SkuPriceDetails", pa.array(pairs, pa.map_(pa.string(), pa.string())))
    pq.write_table(table, tmp_path / "list.parquet")
    again = import_book("focus", tmp_path / "list.parquet", tmp_path / "again.yaml", None, None)
    assert [price.meter for price in again.book.prices] == [
        "instance/Standard_D4s_v5/on_demand",
        "instance/Standard_D4s_v5/spot",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (lists.FOCUS.replace("USD,Usage,,2026-10-02", "EUR,Usage,,2026-10-02"), r"several currencies \(EUR, USD\)"),
        (
            lists.FOCUS.replace("USD", "EUR"),
            "is in EUR; a book's prices are in USD, and no rate of exchange is guessed",
        ),
        (lists.FOCUS.replace("42.08", "much"), "column 'ContractedCost' has something that is no number"),
        (lists.FOCUS.replace("x_UsageType", "UsageType"), "has no column 'ServiceName'"),
        (lists.FOCUS.splitlines()[0] + "\n", "has no rows"),
    ],
)
def test_an_invoice_that_cannot_be_read_leaves_nothing(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        imported("focus", text, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]


def test_a_rate_is_asked_of_an_invoice_alone(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rates are of aws-cur and focus"):
        imported("vantage", lists.VANTAGE, tmp_path, "us-east-1", "list")
    with pytest.raises(UserError, match="has no rate 'net'"):
        imported("focus", lists.FOCUS, tmp_path, None, "net")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("vantage", '[{"instance_type": 3}, 4]'),
        ("vantage", '[{"instance_type": "a", "pricing": {"r": {"linux": {"ondemand": [1]}}}}]'),
        ("azure-retail", '{"Items": [1, {"retailPrice": 2}]}'),
        ("gcp-skus", '{"skus": [{"description": "x"}, null]}'),
        ("genai-prices", '[{"id": "p", "models": [{"id": "m", "prices": {"input_mtok": "dear"}}, 3]}]'),
        ("aws-offers", '{"products": {"A": 3}, "terms": {}}'),
        ("aws-offers", '{"PriceList": ["{", 3]}'),
        ("gcp-skus", "{"),
    ],
)
def test_what_is_wrong_in_a_list_is_told_with_its_place(kind: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"list\.txt"):
        imported(kind, text, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]
