"""What is said of the state in which a cache begins."""

from typing import Any

import pytest
from drawn_scenarios import a_scenario

from simulator.studies.cache_beginning import cache_beginning

CACHED = {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "7 h"}}
AHEAD = {"every": "2 h", "at": "00:20", "backend": "night"}


def said_of(plan: dict[str, Any], **changes: Any) -> str | None:
    return cache_beginning(a_scenario(plans={"one": plan}, **changes), "one")


def test_nothing_is_said_of_a_plan_without_a_cache() -> None:
    assert said_of({"on_miss": "compute", "backend": "live"}) is None


def test_a_drawn_cache_is_said_to_be_in_its_long_run() -> None:
    assert said_of(CACHED) == "in its long run, each user's row drawn"


@pytest.mark.parametrize(
    ("cache", "store", "part"),
    [
        ({"kind": "sliding", "ttl": "7 h"}, {}, "rows older than 28 d are taken to be that old"),
        ({"kind": "stale_while_revalidate", "ttl": "7 h"}, {}, "rows older than 366 d are taken to be that old"),
        ({"kind": "ttl", "ttl": "7 h"}, {"size_limit": "40 KiB"}, "evicted after the same time unused"),
    ],
)
def test_what_is_near_but_not_exact_is_said(cache: dict[str, Any], store: dict[str, Any], part: str) -> None:
    said = said_of(CACHED | {"cache": cache}, store=store)
    assert said is not None
    assert part in said


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"refresh": {"on": "login", "backend": "live"}}, "depend on events, so that it grows over 2 lifetimes (14 h)"),
        ({"precompute": AHEAD | {"scope": {"kind": "active_within", "window": "1 h"}}}, "in the scope of each run"),
        ({"precompute": AHEAD}, "with the run before the start"),
    ],
)
def test_a_cache_that_cannot_be_drawn_is_said_to_grow(more: dict[str, Any], part: str) -> None:
    said = said_of(CACHED | more)
    assert said is not None
    assert part in said
