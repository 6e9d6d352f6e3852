"""The fleet that was measured is found: service times by batch size, noise and slots."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from load_tests import Loop, Server, aiperf, guidellm, k6_csv, k6_json, locust, played, triton

from simulator.core.errors import UserError
from simulator.studies.calibration.service.calibrating import ServiceCalibration, calibrate_service
from simulator.studies.calibration.service.reading import Said

TRUE = Server()
CLIENTS = (1, 2, 4, 8)
SERVICE, NOISE, SLOTS = (
    f"backends.measured.{key}" for key in ("service_time.points[0].time", "service_time.noise.cv", "slots")
)


def loops(server: Server = TRUE, clients: tuple[int, ...] = CLIENTS, seed: int = 0) -> list[Loop]:
    return [played(server, each, seed=1_000 * seed + each) for each in clients]


def fitted(*paths: Path, said: Said | None = None, slots: int | None = None) -> ServiceCalibration:
    return calibrate_service(paths, said or Said(), slots=slots, plays=False)


def of_triton(folder: Path) -> ServiceCalibration:
    return fitted(triton(loops(), folder / "perf.csv"), said=Said([1]))


def of_k6_csv(folder: Path) -> ServiceCalibration:
    return fitted(k6_csv(loops(), folder / "k6.csv"))


def of_k6_json(folder: Path) -> ServiceCalibration:
    return fitted(k6_json(loops(), folder / "k6.json"))


def of_locust(folder: Path) -> ServiceCalibration:
    files = [locust(loop, folder / f"{loop.clients}_stats.csv") for loop in loops()]
    return fitted(*files, said=Said(clients=CLIENTS))


def of_aiperf(folder: Path) -> ServiceCalibration:
    return fitted(*(aiperf(loop, folder / f"{loop.clients}.json") for loop in loops()))


def of_guidellm(folder: Path) -> ServiceCalibration:
    return fitted(guidellm(loops(), folder / "benchmarks.json"))


@pytest.mark.parametrize("measured", [of_triton, of_k6_csv, of_k6_json, of_locust, of_aiperf, of_guidellm])
def test_every_tools_files_tell_the_server_that_was_measured(
    measured: Callable[[Path], ServiceCalibration], tmp_path: Path
) -> None:
    found = measured(tmp_path).parameters
    assert found[SERVICE].value == pytest.approx(TRUE.service_s, rel=0.02)
    assert found[NOISE].value == pytest.approx(TRUE.cv, rel=0.1)
    assert found[SLOTS].value == TRUE.slots


def test_pauses_of_clients_are_neither_service_nor_slots(tmp_path: Path) -> None:
    clients = (1, 4, 10, 20, 40)
    found = fitted(k6_csv(loops(Server(pause_s=0.1), clients), tmp_path / "k6.csv")).parameters
    assert found[SERVICE].value == pytest.approx(TRUE.service_s, rel=0.02)
    assert found[SLOTS].value == TRUE.slots


def test_intervals_of_95_percent_cover_the_truth_in_at_least_90_of_100(tmp_path: Path) -> None:
    covered = {SERVICE: 0, NOISE: 0}
    for seed in range(100):
        path = guidellm([played(TRUE, each, 600, 1_000 * seed + each) for each in (1, 2, 6)], tmp_path / "g.json")
        found = fitted(path).parameters
        for key, true in ((SERVICE, TRUE.service_s), (NOISE, TRUE.cv)):
            covered[key] += found[key].low <= true <= found[key].high
    assert min(covered.values()) >= 90


def test_a_server_that_is_never_busy_has_at_least_as_many_slots_as_there_were_clients(tmp_path: Path) -> None:
    found = fitted(guidellm(loops(Server(slots=16)), tmp_path / "g.json"))
    slots = found.parameters[SLOTS]
    assert (slots.value, slots.low) == (8, 8)
    assert math.isnan(slots.high)
    assert any("at least 8 slots" in why for why in found.why)


def test_what_is_only_measured_with_a_queue_tells_no_service_time_unless_slots_are_said(tmp_path: Path) -> None:
    path = guidellm(loops(clients=(8, 16)), tmp_path / "g.json")
    with pytest.raises(UserError, match=r"the fewest clients are 8.*--slots"):
        fitted(path)
    assert fitted(path, slots=2).parameters[SERVICE].value == pytest.approx(TRUE.service_s, rel=0.02)


def test_one_file_of_many_users_is_refused_unless_slots_are_said(tmp_path: Path) -> None:
    path = locust(played(TRUE, 6), tmp_path / "a_stats.csv")
    with pytest.raises(UserError, match="fewest clients are 6"):
        fitted(path, said=Said(clients=[6]))
    assert fitted(path, said=Said(clients=[6]), slots=2).parameters[SERVICE].value == pytest.approx(0.02, rel=0.02)


def test_batches_on_a_line_are_a_line_with_its_error(tmp_path: Path) -> None:
    sizes = [1, 2, 4, 8, 16, 32, 64]
    files = [
        triton([played(Server(1, 0.005 + 0.0002 * size, 0.05), 1, seed=size)], tmp_path / f"{size}.csv", size)
        for size in sizes
    ]
    found = fitted(*files, said=Said(sizes))
    assert found.fit.shape == "affine"
    assert found.parameters["backends.measured.service_time.fixed"].value == pytest.approx(0.005, rel=0.01)
    per_item = found.parameters["backends.measured.service_time.per_item"]
    assert per_item.low <= 0.0002 <= per_item.high
    assert found.fit.line is not None
    assert found.fit.line.worst < 0.01
    assert "within" in found.fit.why


def test_a_throughput_that_falls_at_large_batches_is_kept_in_a_table_and_told(tmp_path: Path) -> None:
    path = tmp_path / "batches.csv"
    path.write_text("batch,ms\n1,2\n8,3\n16,4\n32,9\n", encoding="utf-8")
    found = fitted(path)
    assert found.fit.shape == "table"
    assert found.fit.best.batch == 16
    assert found.parts["backends"]["measured"]["service_time"]["points"][3] == {"batch": 32, "time": "9 ms"}
    assert any(
        "throughput falls from 4000 predictions/s in batches of 16 to 3556 in batches of 32" in why for why in found.why
    )


def test_a_line_may_be_asked_for_and_is_told_to_be_far_off(tmp_path: Path) -> None:
    path = tmp_path / "batches.csv"
    path.write_text("batch,ms\n1,2\n8,3\n16,4\n32,9\n", encoding="utf-8")
    found = calibrate_service([path], shape="affine", plays=False)
    assert found.parts["backends"]["measured"]["service_time"]["kind"] == "affine"
    assert any("the line is off by up to" in why for why in found.why)


def test_samples_of_a_batch_size_give_its_mean_and_the_noise(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [f"{size}\t{0.01 * size * rng.lognormal(-0.02, 0.2):.9f}" for size in (1, 4) for _ in range(5_000)]
    path = tmp_path / "samples.tsv"
    path.write_text("\n".join(rows), encoding="utf-8")
    found = fitted(path)
    assert found.measurement.read == 10_000
    assert [point.service_s.value for point in found.fit.points] == pytest.approx([0.01, 0.04], rel=0.01)
    assert found.fit.noise is not None
    assert found.fit.noise.value == pytest.approx(0.2, rel=0.05)


def test_a_row_that_breaks_littles_law_is_told(tmp_path: Path) -> None:
    path = guidellm(loops(), tmp_path / "g.json")
    text = path.read_text("utf-8").replace('"streams": 4', '"streams": 5')
    path.write_text(text, encoding="utf-8")
    assert any("the row of 5 clients breaks Little's law" in why for why in fitted(path).why)


def test_a_throughput_that_falls_with_more_clients_is_told(tmp_path: Path) -> None:
    path = tmp_path / "perf.csv"
    triton([*loops(), played(Server(2, 0.024), 16)], path)
    assert any("throughput falls from" in why and "with 16" in why for why in fitted(path, said=Said([1])).why)


def test_a_service_time_that_grows_with_the_clients_is_told(tmp_path: Path) -> None:
    slower = [played(Server(64, 0.02 * (1 + 0.05 * each)), each, seed=each) for each in (1, 4, 16)]
    found = calibrate_service([guidellm(slower, tmp_path / "g.json")], shape="table", plays=False)
    assert any("a fleet has one" in why for why in found.why)
