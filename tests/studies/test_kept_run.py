"""A run read back from its folder is the run that was kept."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from small_runs import SCENARIOS, small

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.scenario.loading import load_scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.comparison import Comparison
from simulator.studies.kept_outcomes import as_text, outcome_of
from simulator.studies.recommendation import in_words, recommendation
from simulator.studies.run_folder import digest, write_run
from simulator.studies.stored_run import read_run
from simulator.studies.study import compare
from simulator.studies.warnings import warnings_of


def same(one: object, other: object) -> bool:
    """Whether two outcomes are the same to the last bit, arrays too."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (tuple, list)):
        return isinstance(other, (tuple, list)) and len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and same(vars(one), vars(other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return one == other


@pytest.fixture(scope="module")
def everything(book: PriceBook) -> Comparison:
    """All plans of the headline scenario: caches, events, runs, fleets."""
    few = {"population.users": "20k", "horizon": "1 d", "replications": 2}
    scenario = load_scenario(SCENARIOS / "food_delivery_100m.yaml", few)
    return in_words(compare(scenario, book, workers=1))


@pytest.fixture
def folder(everything: Comparison, tmp_path: Path) -> Path:
    write_run(everything, tmp_path, ["predcost", "run"])
    return tmp_path


def test_an_outcome_is_kept_to_the_last_bit(everything: Comparison) -> None:
    for plan in everything.plans.values():
        for outcome in plan.outcomes:
            back = outcome_of(as_text(outcome))
            assert isinstance(back, Outcome)
            assert same(outcome, back)


def test_a_run_read_back_has_the_same_plans_differences_and_words(everything: Comparison, folder: Path) -> None:
    back = read_run(folder).comparison
    assert digest(back.scenario) == digest(everything.scenario)
    assert back.book == everything.book
    for name, plan in everything.plans.items():
        kept = back.plans[name]
        assert list(kept.metrics.items()) == list(plan.metrics.items())
        assert kept.bill == plan.bill
        assert kept.violations == plan.violations
        assert same(kept.outcomes, plan.outcomes)
        assert same(kept.saturation, plan.saturation)
        assert kept.consumptions == plan.consumptions
    assert back.ranking == everything.ranking
    assert back.differences == everything.differences
    assert back.words == everything.words


def test_what_is_said_of_a_kept_run_is_what_was_said_of_it_then(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"recommendation": ["Choose wisely."], "warnings": []}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    back = read_run(folder).comparison
    assert recommendation(back) == ("Choose wisely.",)
    assert warnings_of(back) == ()


def test_a_run_read_back_and_kept_again_is_the_same_run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = tmp_path_factory.mktemp("again")
    write_run(read_run(folder).comparison, again, ["predcost", "run"])
    for path in filter(Path.is_file, folder.rglob("*")):
        other = again / path.relative_to(folder)
        if path.suffix == ".parquet":
            assert pq.read_table(path).equals(pq.read_table(other)) or path.stem == "saturation"
        else:
            assert path.read_bytes() == other.read_bytes(), path


def test_the_bills_are_a_table_that_a_spreadsheet_reads_and_adds_up(everything: Comparison, folder: Path) -> None:
    with (folder / "bill.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for name, plan in everything.plans.items():
        lines = [row for row in rows if row["plan"] == name]
        assert [row["item"] for row in lines] == [line.item for line in plan.bill.lines]
        assert sum(float(row["usd_per_month"]) for row in lines) == pytest.approx(plan.bill.total_usd_per_month)


def test_a_sizing_is_kept_with_what_was_overloaded(book: PriceBook, tmp_path: Path) -> None:
    sizing = {
        "backends__live__capacity": {"kind": "for_slo"},
        "slo__latency_p99": "9 ms",
        "backends__live__service_time": {"kind": "affine", "fixed": "5 ms"},
        "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
    }
    comparison = in_words(compare(small(**sizing), book, workers=1))
    assert comparison.sizings
    write_run(comparison, tmp_path, [])
    assert read_run(tmp_path).sizings == comparison.sizings


def test_a_run_that_an_earlier_version_kept_is_refused_by_a_sentence(folder: Path) -> None:
    (folder / "tables" / "outcomes.parquet").unlink()
    with pytest.raises(UserError, match="earlier version of predcost, which kept less"):
        _ = read_run(folder).comparison


@pytest.mark.parametrize("text", ["{", "[]", '{"~class":"os:system"}', '{"~class":"simulation.outcome:Outcome"}'])
def test_what_is_no_outcome_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"outcome|Expecting"):
        outcome_of(text)


def test_the_tables_say_what_they_are_in_and_which_version_of_their_columns_they_have(folder: Path) -> None:
    for path in (folder / "tables").glob("*.parquet"):
        about = pq.read_schema(path).metadata
        assert about[b"predcost_schema"].decode() == f"run/{path.stem}/2"
        assert b"units" in about
    replications = pq.read_schema(folder / "tables" / "replications.parquet")
    units = {field.name: field.metadata[b"unit"].decode() for field in replications if field.metadata}
    assert units["age_p95_s"] == "s"
    assert units["cost_usd_per_month"] == "USD/month"
    assert units["requests_per_s_peak"] == "1/s"
    assert units["wasted_fraction"] == units["requests"] == "1"
    assert units.keys() == {field.name for field in replications} - {"plan", "replication"}


def test_pandas_and_duckdb_read_the_tables_as_they_are(everything: Comparison, folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    metrics = folder / "tables" / "metrics.parquet"
    cost_usd = {name: plan.metrics["cost_usd_per_month"].mean for name, plan in everything.plans.items()}
    table = pd.read_parquet(metrics)
    by_plan = table[table["metric"] == "cost_usd_per_month"].set_index("plan")
    assert by_plan["mean"].to_dict() == cost_usd
    assert set(by_plan["unit"]) == {"USD/month"}
    query = f"select plan, mean from '{metrics}' where metric = 'cost_usd_per_month' and unit = 'USD/month'"  # noqa: S608
    assert dict(duckdb.sql(query).fetchall()) == cost_usd
    for path in (folder / "tables").glob("*.parquet"):
        ((count,),) = duckdb.sql(f"select count(*) from '{path}'").fetchall()  # noqa: S608
        assert count == len(pd.read_parquet(path))
