"""`predcost report`: a run as one page for a browser."""

from simulator.cli import documents
from simulator.cli.progress import progress_line


def report(run: documents.Study, out: documents.Out = None, force: documents.Force = False) -> None:
    """Write a run or a sweep as one HTML page: the answer, the bills, and prices that can be changed in it."""
    from simulator.report.documents import document_path
    from simulator.report.html.report import NAME, write_report
    from simulator.report.scenario_text import say
    from simulator.studies.kept_study import command_of, read_study
    from simulator.studies.stored_run import StoredRun

    path = document_path(run, out, NAME)
    study = read_study(run)
    found = study.comparison if isinstance(study, StoredRun) else study
    with progress_line("drawing pictures", shown=True) as step:
        write_report(found, command_of(run), path, step, replaces=out is None or force)
    say(f"Report in {path}")
