"""Every kind of backend says of itself all that the rest of the program asks; nobody else names one."""

import ast
import math
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from component_examples import of_family

import simulator
from simulator.backends.answers.facts import Asked
from simulator.backends.answers.findings import Finding, Warned
from simulator.backends.answers.runs import Purchase
from simulator.backends.answers.usage import BatchWork, Metered, OnlineUse
from simulator.backends.base import Backend, BatchBackend, OnlineBackend
from simulator.backends.online import kinds
from simulator.core.component import components
from simulator.simulation.state.records import BATCHES, CALLS, INSTANCES, STATION, TOKEN_KINDS
from simulator.studies.check import comparing
from simulator.studies.check.study import groups

pytestmark = pytest.mark.usefixtures("example_files")

PACKAGE = "simulator.backends"
KINDS = components(Backend, PACKAGE)
KERNELS = {value for name, value in vars(kinds).items() if name.isupper() and name != "NO_LIMIT"}
BUSY = Finding("live", answers=True, among=1, load_fraction=0.99, calls=60.0, refused=40.0)
CALM = Finding("live", answers=True, among=1, load_fraction=0.4, calls=100.0)
FIELDS = {name for record in (STATION, BATCHES, INSTANCES, CALLS) for name in record.names or ()}
ONLINE = {
    "facts",
    "has_replicas",
    "hours_are_alike",
    "kernel",
    "mean_service_s",
    "noise",
    "own_station_values",
    "used",
    "warnings",
}
AHEAD = {"expected_makespan_s", "hours_are_alike", "run", "worked"}


def online() -> Iterator[OnlineBackend]:
    yield from (each for each in of_family(PACKAGE) if isinstance(each, OnlineBackend))


def ahead() -> Iterator[BatchBackend]:
    yield from (each for each in of_family(PACKAGE) if isinstance(each, BatchBackend))


def priced(used: Any) -> float:
    return math.fsum(each.quantity for each in used)


def meters(used: Iterator[Metered]) -> list[tuple[str, str, str]]:
    return [(each.what, each.meter, each.unit) for each in used]


def test_a_backend_has_a_kernel_and_states_fields_that_compiled_code_knows() -> None:
    for backend in online():
        assert backend.station_values()["kind"] == backend.kernel
        assert set(backend.own_station_values()) < set(backend.station_values()) <= FIELDS
        assert not any(math.isnan(value) for value in backend.station_values().values())
    assert {backend.kernel for backend in online()} == KERNELS


@pytest.mark.parametrize("per_s", [0.0, 40.0])
def test_what_follows_from_a_backend_is_told_in_words_with_and_without_prices(per_s: float) -> None:
    asked = Asked(per_s, hour=20, bound_s=0.2)
    for backend in online():
        told = [*backend.facts(asked), *backend.call_facts(asked, priced)]
        assert told, f"nothing follows from {backend.kind}"
        assert all(what and value for what, value in told)
        assert {what for what, _ in backend.call_facts(asked, None)} <= {what for what, _ in told}


def test_a_backend_warns_where_it_is_too_small_and_not_where_it_has_room() -> None:
    for backend in online():
        assert list(backend.warnings(CALM)) == []
        for warned in backend.warnings(BUSY):
            assert isinstance(warned, Warned)
            assert warned.sentence.endswith(".")


def test_a_backend_meters_the_same_whatever_it_did() -> None:
    names = [*FIELDS, *TOKEN_KINDS]
    for backend in online():
        idle = OnlineUse(0.0, dict.fromkeys(names, 0.0))
        busy = OnlineUse(7e3, dict.fromkeys(names, 5.0), 3600.0, 2e3)
        assert meters(backend.used(idle)) == meters(backend.used(busy)) != []
        assert all(each.quantity >= 0 for each in backend.used(busy))
    for backend in ahead():
        assert meters(backend.worked(BatchWork(0.0, 0.0, {}))) == meters(backend.worked(BatchWork(2.0, 9.0, {}))) != []


def test_a_backend_draws_tokens_where_it_counts_them_and_knows_those_of_its_file() -> None:
    for backend in online():
        drawn = backend.draw_tokens(np.random.default_rng(1), 50)
        assert drawn.shape == (50,)
        assert drawn.dtype == np.int64
        assert bool(drawn.all()) == backend.counts_tokens
        assert backend.token_file is None or backend.counts_tokens
        if backend.token_file is not None:
            assert backend.tokens_of_rows(np.array([1, 0])).shape == (2,)


def test_what_comes_with_requests_takes_time_to_start_and_has_no_queue() -> None:
    for backend in online():
        starts_s = backend.draw_startups_s(np.random.default_rng(1), 50)
        assert starts_s.shape == (50,)
        assert starts_s.min() >= 0
        assert backend.station_values().get("concurrency", 0) == backend.most_instances
        assert not (backend.most_instances and backend.has_queue)
        assert backend.has_replicas or not (backend.most_instances or backend.has_queue)


