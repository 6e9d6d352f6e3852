"""Simulations on a Dask cluster: the same bytes as here, and clear words where it does not answer."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from drawn_scenarios import a_scenario
from exact import plain

from simulator.core.errors import UserError
from simulator.studies import cluster
from simulator.studies.executor import Task, run_tasks

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PLANS = {
    "on demand": {"on_miss": "compute", "backend": "live"},
    "cached": {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "5 min"}},
}


def tasks() -> list[Task]:
    scenario = a_scenario(plans=PLANS, horizon="2 h")
    return [Task(scenario, plan, number) for number in range(3) for plan in PLANS]


def started(workers: int) -> Iterator[str]:
    settings: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "protocol": "tcp://", "host": "127.0.0.1"}
    with distributed.LocalCluster(n_workers=workers, threads_per_worker=1, processes=False, **settings) as local:
        yield local.scheduler_address


@pytest.fixture
def address() -> Iterator[str]:
    """A scheduler and two workers in this process."""
    yield from started(2)


@pytest.fixture
def idle_address() -> Iterator[str]:
    """A scheduler without workers."""
    yield from started(0)


def test_a_cluster_finds_the_same_bytes_as_this_machine_and_tells_how_far_it_is(address: str) -> None:
    fractions: list[float] = []
    found = {
        (task.plan, task.replication): plain(outcome)
        for task, outcome in run_tasks(tasks(), on_progress=fractions.append, cluster=address)
    }
    assert found == {(task.plan, task.replication): plain(outcome) for task, outcome in run_tasks(tasks(), 1)}
    assert len(fractions) >= len(found) / 2
    assert fractions[-1] == pytest.approx(1.0)


def test_a_worker_of_another_version_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = itertools.count()
    monkeypatch.setattr(cluster, "engine_version", lambda: str(next(versions)))
    with pytest.raises(UserError, match="another version of predcost or of a library"):
        list(run_tasks(tasks(), cluster=address))


def test_another_kind_of_processor_is_told(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = itertools.cycle(["this one", "another one"])
    monkeypatch.setattr(cluster, "processor", lambda: next(kinds))
    list(run_tasks(tasks()[:1], cluster=address))
    assert "so last digits may differ" in capsys.readouterr().err


def test_what_goes_wrong_on_a_worker_is_told_whatever_it_is(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def deeper(*of: object) -> None:
        deeper(*of)

    monkeypatch.setattr(cluster.Together, "run", deeper)
    with pytest.raises(RuntimeError, match=r"RecursionError on worker tcp://"):
        list(run_tasks(tasks(), cluster=address))


def test_a_scheduler_without_workers_is_waited_for_a_while_and_then_said(
    idle_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "BEGINS_S", 0.3)
    with pytest.raises(UserError, match="the scheduler answers, but has had no workers for"):
        list(run_tasks(tasks(), cluster=idle_address))


@pytest.mark.parametrize(
    "wrong", ["tcp://127.0.0.1:9", "127.0.0.1:9", "nowhere", "tcp://no.such.host.invalid:8786", ""]
)
def test_a_scheduler_that_does_not_answer_is_said(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ANSWERS_S", 0.5)
    with pytest.raises(UserError, match="--cluster"):
        list(run_tasks(tasks(), cluster=wrong))


@pytest.mark.parametrize("wrong", ["nowhere", "tcp://host", "host:port", "tcp://host:123456", ""])
def test_what_is_no_address_is_told_before_anybody_waits(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "Client", None)
    with pytest.raises(UserError, match=r"is no address of a scheduler; write e\.g\. tcp://"):
        cluster.Cluster(wrong)


@pytest.mark.parametrize("right", ["tcp://10.0.0.5:8786", "host:8786", "tls://[::1]:8786", "tcp://a.b-c.internal:1"])
def test_addresses_as_dask_writes_them_are_taken(right: str) -> None:
    assert cluster.ADDRESS.match(right)
