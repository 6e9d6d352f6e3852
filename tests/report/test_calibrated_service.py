"""What a benchmark says of a fleet, as Python has it."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

sys.path.append(str(Path(__file__).parent.parent / "studies" / "calibration" / "service"))
from load_tests import Server, locust, played, triton

import simulator as sim
from simulator.report.notebook import NO_MATHS

SERVER = Server(slots=2, service_s=0.02, cv=0.3)


@pytest.fixture(scope="module")
def perf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return triton([played(SERVER, clients, seed=clients) for clients in (1, 4)], tmp_path_factory.mktemp("a") / "p.csv")


@pytest.fixture(scope="module")
def found(perf: Path) -> sim.ServiceCalibrationResult:
    return sim.calibrate_service(perf, batch_size=1, name="live", instance="g5.xlarge")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("model,batch,ms\nA,1,5\nA,2,6\nA,4,8\nB,1,50\n", encoding="utf-8")
    return path


def test_the_parameters_are_a_table_by_the_scenario_s_keys(found: sim.ServiceCalibrationResult) -> None:
    assert list(found.parameters.columns) == ["value", "low", "high"]
    assert found.parameters.value["backends.live.service_time.points[0].time"] == pytest.approx(0.02, rel=0.02)
    assert found.parameters.value["backends.live.slots"] == 2


def test_what_was_played_stands_beside_the_file(found: sim.ServiceCalibrationResult) -> None:
    assert list(found.held_out.columns) == ["log", "fit", "error", "asked_within", "is_good"]
    assert len(found.held_out) == 12
    row = found.held_out.loc["1 client: requests_per_s"]
    assert row.error == pytest.approx(row.fit / row.log - 1)
    assert found.fits
    assert "all 12 numbers" in found.verdict


def test_where_nothing_was_played_the_table_is_empty_and_nobody_knows(perf: Path) -> None:
    found = sim.calibrate_service(str(perf), batch_size=1, fit_only=True)
    assert found.held_out.empty
    assert found.fits is None
    assert "Nothing was played" in found.verdict


def test_it_shows_itself_with_what_it_was_read_from(found: sim.ServiceCalibrationResult) -> None:
    html = found._repr_html_()
    assert NO_MATHS in html
    assert "perf_analyzer" in html
    assert "backends.live.slots" in html
    assert "at 100 % load" in html
    assert repr(found).startswith("<ServiceCalibrationResult of perf_analyzer")


def test_the_parts_that_are_written_are_those_that_there_are_and_nothing_is_replaced_unasked(
    found: sim.ServiceCalibrationResult, tmp_path: Path
) -> None:
    path = found.write(tmp_path / "parts.yaml")
    assert YAML(typ="safe").load(path.read_text("utf-8")) == found.parts
    with pytest.raises(sim.UserError, match="is there already"):
        found.write(path)
    found.write(str(path), force=True)


def test_several_files_have_their_clients_each(tmp_path: Path) -> None:
    files = [locust(played(SERVER, number), tmp_path / f"{number}_stats.csv") for number in (1, 2, 8)]
    found = sim.calibrate_service(files, clients=np.array([1, 2, 8]).tolist(), fit_only=True)
    assert found.parameters.value["backends.measured.slots"] == 2


@pytest.mark.parametrize("where", [{"model": "A"}, ["model=A"], "model=A"])
def test_rows_of_a_table_are_chosen_by_a_mapping_or_as_on_the_command_line(table: Path, where: Any) -> None:
    found = sim.calibrate_service(table, where=where, as_="affine", fit_only=True)
    assert found.parameters.value["backends.measured.service_time.fixed"] == pytest.approx(0.004)
    assert np.isnan(found.parameters.low["backends.measured.slots"])


@pytest.mark.parametrize(
    ("files", "options", "said"),
    [
        (7, {}, r"calibrate_service\(\) takes the path of a file or several, not a int"),
        ([], {}, "not nothing"),
        ("nowhere.csv", {}, "there is no file nowhere.csv"),
        (None, {"batch_size": "many"}, "^batch_size: 'many' is not a count"),
        (None, {"clients": [1, "x"]}, "^clients: 'x' is not a count"),
        (None, {"slots": "two"}, "^slots: 'two' is not a count"),
        (None, {"as_": "line"}, "^as_: 'line' is not one of affine, table, together"),
        (None, {"where": "model"}, "^where.*has no '='"),
        (None, {"where": 7}, "^where: .*not a int"),
        (None, {"where": [7]}, "^where: .*not a list"),
    ],
)
def test_what_cannot_be_used_is_told_by_the_argument_s_name(
    table: Path, files: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(sim.UserError, match=said):
        sim.calibrate_service(table if files is None else files, **options)


def test_a_fleet_that_was_measured_in_batches_is_told_to_compute_alone_as_written(table: Path) -> None:
    html = sim.calibrate_service(table, where="model=A", as_="table", fit_only=True)._repr_html_()
    assert "in batches of 4, does at most 500 predictions/s" in html
    assert "The parts compute each request alone, which is 200 requests/s at most" in html
    assert "add batching: {max: 4, hold: TIME} to the fleet" in html


def test_a_fleet_that_was_measured_alone_is_told_nothing_of_batches(found: sim.ServiceCalibrationResult) -> None:
    assert "batching" not in found._repr_html_()
