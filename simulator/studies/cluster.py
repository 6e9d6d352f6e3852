"""Simulations on the workers of a Dask cluster.

It is Dask's own client, and not joblib's backend for it, which tells nothing of a task but its result: neither how far
it is, nor that it has ended its workers, nor that there are no workers, for which it waits for ever.
"""

import contextlib
import logging
import pickle
import queue
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NoReturn, Self
from uuid import uuid4

from simulator.core.errors import UserError
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.engine_version import engine_version, processor
from simulator.studies.outcome_store import say
from simulator.studies.together import Task, Together
from simulator.studies.workers import POLL_S, LostWorkerError

ANSWERS_S = 15.0
"""So long a scheduler may take to answer."""
BEGINS_S, WORKERS_S = 30.0, 60.0
"""So long there may be no workers at the beginning, and later, when somebody may have to start some again."""
CLOSES_S = 2.0
LOOK_S = 2.0
"""So often it is looked whether there are workers, as long as nothing is said."""
ADDRESS = re.compile(r"(?:[a-z]+://)?(?:\[[0-9a-fA-F:]+\]|[^\s/:\[\]]+):[0-9]{1,5}\Z")
HOW = "docs/how-to/many-machines.md says how a scheduler and workers are started"


class Cluster:
    """The workers of a scheduler.

    Raises
    ------
    UserError
        If it does not answer, if it has no workers, or if Dask is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed  # noqa: PLC0415  (an extra)
        except ImportError as error:
            raise UserError("--cluster needs Dask: pip install '.[cluster]' in its folder") from error
        if not ADDRESS.match(address):
            raise UserError(f"--cluster {address}: is no address of a scheduler; write e.g. tcp://10.0.0.5:8786")
        self.address = address
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is lost is told in a sentence
        try:
            self._client = distributed.Client(address, timeout=ANSWERS_S, set_as_default=False)
        except Exception as error:  # Dask has many errors for it, an assertion among them
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(f"--cluster {address}: no scheduler answers there ({why}); {HOW}") from error
        try:
            self._client.wait_for_workers(1, timeout=BEGINS_S)
        except TimeoutError as error:
            self.end()
            waited = f"has had no workers for {BEGINS_S:.0f} s"
            raise UserError(f"--cluster {address}: the scheduler answers, but {waited}; {HOW}") from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster."""
        self.end()

    def end(self) -> None:
        """Leave the cluster; what it is asked for is asked for no more."""
        with contextlib.suppress(Exception):  # it may be gone
            self._client.close(timeout=CLOSES_S)

    @property
    def threads(self) -> int:
        """How many tasks its workers do at once."""
        by_worker: dict[str, int] = self._client.nthreads()
        return max(sum(by_worker.values()), 1)

    @property
    def bytes_per_thread(self) -> float:
        """The memory that each may take, where workers have a limit."""
        workers = self._client.scheduler_info()["workers"].values()
        return min((each["memory_limit"] / each["nthreads"] for each in workers if each["memory_limit"]), default=1e30)

    def run(
        self,
        units: Sequence[Together],
        numbers: Sequence[int],
        slots: int,
        heard: Callable[[tuple[int, float]], None],
        apart: Callable[[int], Sequence[int]],
    ) -> Iterator[tuple[int, list[Outcome]]]:
        """Yield the number and outcomes of every unit as soon as they are there, in any order.

        Parameters
        ----------
        units, numbers
            What there is, and which of it to simulate.
        slots
            How many are under way at once.
        heard
            Called with the number of a unit and how much of its work is done.
        apart
            Returns what to do in place of a unit that has ended its workers.

        Raises
        ------
        LostWorkerError
            If the scheduler or all workers are lost; when all else is done, if some units have ended more workers than
            the scheduler allows (``distributed.scheduler.allowed-failures``).
        UserError
            If a worker has another version of predcost.
        """
        talk = _Talk(self._client, units, self.address)
        waiting, aside = deque(numbers), list[int]()
        try:
            while waiting or talk.under_way:
                while waiting and len(talk.under_way) < slots:
                    talk.begin(waiting.popleft())
                kind, what = talk.next()
                if kind == _NEWS:
                    heard(what)
                elif kind == _FOUND:
                    yield what
                else:
                    parts = [part for part in apart(what) if part != what]
                    waiting.extend(parts)
                    aside += [] if parts else [what]
        finally:
            talk.end()
        if aside:
            raise LostWorkerError(f"the workers at {self.address} have ended at {len(aside)} tasks", aside)


_NEWS, _FOUND, _LOST = "news", "found", "lost"


