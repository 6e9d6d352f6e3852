"""What files say, and what is said of those that cannot be used."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from load_tests import K6, TRITON, Server, aiperf, guidellm, k6_csv, locust, played

from simulator.core.errors import UserError
from simulator.studies.calibration.service.measurement import Measurement
from simulator.studies.calibration.service.reading import Said, read_measurements

DATA = Path(__file__).parents[5] / "shared" / "data" / "perf"
SHOWN_BY_TRITON = f"""{TRITON}
1,69.2,225,2148,64,206,11781,19,0,13891,18795,19753,21018
3,84.2,237,1768,21673,209,11742,17,0,35398,43984,47085,51701
4,84.2,279,1604,33669,233,11731,18,1,47045,56545,59225,64886
2,87.2,235,1973,9151,190,11346,17,0,21874,28557,29768,34766
"""
"""As its documentation shows it."""


Writer = Callable[..., Path]


def read(path: Path, **said: Any) -> Measurement:
    return read_measurements([path], Said(**said))


@pytest.fixture
def written(tmp_path: Path) -> Writer:
    def write(text: str, name: str = "file.csv") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_rows_of_perf_analyzer_are_requests_of_so_many_predictions(written: Writer) -> None:
    found = read(written(SHOWN_BY_TRITON), batches=[4])
    first = next(row for row in found.rows if row.clients == 1)
    assert first.requests_per_s == pytest.approx(69.2 / 4)
    assert first.service_s == pytest.approx(0.012006)
    assert first.latency_s == pytest.approx(0.014443)
    assert first.overhead_s == pytest.approx(0.002373)
    assert first.quantiles_s[0.99] == pytest.approx(0.021018)


def test_the_mean_latency_of_perf_analyzer_is_taken_where_it_is_written(written: Writer) -> None:
    lines = SHOWN_BY_TRITON.splitlines()[:2]
    verbose = f"{lines[0]},Avg latency,request/response,response wait\n{lines[1]},14400,1,2,\n"
    assert read(written(verbose), batches=[1]).rows[0].latency_s == pytest.approx(0.0144)


def test_request_rates_of_perf_analyzer_tell_the_service_time_and_no_clients(written: Writer) -> None:
    found = read(written(SHOWN_BY_TRITON.replace("Concurrency", "Request Rate")), batches=[1])
    assert {row.clients for row in found.rows} == {None}
    assert found.recognised == "perf_analyzer's CSV, request rates"


def test_servers_without_statistics_are_measured_by_their_latency(written: Writer) -> None:
    text = "Concurrency,Inferences/Second,Client Send,Client Recv,p50 latency,p90 latency\n1,100,10,5,9800,11000\n"
    row = read(written(text), batches=[1]).rows[0]
    assert row.service_s is None
    assert row.latency_s == pytest.approx(0.01, rel=0.05)


def test_a_compressed_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "perf.csv.gz").write_bytes(gzip.compress(SHOWN_BY_TRITON.encode()))
    assert len(read(tmp_path / "perf.csv.gz", batches=[1]).rows) == 4


def test_failed_requests_of_k6_are_counted_and_are_in_no_mean(written: Writer) -> None:
    lines = [K6, *(f"vus,{1_700_000_000 + second},1.000000" + "," * 15 for second in range(40))]
    lines += [f"http_req_duration,{1_700_000_000 + each},100.0,,,,true,,GET,a,,,,200,,,," for each in range(1, 40)]
    lines.append("http_req_duration,1700000020,9000.0,,,1500,false,,GET,a,,,,500,,,,")
    found = read(written("\n".join(lines)))
    assert found.skipped["a failed request"] == 1
    assert found.rows[0].latency_s == pytest.approx(0.1)
    assert "1 of 40 requests failed" in found.doubts[0]


def test_requests_of_several_names_are_chosen_from(tmp_path: Path) -> None:
    both = tmp_path / "both.csv"
    one = k6_csv([played(Server(), 1, 1_000)], tmp_path / "one.csv", "GET /a").read_text("utf-8")
    other = k6_csv([played(Server(), 1, 1_000)], tmp_path / "other.csv", "GET /b").read_text("utf-8")
    both.write_text(one + "\n".join(line for line in other.splitlines()[1:] if "GET" in line), encoding="utf-8")
    with pytest.raises(UserError, match=r"several names \(GET /a, GET /b\).*--where name="):
        read(both)
    assert read(both, where=(("name", "GET /a"),)).skipped["another request than was asked for"] > 500


def test_the_summary_of_a_k6_run_is_read_in_both_layouts(written: Writer) -> None:
    took = {"avg": 20.0, "min": 10.0, "med": 19.0, "max": 40.0, "p(90)": 28.0, "p(95)": 31.0}
    flat = {
        "http_req_duration": took,
        "http_reqs": {"count": 100, "rate": 50.0},
        "vus": {"value": 1, "min": 1, "max": 1},
    }
    for metrics in (flat, {name: {"type": "x", "values": values} for name, values in flat.items()}):
        row = read(written(json.dumps({"metrics": metrics, "root_group": {}}))).rows[0]
        assert (row.clients, row.requests_per_s, row.count) == (1, 50.0, 100)
        assert row.quantiles_s[0.95] == pytest.approx(0.031)


def test_locust_has_one_kind_of_request_or_one_is_chosen(tmp_path: Path) -> None:
    path = locust(played(Server(), 1), tmp_path / "a_stats.csv", failures=3)
    found = read(path, clients=[1])
    assert "3 of 3,600 requests failed" in found.doubts[0]
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines[:2], lines[1].replace("/predict", "/login"), lines[2]]), encoding="utf-8")
    with pytest.raises(UserError, match=r"several kinds of requests \(/login, /predict\)"):
        read(path, clients=[1])
    assert len(read(path, clients=[1], where=(("Name", "Aggregated"),)).rows) == 1


@pytest.mark.parametrize("at", ["config", "args", "scheduler"])
def test_guidellm_says_how_many_streams_there_were_wherever_its_version_has_it(at: str, tmp_path: Path) -> None:
    found = read(guidellm([played(Server(), each) for each in (1, 4)], tmp_path / "g.json", at))
    assert [row.clients for row in found.rows] == [1, 4]


def test_rates_of_guidellm_are_left_out_and_counted(tmp_path: Path) -> None:
    path = guidellm([played(Server(), each) for each in (1, 4)], tmp_path / "g.json")
    path.write_text(path.read_text("utf-8").replace('"concurrent", "streams": 4', '"poisson", "rate": 4'), "utf-8")
    found = read(path)
    assert len(found.rows) == 1
    assert list(found.skipped.values()) == [1]
    assert "open loop" in next(iter(found.skipped))


def test_aiperf_says_its_concurrency_in_its_settings_or_its_command(tmp_path: Path) -> None:
    by_command = {"input_config": {"cli_command": 'aiperf profile -m "a" --concurrency 3 --osl 100'}}
    found = read(aiperf(played(Server(), 3), tmp_path / "a.json", **by_command))
    assert found.rows[0].clients == 3
    assert found.rows[0].cv == pytest.approx(0.25, abs=0.1)
    assert "5 ms to the first token and 250 us for each of the others" in found.facts[0]


def test_failed_requests_of_aiperf_are_told(tmp_path: Path) -> None:
    errors = [{"error_details": {"code": 499}, "count": 81}, {"error_details": {"code": 500}, "count": 3}]
    found = read(aiperf(played(Server(), 1), tmp_path / "a.json", error_summary=errors))
    assert found.skipped == {"a failed request": 84}
    assert found.read == 3_600 + 84


@pytest.mark.parametrize(
    ("text", "said", "fault"),
    [
        (SHOWN_BY_TRITON, {}, "--batch-size"),
        (SHOWN_BY_TRITON, {"batches": [1, 2]}, "2 are given for 1 files"),
        ("", {}, "it is empty"),
        ("\n\n", {}, "it is empty"),
        ("a,b\n1,2\n", {}, "called as batch sizes are"),
        ("batch,colour\n1,2\n", {}, "called as times are"),
        ("batch,latency\n1,2\n", {}, "has no unit"),
        ("batch,latency\n1,2\n", {"unit": "weeks"}, "no unit of time"),
        ("batch,a_ms,b_ms,c_ms\n1,2,3,4\n", {"time": "d_ms"}, "no column 'd_ms'"),
        ("batch,avg_ms,took_ms\n1,2,3\n", {}, "several columns of times"),
        ("batch,ms,gpu\n1,2,T4\n1,3,A100\n2,3,T4\n2,4,A100\n", {}, "'gpu' has A100, T4"),
        ("batch,ms,gpu\n1,2,T4\n", {"where": (("gpo", "T4"),)}, "did you mean 'gpu'"),
        ("batch,ms,gpu\n1,2,T4\n", {"where": (("gpu", "A100"),)}, "'A100' stands nowhere in 'gpu', which has T4"),
        ("batch,ms\n0,2\n1.5,3\n2,-1\n", {}, "nothing in it can be used"),
        ("1,2,3\n", {}, "it has no header, and 3 columns"),
        ("batch,batch\n1,2\n", {}, "more than one column 'batch'"),
        ('{"a": 1}', {}, "JSON of no tool"),
        ('{"a": ', {}, "begins as JSON does, and is none"),
        ("[" * 100_000, {}, "nested too deep"),
        ('{"request_latency": {"avg": 3}}', {}, "unit"),
        ('{"benchmarks": []}', {}, "nothing in it can be used"),
        ("Type,Name,Request Count\nGET,/,3\n", {}, "--clients"),
        ("Timestamp,User Count,Type,Name\n1,2,GET,/\n", {}, "_stats.csv"),
        (f"{K6}\nhttp_req_duration,1,2.5\n", {}, "no points of 'vus'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(
    text: str, said: dict[str, Any], fault: str, written: Writer
) -> None:
    with pytest.raises(UserError, match=fault):
        read(written(text), **said)


def test_files_of_several_tools_are_refused(written: Writer, tmp_path: Path) -> None:
    files = [written(SHOWN_BY_TRITON), guidellm([played(Server(), 1)], tmp_path / "g.json")]
    with pytest.raises(UserError, match="of several tools"):
        read_measurements(files, Said([1]))


def test_rows_left_out_are_counted_by_reason(written: Writer) -> None:
    found = read(written("batch,ms\n1,2\n2\n0,2\n4,\n8,5\n"))
    assert found.read == 5
    assert found.skipped == {
        "too few or too many cells": 1,
        "no batch size that is a whole number from 1": 1,
        "no time above 0, or none that can be": 1,
    }


@pytest.mark.skipif(not DATA.is_dir(), reason=f"needs {DATA}")
def test_a_published_table_of_several_models_is_usable_by_choosing_rows() -> None:
    path = DATA / "nvidia_recommender_batch_latency.csv"
    with pytest.raises(UserError, match="'hw' has A100-40GB, A100-80GB, A30, T4"):
        read(path)
    found = read(path, where=(("model", "WideAndDeep"), ("hw", "A30"), ("precision", "FP16")))
    assert len(found.rows) == 9


@pytest.mark.skipif(not DATA.is_dir(), reason=f"needs {DATA}")
def test_a_published_table_without_units_is_usable_by_saying_them() -> None:
    where = (("model", "llama"), ("hardware", "a100"), ("prompt_size", "512"), ("token_size", "128"))
    found = read(
        DATA / "splitwise_perf_model.csv", where=(*where, ("tensor_parallel", "8")), time="e2e_time", unit="ms"
    )
    assert [row.batch for row in found.rows] == [1, 2, 4, 8, 16, 32, 64]
    assert found.rows[0].latency_s == pytest.approx(5.8, rel=0.01)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"clients": [3]}, "--clients: it says itself that there were 1"),
        ({"where": (("model", "x"),)}, "--where is of no use"),
        ({"time": "ms"}, "--time is of no use"),
        ({"unit": "ms"}, "--unit is of no use"),
    ],
)
def test_what_is_said_in_vain_or_against_the_file_is_refused(said: dict[str, Any], fault: str, tmp_path: Path) -> None:
    loop = played(Server(), 1)
    for path in (guidellm([loop], tmp_path / "g.json"), aiperf(loop, tmp_path / "a.json")):
        with pytest.raises(UserError, match=fault):
            read(path, **said)


def test_batch_sizes_that_a_file_says_are_not_said_again(written: Writer) -> None:
    with pytest.raises(UserError, match="it says batch sizes itself, in its column 'batch'"):
        read(written("batch,ms\n1,2\n"), batches=[2])
    with pytest.raises(UserError, match="--clients is of no use"):
        read(written("batch,ms\n1,2\n"), clients=[2])
    with pytest.raises(UserError, match="--clients is of no use"):
        read(written(SHOWN_BY_TRITON), clients=[2], batches=[1])


def test_how_many_vus_there_were_is_not_said_again(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it says itself how many VUs there were"):
        read(k6_csv([played(Server(), 1)], tmp_path / "k6.csv"), clients=[3])
