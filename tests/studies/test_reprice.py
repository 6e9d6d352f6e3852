"""A finished run at other prices."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from small_runs import small

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report.reprice_tables import repriced_json
from simulator.studies.comparison import Comparison
from simulator.studies.reprice import reprice, reprice_all, write_repriced
from simulator.studies.run_folder import write_run
from simulator.studies.saturation import Verdict
from simulator.studies.stored_run import read_run
from simulator.studies.study import compare
from simulator.studies.warnings import warnings_of

NO_WATTS = {"energy": None}


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return load_book("aws-us-east-1")


@pytest.fixture(scope="module")
def comparison(book: PriceBook) -> Comparison:
    return compare(small(), book, workers=1)


@pytest.fixture(scope="module")
def folder(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run")
    write_run(comparison, path, ["predcost", "run"])
    return path


def test_the_same_book_gives_the_same_bill_to_the_last_digit(
    comparison: Comparison, folder: Path, book: PriceBook
) -> None:
    repriced = reprice(read_run(folder), book)
    for each in (repriced.before, repriced.after):
        assert each.ranking == comparison.ranking
        assert each.recommended == comparison.recommended
        for name, plan in comparison.plans.items():
            assert each.plans[name].bill.lines == plan.bill.lines
            assert each.plans[name].values == plan.values
            assert each.plans[name].metrics == plan.metrics
            assert each.plans[name].violations == plan.violations
            assert each.plans[name].saturation.as_dict() == plan.saturation.as_dict()
    assert all(repriced.change(name).mean == 0 for name in comparison.plans)
    assert [vars(found) for found in repriced.after.differences] == [vars(found) for found in comparison.differences]


def test_another_book_gives_what_the_run_would_have_cost_with_it(folder: Path, book: PriceBook) -> None:
    over = PriceBook.model_validate(
        {
            "name": "dear",
            "groups": [
                {
                    "source": "made up",
                    "date": "2026-11-23",
                    "prices": [{"meter": "instance/g4dn.xlarge/on_demand", "unit": "h", "usd": 50}],
                }
            ],
            "discounts": [{"meters": "*", "share": "10 %", "source": "made up", "date": "2026-11-23"}],
        }
    )
    dear = book.under(over)
    simulated, repriced = compare(small(), dear, workers=1), reprice(read_run(folder), dear)
    assert repriced.after.ranking == simulated.ranking
    for name, plan in simulated.plans.items():
        assert repriced.after.plans[name].values == plan.values
        assert repriced.after.plans[name].metrics == plan.metrics
    assert repriced.change("on demand").mean > 0
    assert repriced.change("on demand").low <= repriced.change("on demand").mean <= repriced.change("on demand").high


def test_a_repriced_run_can_be_kept_and_priced_again(folder: Path, book: PriceBook, tmp_path: Path) -> None:
    run = read_run(folder)
    write_repriced(reprice(run, book.scaled(2)), run, ["aws-us-east-1", "llm-2025-09"], tmp_path, ["predcost"])
    back = reprice(read_run(tmp_path), book)
    for name in run.scenario.plans:
        assert back.before.plans[name].cost_usd_per_month == pytest.approx(
            2 * back.after.plans[name].cost_usd_per_month, rel=0.7
        )
        assert back.after.plans[name].values == reprice(run, book).after.plans[name].values
    hours = [pq.read_table(each / "tables" / "hours.parquet") for each in (folder, tmp_path)]
    assert hours[0] == hours[1]


def test_energy_goes_with_the_book_that_knows_watts(folder: Path, book: PriceBook) -> None:
    without = book.model_copy(update=NO_WATTS)
    repriced = reprice(read_run(folder), without)
    assert "kg_co2e_per_month" in repriced.before.plans["on demand"].metrics
    assert "kg_co2e_per_month" not in repriced.after.plans["on demand"].metrics


def test_the_range_of_co2e_is_the_assumptions_and_no_interval_of_chance(comparison: Comparison) -> None:
    found = comparison.plans["on demand"].metrics["kg_co2e_per_month"]
    assert found.low == pytest.approx(0.7 * 0.8 * found.mean)
    assert found.high == pytest.approx(1.3 * 1.2 * found.mean)
    assert not [each for each in comparison.differences if each.metric in ("kg_co2e_per_month", "kwh_per_month")]


def test_a_plan_that_cannot_keep_up_is_still_known_as_one(book: PriceBook, tmp_path: Path) -> None:
    slow = {
        "backends__live__capacity": {"kind": "fixed", "replicas": 1},
        "backends__live__service_time": {"kind": "affine", "fixed": "5 min"},
        "backends__live__timeout": None,
    }
    comparison = compare(small(plans={"on demand": {"on_miss": "compute", "backend": "live"}}, **slow), book, workers=1)
    write_run(comparison, tmp_path, [])
    was = comparison.plans["on demand"].saturation
    found = reprice(read_run(tmp_path), book).after.plans["on demand"].saturation
    assert was.verdict is Verdict.OVERLOADED
    assert found == was


def test_what_is_warned_of_is_told_of_a_kept_run_too(book: PriceBook, tmp_path: Path) -> None:
    """Of a fleet that is overloaded, gives up and refuses, and of another one that does not keep up with events."""
    few = {"kind": "fixed", "replicas": 1}
    slow = {
        "backends__live__capacity": few,
        "backends__live__service_time": {"kind": "affine", "fixed": "5 min"},
        "backends__live__timeout": "10 min",
        "backends__live__queue_limit": 4,
    }
    scenario = small(plans={"on demand": {"on_miss": "compute", "backend": "live"}}, **slow)
    later = scenario.backends["live"].model_copy(update={"timeout_s": None, "queue_limit": None})
    both = {"refresh": {"on": "login", "backend": "later"}, "on_miss": "compute", "backend": "live"}
    scenario = scenario.with_(backends__later=later.model_dump(mode="json"), plans__nearline=both)
    comparison = compare(scenario, book, workers=1)
    write_run(comparison, tmp_path, [])
    told = repriced_json(reprice(read_run(tmp_path), book))["warnings"]
    assert told == list(warnings_of(comparison))
    for words in ("overloaded: ", "requests give up waiting", "are refused at last", "the fleet 'later' is busy"):
        assert words in "\n".join(told)


def test_every_metric_of_every_plan_is_kept(comparison: Comparison, folder: Path) -> None:
    columns = pq.read_table(folder / "tables" / "replications.parquet").column_names
    assert set(columns) == {"plan", "replication"} | {
        name for plan in comparison.plans.values() for name in plan.metrics
    }


def test_a_missing_price_is_told_before_anything_is_priced(folder: Path) -> None:
    run = read_run(folder)
    with pytest.raises(UserError, match=r"backends\.live\.instance: .*no price for 'instance/g4dn.xlarge/on_demand'"):
        reprice(run, load_book("llm-2025-09"))


@pytest.mark.parametrize("lacking", ["tables/usage.parquet", "tables/consumption.parquet"])
def test_a_run_that_lacks_a_part_is_told_so(lacking: str, comparison: Comparison, tmp_path: Path) -> None:
    write_run(comparison, tmp_path, [])
    (tmp_path / lacking).unlink()
    with pytest.raises(UserError, match="cannot be read as a run"):
        read_run(tmp_path)


def test_a_folder_that_is_no_run_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run of predcost"):
        read_run(tmp_path)


def test_every_variant_of_a_study_costs_at_another_book_what_it_would_have_cost_with_it(book: PriceBook) -> None:
    variants = {users: small(population__users=users) for users in ("5k", "6k")}
    dear = book.scaled(1.5)
    repriced = reprice_all({users: compare(each, book, workers=1) for users, each in variants.items()}, dear)
    for users, scenario in variants.items():
        simulated = compare(scenario, dear, workers=1)
        for name, plan in simulated.plans.items():
            assert repriced[users].after.plans[name].metrics == plan.metrics
            assert repriced[users].before.plans[name].cost_usd_per_month < plan.cost_usd_per_month


def test_a_book_that_lacks_what_variants_need_is_refused_once_for_all(comparison: Comparison, book: PriceBook) -> None:
    with pytest.raises(UserError) as refused:
        reprice_all({1: comparison, 2: comparison}, book.only(["dynamodb_on_demand/read"]))
    assert str(refused.value).count("has no price for 'instance/g4dn.xlarge/on_demand'") == 1
    assert "instance/g4dn.xlarge/spot" in str(refused.value)


def test_a_run_with_other_prices_and_weights_of_its_scenario_is_what_a_run_of_that_scenario_would_be(
    folder: Path, book: PriceBook
) -> None:
    cost, purchase, age = "backends.night.feature_pipeline.cost", "backends.live.purchase", "slo.age_p95"
    changes: dict[str, object] = {cost: "900 USD", purchase: "spot", age: "1 h", "slo.batch_deadline": "02:41"}
    keywords: dict[str, object] = {key.replace(".", "__"): value for key, value in changes.items()}
    simulated, repriced = compare(small(**keywords), book, workers=1), reprice(read_run(folder), book, changes)
    assert repriced.after.ranking == simulated.ranking
    for name, plan in simulated.plans.items():
        found = repriced.after.plans[name]
        assert (found.metrics, found.bill.lines, found.violations) == (plan.metrics, plan.bill.lines, plan.violations)
        assert found.bill.lines != repriced.before.plans[name].bill.lines
    assert repriced.change("nightly batch").mean == pytest.approx(30 * (900 - 30))


def test_a_key_that_a_simulation_depends_on_is_refused_all_at_once(folder: Path, book: PriceBook) -> None:
    overrides: dict[str, object] = {
        "plans.cached.cache.ttl": "3 h",
        "seed": 4,
        "replications": 5,
        "slo.foo": 1,
        "prices": "x",
        "slo.age_p95": "an hour",
    }
    with pytest.raises(UserError) as refused:
        reprice(read_run(folder), book, overrides)
    said = str(refused.value).splitlines()
    assert [line.split(":")[0] for line in said] == [f"--set {key}" for key in overrides]
    assert said[0].endswith(f"run it: predcost run {folder / 'scenario.yaml'} --set plans.cached.cache.ttl=...")
    assert "--prices BOOK does that" in said[4]


def test_a_run_at_another_price_of_its_scenario_can_be_kept_and_priced_again(
    folder: Path, book: PriceBook, tmp_path: Path
) -> None:
    run = read_run(folder)
    repriced = reprice(run, book, {"backends.night.feature_pipeline.cost": "900 USD"})
    write_repriced(repriced, run, [], tmp_path, ["predcost", "reprice"])
    again = read_run(tmp_path)
    assert again.scenario.prices == run.scenario.prices
    assert again.comparison.plans["nightly batch"].bill.lines == repriced.after.plans["nightly batch"].bill.lines
    assert reprice(again, book.scaled(2)).before.ranking == repriced.after.ranking
