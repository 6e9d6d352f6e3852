"""A forecast against an invoice: every dollar of the difference has a reason."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from program import predcost

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "food_delivery_100m.yaml"
HEAD = (
    "BillingCurrency,ChargeCategory,ChargeClass,ChargePeriodStart,RegionId,PricingQuantity,ContractedCost,EffectiveCost,"
    "ListCost,x_ServiceCode,x_UsageType,x_Operation,Tags\n"
)
ROWS = (
    "USD,Usage,,2026-11-01T00:00:00Z,us-east-1,720,500,400,526,AmazonEC2,BoxUsage:g4dn.xlarge,RunInstances,{}\n"
    "USD,Usage,,2026-11-15T00:00:00Z,us-east-1,1000000,0.6,0.6,0.625,AmazonDynamoDB,WriteRequestUnits,P,{}\n"
    "USD,Usage,,2026-11-15T00:00:00Z,us-east-1,100,9,9,9,AmazonEC2,NatGateway-Bytes,,{}\n"
    "USD,Tax,,2026-11-15T00:00:00Z,us-east-1,,3,3,3,AmazonEC2,,,{}\n"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("actuals")
    small = ("--users", "20k", "--horizon", "12 h", "--replications", "1", "--workers", "1", "--charts", "none")
    done = predcost("run", SCENARIO, *small, "--plan", "cached", "--out", folder / "run")
    assert done.returncode == 0, done.stderr
    (folder / "bill.csv").write_text(HEAD + ROWS.replace("{}", '"{""team"": ""feed""}"'), encoding="utf-8")
    return folder


def told(place: Path, *arguments: object) -> Any:
    done = predcost("actuals", "run", "--bill", "bill.csv", "--json", *arguments, cwd=place)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_price_volume_and_what_either_lacks_add_up_to_the_difference(place: Path) -> None:
    found = told(place)
    parts = ("by_price_usd", "by_volume_usd", "not_in_forecast_usd", "not_on_invoice_usd")
    assert sum(found[part] for part in parts) == pytest.approx(found["actual_usd"] - found["forecast_usd"])
    assert found["actual_usd"] == pytest.approx(409.6)
    assert found["days"] == 15
    assert found["unmapped"] == [{"service": "AmazonEC2", "usage": "NatGateway-Bytes", "usd": 9.0}]
    assert found["left_out"] == {"charges that are no usage": 3.0}


def test_machines_at_another_price_and_for_more_hours_are_told_apart(place: Path) -> None:
    (machines,) = (each for each in told(place)["meters"] if each["meter"].startswith("instance/"))
    assert machines["forecast"]["quantity"] == pytest.approx(2 * 24 * 15)
    assert machines["by_volume_usd"] == pytest.approx(0, abs=1e-9)
    assert machines["by_price_usd"] == pytest.approx(400 - 720 * 0.526)
    (shorter,) = (each for each in told(place, "--days", 10)["meters"] if each["meter"].startswith("instance/"))
    assert shorter["by_volume_usd"] == pytest.approx((720 - 480) * 0.526)


def test_a_map_that_was_written_and_edited_says_what_counts_what(place: Path) -> None:
    assert predcost("actuals", "run", "--bill", "bill.csv", "--write-map", "map.yaml", cwd=place).returncode == 0
    written = (place / "map.yaml").read_text(encoding="utf-8")
    assert told(place, "--map", "map.yaml") == told(place)
    (place / "other.yaml").write_text(written.replace('# - {usage: "Nat', '- {usage: "Nat'), encoding="utf-8")
    found = told(place, "--map", "other.yaml")
    assert found["unmapped"] == []
    assert found["left_out"]["none of the forecast's, as the map says"] == 9.0
    mapped = written.replace('# - {usage: "NatGateway-Bytes", service: "AmazonEC2"', '- {usage: "Nat*", meter: egress')
    (place / "egress.yaml").write_text(mapped, encoding="utf-8")
    assert any(each["meter"] == "egress" for each in told(place, "--map", "egress.yaml")["meters"])


def test_only_rows_with_a_tag_count_in_csv_and_in_parquet(place: Path) -> None:
    assert told(place, "--where", "Tags.team=feed")["actual_usd"] == pytest.approx(409.6)
    done = predcost("actuals", "run", "--bill", "bill.csv", "--where", "Tags.team=ads", cwd=place)
    assert done.returncode == 2
    assert "has no usage that counts" in done.stderr
    columns: dict[str, list[Any]] = {name: [] for name in HEAD.strip().split(",")}
    for team, usd in (("feed", 400.0), ("ads", 70.0)):
        row = (
            "USD",
            "Usage",
            None,
            "2026-11-01",
            "us-east-1",
            720.0,
            usd,
            usd,
            usd,
            "AmazonEC2",
            "BoxUsage:g4dn.xlarge",
        )
        for name, value in zip(columns, (*row, "RunInstances", [("team", team)]), strict=True):
            columns[name].append(value)
    tags = pa.array(columns.pop("Tags"), pa.map_(pa.string(), pa.string()))
    pq.write_table(pa.table({**columns, "Tags": tags}), place / "bill.parquet")
    done = predcost("actuals", "run", "--bill", "bill.parquet", "--where", "Tags.team=ads", "--json", cwd=place)
    assert json.loads(done.stdout)["actual_usd"] == pytest.approx(70)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--bill", "nowhere.csv"), "cannot be read"),
        (("run", "--bill", "bill.csv", "--rate", "net"), "no rate 'net'"),
        (("run", "--bill", "bill.csv", "--where", "Tags"), "must be COLUMN=VALUE"),
        (("run", "--bill", "bill.csv", "--where", "Team=x"), "has no column 'Team'"),
        (("run", "--bill", "bill.csv", "--plan", "cach"), "did you mean 'cached'?"),
        (("run", "--bill", "bill.csv", "--map", "bill.csv"), "bill.csv"),
        (("nowhere", "--bill", "bill.csv"), "holds no run"),
    ],
)
def test_what_cannot_be_compared_ends_with_exit_2(place: Path, arguments: tuple[str, ...], said: str) -> None:
    done = predcost("actuals", *arguments, cwd=place)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_table_says_where_the_difference_is_from(place: Path) -> None:
    done = predcost("actuals", "run", "--bill", "bill.csv", cwd=place)
    assert "The invoice is $410, the forecast" in done.stdout
    assert "NatGateway-Bytes" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
