"""The threat: what was made for one reader is sent to another. What was made is kept for its question alone, and not without end."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import Any

import polars as pl
import pytest

from analytics.filters import Filters
from analytics.scope import Scope
from ui import board
from ui.board.seen import Part, Question, Seen
from ui.cards import effects
from ui.frame import View

SCOPES = [Scope("leadership"), Scope("analyst"), Scope("working_group"), Scope("director", ("ELE",)), Scope("director", ("APP",))]
FILTERS = [Filters(), Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30)), Filters(centers=("ELE",))]


class Source:
    """What a question takes from a snapshot."""

    def __init__(self, version: str, scope: Scope) -> None:
        self.version, self.scope = version, scope


def questions() -> list[Question]:
    asked = itertools.product(("v1", "v2"), SCOPES, FILTERS)
    return [View(Source(version, scope), filters).question for version, scope, filters in asked]  # type: ignore[arg-type]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Collect what boards send; nothing was kept before."""
    found: list[dict[str, Any]] = []
    for name in ("_BOARD", "_REST"):
        monkeypatch.setattr(board, name, lambda *, data, **_: found.append(json.loads(data)))
    monkeypatch.setattr(board, "_serve_plotly", lambda: "plotly")
    monkeypatch.setattr(board, "SEEN", Seen())
    return found


def card(key: str, words: str) -> board.Card:
    return board.Card(key, words, "", words, None, pl.DataFrame({"words": [words]}), (board.Column("words", "Words", "text"),))


@pytest.mark.parametrize("backwards", [False, True])
def test_no_reader_gets_the_board_of_another_scope_version_or_filter(sent: list[dict[str, Any]], backwards: bool) -> None:
    asked = questions()[:: -1 if backwards else 1]
    for question in [*asked, *asked]:
        sent.clear()
        figures = [board.KeyFigure("pending", "Pending", repr(question))]
        cards = [lambda key=key, question=question: card(key, repr(question)) for key in "abcd"]
        board.draw("page", lambda figures=figures: figures, cards, board.Stamp("", "", "", synthetic=True, role=""), question=question)
        assert [part["part"] for part in sent] == [0, 1]
        assert sent[0]["figures"][0]["value"] == repr(question)
        assert [shown["rows"] for part in sent for shown in part["cards"]] == [[[repr(question)]]] * 4


def test_boards_that_may_not_be_exported_and_other_pages_are_kept_apart(sent: list[dict[str, Any]]) -> None:
    question = questions()[0]
    for key, can_export in itertools.product(("one", "two"), (True, False)):
        stamp = board.Stamp("", "", "", synthetic=True, role="")
        board.draw(key, list, [lambda key=key: card(key, key)], stamp, question=question, can_export=can_export)
        assert (sent[-1]["board"], sent[-1]["canExport"], sent[-1]["cards"][0]["key"]) == (key, can_export, key)


def test_a_question_is_worked_out_once_and_without_one_nothing_is_kept(sent: list[dict[str, Any]]) -> None:
    made: list[str] = []
    for question, times in ((questions()[0], 1), (None, 3)):
        made.clear()
        for _ in range(3):
            figures = [board.KeyFigure("pending", "Pending", "1")]
            cards = [lambda: made.append("card") or card("a", "a")]  # type: ignore[func-returns-value]
            board.draw("page", lambda figures=figures: figures, cards, board.Stamp("", "", "", synthetic=True, role=""), question=question)
        assert len(made) == times
    assert len({json.dumps(part) for part in sent}) == 1


def part(size: int) -> Part:
    return b"x" * size, ("card",)


def test_the_longest_unused_goes_first() -> None:
    seen, made = Seen(room=100), []

    def ask(name: str) -> None:
        def make() -> Part:
            made.append(name)
            return part(40)

        seen.get(name, make)

    for name in ("a", "b", "a", "c", "a", "b"):
        ask(name)
    assert made == ["a", "b", "c", "b"]


def test_what_is_kept_has_an_end_however_small_or_large_the_parts_are() -> None:
    for size in (0, 10, 900, 2000):
        seen = Seen(room=1000)
        for number in range(500):
            seen.get(f"question {number:04}", lambda size=size: part(size))
        held = sum(len(key) + len(data) for key, (_, (data, _)) in seen._kept.items())
        assert held <= 1000


def test_what_a_reader_tried_is_part_of_the_question() -> None:
    plain = Question("v1", SCOPES[0], FILTERS[0])
    asked = [plain, *(Question("v1", SCOPES[0], FILTERS[0], more) for more in (("people", 31), ("people", 36), ("overtime", 36)))]
    assert len(set(asked)) == 4
    seen = Seen()
    answers = [seen.get(question, lambda place=place: (str(place).encode(), ())) for place, question in enumerate(asked)]
    assert [seen.get(question, lambda: (b"", ())) for question in asked] == answers
    assert len(set(answers)) == 4


def test_a_theme_whose_proposed_name_a_person_confirms_is_another_question() -> None:
    themes = pl.DataFrame({"name": ["holds, port", "broker"], "confirmed": [False, False]})
    confirmed = themes.with_columns(confirmed=pl.Series([True, False]))
    view = View(Source("v1", SCOPES[0]), FILTERS[0])  # type: ignore[arg-type]
    asked = [effects.question(view, (1, 2), "F00001", each) for each in (themes, confirmed, themes.clone())]
    assert asked[0] == asked[2]
    assert asked[0] != asked[1]
