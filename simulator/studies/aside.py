"""One thing at a time, done in another process while this one goes on; what is asked next ends what was before."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.studies.workers import Workers

Heard = Callable[[Any], None]


@dataclass(frozen=True)
class Errand:
    """What is to be done elsewhere, and who is told of it, in a thread of this process."""

    function: Callable[..., Any]
    """Of a module; called with an item, and with whom to tell news."""
    items: Sequence[Any]
    found: Heard
    """Called with what it returns for each item."""
    news: Heard
    """Called with what is told meanwhile."""
    failed: Heard
    """Called with the error that it ends with."""


class Aside:
    """Does errands in another process, one after another; the process is there only while there is something to do.

    It ends with this process, however that ends, and hears none of the signals that this one hears.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: Workers | None = None
        self._number = 0

    @property
    def pids(self) -> tuple[int, ...]:
        """The number of the process, as long as there is one."""
        with self._lock:
            return () if self._pool is None else self._pool.pids

    def begin(self, errand: Errand) -> None:
        """End what is being done, whatever it is, and begin something else."""
        with self._lock:
            self._end()
            self._pool, number = Workers(1), self._number
            threading.Thread(target=self._do, args=(errand, self._pool, number), daemon=True).start()

    def end(self) -> None:
        """End what is being done; when this returns there is no process, and nobody is told of anything any more."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._number += 1
        if self._pool is not None:
            self._pool.end()
            self._pool = None

    def _do(self, errand: Errand, pool: Workers, number: int) -> None:
        def if_wanted(tell: Heard) -> Heard:
            return lambda what: tell(what) if number == self._number else None

        try:
            for found in pool.run(errand.function, errand.items, if_wanted(errand.news)):
                if_wanted(errand.found)(found)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is for who asked)
            if_wanted(errand.failed)(error)
        finally:
            with self._lock:
                if number == self._number:
                    self._end()
