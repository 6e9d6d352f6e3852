"""The deck of a sweep: which plan is best where."""

import math
from collections.abc import Iterator, Sequence

from simulator.report import format as form
from simulator.report.brief import Assumption, Brief
from simulator.report.plan_styles import MOST_PLANS, styles_of
from simulator.report.provenance import provenance_of
from simulator.report.slides import fitting
from simulator.report.slides.deck import Axis, Cell, Deck, Line, Lines, Opening, Paint, Slide, Table, Words
from simulator.report.slides.naming import called
from simulator.report.slides.scales import money_axis, usd_axis_format
from simulator.report.slides.words_slides import bounds, prices_table
from simulator.report.sweep_tables import plans_with_room
from simulator.report.sweep_words import finding
from simulator.studies.factors import Factor
from simulator.studies.sweep import Point, Sweep
from simulator.studies.words import listed

NAMES = ("title", "question", "lines", "points", "map", "assumptions", "sure")
"""Of the slides that a sweep may have, in their order."""
WIDE_COSTS = 30.0
"""Costs of which the largest is so many times the smallest are drawn on a logarithmic axis."""
PLANS_IN_TABLE = 5
MOST_ACROSS, MOST_DOWN = 9, 12
"""Values in a map; of more, as many evenly apart."""
MOST_ROWS, MOST_TOLD, MOST_WARNED = 24, 40, 6
"""Points in a table and in the notes, and warnings."""
FADING = 0.45
NOBODY = Paint("#999999", "#7E848A", fading=0.6)


def sweep_deck(sweep: Sweep) -> Deck:
    """Return all slides that apply to a sweep."""
    over = listed([factor.key for factor in sweep.factors])
    first, keys = sweep.points[0].comparison, [factor.key for factor in sweep.factors]
    about = provenance_of(sweep.scenario, first.replications, first.book.name, keys)
    title = form.one_line(sweep.scenario.name)
    opening = Opening([f"Which way to serve predictions is best, over {over}?", " · ".join(about[1:])])
    of_one = len(sweep.factors) == 1
    slides = (
        Slide("title", title, opening, notes=[f"{finding(sweep)}."]),
        _question_slide(sweep, about),
        *([_lines_slide(sweep), _points_slide(sweep)] if of_one else [_map_slide(sweep)]),
        *_assumption_slides(sweep),
        _sure_slide(sweep),
    )
    return Deck(title, slides, " · ".join(["predcost", *about, f"{len(sweep.points)} points"]))


def _question_slide(sweep: Sweep, about: Sequence[str]) -> Slide:
    comparison = sweep.points[0].comparison
    names = listed([called(comparison, name) for name in sweep.plans])
    varied = [f"Varied: {each.key}, {_span(each)}" for each in sweep.factors]
    judged = "net value" if comparison.weighs_value else "cost"
    words = [
        f"Compared: {names}",
        *varied,
        f"Bounds: {', '.join(bounds(comparison)) or 'none is set'}",
        f"Judged by {judged}, per 30-day month, among plans that meet every bound and keep up",
        f"At each point: {', '.join(about[1:])}",
    ]
    return Slide("question", f"Which way to serve predictions is best along {_keys(sweep)}?", Words(words))


def _keys(sweep: Sweep) -> str:
    return listed([factor.key for factor in sweep.factors])


def _span(factor: Factor) -> str:
    first, last = factor.levels[0].text, factor.levels[-1].text
    return (
        f"from {first} to {last}, {len(factor.levels)} values"
        if factor.is_number
        else ", ".join(level.text for level in factor.levels)
    )


def _notes(sweep: Sweep) -> Iterator[str]:
    """Yield what each plan costs at each point."""
    yield f"{finding(sweep)}."
    if len(sweep.points) > MOST_TOLD:
        yield f"The numbers of all {len(sweep.points)} points are in the tables of the sweep's folder."
        return
    for point in sweep.points:
        there = ", ".join(
            f"{factor.key} {level.text}" for factor, level in zip(sweep.factors, point.levels, strict=True)
        )
        yield f"{there}: {'; '.join(f'{form.one_line(name)} {_amount(point, name)}' for name in sweep.plans)}"