class _Talk:
    """What is asked of the cluster, and what it says."""

    def __init__(self, client: Any, units: Sequence[Together], address: str) -> None:
        self._client, self._units, self._address = client, units, address
        self._said: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._scheduler = client.scheduler_info().get("id")
        self._topic = f"predcost-{uuid4()}"
        self._scenarios: dict[int, bytes] = {}
        self.under_way: dict[int, Any] = {}
        client.subscribe_topic(self._topic, lambda event: self._said.put((_NEWS, event[1])))

    def begin(self, number: int) -> None:
        """Ask for a unit."""
        unit = self._units[number]
        scenarios = {id(task.scenario): task.scenario for task in unit.tasks}
        for key, scenario in scenarios.items():
            if key not in self._scenarios:
                self._scenarios[key] = pickle.dumps(scenario, pickle.HIGHEST_PROTOCOL)
        texts = [self._scenarios[id(task.scenario)] for task in unit.tasks]
        packed = [
            (text, (task.plan, task.replication, task.block_s)) for text, task in zip(texts, unit.tasks, strict=True)
        ]
        future = self._client.submit(
            _simulate, engine_version(), packed, unit.process_bytes, (self._topic, number), pure=False
        )
        self._watch(number, future)

    def _watch(self, number: int, future: Any) -> None:
        self.under_way[number] = future
        future.add_done_callback(lambda _: self._said.put((_FOUND, number)))

    def next(self) -> tuple[str, Any]:
        """Return what is said next: news, a unit with its outcomes, or one whose workers were lost."""
        had_workers_s = looked_s = time.monotonic()
        while True:
            try:
                kind, what = self._said.get(timeout=POLL_S)
            except queue.Empty:
                now_s = time.monotonic()
                if now_s - looked_s > LOOK_S:
                    looked_s = now_s
                    had_workers_s = now_s if self._has_workers() else had_workers_s
                if now_s - had_workers_s > WORKERS_S:
                    self._fail(f"has had no workers for {WORKERS_S:.0f} s")
                continue
            found = (kind, what) if kind == _NEWS else self._outcomes(what)
            if found is not None:
                return found

    def _has_workers(self) -> bool:
        """Return whether there are workers; what was asked of a scheduler that was lost, no other one knows of."""
        try:
            about = self._client.scheduler_info()
        except (OSError, TimeoutError, ValueError):
            self._fail("is gone")
        if self._client.status != "running" or about.get("id") != self._scheduler:
            self._fail("is gone")
        return bool(about["workers"])

    def _outcomes(self, number: int) -> tuple[str, Any] | None:
        """Return what a unit that has ended has found; None where that was lost with its worker, and is done again."""
        future = self.under_way.pop(number)
        if future.status in ("cancelled", "lost"):
            self._fail("is gone")
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415  (an extra)

        try:
            found, where = future.result(timeout=WORKERS_S)
        except KilledWorker:
            return _LOST, number
        except TimeoutError:
            self._watch(number, future)
            return None
        except (CancelledError, OSError):
            self._fail("is gone")
        except (ImportError, AttributeError, RuntimeError) as error:
            told = f"the scheduler or a worker cannot take what this version of predcost asks for ({error})"
            raise UserError(f"--cluster {self._address}: {told}; install the same version there") from error
        if isinstance(found, Exception):
            raise found
        if where != processor():
            told = f"workers at {self._address} have another kind of processor ({where}) than this machine"
            say(f"{told} ({processor()}), so last digits may differ")
        return _FOUND, (number, found)

    def _fail(self, why: str) -> NoReturn:
        raise LostWorkerError(
            f"the scheduler at {self._address} {why}; start it and its workers again, and run the same command: what "
            "is stored is not simulated again"
        )

    def end(self) -> None:
        """Ask for nothing more."""
        with contextlib.suppress(Exception):  # it may be gone
            self._client.unsubscribe_topic(self._topic)
        with contextlib.suppress(Exception):
            self._client.cancel(list(self.under_way.values()))


Packed = tuple[bytes, tuple[str, int, float | None]]
"""A pickled scenario, a plan, a replication, and a length of blocks."""


def _simulate(
    engine: str, packed: Sequence[Packed], process_bytes: float, news: tuple[str, int]
) -> tuple[list[Outcome] | Exception, str]:
    """Simulate some tasks on a worker, and say on what kind of processor.

    What went wrong is returned too, as Dask tells of no error that it cannot pickle.
    """
    from distributed import get_worker  # noqa: PLC0415  (an extra)

    worker, (topic, number) = get_worker(), news
    if engine != engine_version():
        found: list[Outcome] | Exception = UserError(
            f"--cluster: worker {worker.address} has another version of predcost or of a library that it calculates "
            "with than this machine, and its results would be others; install the same on both"
        )
        return found, processor()
    try:
        unit = Together(tuple(Task(_scenario(text), *of) for text, of in packed), process_bytes)
        found = unit.run(lambda work: worker.log_event(topic, (number, work)))
    except (UserError, OSError) as error:
        found = UserError(f"--cluster: worker {worker.address}: {error}")
    except Exception as error:  # noqa: BLE001  (whatever it is, it is for who asked)
        found = RuntimeError(f"{type(error).__name__} on worker {worker.address}: {error}")
    return found, processor()


@lru_cache(maxsize=64)
def _scenario(pickled: bytes) -> Scenario:
    """Return a scenario, the same one for all tasks that share it, with all that it has found already."""
    found: Scenario = pickle.loads(pickled)  # noqa: S301  (of our own)
    return found
