"""A plan's bill of a kept run: for people, as JSON, and in FOCUS."""

import csv
import io
import json
from pathlib import Path

import pytest
from program import predcost

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "food_delivery_100m.yaml"
BOOK = """
name: our contract
discounts:
- {meters: dynamodb_on_demand/*, share: 20 %, source: contract, date: 2026-11-28}
commitments:
- meters: instance/*/on_demand
  usd_per_h: 3 USD/h
  discount: 30 %
  label: savings plan
  source: contract
  date: 2026-11-28
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bills")
    (folder / "ours.yaml").write_text(BOOK, encoding="utf-8")
    (folder / "copy.yaml").write_text(SCENARIO.read_text(encoding="utf-8"), encoding="utf-8")
    small = ("--users", "20k", "--horizon", "12 h", "--replications", "2", "--workers", "1", "--charts", "none")
    plans = ("--plan", "cached", "--plan", "on demand", "--set", "prices=[aws-us-east-1, ours.yaml]")
    done = predcost("run", "copy.yaml", *small, *plans, "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def focus(run: Path, *arguments: str) -> list[dict[str, str]]:
    done = predcost("bill", run, "--format", "focus", *arguments)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_the_lines_in_focus_add_up_to_the_bill_with_discounts_and_commitments_apart(run: Path) -> None:
    told = json.loads(predcost("bill", run, "--plan", "cached", "--format", "json").stdout)
    rows = focus(run, "--plan", "cached")
    assert sum(float(row["BilledCost"]) for row in rows) == pytest.approx(told["total_usd"])
    assert [float(row["EffectiveCost"]) for row in rows] == pytest.approx(
        [line["usd_per_month"] for line in told["bill"]]
    )
    writes = next(row for row in rows if row["SkuId"] == "dynamodb_on_demand/write")
    assert float(writes["ContractedCost"]) == pytest.approx(0.8 * float(writes["ListCost"]))
    machines = next(row for row in rows if row["SkuId"].startswith("instance/"))
    assert float(machines["EffectiveCost"]) == pytest.approx(0.7 * float(machines["ContractedCost"]))
    assert float(machines["ContractedCost"]) == pytest.approx(float(machines["ListCost"]))
    assert next(row for row in rows if row["ChargeCategory"] == "Purchase")["ChargeDescription"].startswith("unused")


def test_every_row_has_the_columns_that_focus_wants_and_prices_that_fit(run: Path) -> None:
    wanted = {
        "BillingAccountId",
        "BillingPeriodEnd",
        "ChargeClass",
        "InvoiceIssuerName",
        "ProviderName",
        "ServiceCategory",
    }
    for row in focus(run):
        assert wanted <= set(row)
        assert float(row["ListUnitPrice"]) * float(row["PricingQuantity"]) == pytest.approx(float(row["ListCost"]))
        assert row["ChargePeriodStart"] == "2026-03-02T05:00:00Z"
        assert row["BillingCurrency"] == "USD"


def test_a_file_is_replaced_only_where_that_is_wanted(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "bill.csv"
    assert predcost("bill", run, "--format", "focus", "--out", out).returncode == 0
    before = out.read_bytes()
    again = predcost("bill", run, "--out", out)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert out.read_bytes() == before
    assert predcost("bill", run, "--out", out, "--force").returncode == 0
    assert out.read_bytes() != before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("run", "--plan", "cach"), "did you mean 'cached'?"), (("nowhere",), "holds no run")],
)
def test_a_plan_or_a_run_that_is_not_there_ends_with_exit_2(run: Path, arguments: tuple[str, ...], said: str) -> None:
    done = predcost("bill", *arguments, cwd=run.parent)
    assert done.returncode == 2
    assert said in done.stderr
