"""The clause of a title that says how a count moved is true for nothing, too."""

from __future__ import annotations

import pytest

from ui.changes import beside, moved


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (0, 0, "unchanged on"),
        (3, 0, "up from none"),
        (7, 7, "unchanged on"),
        (0, 4, "down 100.0% on"),
        (5, 4, "up 25.0% on"),
        (12, 4, "up 200.0% on"),
        (13, 4, "up from 4"),
        (4_412, 100, "up from 100"),
    ],
)
def test_how_a_count_moved(now: float, before: float, words: str) -> None:
    assert moved(now, before, "a year earlier") == f"{words} a year earlier"
    month = moved(now, before, "Sep 2012")
    assert month == (f"{words} Sep 2012" if words.endswith(" on") else f"{words} in Sep 2012")


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (0, 0, "unchanged on"),
        (3, 0, "with none"),
        (0, 4, "100.0% below"),
        (5, 4, "25.0% above"),
        (12, 4, "200.0% above"),
        (13, 4, "more than 3 times the 4 of"),
    ],
)
def test_how_a_count_stands_beside_another(now: float, before: float, words: str) -> None:
    assert beside(now, before, "a year earlier") == f"{words} a year earlier"
    assert beside(now, before, "Sep 2012") == f"{words}{' in' if 'none' in words else ''} Sep 2012"


def test_dollars_are_named_as_dollars() -> None:
    assert moved(44.1e6, 1.2e6, "a year earlier", "usd") == "up from $1.2M a year earlier"
    assert beside(44.1e6, 1.2e6, "a year earlier", "usd") == "more than 3 times the $1.2M of a year earlier"
