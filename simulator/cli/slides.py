"""`predcost slides`: a deck of a kept run or sweep."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import documents

Template = Annotated[
    Path | None,
    typer.Option(
        "--template",
        metavar="FILE",
        help="A .pptx or .potx whose size, layouts, colours and fonts to use; its own slides are left out.",
        show_default=False,
    ),
]
Wanted = Annotated[
    list[str] | None,
    typer.Option("--slide", metavar="NAME", help="Only this slide, such as cost; repeatable.", show_default=False),
]


def slides(
    study: documents.Study,
    out: documents.Out = None,
    template: Template = None,
    slide: Wanted = None,
    force: documents.Force = False,
) -> None:
    """Make a PowerPoint deck of a kept run or sweep; every chart in it can be edited."""
    from simulator.report.brief import Brief
    from simulator.report.documents import document_path
    from simulator.report.slides.writing import NAME, write_slides
    from simulator.studies.kept_study import read_study
    from simulator.studies.sweep import Sweep

    path = document_path(study, out, NAME)
    found = read_study(study)
    told = found if isinstance(found, Sweep) else Brief.of(found)
    write_slides(told, path, template, slide or (), replaces=force or out is None)
    typer.echo(f"Slides in {path}")