def _amount(point: Point, name: str) -> str:
    found = point.comparison.plans[name].metrics[point.comparison.judged_by]
    return f"{form.usd(found.mean)} {form.usd_within(found)}".strip()


def _lines_slide(sweep: Sweep) -> Slide:
    """Return what decides, for each plan along the key, with its interval."""
    factor, styles = sweep.factors[0], styles_of(sweep.plans)
    names = plans_with_room(sweep, MOST_PLANS)
    short = form.short_names(names, 24)
    found = {name: [point.comparison.plans[name].metrics[sweep.judged_by] for point in sweep.points] for name in names}
    lines = [
        Line(
            short[name],
            [each.mean for each in found[name]],
            styles[name],
            [None if math.isnan(each.low) else (each.mean - each.low, each.high - each.mean) for each in found[name]],
        )
        for name in names
    ]
    what = form.capital(form.metric_label(sweep.judged_by))
    up = _amount_axis(f"{what}, USD", [each.mean for one in found.values() for each in one])
    places, across = _across(factor, sweep.points)
    spoken = f"Line chart of the {form.metric_label(sweep.judged_by)} along {factor.key}. {'; '.join(_notes(sweep))}"
    body = Lines(places, [point.levels[0].text for point in sweep.points], lines, across, factor.key, up, spoken)
    chance = "; whiskers: 95 % of chance alone" if sweep.points[0].comparison.replications > 1 else ""
    return Slide("lines", finding(sweep), body, f"{what} along {factor.key}{chance}", list(_notes(sweep)))


def _amount_axis(title: str, means: Sequence[float]) -> Axis:
    if min(means) > 0 and max(means) / min(means) > WIDE_COSTS:
        low, high = 10.0 ** math.floor(math.log10(min(means))), 10.0 ** math.ceil(math.log10(max(means)))
        return Axis(f"{title} (logarithmic)", usd_axis_format(low), low, high, logarithmic=True)
    return money_axis(title, means)


def _across(factor: Factor, points: Sequence[Point]) -> tuple[list[float], Axis | None]:
    """Return where the values are, in the unit of the last, and their axis; side by side where they are no numbers."""
    if not factor.is_number:
        return [float(point.place[0]) for point in points], None
    last = factor.levels[-1]
    number, _, unit = last.text.replace("_", "").partition(" ")
    try:
        per_unit = last.number / float(number) if unit and float(number) else 1.0
    except ValueError:
        per_unit, unit = 1.0, ""
    places = [point.levels[0].number / per_unit for point in points]
    title = f"{factor.key}{f', {unit}' if unit else ''}"
    if factor.is_wide:
        low, high = 10.0 ** math.floor(math.log10(min(places))), max(places) * 1.25
        return places, Axis(f"{title} (logarithmic)", "General", low, high, logarithmic=True)
    return places, Axis(title, "General")


def _points_slide(sweep: Sweep) -> Slide:
    """Return the table of the points."""
    names = plans_with_room(sweep, PLANS_IN_TABLE)
    short = fitting.cut_names(names, 14, 0.64 / len(names) * 11.9 - 0.2, 2)
    head = [
        Cell(sweep.factors[0].key.rpartition(".")[2]),
        Cell("best"),
        *(Cell(short[name], is_number=True) for name in names),
    ]
    rows = [head]
    shown = _some(len(sweep.points), MOST_ROWS)
    for point in (sweep.points[place] for place in shown):
        cells = [_plan_cell(point, name) for name in names]
        rows.append([Cell(point.levels[0].text), Cell(_best(point, 24)), *cells])
    widths = [0.16, 0.2, *[0.64 / len(names)] * len(names)]
    some = "" if len(names) == len(sweep.plans) else f"; {len(names)} of {len(sweep.plans)} plans"
    some += "" if len(shown) == len(sweep.points) else f"; {len(shown)} of {len(sweep.points)} values"
    caption = f"The best in bold, what breaks a bound or is overloaded in red; ~: chance may decide{some}"
    what = "brings in" if sweep.points[0].comparison.weighs_value else "costs"
    title = f"What each plan {what} a month, by {sweep.factors[0].key}"
    return Slide(
        "points", title, Table(rows, widths, f"Table. {'; '.join(_notes(sweep))}"), caption, list(_notes(sweep))
    )


