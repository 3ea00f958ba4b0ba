"""The clause of a title that says how a count moved is true for nothing, too."""

from __future__ import annotations

import pytest

from ui.cards.shared import moved


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [(0, 0, "unchanged"), (3, 0, "up from none"), (7, 7, "unchanged"), (0, 4, "down 100.0%"), (5, 4, "up 25.0%")],
)
def test_how_a_count_moved(now: float, before: float, words: str) -> None:
    assert moved(now, before) == words
