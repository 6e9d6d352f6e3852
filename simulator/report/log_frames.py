"""A log as programs have it: the path of a file, several, or a DataFrame, which becomes a file as well.

A file, as DuckDB reads files out of core, in whatever way their times are written, and counts what it leaves out.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.core.errors import UserError
from simulator.core.input_files.wording import one_line

if TYPE_CHECKING:
    import pandas as pd

FRAME = "DataFrame"
"""What a log is called that is no file."""


@contextmanager
def files_of(logs: "str | Path | Sequence[str | Path] | pd.DataFrame") -> Iterator[list[Path]]:
    """Give the files of a log as long as the context lasts.

    Raises
    ------
    UserError
        If it is neither paths nor a DataFrame, or a DataFrame that is no table of plain values.
    """
    import pandas as pd  # noqa: PLC0415

    if isinstance(logs, (str, Path)):
        yield [Path(logs)]
    elif isinstance(logs, pd.DataFrame):
        with tempfile.TemporaryDirectory(prefix="predcost-") as folder:
            path = _written(logs, Path(folder) / FRAME)
            try:
                yield [path]
            except UserError as error:  # which speaks of a file that nobody knows
                told = str(error).replace(str(path), f"the {FRAME}").replace("Parquet:", f"{FRAME}:")
                raise UserError(told) from error
    elif isinstance(logs, Sequence) and all(isinstance(each, (str, Path)) for each in logs):
        yield [Path(each) for each in logs]
    else:
        what = "the path of a log, several, or a pandas DataFrame"
        raise UserError(f"calibrate_users() takes {what}, not a {type(logs).__name__}")


def _written(frame: "pd.DataFrame", path: Path) -> Path:
    """Write a DataFrame, an index that has a name as a column, and return the file."""
    if frame.empty:
        raise UserError(f"the {FRAME} is empty; give it a row for each event, with a time and a user")
    named = [name for name in frame.index.names if name is not None]
    try:
        (frame.reset_index() if named else frame).rename(columns=str).to_parquet(path, index=False)
    except (ValueError, TypeError, NotImplementedError) as error:  # pyarrow's own are of these
        told = one_line(str(error))[:200]
        raise UserError(f"the {FRAME} is no table that can be read ({told}); give the times and users alone") from None
    return path
