"""`predcost workbook`: a run as a spreadsheet that finance can change prices in."""

from simulator.cli import documents


def workbook(study: documents.Study, out: documents.Out = None, force: documents.Force = False) -> None:
    """Write a run or a sweep as a workbook (XLSX): bills as live formulas of the prices, and charts."""
    from simulator.report.brief import Brief
    from simulator.report.documents import document_path
    from simulator.report.scenario_text import say
    from simulator.report.workbook.writing import NAME, write_workbook
    from simulator.studies.kept_study import read_study
    from simulator.studies.sweep import Sweep

    path = document_path(study, out, NAME)
    found = read_study(study)
    told = found if isinstance(found, Sweep) else Brief.of(found)
    write_workbook(told, path, replaces=force or out is None)
    say(f"Workbook in {path}")
