"""The pictures of a calibration: what they draw is what was counted and fitted, and their titles say it."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

sys.path.append(str(Path(__file__).parent.parent / "studies" / "calibration"))
from synthetic_logs import START, Habits, drawn

import simulator as sim
from simulator.report.charts import NoChartError
from simulator.report.charts.catalogue import CALIBRATION_CHARTS, charts_of, save_chart
from simulator.report.charts.catalogue import drawn as picture
from simulator.report.charts.held_out import held_out_title
from simulator.report.charts.look import HEIGHT_IN, WIDTH_IN
from simulator.report.charts.theme import DARK, LIGHT, contrast
from simulator.studies.calibration.calibrating import Calibration, calibrate
from simulator.studies.calibration.events import Asked
from simulator.studies.calibration.held_out import Compared, HeldOut

SPIKE = START + timedelta(days=16, hours=15)
COMPARED = (
    Compared("daily_active_fraction", 0.2, 0.206, 0.05),
    Compared("requests_per_s_peak", 10.0, 7.0, 0.2),
    Compared("nightly: wasted_fraction", 0.8, 0.804, 0.05),
    Compared("cached 6 h: wasted_fraction", 0.004, 0.003, 0.05),
    Compared("nightly: age_mean_s", 40_000.0, 160_000.0, 0.1),
    Compared("cached 6 h: age_mean_s", 10_000.0, 10_500.0, 0.1),
    Compared("cached 6 h: latency_p99_s", 0.1, 0.11, None),
    Compared("variance over mean in 60 s", 2.0, 2.5, None),
)


def words(figure: Figure) -> str:
    return " | ".join(text.get_text().replace("\n", " ") for text in figure.findobj(Text) if isinstance(text, Text))


def with_verdict(found: Calibration, compared: tuple[Compared, ...], on_fit: str | None = "nightly") -> Calibration:
    begins = datetime(2026, 3, 23, tzinfo=UTC)
    return replace(found, verdict=HeldOut(found.fit, begins, 604_800.0, compared, "nightly", on_fit, 0.2))


@pytest.fixture(scope="module")
def found() -> Calibration:
    """Of a log with a spike of three hours."""
    log = drawn(Habits(users=1_500), 1)
    more = pd.DataFrame({"time": pd.date_range(SPIKE, periods=3_000, freq="3.6s"), "user": np.arange(3_000) % 1_500})
    fitted = sim.calibrate_users(pd.concat([log, more]), fit_only=True, session_gap="10 min").calibration
    return with_verdict(fitted, COMPARED)


def test_the_profile_s_line_is_the_fit_and_its_title_says_when_most_come(found: Calibration) -> None:
    figure = picture(found, "profile")
    assert tuple(figure.get_size_inches()) == (WIDTH_IN, HEIGHT_IN)
    (line,) = [each for each in figure.axes[0].patches if getattr(each, "get_label", str)() == "fit"]
    assert list(line.get_data().values) == pytest.approx(found.fit.weekly.weights)  # type: ignore[attr-defined]
    most = int(np.argmax(found.fit.weekly.weights))
    day = (START + timedelta(hours=most)).strftime("%As at %H:00")
    assert f"Most come on {day}," in words(figure)
    assert "Hour of the week in UTC" in words(figure)


def test_the_profile_s_dots_are_the_log_s_hours_and_those_unlike_all_others_are_marked(found: Calibration) -> None:
    figure = picture(found, "profile")
    usual, odd, above = figure.axes[0].lines
    of = found.measures
    marked = len(odd.get_xdata()) + len(above.get_xdata())  # type: ignore[arg-type]
    assert marked == sum(each.hours for each in found.fit.weekly.unusual) == 3
    assert len(usual.get_xdata()) + marked == pytest.approx(of.by_hour.shape[1], abs=2)  # type: ignore[arg-type]
    assert set(map(float, [*odd.get_xdata(), *above.get_xdata()])) <= {63.5, 64.5, 65.5}  # type: ignore[misc]
    assert "3 hours are unlike all others" in words(figure)
    assert f"{SPIKE:%Y-%m-%d %H:00}, 3 h x" in words(figure)
    weight = found.fit.weekly.weights[int(usual.get_xdata()[0])]  # type: ignore[index]
    first = of.by_hour.sum(axis=0)[0] / found.fit.weekly.expected[0] * weight
    assert usual.get_ydata()[0] == pytest.approx(first)  # type: ignore[index]


def test_a_long_log_of_days_has_a_band_for_each_day() -> None:
    days = pd.date_range("2026-01-05", periods=70, freq="D")
    rng = np.random.default_rng(1)
    log = pd.DataFrame({"time": days[rng.integers(0, 70, 8_000)], "user": rng.integers(0, 1_000, 8_000)})
    of_days = sim.calibrate_users(log, fit_only=True).calibration
    figure = picture(of_days, "profile")
    (band,) = [each for each in figure.axes[0].patches if getattr(each, "get_label", str)() != "fit"]
    high = np.asarray(band.get_data().values).reshape(7, 24)  # type: ignore[attr-defined]
    assert (high == high[:, :1]).all()
    counts = of_days.measures.by_hour.sum(axis=0)[::24] / 24
    monday = np.percentile((counts / of_days.fit.weekly.expected[::24] * of_days.fit.weekly.weights[0])[::7], 90)
    assert high[0, 0] == pytest.approx(monday, rel=0.02)
    assert "times the mean day" in words(figure)
    assert "band: 80 % of 10 weeks" in words(figure)


def test_the_gaps_are_all_times_between_events_and_change_colour_where_logins_are_told_apart(
    found: Calibration,
) -> None:
    figure = picture(found, "gaps")
    bars = [each for each in figure.axes[0].patches if isinstance(each, Rectangle)]
    assert sum(bar.get_height() for bar in bars) == found.measures.gaps.count.sum()
    (line,) = figure.axes[0].lines
    assert set(line.get_xdata()) == {600.0}  # type: ignore[arg-type]
    for bar in bars:
        middle = bar.get_x() * np.sqrt(1 + bar.get_width() / bar.get_x())
        assert to_hex(bar.get_facecolor()) == to_hex(LIGHT.palette[0 if middle <= 600 else 1])
    assert "more than 10.0 min apart are two logins: as asked" in words(figure)
    assert figure.axes[0].get_xscale() == "log"


def test_the_title_of_the_gaps_says_valley_only_where_there_is_one(found: Calibration) -> None:
    told = {}
    for depth, why in ((0.2, "the valley between pauses and absences, 20% as high as the lower hump"), (1.0, "none")):
        valley = replace(found.measures.valley, depth=depth, why=why)
        told[depth] = words(picture(replace(found, measures=replace(found.measures, valley=valley)), "gaps"))
    assert "there pauses end and absences begin" in told[0.2]
    assert "pauses end" not in told[1.0]


def test_each_error_has_a_mark_that_is_hollow_where_it_is_farther_off_than_asked(found: Calibration) -> None:
    axes = picture(found, "held_out").axes[0]
    marks = [line for line in axes.lines if len(line.get_xdata()) == 1]  # type: ignore[arg-type]
    assert len(marks) == len(COMPARED)
    limit = axes.get_xlim()[1]
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows[:4] == ["Daily active", "Requests per second, busiest minute", "Never read", "Age, mean"]
    assert rows[-1] == "Variance over mean in 1 min"
    hollow = [mark for mark in marks if to_hex(mark.get_markerfacecolor()) == LIGHT.paper.lower()]  # type: ignore[arg-type]
    assert sorted(round(mark.get_ydata()[0]) for mark in hollow) == [1, 3]  # type: ignore[index]
    inside = sorted(float(mark.get_xdata()[0]) for mark in marks)  # type: ignore[index]
    expected = sorted(min(each.error, 0.985 * limit) for each in COMPARED)
    assert inside == pytest.approx(expected)


def test_the_bands_are_what_is_asked(found: Calibration) -> None:
    axes = picture(found, "held_out").axes[0]
    bands = {round(each.get_y() + 0.42): each for each in axes.patches if isinstance(each, Rectangle)}
    assert {row: round(band.get_width() / 2, 9) for row, band in bands.items()} == {0: 0.05, 1: 0.2, 2: 0.05, 3: 0.1}
    assert all(band.get_x() == pytest.approx(-band.get_width() / 2) for band in bands.values())


def test_an_error_that_the_axis_does_not_reach_is_written(found: Calibration) -> None:
    figure = picture(found, "held_out")
    assert figure.axes[0].get_xlim()[1] == 1.0
    assert "+300 %" in words(figure).split(" | ")


def test_the_title_says_whether_the_plan_is_the_same_and_what_is_farthest_off(found: Calibration) -> None:
    same = words(picture(found, "held_out"))
    assert "fit recommend the same plan; farthest off is age mean of nightly, +300 %" in same
    other = words(picture(with_verdict(found, COMPARED, "cached 6 h"), "held_out"))
    assert "recommend another plan" in other
    assert "1 of 2 farther off" in same
    good = words(picture(with_verdict(found, COMPARED[:1]), "held_out"))
    assert "; every number is as near as is asked" in good


def test_what_chance_may_have_done_is_not_said_to_be_near_nor_off(found: Calibration) -> None:
    unsure = (COMPARED[0], replace(COMPARED[4], by_chance=200_000.0))
    figure = picture(with_verdict(found, unsure), "held_out")
    said = words(figure)
    assert "recommend the same plan; what is farther off than is asked may be chance" in said
    assert "0 of 1 near, else by chance" in said
    marks = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 1]  # type: ignore[arg-type]
    assert all(to_hex(mark.get_markerfacecolor()) != LIGHT.paper.lower() for mark in marks)  # type: ignore[arg-type]


def test_of_rates_nothing_is_said_of_plans(tmp_path: Path) -> None:
    at = pd.date_range("2026-03-02", periods=14 * 288, freq="5min")
    count = np.random.default_rng(3).poisson(50, at.size)
    pd.DataFrame({"time": at, "requests": count}).to_csv(tmp_path / "counts.csv", index=False)
    verdict = calibrate([tmp_path / "counts.csv"], Asked()).verdict
    assert verdict is not None
    said = held_out_title(verdict)
    assert said.startswith("rates on the log's end and on the fit, as the log names no users; ")


def test_what_does_not_apply_says_why(found: Calibration) -> None:
    short = replace(found.fit, weekly=replace(found.fit.weekly, weights=(1.0,)))
    alone = replace(found.measures.gaps, count=np.zeros(90))
    cases = {
        "profile": (replace(found, fit=short), "shorter than a day"),
        "gaps": (replace(found, measures=replace(found.measures, gaps=alone)), "no user has two events"),
        "held_out": (replace(found, verdict=None), "nothing was held out"),
    }
    for name, (without, why) in cases.items():
        with pytest.raises(NoChartError, match=why):
            picture(without, name)


@pytest.mark.parametrize("name", CALIBRATION_CHARTS)
def test_all_text_is_on_the_slide_and_can_be_read_on_either_background(found: Calibration, name: str) -> None:
    for is_dark, theme in ((False, LIGHT), (True, DARK)):
        figure = picture(found, name, is_dark=is_dark)
        assert to_hex(figure.get_facecolor()).upper() == theme.paper
        figure.canvas.draw()
        ticks = {label for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis) for label in axis.get_ticklabels()}
        for text in figure.findobj(Text):
            assert isinstance(text, Text)
            if not text.get_text() or not text.get_visible():
                continue
            assert contrast(to_hex(text.get_color()), theme.paper) >= 4.5, text.get_text()
            box = text.get_window_extent()
            if text not in ticks:
                assert box.x0 >= 0, text.get_text()
                assert box.x1 <= figure.bbox.x1, text.get_text()


@pytest.mark.parametrize("name", CALIBRATION_CHARTS)
def test_pictures_are_written_as_png_and_svg_with_the_same_bytes_each_time(
    found: Calibration, name: str, tmp_path: Path
) -> None:
    files = {}
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        files[folder] = save_chart(found, name, tmp_path / folder)
    assert [each.suffix for each in files["one"]] == [".png", ".svg"]
    for one, two in zip(files["one"], files["two"], strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_a_result_has_each_picture_also_for_a_dark_background(found: Calibration) -> None:
    plot = sim.CalibrationResult(found).plot
    drawing: Callable[[], Figure]
    for name in charts_of(found):
        drawing = getattr(plot.dark, name)
        assert to_hex(drawing().get_facecolor()).upper() == DARK.paper
