"""The bundled price books against what they were taken from."""

import csv
from pathlib import Path

import pytest

from simulator.prices.book import PriceBook
from simulator.prices.importers.litellm import LiteLlm
from simulator.prices.loading import catalogue_names, load_book

DATA = Path(__file__).parents[3] / "shared" / "data" / "prices"
HOURS_PER_MONTH = 720


@pytest.fixture(scope="module")
def aws() -> PriceBook:
    return load_book("aws-us-east-1")


def read_csv(name: str) -> list[dict[str, str]]:
    if not (DATA / name).is_file():
        pytest.skip(f"the reference data {name} is not beside this project")
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", catalogue_names())
def test_every_price_has_its_source_and_date(name: str) -> None:
    book = load_book(name)
    assert book.name == name
    assert [price.meter for price in book.prices if not (price.source and price.date)] == []


@pytest.mark.parametrize(
    ("meter", "quantity", "usd"),
    [
        ("instance/g4dn.xlarge/on_demand", 1, 0.526),
        ("dynamodb_on_demand/write", 100e6, 62.50),
        ("dynamodb_on_demand/read", 8e6, 1.00),
        ("dynamodb_on_demand/storage", 95.367431640625 * HOURS_PER_MONTH, 23.84185791015625 - 25 * 0.25),
        ("dynamodb_on_demand/storage", 25 * HOURS_PER_MONTH, 0.0),
        ("feature_store/read", 3e6, 0.375),
        ("s3_standard/write", 1e6, 5.0),
        ("s3_standard/read", 1e6, 0.4),
        ("s3_standard/storage", 100 * HOURS_PER_MONTH, 2.3),
        ("redis/storage", 105.81 * HOURS_PER_MONTH, 1.724 * HOURS_PER_MONTH),
        ("redis/node", 2 * HOURS_PER_MONTH, 2482.56),
        ("aws_lambda/gb_second", 400_000 + 16e9, 100_000.2 + 135_000 + 13_333.4),
        ("aws_lambda/request", 3e6, 0.40),
        ("aws_lambda_arm/gb_second", 400_000 + 11_520e6, 100_000.50 + 48_240.402),
        ("dynamodb_provisioned/write_capacity", 50_000 * HOURS_PER_MONTH, 23_400.0 - 11.70),
        ("dynamodb_provisioned/read_capacity", 30 * HOURS_PER_MONTH, 5 * 720 * 0.00013),
        ("dynamodb_provisioned/storage", 26 * HOURS_PER_MONTH, 0.25),
        ("elasticache/cache.r5.4xlarge", 2 * HOURS_PER_MONTH, 2482.56),
        ("egress", 100 + 154_600, 921.60 + 3_481.60 + 7_168 + 50),
        ("kinesis_on_demand/stream", 730, 29.20),
        ("kinesis_on_demand/in", 100, 8.0),
    ],
)
def test_a_price_is_what_one_works_out_by_hand(aws: PriceBook, meter: str, quantity: float, usd: float) -> None:
    assert aws.price_of(meter).mean_usd_per_unit(quantity) * quantity == pytest.approx(usd, rel=1e-12)


def test_instances_cost_what_the_price_list_says(aws: PriceBook) -> None:
    listed = {row["instance_type"]: row for row in read_csv("aws_us_east_1_instances.csv")}
    columns = {"on_demand": "on_demand_usd_per_hour", "spot": "spot_est_usd_per_hour"}
    priced = {price.meter: price.usd for price in aws.prices if price.meter.startswith("instance/")}
    expected = {
        meter: float(listed[instance][columns[purchase]])
        for meter in priced
        for _, instance, purchase in [meter.split("/")]
    }
    assert len(priced) > 80
    assert priced == expected


def test_instances_have_a_spot_price_where_one_is_known_and_only_there(aws: PriceBook) -> None:
    listed = {row["instance_type"]: row for row in read_csv("aws_us_east_1_instances.csv")}
    types = {meter.split("/")[1] for meter in aws.meters if meter.startswith("instance/")}
    without = {instance for instance in types if f"instance/{instance}/spot" not in aws.meters}
    assert (
        without == {instance for instance in types if not listed[instance]["spot_est_usd_per_hour"]} == {"p5.4xlarge"}
    )


