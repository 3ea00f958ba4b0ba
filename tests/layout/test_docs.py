"""The docs against the code: what is generated is current, what is written names what exists."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from analytics.metrics import METRICS
from analytics.scope import ROLES
from data.__main__ import _parser
from data.settings import Settings
from docs import generate

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_definitions_are_current() -> None:
    assert generate.TARGET.read_text() == generate.page(), "run: make docs"


def test_performance_is_what_was_measured() -> None:
    rows = json.loads(generate.MEASURED.read_text())
    assert generate.PERFORMANCE.read_text() == generate.performance(rows), "run: make docs"
    for row in rows:
        assert {"part", "measure", "n", "p50", "p95", "unit", "machine", "versions"} <= set(row), row["measure"]
        assert ("reach" in row) == ("met" in row), row["measure"]


def test_what_is_not_reached_comes_first() -> None:
    row = {"part": "scale", "measure": "a", "n": 1, "p50": 1.0, "p95": 1.0, "unit": "s", "machine": "m", "versions": "v"}
    rows = [
        row | {"ratio": 0.5, "reach": "at most 1", "met": True},
        row | {"measure": "b", "ratio": 2.0, "reach": "at most 1", "met": False},
    ]
    text = generate.performance(rows)
    assert "1 of 2 goals are reached. Those that are not come first." in text
    assert text.index("| b | 1 |") < text.index("| a | 1 |")
    assert "Not reached" not in generate.performance(rows[:1])


def test_every_metric_and_setting_is_documented() -> None:
    text = generate.TARGET.read_text()
    assert [metric_id for metric_id in METRICS if f"`{metric_id}`" not in text] == []
    assert [name for name in Settings.model_fields if f"`CENTERLINE_{name.upper()}`" not in text] == []


def test_the_guides_cover_pages_roles_and_commands() -> None:
    guide = (ROOT / "docs/user-guide.md").read_text() + (ROOT / "docs/operations.md").read_text()
    titles = re.findall(r'\("\w+", "\w+", "([^"]+)"', (ROOT / "frame/main.py").read_text())
    assert len(titles) > 5
    for word in (*titles, *(role.label for role in ROLES.values())):
        assert word in guide, word
    commands = next(action.choices for action in _parser()._actions if action.choices)
    assert commands is not None
    for command in commands:
        assert f"python -m data {command}" in guide, command


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_named_files_exist(page: Path) -> None:
    named = re.findall(r"`((?:analytics|data|ui|pages|tests|docs|benchmarks)/[\w/.*-]+)`", page.read_text())
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/")))] == []


def test_readme_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()))
    assert named
    assert named <= targets


def _questions() -> list[list[str]]:
    rows = [line.strip("| ").split(" | ") for line in (ROOT / "docs/questions.md").read_text().splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in row] for row in rows]


def _pages() -> dict[str, tuple[str, str]]:
    """Title of a page -> its own text, and that with the text of what it takes from ui."""
    found = {}
    for folder, name, title in re.findall(r'^    \("(\w+)", "(\w+)", "([^"]+)"', (ROOT / "frame/main.py").read_text(), re.MULTILINE):
        own = (ROOT / "pages" / folder / f"{name}.py").read_text()
        taken = [ROOT / "ui/item.py"] if "item.detail" in own else []
        for node in ast.walk(ast.parse(own)):
            if isinstance(node, ast.ImportFrom) and node.module in ("ui", "ui.cards"):
                taken += [ROOT / node.module.replace(".", "/") / f"{each.name}.py" for each in node.names]
            elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("ui."):
                taken.append(ROOT / f"{str(node.module).replace('.', '/')}.py")
        found[title] = (own, own + "".join(path.read_text() for path in taken if path.exists()))
    return found


def _makers() -> dict[str, set[str]]:
    """Key of a card -> the functions that make it: those that call it their `key`."""
    makers: dict[str, set[str]] = {}
    for path in (ROOT / "ui/cards").glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Assign):
                    target, value = node.targets[0], node.value
                    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                        target, value = target.elts[0], value.elts[0]
                    named = isinstance(target, ast.Name) and target.id == "key"
                elif isinstance(node, ast.keyword):
                    named, value = node.arg == "key", node.value
                else:
                    continue
                if named and isinstance(value, ast.Constant):
                    makers.setdefault(str(value.value), set()).add(function.name)
    return makers


def test_every_question_of_a_director_has_its_place() -> None:
    rows, pages, makers = _questions(), _pages(), _makers()
    assert {int(row[0]) for row in rows} >= {*range(1, 16), *range(24, 31), 37, 39}
    for number, _, named, cards, ids in rows:
        keys, titles = re.findall(r"`(\w+)`", cards), named.split(", ")
        assert set(titles) <= set(pages), number
        assert keys or "opened" in cards, number
        draws = {
            title: {key for key in keys if any(re.search(rf"\b{made}\(", pages[title][0]) for made in makers.get(key, ()))}
            for title in titles
        }
        assert set().union(*draws.values()) == set(keys), number
        # A page that is named draws one of the cards, or is a list of single records.
        assert [title for title in titles if keys and not draws[title] and title != "Work list"] == [], number
        metrics = re.findall(r"`(\w+)`", ids)
        assert [name for name in metrics if name not in METRICS] == [], number
        assert [name for name in metrics if not any(f'"{name}"' in pages[title][1] for title in titles)] == [], number
