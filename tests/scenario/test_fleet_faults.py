"""What a fleet's batching, queue limit and retries must be like, and what is said where they are not."""

from typing import Any

import pytest

from simulator.core.errors import InputFileError
from simulator.scenario.schema import Scenario

MEASURED = {"kind": "table", "points": [{"batch": 1, "time": "2 ms"}, {"batch": 8, "time": "5 ms"}]}


def a_scenario(plan: dict[str, Any] | None = None, **fleet: Any) -> Scenario:
    live = {
        "kind": "fleet",
        "instance": "g4dn.xlarge",
        "service_time": MEASURED,
        "capacity": {"kind": "fixed", "replicas": 1},
    }
    answering = {"on_miss": "compute", "backend": "live"}
    scenario = Scenario.model_validate(
        {
            "population": {"users": 10, "logins_per_day": "1/day", "shape": 1},
            "backends": {"live": live},
            "plans": {"on demand": answering},
        }
    )
    return scenario.with_(backends={"live": live | fleet}, plans={"on demand": answering | (plan or {})})


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        ({"batching": {"max": 9}}, "'batching.max' (9) is above the largest measured (8)"),
        ({"batching": {"max": 1}}, "1 must be at least 2"),
        (
            {"batching": {"max": 8, "hold": "2 s"}, "timeout": "1 s"},
            "'batching.hold' (2 s) must be below 'timeout' (1 s)",
        ),
        ({"batching": {"max": 8}, "queue_limit": 7}, "'queue_limit' (7) must be at least 'batching.max' (8)"),
        ({"retries": {"attempts": 21}}, "20"),
    ],
)
def test_a_fault_names_the_key_the_value_and_the_rule(fleet: dict[str, Any], said: str) -> None:
    with pytest.raises(InputFileError) as caught:
        a_scenario(**fleet)
    assert said in str(caught.value)


def test_what_fails_can_only_be_answered_by_what_is_stored() -> None:
    with pytest.raises(InputFileError, match="stores nothing that 'on_failure: stored' could answer with"):
        a_scenario({"on_failure": "stored"})
    assert a_scenario({"on_failure": "stored", "cache": {"kind": "ttl", "ttl": "1 h"}})


def test_times_between_measured_batches_are_interpolated_and_the_work_is_that_of_a_full_batch() -> None:
    fleet = a_scenario(batching={"max": 8}).online_backends(a_scenario().plans["on demand"])[0]
    assert fleet.service_times_s == pytest.approx([0, *(0.002 + 0.003 * (n - 1) / 7 for n in range(1, 9))])
    assert fleet.full_batch_work_s == pytest.approx(0.005 / 8)


def test_a_table_whose_throughput_falls_again_is_taken_as_it_is() -> None:
    points = [{"batch": 1, "time": "2 ms"}, {"batch": 2, "time": "2 ms"}, {"batch": 4, "time": "40 ms"}]
    scenario = a_scenario(service_time={"kind": "table", "points": points}, batching={"max": 4})
    fleet = scenario.online_backends(scenario.plans["on demand"])[0]
    assert fleet.service_times_s == pytest.approx([0, 0.002, 0.002, 0.021, 0.04])
    assert fleet.full_batch_work_s == pytest.approx(0.01)