def test_a_backend_that_is_to_be_sized_or_stands_can_be_given_a_size() -> None:
    assert any(backend.to_be_sized for backend in online())
    for backend in online():
        sized = backend
        if backend.to_be_sized is not None:
            assert backend.to_be_sized.closed_form_replicas(Asked(40.0, bound_s=1.0)) >= 1
            assert backend.to_be_sized.p99_service_s() > 0
            found = backend.to_be_sized.with_replicas(3)
            assert isinstance(found, OnlineBackend)
            sized = found
            assert sized.to_be_sized is None
        standing = sized.standing()
        if standing is not None:
            smaller = standing.changed(standing.replicas + 1)
            assert isinstance(smaller, OnlineBackend)
            assert smaller.standing() is not None
            assert smaller.standing().replicas == standing.replicas + 1  # type: ignore[union-attr]


def test_the_ways_to_buy_workers_begin_with_the_one_that_is_configured() -> None:
    for backend in ahead():
        ways = backend.purchases()
        assert next(iter(ways)) is Purchase.CONFIGURED
        assert ways[Purchase.CONFIGURED] is backend
        for each in ways.values():
            workers, on_demand = each.workforce
            assert 0 <= on_demand <= workers
        assert 0 <= backend.expected_makespan_s(1000, math.inf) < math.inf
        assert list(backend.row_facts(None)) == []


def test_a_batch_that_a_backend_states_is_one_that_its_service_time_knows() -> None:
    for backend in of_family(PACKAGE):
        batches = backend.batches()
        if batches is not None:
            assert 1 <= batches.stated <= batches.times.largest_batch
            assert batches.where


def test_predcost_check_compares_every_kind_with_a_closed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """`predcost check` has an experiment of each kind: a new kernel is compared with what theory says of it."""
    checked = set()

    class Seen(Exception):  # noqa: N818
        """A scenario has been looked at, which is enough."""

    def look(scenario: Any, *_: object) -> None:
        checked.update(backend.kind for backend in scenario.backends.values())
        raise Seen

    monkeypatch.setattr(comparing, "simulate", look)
    for experiment in (each for group in groups() for each in group.experiments):
        if getattr(experiment.sample, "__module__", "") == comparing.__name__:
            with pytest.raises(Seen):
                experiment.sample(1, 0)
    assert checked == set(KINDS)


def made(base: type[Backend], names: set[str]) -> type[Backend]:
    """Return a kind that answers some questions, and that no family finds, as it has no name of its own."""
    return type("Made", (base,), {name: lambda self: self for name in names})


@pytest.mark.parametrize(("base", "demanded"), [(OnlineBackend, ONLINE), (BatchBackend, AHEAD)])
def test_a_new_kind_cannot_be_made_before_it_answers_every_question(base: type[Backend], demanded: set[str]) -> None:
    assert base.__abstractmethods__ == demanded
    stated = {"kind": "made", "shard": 1, "feature_pipeline": {}} if base is BatchBackend else {"kind": "made"}
    made(base, demanded).model_validate(stated)
    for left_out in demanded:
        with pytest.raises(TypeError, match=left_out):
            made(base, demanded - {left_out}).model_validate(stated)


STATE_KINDS = ("studies/check/", "studies/calibration/service/")
"""Worlds to check by, and the fleet that a load test was made of: they are scenarios, which state kinds."""


def test_nobody_but_the_backends_knows_which_kinds_there_are() -> None:
    root = Path(simulator.__file__).parent
    modules = {kind.__module__ for kind in KINDS.values()}
    naming = set()
    for path in root.rglob("*.py"):
        place = path.relative_to(root).as_posix()
        if place.startswith("backends/"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            imports = isinstance(node, ast.ImportFrom) and node.module in modules
            compares = isinstance(node, ast.Compare) and any(
                isinstance(each, ast.Constant) and each.value in KINDS for each in [node.left, *node.comparators]
            )
            states = isinstance(node, ast.Dict) and any(
                isinstance(key, ast.Constant) and key.value == "kind" and getattr(value, "value", None) in KINDS
                for key, value in zip(node.keys, node.values, strict=True)
            )
            if imports or compares or (states and not place.startswith(STATE_KINDS)):
                naming.add(place)
    assert naming == set()


def test_the_guide_names_every_question_that_a_kind_is_asked() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "adding-a-backend.md").read_text(encoding="utf-8")
    asked = {
        name
        for base in (Backend, OnlineBackend, BatchBackend)
        for name, value in vars(base).items()
        if isinstance(value, (property, FunctionType)) and not name.startswith(("_", "model_"))
    }
    assert asked - set(re.findall(r"`(\w+)`", guide)) == set()
    assert asked > ONLINE | AHEAD
