"""Processes that work for this one, and end when it does, however it ends.

Each has a pipe to read from and one to write to. The pipe's other end goes with this process, even if somebody kills
it, and a worker that reads the end of its pipe ends at once, whatever it is doing. So there is nothing that polls, and
nothing is left behind on any system.
"""

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any, Self, TypeVar

Found = TypeVar("Found")

FOUND, FAILED, NEWS, LOST = "found", "failed", "news", "lost"
"""What is said of an item: a result, an error, how far it is, or that its process has ended meanwhile."""
MOST_LOSSES = 3
"""After so many an item is set aside: it is more likely at fault itself than the system."""
POLL_S = 0.2
"""So often a wait lets a signal through, where the system's own waits do not."""
SPAWN = "import sys; sys.path[:] = {path!r}; from simulator.studies.workers import serve; serve()"


class LostWorkerError(RuntimeError):
    """Processes have ended before they were done, as when the system has no memory left; all else is done."""

    code = 1

    def __init__(self, said: str, items: Sequence[Any] = ()) -> None:
        super().__init__(said)
        self.items = tuple(items)
        """What they were at; it is set aside."""


def may_fork() -> bool:
    """Return whether a copy of this process can work: on Linux, and as long as it has no threads that may hold locks.

    A copy has all modules already, which a new process takes a second to import.
    """
    return sys.platform == "linux" and threading.active_count() == 1


class Workers:
    """Some processes; they take one item after another."""

    def __init__(self, count: int) -> None:
        self._workers = list[_Worker]()
        start = _Worker.forked if may_fork() else _Worker.spawned
        try:
            for _ in range(count):
                self._workers.append(start([other.pipes for other in self._workers]))
        except BaseException:
            self.end()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self.end()

    @property
    def pids(self) -> tuple[int, ...]:
        """Numbers of the processes."""
        return tuple(worker.pid for worker in self._workers)

    def end(self) -> None:
        """End the processes, whatever they are doing; another thread that waits for what they find waits no longer."""
        ended, self._workers = self._workers, []
        for worker in ended:
            worker.kill()

    def run(
        self,
        function: Callable[..., Found],
        items: Sequence[Any],
        heard: Callable[[Any], None] | None = None,
        apart: Callable[[Any], Sequence[Any]] = lambda item: (item,),
    ) -> Iterator[Found]:
        """Yield what a function returns for every item, in any order.

        The function is one of a module, or a method of what can be pickled; it is sent to each process once, and what
        it remembers is there for the next item. If a process ends without an answer, another takes its place and its
        item; an item that has ended three is set aside, and the rest is done.

        Parameters
        ----------
        function
            Takes an item; and, where somebody is to hear of it meanwhile, what it may call with news.
        items
            What it is called with.
        heard
            Called with the news of all processes.
        apart
            Returns what to do in place of an item that has ended a process: itself, or parts of it one by one, so that
            only that one is set aside which is at fault.

        Raises
        ------
        LostWorkerError
            When all else is done, if some items are set aside.
        Exception
            What the function raises.
        """
        talk = _Talk((function, heard is not None))
        talk.put(map(_Asked, items))
        for worker in self._workers[: len(items)]:
            worker.begin(talk)
        left, aside = len(items), list[Any]()
        try:
            while left:
                kind, what = _next(talk.said)
                if kind == LOST and not self._workers:
                    return
                if kind == LOST:
                    worker, asked = what
                    again = asked.again(apart)
                    aside += [] if again else [asked.item]
                    left += len(again) - 1
                    talk.put(again)
                    self._replace(worker).begin(talk)
                elif kind == FAILED:
                    raise what
                elif kind == FOUND:
                    left -= 1
                    yield what
                elif heard is not None:
                    heard(what)
        finally:
            talk.put([None] * len(self._workers))
        if aside:
            raise LostWorkerError(_lost(len(aside)), aside)

    def _replace(self, lost: "_Worker") -> "_Worker":
        """Return a new process in the place of one that has ended."""
        lost.kill()
        try:
            found = _Worker.spawned([])  # this process has threads, and cannot be copied
        except OSError as error:
            raise LostWorkerError(f"a worker process has ended, and no other can be started: {error}") from error
        self._workers[self._workers.index(lost)] = found
        return found


@dataclass(frozen=True)
class _Asked:
    """An item, and how many processes have ended while they were at it."""

    item: Any
    losses: int = 0

    def again(self, apart: Callable[[Any], Sequence[Any]]) -> "list[_Asked]":
        """Return what is to be done when another process has ended; nothing where it is set aside."""
        losses = self.losses + 1
        return [] if losses >= MOST_LOSSES else [_Asked(each, losses) for each in apart(self.item)]


