"""The fleet that was fitted does in the same closed loop what was measured."""

from pathlib import Path

import pytest
from load_tests import Server, guidellm, k6_csv, played, triton
from test_formats import SHOWN_BY_TRITON

from simulator.studies.calibration.service.calibrating import ServiceCalibration, calibrate_service
from simulator.studies.calibration.service.reading import Said


def errors(found: ServiceCalibration) -> dict[str, float]:
    return {each.metric: each.error for each in found.compared}


def test_tritons_own_example_is_met_within_a_tenth_in_every_number(tmp_path: Path) -> None:
    path = tmp_path / "perf.csv"
    path.write_text(SHOWN_BY_TRITON, encoding="utf-8")
    found = calibrate_service([path], Said([1]))
    assert len(found.compared) == 4 * 6
    assert found.fits
    assert max(map(abs, errors(found).values())) < 0.1


@pytest.mark.parametrize("server", [Server(), Server(1, 0.005, 0.05), Server(4, 0.1, 0.8)])
def test_servers_of_every_kind_are_met_within_a_twentieth(server: Server, tmp_path: Path) -> None:
    loops = [played(server, clients, 20_000, clients) for clients in (1, 3, 8)]
    found = calibrate_service([guidellm(loops, tmp_path / "g.json")])
    assert found.fits
    by_mean = [error for metric, error in errors(found).items() if "p99" not in metric]
    assert max(map(abs, by_mean)) < 0.05


def test_clients_that_pause_are_played_with_their_pauses(tmp_path: Path) -> None:
    server = Server(2, 0.02, 0.3, pause_s=0.1)
    loops = [played(server, clients, 8_000, clients) for clients in (1, 10, 30)]
    found = calibrate_service([k6_csv(loops, tmp_path / "k6.csv")])
    assert found.fits
    assert abs(errors(found)["10 clients: requests_per_s"]) < 0.02


def test_requests_of_several_predictions_are_played_by_batch_size(tmp_path: Path) -> None:
    sizes = (1, 16, 64)
    files = []
    for size in sizes:
        server = Server(1, 0.004 + 0.001 * size, 0.1, pause_s=0.001)  # on the network
        loops = [played(server, clients, 6_000, clients) for clients in (1, 2)]
        files.append(triton(loops, tmp_path / f"{size}.csv", size))
    found = calibrate_service(files, Said(sizes))
    assert found.fit.shape == "affine"
    assert {metric.partition(",")[0] for metric in errors(found)} == {f"batch size {size}" for size in sizes}
    assert found.fits


def slowed(folder: Path) -> Path:
    """Return what is measured of a server on which requests slow each other."""
    loops = [played(Server(64, 0.02 * (1 + 0.05 * each)), each, 6_000, each) for each in (1, 4, 16, 32)]
    return guidellm(loops, folder / "g.json")


def test_requests_that_slow_each_other_are_taken_for_a_batch_and_met(tmp_path: Path) -> None:
    found = calibrate_service([slowed(tmp_path)])
    fleet = found.parts["backends"]["measured"]
    assert [point["batch"] for point in fleet["service_time"]["points"]] == [1, 4, 16, 32]
    assert fleet["batching"]["max"] == 32
    assert "21 ms with 1 client and 24.1 ms with 4 clients" in found.fit.why
    assert found.fits
    assert any("a batch begins when the one before is over" in why for why in found.why)


def test_one_service_time_for_a_server_that_slows_down_is_not_called_met(tmp_path: Path) -> None:
    found = calibrate_service([slowed(tmp_path)], shape="table")
    assert found.fits is False
    assert any("by the fit and" in why for why in found.why)
    assert any("a fleet has one" in why for why in found.why)


def test_quantiles_that_hardly_any_request_is_beyond_are_not_compared(tmp_path: Path) -> None:
    found = calibrate_service([guidellm([played(Server(), 1, 40)], tmp_path / "g.json")])
    assert not any("p99" in metric for metric in errors(found))
    assert any("no p99 is compared" in why for why in found.why)


def test_a_row_that_is_more_than_the_simulator_takes_is_told_and_the_others_are_played(tmp_path: Path) -> None:
    path = guidellm([played(Server(1, 1e-6), 1), played(Server(1, 1e-6), 3)], tmp_path / "g.json")
    path.write_text(path.read_text("utf-8").replace('"streams": 3', '"streams": 90000'), encoding="utf-8")
    found = calibrate_service([path], slots=1)
    assert any("the row of 90000 clients was not played" in why for why in found.why)
