"""The walls of the house: who may import whom, where pages lie, and how each of them begins."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("analytics", "data", "ui", "pages", "frame")
SOURCES = [ROOT / "app.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
PAGES = sorted((ROOT / "pages").glob("*/*.py"))


def test_imports_keep_to_the_walls() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("package", "rooms"),
    [("sqlalchemy", {"data"}), ("plotly", {"ui", "pages", "frame", "app.py"}), ("streamlit", {"ui", "pages", "frame", "app.py"})],
)
def test_packages_stay_in_their_rooms(package: str, rooms: set[str]) -> None:
    found = {
        path.relative_to(ROOT).parts[0] for path in SOURCES if re.search(rf"^\s*(import|from) {package}\b", path.read_text(), re.MULTILINE)
    }
    assert found <= rooms
    assert found


def _imported(path: Path) -> set[str]:
    """Name the modules that a file imports, with the names it takes from packages."""
    tree = ast.parse(path.read_text())
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {f"{node.module}.{alias.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_pages_reach_the_store_by_its_two_doors(page: Path) -> None:
    doors = ("data.store.", "data.journal.", "ui.", "analytics.")
    assert {name for name in _imported(page) if not name.startswith(doors)} == set()


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.parts[-2] != "frame" and path.name != "app.py"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_nothing_imports_pages_or_the_app(path: Path) -> None:
    assert {name for name in _imported(path) if name.split(".")[0] in ("app", "frame", "pages")} == set()


def test_no_page_lies_directly_in_pages() -> None:
    assert list((ROOT / "pages").glob("*.py")) == []
    assert not (ROOT / "frame/pages").exists()
    assert len(PAGES) >= 6


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_begins_with_the_guard(page: Path) -> None:
    body = [node for node in ast.parse(page.read_text()).body if not isinstance(node, ast.Import | ast.ImportFrom)]
    first = body[1] if isinstance(body[0], ast.Expr) else body[0]
    assert "session.guard()" in ast.unparse(first)


def test_every_page_is_in_the_navigation() -> None:
    app = (ROOT / "frame/main.py").read_text()
    assert [page.stem for page in PAGES if f'"{page.parent.name}", "{page.stem}"' not in app] == []


def test_files_and_functions_stay_small() -> None:
    long_files = [str(path) for path in SOURCES if path.read_text().count("\n") > 600]
    long_functions = [
        f"{path.name}:{node.name}"
        for path in SOURCES
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > 80
    ]
    assert (long_files, long_functions) == ([], [])


def test_the_numbers_read_no_clock() -> None:
    clock = re.compile(r"datetime\.now|date\.today|time\.time|utcnow")
    assert [path.name for path in (ROOT / "analytics").glob("*.py") if clock.search(path.read_text())] == []
