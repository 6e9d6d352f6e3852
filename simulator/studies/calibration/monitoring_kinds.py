"""What Prometheus answers to a range query, and CloudWatch to get-metric-statistics and get-metric-data."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from simulator.core.errors import UserError
from simulator.core.input_files.wording import shown
from simulator.studies.calibration.count_units import ASK, Unit, unit_of_metric
from simulator.studies.calibration.monitoring import Kind, Left, Series, Taken

NO_NAME: Final = "{no name}"
"""What a series of Prometheus is called that a function made."""
ASKED: Final = "as --count-unit says"
_NOT_COUNTS: Final = {"le": "buckets of a histogram", "quantile": "quantiles"}
_COUNTED: Final = ("Sum", "SampleCount")


def _prometheus_result(answer: Any) -> Any:
    """Return the list of series of an answer, or the list that promtool writes; None where it is neither."""
    if isinstance(answer, list):
        return answer if answer and all(isinstance(each, dict) and "metric" in each for each in answer) else None
    if not isinstance(answer, dict):
        return None
    if answer.get("status") == "error":
        raise UserError(f"Prometheus answered with an error: {shown(answer.get('error'))}")
    data = answer.get("data")
    if not isinstance(data, dict) or "resultType" not in data:
        return None
    if data["resultType"] != "matrix":
        raise UserError(
            f"its result is a {shown(data['resultType'])}, of one moment; ask for query_range, which gives a matrix"
        )
    return data.get("result")


def _prometheus_series(answer: Any, left: Left) -> Iterator[Series]:
    found = _prometheus_result(answer)
    for each in found if isinstance(found, list) else ():
        labels = each.get("metric") if isinstance(each, dict) else None
        values = each.get("values") if isinstance(each, dict) else None
        if not isinstance(labels, dict) or not isinstance(values, list):
            raise UserError(
                "a series of its result has no values of its own; histograms are not read, query their _count"
            )
        for label, what in _NOT_COUNTS.items():
            if label in labels:
                raise UserError(f"its series have a label {shown(label)}: they are {what}, which are not added up")
        pairs = [each for each in values if isinstance(each, list) and len(each) == 2]  # noqa: PLR2004  (time and value)
        name = str(labels.get("__name__", NO_NAME))
        key = repr(sorted((str(label), str(value)) for label, value in labels.items()))
        yield Series(name, key, left.points((time for time, _ in pairs), (value for _, value in pairs)))


def _prometheus_taken(series: Sequence[Series], asked: Unit | None) -> Taken:
    if asked is not None:
        return Taken(asked, True, ASKED)
    units = {unit_of_metric(None if each.name == NO_NAME else each.name) for each in series}
    if len(units) > 1:
        raise UserError(f"its series are not alike: {', '.join(sorted(units))}; give those of one kind")
    (unit,) = units
    return Taken(unit, True, "as its name says")


def _is_statistics(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("Datapoints"), list)


def _statistics_series(answer: Any, left: Left) -> Iterator[Series]:
    points = [each for each in answer["Datapoints"] if isinstance(each, dict)]
    if not points:
        return
    label, units = str(answer.get("Label", "no label")), {str(each.get("Unit")) for each in points}
    if len(units) > 1:
        raise UserError(f"its values have different units: {', '.join(sorted(units))}; ask for one with --unit")
    (unit,) = units
    statistic = _statistic(points[0], unit)
    found = left.points((each.get("Timestamp") for each in points), (each.get(statistic) for each in points))
    yield Series(label, "", found, {"statistic": statistic, "unit": unit})


def _statistic(point: dict[str, Any], unit: str) -> str:
    """Return which statistic says how many there were: of what counts its sum, of what measures how often it did."""
    if unit == "Count/Second" and "Average" in point:
        return "Average"
    order = _COUNTED if unit in {"Count", "None"} else _COUNTED[::-1]
    found = next((each for each in order if each in point), None)
    if found is None or (found == "Sum" and unit not in {"Count", "None"}):
        has = ", ".join(each for each in point if each not in {"Timestamp", "Unit"})
        raise UserError(
            f"its values ({has}, of unit {unit}) do not say how many requests there were; ask for --statistics Sum of "
            "a metric that counts, or SampleCount of one that measures each request"
        )
    return found


def _statistics_taken(series: Sequence[Series], asked: Unit | None) -> Taken:
    told = {(each.about["statistic"], each.about["unit"]) for each in series}
    if len(told) > 1:
        raise UserError("its series are not of one statistic and one unit; give those of one kind")
    ((statistic, unit),) = told
    if asked is not None:
        return Taken(asked, False, ASKED)
    return Taken(
        Unit.PER_S if statistic == "Average" else Unit.COUNT, False, f"as they are the {statistic} of unit {unit}"
    )


def _is_metric_data(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("MetricDataResults"), list)


def _metric_data_series(answer: Any, left: Left) -> Iterator[Series]:
    for each in answer["MetricDataResults"]:
        times, values = each.get("Timestamps"), each.get("Values")
        if not isinstance(times, list) or not isinstance(values, list) or len(times) != len(values):
            raise UserError(f"{shown(each.get('Label'))} has not as many Timestamps as Values")
        yield Series(str(each.get("Label", each.get("Id"))), str(each.get("Id")), left.points(times, values))


def whole_numbers(series: Sequence[Series], asked: Unit | None) -> Taken:
    """Return that whole numbers are sums, where nothing says which statistic the values are."""
    if asked is not None:
        return Taken(asked, False, ASKED)
    if all(value.is_integer() for each in series for value in each.points.values() if value == value):  # noqa: PLR0124
        return Taken(Unit.COUNT, False, "as all of them are whole numbers")
    raise UserError(f"nothing says which statistic its values are, and they are not whole numbers, as sums are; {ASK}")


KINDS: Final = (
    Kind(
        "Prometheus' query_range",
        lambda answer: _prometheus_result(answer) is not None,
        _prometheus_series,
        _prometheus_taken,
    ),
    Kind("CloudWatch's get-metric-statistics", _is_statistics, _statistics_series, _statistics_taken),
    Kind("CloudWatch's get-metric-data", _is_metric_data, _metric_data_series, whole_numbers),
)
