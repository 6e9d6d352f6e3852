"""What is wrong with a nearline plan is said where it is written."""

from pathlib import Path

import pytest
from drawn_scenarios import a_scenario

from simulator.core.errors import UserError


def test_the_last_request_of_a_login_is_not_known_of_a_file_of_requests(tmp_path: Path) -> None:
    path = tmp_path / "requests.csv"
    path.write_text("time\n2026-03-02 00:00:00\n2026-03-02 01:00:00\n")
    refresh = {"on": "login", "backend": "live"}
    plans = {"nearline": {"refresh": refresh, "on_miss": "default"}}
    traffic = {"replay": {"path": str(path)}}
    assert a_scenario(plans=plans)
    with pytest.raises(UserError, match=r"plans\.nearline\.refresh\.on: .* holds requests.* write on: request"):
        a_scenario(plans=plans).with_(traffic=traffic)
    assert a_scenario(plans={"nearline": plans["nearline"] | {"refresh": refresh | {"on": "request"}}}, traffic=traffic)


@pytest.mark.parametrize(
    ("backend", "said"), [("night", "is a batch_cluster, and .*a fleet"), ("lvie", "did you mean 'live'")]
)
def test_refresh_needs_a_fleet(backend: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        a_scenario().with_(plans__nearline__refresh__backend=backend)


def test_a_store_has_room_for_a_prediction() -> None:
    with pytest.raises(UserError, match=r"has no room for a single prediction"):
        a_scenario().with_(store__size_limit="1 B")


def test_a_rule_of_eviction_needs_a_size_that_is_limited() -> None:
    with pytest.raises(UserError, match=r"fifo has no effect without a size_limit"):
        a_scenario().with_(store__eviction="fifo")
    assert a_scenario().with_(store__eviction="fifo", store__size_limit="1 GiB")
    assert a_scenario().with_(store__eviction="lru")
