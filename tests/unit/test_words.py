"""Words on screen are those that a busy executive understands; terms of the field stand in the definitions and docs/methods.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics import process, signalwords
from ui.lists import table

ROOT = Path(__file__).parents[2]

#: Terms that a reader would have to look up; one that stands in brackets behind plain words explains itself.
JARGON = re.compile(
    r"hit or miss|trial limits|(?<!\()\bMASE\b|Kaplan|Aalen|seasonal naive|log-?rank|Mantel|false discovery|\bP[589]0\b|"
    r"residual(?! )|\bXmR\b|censored|bootstrap|quantile|hypergeometric",
    re.IGNORECASE,
)
FILES = sorted(path for folder in ("ui", "pages") for path in (ROOT / folder).rglob("*.py"))


def said(tree: ast.AST) -> Iterator[str]:
    """Give the texts of a file that may reach the screen: all but docstrings and names in small letters, such as columns."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docs
            and not re.fullmatch(r"[a-z0-9_]*", node.value)
        ):
            yield node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_on_screen_need_no_textbook(path: Path) -> None:
    assert [text for text in said(ast.parse(path.read_text(encoding="utf-8"))) if JARGON.search(text)] == []


def test_words_of_process_charts_need_none_either() -> None:
    states = [
        *process.WORDS.values(),
        *(signalwords.said(process.Verdict(state, 5)) for state in (process.TRIAL, process.SHORT, process.RARE)),
    ]
    assert [text for text in states if JARGON.search(text)] == []
    assert signalwords.said(process.Verdict(process.TRIAL, 5)) == "too early to say, 5 of the 12 months it takes have settled"


def test_the_terms_are_kept_where_they_are_defined() -> None:
    methods = (ROOT / "docs/methods.md").read_text(encoding="utf-8")
    for term in ("Kaplan–Meier", "Aalen–Johansen", "MASE", "log-rank", "trial limits", "Mantel"):
        assert term in methods, term
    assert JARGON.search("Kaplan–Meier over 5 reviews")
    assert JARGON.search("MASE: mean error")
    assert not JARGON.search("how far forecasts missed (MASE)")


@pytest.mark.parametrize("columns", [2, 8, 9])
def test_cells_name_their_column_where_a_phone_can_show_rows_as_blocks(columns: int) -> None:
    heads = ["<Day>", *[f"Column {place}" for place in range(2, columns)], ""]
    written = table("Caption", heads, [list(range(columns))] * 2, empty="")
    assert written.count('<td data-head="&lt;Day&gt;">0</td>') == (2 if columns <= 8 else 0)
    assert written.count("data-head") == (2 * (columns - 1) if columns <= 8 else 0)
    assert written.count("<td") == 2 * columns
