"""A scenario with sliders: closed forms at every move, a simulation soon after."""

import io
import shlex
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from typing_extensions import override

from simulator.core.errors import UserError, did_you_mean
from simulator.core.input_files.wording import flow
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.prices.writing import write_book
from simulator.report import format as form
from simulator.report.exploring.rows import columns, knob_rows, plan_rows
from simulator.report.exploring.words import simulation_words, stage_words, verdict
from simulator.report.notebook import TextTable
from simulator.report.result import Result
from simulator.scenario.changes import key_changes
from simulator.scenario.loading import load_scenario
from simulator.scenario.overrides import read_assignment
from simulator.scenario.schema import Scenario
from simulator.studies.exploring.exploration import Exploration, Look
from simulator.studies.exploring.knobs import key_path, knobs_of
from simulator.studies.exploring.moves import Bench
from simulator.studies.exploring.own_prices import moved_prices
from simulator.studies.prices_needed import check_prices

if TYPE_CHECKING:
    import pandas as pd

    from simulator.report.exploring.view import View

MISSING = "explore() needs anywidget and ipywidgets: pip install '.[jupyter]' in predcost's folder"
PRICES_FILE = "explored-prices.yaml"
SCENARIO_FILE = "scenario.yaml"
"""What the command is of where nobody knows the scenario's file."""
POLL_S = 0.05


