"""What the charts of a calibration share: where the log is from."""

from matplotlib.figure import Figure

from simulator.report import format as form
from simulator.report.calibration_report import span
from simulator.report.charts.look import NoChartError, slide_of
from simulator.studies.calibration.calibrating import Calibration
from simulator.studies.calibration.measures import Measures

AXES_LEFT, AXES_RIGHT, KEY_LEFT = 0.105, 0.7, 0.725
LOG_LETTERS = 40


def measures_of(found: Calibration) -> Measures:
    """Return what was counted of users.

    Raises
    ------
    NoChartError
        If the log names none.
    """
    if found.measures is None:
        raise NoChartError("the log names no users: this is drawn of what they do")
    return found.measures


def calibration_slide(found: Calibration, title: str, subtitle: str) -> Figure:
    """Return an empty slide with the finding as its title, and the log at its foot."""
    name = form.shortened(form.one_line(found.logs[0].name), LOG_LETTERS)
    return slide_of(form.capital(title), subtitle, [name, span(found)])
