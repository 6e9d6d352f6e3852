"""What a deck says, as plain data: nothing here knows of a file format."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.report.plan_styles import PlanStyle


@dataclass(frozen=True)
class Paint:
    """How an area looks, whatever is behind it."""

    colour: str
    """On a light background: ``#0072B2``."""
    colour_on_dark: str
    hatch: str = ""
    """As in `PlanStyle`; empty for a plain area."""
    fading: float = 0.0
    """How near it is to the background: 0 is the colour itself, 1 the background."""

    @classmethod
    def of(cls, style: PlanStyle, fading: float = 0.0) -> "Paint":
        """Return that of a plan."""
        return cls(style.colour, style.colour_on_dark, style.hatch, fading)


@dataclass(frozen=True)
class Label:
    """What stands at a bar: its value, in a number format, so that it follows the number when that is edited."""

    number_format: str
    inside: bool = False
    """Whether it stands in the bar; else beyond its end."""
    beyond: bool = False
    """Whether it begins where its own part of the bar does: of a part that cannot be seen, beyond what can."""
    named: bool = False
    """Whether the name of the series stands there, too."""
    valued: bool = True


@dataclass(frozen=True)
class Series:
    """A bar, or a part of a bar, in every category."""

    name: str
    values: Sequence[float]
    paints: Sequence[Paint | None]
    """Of each; None cannot be seen, and is there to lift what is stacked on it."""
    labels: Sequence[Label | None]
    whiskers: Sequence[tuple[float, float] | None] = ()
    """How far the interval of each reaches below and above it; None where nothing is known of it."""
    formulas: Sequence[str] = ()
    """How a spreadsheet finds the values of other columns, row by row; empty for a number."""


@dataclass(frozen=True)
class Column:
    """A column of a chart's workbook."""

    name: str
    values: Sequence[float | str | None]
    formulas: Sequence[str] = ()


@dataclass(frozen=True)
class Axis:
    """An axis of numbers."""

    title: str
    number_format: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    logarithmic: bool = False

    @property
    def span(self) -> float:
        """How long it is; 1 where that is left to whoever draws it."""
        return 1.0 if self.low is None or self.high is None else self.high - self.low


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, the first category on top."""

    categories: Sequence[str]
    series: Sequence[Series]
    axis: Axis
    alt: str
    """What is to be seen, for those who cannot see it."""
    stacked: bool = False
    beside: Sequence[Column] = ()
    """Numbers that are not drawn, and stand in the columns after those of the series."""


@dataclass(frozen=True)
class Line:
    """A plan along a key."""

    name: str
    values: Sequence[float]
    style: PlanStyle
    whiskers: Sequence[tuple[float, float] | None] = ()


@dataclass(frozen=True)
class Lines:
    """Lines over the values of a key."""

    places: Sequence[float]
    """Where the values are on the axis below; side by side where they are no numbers."""
    texts: Sequence[str]
    """What they are called."""
    lines: Sequence[Line]
    across: Axis | None
    """Of the key; None where its values are no numbers."""
    key: str
    up: Axis
    alt: str


@dataclass(frozen=True)
class Cell:
    """A cell of a table."""

    text: str
    strong: bool = False
    bad: bool = False
    paint: Paint | None = None
    """Behind the text."""
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first row is its head."""

    rows: Sequence[Sequence[Cell]]
    widths: Sequence[float]
    """Of the columns, as shares of the whole."""
    alt: str
    is_map: bool = False
    """Whether its cells are to fill the slide."""
    size_pt: int | None = None
    """Of the text; by default the largest that has room."""


@dataclass(frozen=True)
class Words:
    """Paragraphs."""

    paragraphs: Sequence[str]
    size_pt: int | None = None
    """By default the largest that has room."""


@dataclass(frozen=True)
class Opening:
    """What stands below the title of the first slide."""

    paragraphs: Sequence[str]


Body = Opening | Bars | Lines | Table | Words


@dataclass(frozen=True)
class Slide:
    """A slide."""

    name: str
    """What it is called on the command line, such as ``cost``."""
    title: str
    """What it says, in a sentence."""
    body: Body
    caption: str = ""
    """What is shown, below the title."""
    notes: Sequence[str] = ()
    """For the speaker: numbers, intervals, sources."""


@dataclass(frozen=True)
class Deck:
    """Slides, the first to be shown first."""

    title: str
    """Of the file."""
    slides: Sequence[Slide]
    foot: str
    """Where the numbers come from, at the foot of every slide."""