class Explorer:
    """A scenario with sliders; in Jupyter it shows itself.

    Everything that the sliders do can be done from Python too: `set`, `reset`, `wait`. It keeps nothing in the
    notebook, and no process longer than a simulation takes.
    """

    def __init__(self, bench: Bench, file: Path | None, users: int | None = None) -> None:
        self._file, self._sent_s = file, 0.0
        self._exploration = Exploration(bench, users, self._has_changed)
        self._fault = ""

    @property
    def scenario(self) -> Scenario:
        """The scenario as the sliders have it."""
        return self._exploration.look.scenario

    @property
    def prices(self) -> PriceBook:
        """The price book as the sliders have it."""
        return self._bench.whole_book_at(self._exploration.places)

    @property
    def inputs(self) -> dict[str, str]:
        """What every slider stands at, by its key, as people write it."""
        return {knob.key: knob.texts[at] for knob, at in zip(self._bench.knobs, self._exploration.places, strict=True)}

    @property
    def verdict(self) -> str:
        """Which plan is best where the sliders stand, and how that is known."""
        look = self._exploration.look
        return f"{verdict(look)} ({stage_words(look)})"

    @property
    def is_simulated(self) -> bool:
        """Whether what is shown was simulated, with all users; else it is of closed forms."""
        return self._exploration.is_simulated

    @property
    def table(self) -> "pd.DataFrame":
        """What is shown, as people read it: a row for each figure, a column for each plan."""
        rows = plan_rows(self._exploration.look)
        return TextTable(
            {row["whole_name"]: row["cells"] for row in rows}, index=[head for head, _ in columns(self.scenario)]
        )

    @property
    def result(self) -> Result | None:
        """What was simulated where the sliders stand, at their prices; None as long as nothing was.

        It is of `Result.comparison.scenario.population.users` users, which may be fewer than the scenario's.
        """
        found = self._exploration.look.simulated
        return None if found is None else Result(found.comparison)

    @property
    def command(self) -> str:
        """What to type in a shell for the same numbers: ``predcost run FILE --set ...``, its price book before it."""
        times, before = self._bench.price_times(self._exploration.places), ""
        file, settings = self._file_and_settings()
        if times:
            path = Path.cwd() / PRICES_FILE
            book = write_book(moved_prices(self._bench.book, times))
            before = f"cat > {shlex.quote(str(path))} <<'END'\n{book}END\n"
            names = self.scenario.prices
            books = [names] if isinstance(names, str) else [*names]
            settings["prices"] = flow([f'"{each}"' for each in (*books, path)])
        sets = [word for key, text in settings.items() for word in ("--set", f"{key}={text}")]
        return f"{before}{shlex.join(['predcost', 'run', str(file), *sets])}"

    @property
    def yaml(self) -> str:
        """The scenario as the sliders have it, as a file with all its defaults; prices that were moved are `prices`."""
        yaml, text = YAML(), io.StringIO()
        yaml.width = 120
        yaml.dump(self.scenario.model_dump(mode="json", exclude_none=True), text)
        return text.getvalue()

    def slider(self, key: str) -> tuple[str, ...]:
        """Return the values that a slider can stand at, ascending, as people write them.

        Raises
        ------
        UserError
            If there is no such slider.
        """
        return self._bench.knobs[self._number(key)].texts

    def set(self, key: str, value: str) -> None:
        """Move a slider; a simulation follows.

        Parameters
        ----------
        key
            As `inputs` has it.
        value
            One of its values, as `slider` has them: ``20 %``, ``6 h``.

        Raises
        ------
        UserError
            If there is no such slider or value, or if the scenario is not valid there.
        """
        number = self._number(key)
        self._exploration.move(number, self._bench.knobs[number].place_of(value))
        self._exploration.settle()
        self._has_changed()

    def reset(self) -> None:
        """Move every slider back to what the scenario has."""
        self._exploration.reset()
        self._has_changed()

    def simulate_all(self) -> None:
        """Have all users simulated where the sliders stand, however long that takes; `wait` waits for it."""
        self._exploration.simulate_all()
        self._has_changed()

    def wait(self, longest_s: float = 600.0) -> bool:
        """Wait until what is simulated has come; return whether it has, before so many seconds were over. [s]"""
        until_s = time.monotonic() + longest_s
        while self._exploration.progress is not None:
            if time.monotonic() > until_s:
                return False
            time.sleep(POLL_S)
        return not self._exploration.fault

    def close(self) -> None:
        """End it: what is being simulated ends, and nothing is begun any more."""
        self._exploration.close()
        if "_view" in self.__dict__:
            self._view.close()

    def _number(self, key: str) -> int:
        numbers = {knob.key: number for number, knob in enumerate(self._bench.knobs)}
        if key not in numbers:
            raise UserError(f"there is no slider '{key}'; {did_you_mean(key, numbers)}")
        return numbers[key]

    @property
    def _bench(self) -> Bench:
        return self._exploration.bench

    def _file_and_settings(self) -> tuple[Path, dict[str, str]]:
        """Return a file and what to set in it for the scenario as it stands; else a file to be made of `yaml`."""
        settings = {**self._given, **self._bench.settings(self._exploration.places)}
        if self._file is not None and _with_settings(self._file, settings) == self.scenario:
            return self._file, settings
        return Path(SCENARIO_FILE), {}

    @cached_property
    def _given(self) -> dict[str, str]:
        """What the scenario has else than its file, by key."""
        if self._file is None:
            return {}
        scenario, of_file = self._bench.scenario, load_scenario(self._file)
        both = {name: name for name in of_file.plans if name in scenario.plans}
        changes = key_changes(of_file, scenario, both)
        gone = {key_path(("plans", name)): "null" for name in of_file.plans if name not in both}
        return gone | {change.key: "null" if change.after is None else change.after_text for change in changes}

    @cached_property
    def _view(self) -> "View":
        from simulator.report.exploring.view import View  # noqa: PLC0415  (an extra, and only where it is shown)

        return View(self._hears)

    @override
    def __repr__(self) -> str:
        return f"<Explorer of {form.one_line(self.scenario.name)!r}, {len(self._bench.knobs)} sliders; {self.verdict}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._view.said = repr(self)
        self._exploration.settle()
        return self._view._repr_mimebundle_(**kwargs)

    def _hears(self, said: Mapping[str, Any]) -> None:
        """Do what the page asks for."""
        kind = said.get("kind")
        fault = ""
        try:
            if kind == "hello":
                self._send(
                    {
                        "kind": "inputs",
                        "heads": [head for head, _ in columns(self.scenario)],
                        "inputs": knob_rows(self._bench),
                    }
                )
            elif kind == "move":
                self._exploration.move(int(said["number"]), int(said["place"]))
            elif kind == "settle":
                self._exploration.settle()
            elif kind == "reset":
                self._exploration.reset()
            elif kind == "all":
                self._exploration.simulate_all()
            elif kind == "stop":
                self._exploration.stop()
            elif kind in {"command", "yaml"}:
                self._send({"kind": "copy", "what": kind, "text": self.command if kind == "command" else self.yaml})
                return
        except UserError as error:
            fault = str(error)
        self._send(self._shown(fault))

    def _shown(self, fault: str = "") -> dict[str, Any]:
        """Return all that the page shows."""
        look = self._exploration.look
        return {
            "kind": "look",
            "places": list(look.places),
            "verdict": verdict(look),
            "stage": str(look.stage),
            "stage_words": stage_words(look),
            "plans": plan_rows(look),
            "about_simulation": simulation_words(look),
            "all_takes": self._all_takes(look),
            "fault": fault,
            "took_ms": round(look.took_s * 1e3, 1),
            **self._progress(),
        }

    def _all_takes(self, look: Look) -> str:
        """Return what is offered where fewer users than all were or are simulated; empty where there is no need."""
        if self._exploration.is_simulated or self._exploration.simulates_users == look.scenario.population.users:
            return ""
        takes = form.duration(self._exploration.all_take_s())
        return f"Simulate all {form.count(look.scenario.population.users)} users (about {takes})"

    def _progress(self) -> dict[str, Any]:
        exploration = self._exploration
        fraction, users = exploration.progress, exploration.simulates_users
        if exploration.fault:
            return {"progress": None, "doing": f"The simulation has failed: {exploration.fault}"}
        if fraction is None:
            return {"progress": None, "doing": ""}
        every = users == self.scenario.population.users
        whom = (
            f"all {form.count(users)} users"
            if every
            else f"{form.count(users)} of {form.count(self.scenario.population.users)} users"
        )
        return {"progress": fraction, "doing": f"Simulating {whom}"}

    def _has_changed(self) -> None:
        """Tell the page what has come, if there is one."""
        if "_view" not in self.__dict__:
            return
        if self._exploration.progress:
            self._send({"kind": "progress", **self._progress()})
        else:
            self._send(self._shown())

    def _send(self, content: dict[str, Any]) -> None:
        self._view.send(content)


