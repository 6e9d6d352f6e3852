import json
from pathlib import Path

import pytest
from program import predcost

ROOT = Path(__file__).parent.parent.parent
HEADLINE = ROOT / "scenarios" / "food_delivery_100m.yaml"
FEW = ("--users", "20k", "--horizon", "1 d", "--replications", "2", "--workers", "1")
LIST = "price_date,region,vm_size,on_demand_usd_per_hour\n2026-06-18,eastus,Basic_A0,0.018\n"


def test_the_bundled_books_are_listed_and_shown_in_eighty_columns() -> None:
    listed, shown = predcost("prices", "list"), predcost("prices", "show", "aws-us-east-1")
    assert "aws-us-east-1" in listed.stdout
    assert "llm-2025-09" in listed.stdout
    assert "instance/g4dn.xlarge/spot" in shown.stdout
    assert max(map(len, (listed.stdout + shown.stdout).splitlines())) <= 80


def test_prices_can_be_chosen_by_a_pattern_and_printed_as_json() -> None:
    done = predcost("prices", "show", "aws-us-east-1", "--meter", "egress*", "--json")
    (price,) = json.loads(done.stdout)["prices"]
    assert (price["free"], price["tiers"][-1]) == (100, {"usd": 0.05})
    missed = predcost("prices", "show", "aws-us-east-1", "--meter", "instance/g4dn.xlrge/spot")
    assert missed.returncode == 2
    assert "did you mean 'instance/g4dn.xlarge/spot'" in missed.stderr


def test_a_list_is_imported_and_a_wrong_one_ends_with_exit_2(tmp_path: Path) -> None:
    (tmp_path / "azure.csv").write_text(LIST, encoding="utf-8")
    done = predcost("prices", "import", "azure", "azure.csv", "--out", "book.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Wrote book.yaml: 1 prices" in done.stdout
    assert "instance/Basic_A0/on_demand" in predcost("prices", "show", "book.yaml", cwd=tmp_path).stdout
    (tmp_path / "azure.csv").write_text(LIST.replace("0.018", "x"), encoding="utf-8")
    wrong = predcost("prices", "import", "azure", "azure.csv", "--out", "other.yaml", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "line 2: on_demand_usd_per_hour: 'x' is no price" in wrong.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["azure.csv", "book.yaml"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "headline"
    done = predcost("run", HEADLINE, *FEW, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_run_is_priced_anew_from_its_folder(run: Path, tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(
        "name: ours\ndiscounts: [{meters: '*', share: 50 %, source: contract, date: 2026-01-01}]\n", encoding="utf-8"
    )
    books = ("--prices", "aws-us-east-1", "--prices", "ours.yaml")
    done = predcost("reprice", run, *books, "--out", "half", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.split("Kept in")[0].splitlines())) <= 80
    assert "-50.0 %" in done.stdout
    content = json.loads(predcost("reprice", run, *books, "--json", cwd=tmp_path).stdout)
    for plan in content["plans"].values():
        was, now = plan["before"]["cost_usd_per_month"]["mean"], plan["metrics"]["cost_usd_per_month"]["mean"]
        given = sum(line["usd_per_month"] for line in plan["bill"] if line["source"] == "stated in the scenario")
        assert now == pytest.approx((was - given) / 2 + given)
    again = json.loads(predcost("reprice", "half", "--prices", "aws-us-east-1", "--json", cwd=tmp_path).stdout)
    first = json.loads(predcost("reprice", run, "--prices", "aws-us-east-1", "--json", cwd=tmp_path).stdout)
    assert again["plans"]["cached"]["bill"] == first["plans"]["cached"]["bill"]


def test_a_price_and_a_weight_of_a_run_can_be_other_and_what_is_simulated_cannot(run: Path) -> None:
    cost = "backends.night.feature_pipeline.cost=60 USD"
    done = predcost("reprice", run, "--set", cost, "--set", "slo.latency_p99=1 ms")
    assert done.returncode == 0, done.stderr
    assert "by aws-us-east-1, with" in done.stdout
    assert "No plan meets every bound;" in done.stdout
    content = json.loads(predcost("reprice", run, "--set", cost, "--json").stdout)
    assert content["changed"] == [cost]
    assert content["plans"]["hybrid"]["change"]["cost_usd_per_month"]["mean"] == pytest.approx(30 * 30)
    assert content["plans"]["cached"]["change"]["cost_usd_per_month"]["mean"] == 0
    refused = predcost("reprice", run, "--set", "plans.cached.cache.ttl=3 h")
    assert refused.returncode == 2
    assert "--set plans.cached.cache.ttl: another value takes another simulation" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reprice", "nowhere", "--prices", "aws-us-east-1"), "holds no run of predcost"),
        (("reprice", "nowhere"), "give --prices BOOK, or --set KEY=VALUE of a price or a weight"),
        (("prices", "show", "aws-us-est-1"), "did you mean 'aws-us-east-1'"),
        (("prices", "import", "azur", "x.csv", "--out", "b.yaml"), "did you mean 'azure'"),
        (("prices", "import", "azure", "x.csv", "--out", "b.yaml"), "there is no file x.csv"),
    ],
)
def test_bad_input_ends_with_exit_2(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = predcost(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
