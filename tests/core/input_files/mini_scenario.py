"""A small scenario of parts and one family, so that these tests do not depend on the real components."""

import sys
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simulator.core.component import Component, OneOf, Part
from simulator.core.files import InputFile
from simulator.core.input_files.reading import Tree, parse_tree
from simulator.core.input_files.validation import validate
from simulator.core.units import Count, Fraction, Number, PositiveSeconds, Seconds, Usd


class MiniCache(Component):
    pass


class Ttl(MiniCache):
    kind: Literal["ttl"] = "ttl"
    ttl_s: PositiveSeconds


class Sliding(MiniCache):
    kind: Literal["sliding"] = "sliding"
    ttl_s: PositiveSeconds
    share_fraction: Fraction = 1.0


_folder = ModuleType("mini_caches")
_folder.__path__ = []
sys.modules["mini_caches"] = _folder
AnyCache = Annotated[MiniCache, OneOf("mini_caches")]


class OnMiss(StrEnum):
    COMPUTE = "compute"
    DEFAULT = "default"


class MiniPlan(Part):
    on_miss: OnMiss = OnMiss.DEFAULT
    publish: Literal["rolling", "atomic"] = "rolling"
    cache: AnyCache | None = None
    layers: list[AnyCache] = []
    backend: str | None = None
    startup_s: Seconds = 0.0


class Segment(Part):
    name: str
    share_fraction: Fraction


class Population(Part):
    users: Count
    daily_active_fraction: Annotated[Fraction, Field(gt=0)] = 0.1
    shape: Number = 1.0
    segments: Annotated[list[Segment], Field(max_length=3)] = []

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "Population":
        if self.segments and sum(segment.share_fraction for segment in self.segments) != 1:
            raise ValueError("the shares of 'segments' must sum to 100 %")
        return self


class MiniScenario(Part):
    name: str = "mini"
    start: datetime = datetime(2026, 3, 2)  # noqa: DTZ001
    live: bool = False
    workers: int = 1
    price_usd: Annotated[Usd, Field(le=100)] = 0.0
    population: Population
    plans: Annotated[dict[Annotated[str, Field(max_length=20)], MiniPlan], Field(min_length=1)]
    table: str | list[Segment] | None = None
    replay: InputFile | None = None
    notes: Annotated[dict[str, str], Field(description="What to remember.")] = {}

    def contradictions(self) -> Iterator[tuple[tuple[str, ...], str]]:
        for name, plan in self.plans.items():
            if plan.backend not in (None, "live"):
                yield ("plans", name, "backend"), f"there is no backend '{plan.backend}'"


BASE = """\
population: {users: 1M}
plans:
  on demand: {on_miss: compute}
  v1.2: {}
  hybrid:
    cache: {kind: ttl, ttl: 6 h}
"""


def load(text: str, folder: Path = Path()) -> MiniScenario:
    return validate(MiniScenario, parse_tree(text, "mini.yaml"), "mini.yaml", folder)


def load_data(tree: Tree) -> MiniScenario:
    return validate(MiniScenario, tree, "mini.yaml", Path())