def explore(
    scenario: Scenario | str | Path,
    inputs: Sequence[str] | None = None,
    *,
    users: int | str | None = None,
    prices: PriceBook | str | Path | Sequence[str | Path] | None = None,
    **changes: Any,
) -> Explorer:
    """Show a scenario with sliders: every move is answered by closed forms, and simulated soon after.

    Parameters
    ----------
    scenario
        What to explore: a scenario, or the path of its file.
    inputs
        Keys to have sliders for, as after ``--set``, or ``prices.`` and a meter; by default the ten numbers that move
        costs and ages most.
    users
        How many users are simulated, ``1M`` or a number; by default all where that takes some ten seconds, else as many
        as can be in so long. Closed forms are always of all.
    prices
        A price book, its name or path, or several; by default what the scenario names.
    changes
        Changes to the scenario before, as `Scenario.with_` takes them.

    Raises
    ------
    UserError
        If a change or a key is not valid, if the book lacks a price, or if the extra ``jupyter`` is not installed.
    """
    from importlib.util import find_spec  # noqa: PLC0415

    if find_spec("anywidget") is None:
        raise UserError(MISSING)
    if not isinstance(scenario, (Scenario, str, Path)):
        raise UserError(f"explore() takes a scenario or the path of its file, not a {type(scenario).__name__}")
    file = None if isinstance(scenario, Scenario) else Path(scenario)
    stated = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    changed = stated.with_(**changes) if changes else stated
    book = prices if isinstance(prices, PriceBook) else load_book(prices or changed.prices)
    check_prices(changed, book, file if not changes else None)
    some = None if users is None else _count(users)
    return Explorer(Bench(changed, book, knobs_of(changed, book, inputs)), file, some)


def _with_settings(file: Path, settings: Mapping[str, str]) -> Scenario | None:
    try:
        return load_scenario(file, dict(read_assignment(f"{key}={text}") for key, text in settings.items()))
    except UserError:
        return None


def _count(users: int | str) -> int:
    from simulator.core.units import read_count  # noqa: PLC0415

    try:
        found = read_count(users)
    except ValueError as error:
        raise UserError(f"explore(users={users!r}): {error}") from None
    if found < 1:
        raise UserError(f"explore(users={users!r}): must be at least 1")
    return found
