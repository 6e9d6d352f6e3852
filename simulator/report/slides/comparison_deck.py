"""The deck of a comparison: the decision first."""

from simulator.report.brief import Brief
from simulator.report.slides.cost_slides import cost_slides
from simulator.report.slides.deck import Deck
from simulator.report.slides.difference_slide import difference_slide
from simulator.report.slides.service_slides import service_slides
from simulator.report.slides.tornado_slide import tornado_slide
from simulator.report.slides.words_slides import (
    answer_slide,
    assumption_slides,
    change_slide,
    opening_slide,
    question_slide,
    sure_slide,
)

NAMES = (
    *("title", "question", "answer", "cost", "items", "value", "difference"),
    *("waste", "freshness", "latency", "change", "prices", "assumptions", "sure"),
)
"""Of the slides that a comparison may have, in their order."""


def comparison_deck(brief: Brief) -> Deck:
    """Return all slides that apply to a comparison."""
    slides = (
        opening_slide(brief),
        question_slide(brief),
        answer_slide(brief),
        *cost_slides(brief),
        *difference_slide(brief),
        *service_slides(brief),
        *change_slide(brief),
        *tornado_slide(brief),
        *assumption_slides(brief),
        sure_slide(brief),
    )
    return Deck(brief.title, slides, " · ".join(["predcost", *brief.provenance]))
