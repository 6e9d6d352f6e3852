"""What the commands share that make a document of a run."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import completing

Study = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="The folder of a finished run, or of a sweep.",
        show_default=False,
        autocompletion=completing.runs,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Where to; by default into the folder of the run.", show_default=False),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file that is there.")]
