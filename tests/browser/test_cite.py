"""Cite this view: a link that was copied shows its number again after the data have changed, and says so once its version is gone."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ROOT, Opener, serving

pytestmark = pytest.mark.browser

CLOSED = 40


def load_closed(home: Path, file: Path, **settings: str) -> None:
    """Load open reviews as completed, as a later report would, which publishes a new version."""
    with sqlite3.connect(home / "centerline.sqlite") as connection:
        found = connection.execute(
            "select * from review where closed_date is null and source <> 'random' and opened_date <= '2013-09-27' "
            f"order by opened_date desc limit {CLOSED}"
        )
        names = [column[0] for column in found.description]
        rows = pl.DataFrame(found.fetchall(), schema=names, orient="row", infer_schema_length=None).drop("load_id")
    done = {"closed_date": "2013-09-27", "status": "completed", "outcome": "no_change", "severity": "none"}
    rows.with_columns(pl.lit(value).alias(name) for name, value in done.items()).write_csv(file)
    environment = {**os.environ, "CENTERLINE_HOME": str(home), **settings}
    command = [sys.executable, "-m", "data", "load", str(file), "--table", "review"]
    made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


def pending(page: Page) -> int:
    return int(page.locator('[data-metric="pending"] .cl-value').inner_text().replace(",", ""))


def cited(page: Page) -> tuple[str, str]:
    """Open the citation, copy it, and return its sentence and link."""
    button = page.get_by_role("button", name="Cite this view")
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    panel = page.get_by_role("group", name="Citation")
    panel.get_by_role("button", name="Copy").click()
    page.locator(".cl-cite-said").filter(has_text="Copied").wait_for()
    words = panel.locator(".cl-cite-words").inner_text()
    link = panel.get_by_label("Link to this view with its data version").input_value()
    assert page.evaluate("() => navigator.clipboard.readText()") == f"{words} {link}"
    page.keyboard.press("Escape")
    assert panel.is_hidden()
    assert page.evaluate("() => document.activeElement.textContent") == "Cite this view"
    return words, link


def test_a_cited_number_is_seen_again_after_the_data_have_changed(store: Path, tmp_path: Path, visit: Opener) -> None:
    home = tmp_path / "home"
    shutil.copytree(store, home)
    with serving(home, tmp_path / "log.txt") as server:
        seen = visit(f"{server.url}/workload?role=leadership&work_type=validation")
        seen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        before, title = pending(seen.page), seen.title()
        words, link = cited(seen.page)
        version = re.search(r"version=([^&]+)", link)
        assert version
        assert words.startswith(title)
        assert f"Centerline, as of 30 Sep 2013, data version {version[1]}, synthetic data." in words
        assert "work_type=validation" in link

        load_closed(home, tmp_path / "review.csv")
        now = visit(f"{server.url}/workload?role=leadership&work_type=validation")
        assert pending(now.page) < before
        assert now.title() != title
        again = visit(link)
        assert pending(again.page) == before
        assert again.title() == title
        assert "as it was cited" in again.page.locator(".cl-notices").inner_text()
        # Cited again, it names the same version.
        again.page.get_by_role("button", name="Cite this view").click()
        assert again.page.get_by_label("Link to this view with its data version").input_value() == link
        for seen in (now, again):
            seen.page.close()

    shutil.rmtree(home / "published" / "versions" / version[1])
    with serving(home, tmp_path / "log.txt") as server:
        gone = visit(server.url + "/" + link.split("/", 3)[3], wait=".cl-problem")
        assert "This data version is not kept" in gone.page.locator(".cl-problem").inner_text()


def test_pages_with_a_board_can_be_cited() -> None:
    pages = (ROOT / "pages").glob("*/*.py")
    with_board = {path.stem for path in pages if "board.draw(" in path.read_text()}
    assert with_board
    assert [path.stem for path in (ROOT / "pages").glob("*/*.py") if path.stem in with_board and "headline(" not in path.read_text()] == []