def test_spot_costs_less_than_on_demand_and_says_that_it_is_an_estimate(aws: PriceBook) -> None:
    spot = [price for price in aws.prices if price.meter.endswith("/spot")]
    for price in spot:
        on_demand = aws.price_of(price.meter.replace("/spot", "/on_demand"))
        assert price.mean_usd_per_unit(1) < on_demand.mean_usd_per_unit(1)
        assert price.source.startswith("estimate")


def test_stores_cost_what_the_list_they_come_from_says(aws: PriceBook) -> None:
    listed = {(row["service"], row["item"]): float(row["usd"]) for row in read_csv("storage_prices.csv")}
    pairs = {
        "dynamodb_on_demand/write": ("aws_dynamodb", "write_request_unit_per_million"),
        "dynamodb_on_demand/read": ("aws_dynamodb", "read_request_unit_per_million"),
        "feature_store/read": ("aws_dynamodb", "read_request_unit_per_million"),
        "dynamodb_on_demand/storage": ("aws_dynamodb", "storage_gb_month"),
        "s3_standard/write": ("aws_s3_standard", "put_per_1k"),
        "s3_standard/read": ("aws_s3_standard", "get_per_1k"),
        "s3_standard/storage": ("aws_s3_standard", "storage_gb_month"),
        "redis/storage": ("aws_elasticache", "cache.r5.4xlarge_hour"),
        "redis/node": ("aws_elasticache", "cache.r5.4xlarge_hour"),
        "dynamodb_provisioned/write_capacity": ("aws_dynamodb", "wcu_hour"),
        "dynamodb_provisioned/read_capacity": ("aws_dynamodb", "rcu_hour"),
        "dynamodb_provisioned/storage": ("aws_dynamodb", "storage_gb_month"),
        "elasticache/cache.m4.large": ("aws_elasticache", "cache.m4.large_hour"),
        "elasticache/cache.r5.4xlarge": ("aws_elasticache", "cache.r5.4xlarge_hour"),
        "elasticache/cache.m6g.12xlarge": ("aws_elasticache", "cache.m6g.12xlarge_hour"),
    }
    expected = {meter: listed[key] for meter, key in pairs.items()}
    assert {meter: aws.price_of(meter).usd for meter in pairs} == pytest.approx(expected, rel=1e-12)


def test_token_prices_are_those_of_the_list_they_come_from() -> None:
    path = DATA / "llm_model_prices.json"
    if not path.is_file():
        pytest.skip("the reference data llm_model_prices.json is not beside this project")
    listed = LiteLlm().read(path).book
    book = load_book("llm-2025-09")
    models = {price.meter.removeprefix("llm/").rpartition("/")[0] for price in book.prices}
    assert len(models) > 24
    for price in book.prices:
        found = listed.price_of(price.meter)
        assert price.mean_usd_per_unit(1) == pytest.approx(found.usd, rel=1e-12)
        longer = {each.above: each.usd / price.per for each in price.long_prompts}
        assert longer == pytest.approx({each.above: each.usd for each in found.long_prompts}, rel=1e-12)
    for meter in listed.meters:  # a model is there with all of its prices
        assert meter in book.meters or meter.removeprefix("llm/").rpartition("/")[0] not in models


def test_watts_and_grid_are_what_their_lists_say(aws: PriceBook) -> None:
    listed = {row["instance_type"]: row for row in read_csv("aws_us_east_1_instances.csv")}
    assert aws.energy is not None
    assert aws.energy.grid is not None
    measured, estimated = aws.energy.watts
    for each in measured.instances:
        row = listed[each.instance]
        assert (each.idle_w, each.full_w) == (float(row["watt_idle"]), float(row["watt_100"]))
    assert not any(listed[each.instance]["watt_100"] for each in estimated.instances)
    factors = {
        row["Region"]: float(row["CO2e (metric ton/kWh)"])
        for row in read_csv("../carbon/ccf_grid-emissions-factors-aws.csv")
    }
    assert aws.energy.grid.kg_co2e_per_kwh == pytest.approx(1000 * factors[aws.energy.grid.region], rel=1e-12)
