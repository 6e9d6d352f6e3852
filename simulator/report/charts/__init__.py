"""Charts for a slide; importing them imports matplotlib."""

from simulator.report.charts.catalogue import CHARTS, save_chart, save_charts
from simulator.report.charts.look import NoChartError

__all__ = ["CHARTS", "NoChartError", "save_chart", "save_charts"]
