"""Recorded demand: requests or logins whose times come from a file instead of being drawn."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from simulator.core.component import Part
from simulator.core.errors import UserError
from simulator.core.files import InputFile
from simulator.core.input_files.short_forms import Short
from simulator.core.units import DAY_S, Number, PositiveSeconds, Seconds
from simulator.demand.stamp_formats import LONGEST_S, check_format
from simulator.demand.zones import check_zone

ColumnName = Annotated[str, Field(min_length=1, max_length=200)]


class Replay(Part):
    """Requests or logins of a CSV or Parquet file, at the file's own times.

    Rows come when the file says where its dates lie in the horizon; otherwise its first row falls on the scenario's
    `start`, and `validate` says from when to when that moves it. The file is repeated before and after as often as
    needed, so that the warm-up before `start` is filled from the file's end; times of day and days of the week stay in
    place where `length` is a number of whole days or weeks. Rows are counted from 1 in messages, the header left out.
    """

    short: ClassVar[Short | None] = Short("path")

    path: InputFile
    """The file: CSV (separated by comma, semicolon, tab or bar; as it is or compressed with gzip, bzip2, xz, zstd or
    lz4; UTF-8 or UTF-16) or Parquet; a relative path starts at the scenario's folder."""
    time: ColumnName = "time"
    """Name of the column with the times: ISO 8601 such as `2026-03-02 18:30:05.25` with or without an offset, numbers
    with `unit`, or whatever `format` says."""
    user: ColumnName | None = None
    """Name of the column that tells users apart, numbered by first appearance and spread over all users' numbers.
    Without it each login's user is drawn from the population by its login rates."""
    value: ColumnName | None = None
    """Name of a column of counts, for a file with a row per period rather than per event. A row's count is spread
    evenly at random from its time to the next one; the last period is as long as the one before."""
    events: Literal["requests", "logins"] = "requests"
    """What the file holds. A login makes the requests of `session`; a request counts as a login of its own."""
    unit: Literal["s", "ms", "us", "ns"] | None = None
    """Unit of times that are numbers, counted from 1970-01-01 UTC or any other moment."""
    format: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(check_format)] | None = None
    """How times are written that are not ISO 8601, such as `%d/%m/%Y %H:%M`: %Y (or %y), %m (or %b) and %d, %H or %I
    with %p, %M, %S, %f for fractions, %z for an offset. Without it such times are refused, not guessed."""
    timezone: Annotated[str, AfterValidator(check_zone)] | None = None
    """IANA time zone of times that state none, for its changes of the clock. In an hour that comes twice a step back
    in the file begins the second pass, and in a file of counts so does a time that is there again. Without it the
    clock is taken not to change, as in the zone of `start`."""
    clock: Literal["file", "start"] = "file"
    """`file`: where the file's dates lie in the horizon (and `speed` is 1) its own clock is kept, and otherwise its
    first row falls on `start`. `start`: it always does."""
    resolution_s: Annotated[Seconds | None, Field(le=DAY_S)] = None
    """What times are rounded down to: rows of the same time are spread evenly at random over so much, in the file's
    order, as else everybody of a second would come at once. Without it the largest of a day, an hour, a minute, 1 s,
    100 ms, 10 ms and 1 ms that all times are a multiple of; `0 s` takes them as they are. Counts are spread over their
    periods instead."""
    speed: Annotated[Number, Field(ge=1e-3, le=1e6)] = 1.0
    """How many times as fast as recorded: 2 halves all gaps, and doubles the rate."""
    loop: bool = True
    """Whether the file is repeated. If not, nothing comes before `start` and nothing after the file's end."""
    length_s: Annotated[PositiveSeconds | None, Field(le=LONGEST_S)] = None
    """How long one repetition takes at speed 1, such as `7 d`; at least as long as the file. Without it: up to the end
    of the last period, or for a row per event up to the last event and a mean gap after it."""
    sort: bool = False
    """Whether to sort the file by time, which holds all of it in memory; otherwise it must be sorted already."""

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        return [column for column in (self.time, self.user, self.value) if column is not None]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.unit and self.format:
            raise ValueError("has both 'unit', for numbers, and 'format', for text; leave out one of them")
        if self.resolution_s is not None and self.value is not None:
            raise ValueError(
                "'resolution' is for rows of one event each; counts ('value') are spread over their periods"
            )
        if len(set(self.columns)) < len(self.columns):
            raise ValueError(f"'time', 'user' and 'value' must be different columns, not {', '.join(self.columns)}")
        from simulator.demand.replay_file import check_head  # noqa: PLC0415  (pyarrow, which only a replay needs)

        try:
            check_head(self)
        except UserError as error:
            raise ValueError(str(error)) from error
        return self