def _plan_cell(point: Point, name: str) -> Cell:
    plan = point.comparison.plans[name]
    return Cell(
        _amount(point, name), name == point.recommended, not plan.meets_slo or plan.is_overloaded, is_number=True
    )


def _best(point: Point, letters: int) -> str:
    if point.recommended is None:
        return "none meets every bound"
    return f"{form.shortened(point.recommended, letters)}{'' if point.is_decided else ' ~'}"


def _map_slide(sweep: Sweep) -> Slide:
    """Return which plan is best over two keys: a table whose cells have the plans' colours."""
    across, up = sweep.factors
    columns, rows = _some(len(across.levels), MOST_ACROSS), _some(len(up.levels), MOST_DOWN)[::-1]
    styles, known = styles_of(sweep.plans), {point.place: point for point in sweep.points}
    letters = 26 if len(columns) <= MOST_ACROSS // 2 else 14
    short = form.short_names(list(sweep.plans), letters)
    head = [
        Cell(f"{up.key.rpartition('.')[2]} \\ {across.key.rpartition('.')[2]}"),
        *(Cell(across.levels[column].text) for column in columns),
    ]
    table = [head]
    for row in rows:
        cells = [Cell(up.levels[row].text, strong=True)]
        for column in columns:
            winner, point = sweep.winner_at[column, row], known.get((column, row))
            cost = (
                ""
                if point is None or winner is None
                else f" {form.usd(point.comparison.plans[winner].metrics[sweep.judged_by].mean)}"
            )
            doubt = " ~" if point is not None and winner is not None and not point.is_decided else ""
            text = "none" if winner is None else short[winner]
            cells.append(
                Cell(f"{text}{cost}{doubt}", paint=NOBODY if winner is None else Paint.of(styles[winner], FADING))
            )
        table.append(cells)
    widths = [0.16, *[0.84 / len(columns)] * len(columns)]
    caption = f"The best plan over {across.key} (across) and {up.key} (down); ~: chance may decide"
    if len(sweep.points) < sweep.grid_points:
        caption += "; without a cost: as the nearest point"
    if len(columns) * len(rows) < sweep.grid_points:
        caption += f"; {len(columns)} x {len(rows)} of {len(across.levels)} x {len(up.levels)} values"
    body = Table(table, widths, f"Map of the best plan. {'; '.join(_notes(sweep))}", is_map=True)
    return Slide("map", finding(sweep), body, caption, list(_notes(sweep)))


def _some(count: int, most: int) -> list[int]:
    """Return places of as many of some values, evenly apart, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(place * (count - 1) / (most - 1)) for place in range(most)})


def _assumption_slides(sweep: Sweep) -> Iterator[Slide]:
    prices = list(_prices(sweep))
    if prices:
        caption = "All other values are those of the scenario"
        yield Slide("assumptions", "The prices that it rests on, with their sources", prices_table(prices), caption)


def _prices(sweep: Sweep) -> Iterator[Assumption]:
    """Yield the prices of all points; of one that is varied the first and the last."""
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for point in sweep.points:
        for price in Brief(point.comparison).prices:
            found.setdefault((price.what, price.source, price.date), {})[price.value] = None
    for (what, source, date), values in found.items():
        first, *others = values
        yield Assumption(what, f"{first} to {others[-1]}" if others else first, source, date)


def _sure_slide(sweep: Sweep) -> Slide:
    first = Brief(sweep.points[0].comparison)
    words = [f"Chance: {first.chance}"]
    if sweep.undecided:
        words.append(f"At {sweep.undecided} of {len(sweep.points)} points chance may decide which plan is best")
    if len(sweep.points) < sweep.grid_points:
        words.append(
            f"{len(sweep.points)} of {sweep.grid_points} points were simulated: a net, and both sides of the borders"
        )
    words.append("What is not known of the inputs is in no interval: all but the keys is as stated")
    warned = list(dict.fromkeys(text for point in sweep.points for text in Brief(point.comparison).warnings))
    words += [f"Warning: {text}" for text in warned[:MOST_WARNED]]
    if len(warned) > MOST_WARNED:
        words.append(f"{len(warned) - MOST_WARNED} other warnings: predcost run at a point tells them")
    return Slide("sure", "How sure it is", Words(words), notes=words)