@dataclass(frozen=True)
class _Talk:
    """What is asked of all processes, and what they say."""

    asked: tuple[Callable[..., Any], bool]
    waiting: "queue.SimpleQueue[_Asked | None]" = field(default_factory=queue.SimpleQueue)
    said: "queue.SimpleQueue[tuple[str, Any]]" = field(default_factory=queue.SimpleQueue)

    def put(self, items: "Iterable[_Asked | None]") -> None:
        """Ask for more; None tells a process that there is nothing left."""
        for item in items:
            self.waiting.put(item)


def _lost(items: int) -> str:
    what = "an item" if items == 1 else f"{items} items"
    return f"{MOST_LOSSES} worker processes have ended while they were at {what}; the system may be out of memory"


def _next(said: "queue.SimpleQueue[tuple[str, Any]]") -> tuple[str, Any]:
    while True:
        try:
            return said.get(timeout=POLL_S)
        except queue.Empty:
            continue


class _Worker:
    """One process and its two pipes."""

    def __init__(self, pid: int, to: IO[bytes], back: IO[bytes], kill: Callable[[], None]) -> None:
        self.pid, self.pipes = pid, (to, back)
        self._kill = kill
        self._thread: threading.Thread | None = None

    @classmethod
    def forked(cls, others: "Sequence[tuple[IO[bytes], IO[bytes]]]") -> "_Worker":
        """Return a copy of this process.

        Signals wait until the copy has its own idea of them; ends of pipes that are not its own are closed in it, or it
        would not see that this process has ended.
        """
        (their_in, to), (back, their_out) = os.pipe(), os.pipe()
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        with warnings.catch_warnings():  # of threads in C, which are not copied and which nothing here waits for
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            try:
                for pipe in (to, back, *(each.fileno() for pair in others for each in pair)):
                    os.close(pipe)
                _serve(os.fdopen(their_in, "rb"), os.fdopen(their_out, "wb"), heard)
            finally:
                os._exit(0)
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        os.close(their_in)
        os.close(their_out)

        def kill() -> None:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

        return cls(pid, os.fdopen(to, "wb"), os.fdopen(back, "rb"), kill)

    @classmethod
    def spawned(cls, _: object) -> "_Worker":
        """Return a new process of this Python; what a terminal sends is not for it."""
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        command = [sys.executable, "-c", SPAWN.format(path=sys.path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **apart)  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None

        def kill() -> None:
            process.kill()
            process.wait()

        return cls(process.pid, process.stdin, process.stdout, kill)

    def begin(self, talk: "_Talk") -> None:
        """Begin to have items worked on, until there comes none, and to pass on what is said of them."""
        self._thread = threading.Thread(target=self._work, args=(talk,), daemon=True)
        self._thread.start()

    def _work(self, talk: "_Talk") -> None:
        to, back = self.pipes
        sent = False
        while (asked := talk.waiting.get()) is not None:
            try:
                pickle.dump((None if sent else talk.asked, asked.item), to, pickle.HIGHEST_PROTOCOL)
                sent = True
                to.flush()
                kind = NEWS
                while kind == NEWS:
                    kind, what = pickle.load(back)  # noqa: S301  (of our own)
                    talk.said.put((kind, what))
            except (OSError, ValueError, EOFError, pickle.UnpicklingError):
                talk.said.put((LOST, (self, asked)))
                return

    def kill(self) -> None:
        """End it."""
        self._kill()
        for pipe in self.pipes:
            with contextlib.suppress(OSError):
                pipe.close()
        if self._thread is not None:
            self._thread.join(POLL_S)


def serve() -> None:
    """Work for the process at the other end of the standard streams; what is printed goes to stderr."""
    back = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _serve(os.fdopen(os.dup(0), "rb"), back)


def _serve(asked: IO[bytes], back: IO[bytes], heard: "set[Any] | None" = None) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # it is who started this process that is to hear them, and to end it
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if heard is not None and sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
    items: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(asked, items), daemon=True).start()

    def say(kind: str, what: Any) -> None:
        back.write(pickle.dumps((kind, what), pickle.HIGHEST_PROTOCOL))
        back.flush()

    known: tuple[Callable[..., Any], bool] | None = None
    while True:
        asked_for, item = items.get()
        known = asked_for or known
        assert known is not None
        function, is_heard = known
        try:
            answer = FOUND, function(item, partial(say, NEWS)) if is_heard else function(item)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is for who asked)
            answer = FAILED, error
        try:
            say(*answer)
        except Exception:  # noqa: BLE001  (it cannot be pickled)
            say(FAILED, RuntimeError(f"{type(answer[1]).__name__}: {answer[1]}"))


def _read(asked: IO[bytes], items: "queue.SimpleQueue[Any]") -> None:
    """Pass on what is asked; end the process when nobody is left who could ask."""
    try:
        while True:
            items.put(pickle.load(asked))  # noqa: S301  (of our own)
    finally:
        os._exit(0)
