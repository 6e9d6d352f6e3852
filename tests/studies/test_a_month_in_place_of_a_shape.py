"""A population that states the share who come in a month, in place of the shape that follows from it."""

from dataclasses import replace

import pytest
from small_runs import small

from simulator.prices.book import PriceBook
from simulator.studies.study import compare
from simulator.studies.turning_points import examined


def test_what_would_change_the_answer_is_looked_for_there_as_well(book: PriceBook) -> None:
    """The tutorial's own scenario; that it once ended in a defect is why this is a test."""
    told = small(population__shape=None, population__monthly_active=0.2)
    stated = small(population__shape=told.population.shape_for())
    found = [examined(compare(each, book, workers=1), workers=1) for each in (told, stated)]
    assert None not in {each.turning_points for each in found}
    first, second = (replace(each, turning_points=None) for each in found)
    costs = [[plan.cost_usd_per_month for plan in each.plans.values()] for each in (first, second)]
    assert costs[0] == pytest.approx(costs[1])
