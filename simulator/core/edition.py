"""Which edition of results this program gives."""

from typing import Final

EDITION: Final = 2
"""Raised with every **Results changed** of the CHANGELOG: results of two editions say nothing of one another."""
FIRST: Final = 1
"""Of runs that do not say theirs."""
