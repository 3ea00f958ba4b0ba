"""What a reader meets when something is missing or broken, and what an export carries."""

from __future__ import annotations

import csv
import io
import shutil
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from data.publish import current_version
from tests.browser.conftest import Opener, Server, serving

pytestmark = pytest.mark.browser


def written_down(store: Path, card: str, seconds: float = 15) -> bool:
    """Wait until the audit trail holds an analyst's export of a card."""
    engine = create_engine(f"sqlite:///{store / 'centerline.sqlite'}")
    end = time.monotonic() + seconds
    found = False
    while not found and time.monotonic() < end:
        time.sleep(0.2)
        with engine.connect() as connection:
            events = connection.execute(text("select role, action, detail from audit_event")).all()
        found = any(role == "analyst" and action == "export" and card in detail for role, action, detail in events)
    engine.dispose()
    return found


def test_a_store_without_data_offers_the_demonstration_and_builds_it(tmp_path: Path, visit: Opener) -> None:
    with serving(tmp_path / "home", tmp_path / "log.txt", CENTERLINE_DEMO_ENTRIES="2000") as fresh:
        seen = visit(f"{fresh.url}/workload", wait=".cl-problem")
        assert "python -m data load" in seen.page.locator(".cl-problem").inner_text()
        seen.page.get_by_role("button", name="Build the demonstration").click()
        seen.page.locator("[data-drawn]").wait_for(timeout=180_000)
        assert "pending" in seen.title()


def test_a_page_that_fails_apologises_with_an_id_and_logs_the_rest(store: Path, tmp_path: Path, visit: Opener) -> None:
    home = tmp_path / "home"
    shutil.copytree(store, home)
    for rollup in (home / "published").glob("parts/review/*/rollups/work_*.parquet"):
        rollup.write_bytes(b"not parquet at all")
    log = tmp_path / "log.txt"
    with serving(home, log) as broken:
        seen = visit(f"{broken.url}/workload", wait=".cl-problem")
        said = seen.page.locator(".cl-problem").inner_text()
        incident = seen.page.locator(".cl-problem strong").inner_text()
        assert "Sorry" in said
        assert "Traceback" not in seen.page.content()
        assert "parquet" not in said
        assert f"incident {incident}" in log.read_text()
        assert "Traceback" in log.read_text()
        again = visit(f"{broken.url}/feedback?role=analyst")
        assert len(again.title()) > 10


def test_a_damaged_store_gets_one_clear_sentence(store: Path, tmp_path: Path, visit: Opener) -> None:
    home = tmp_path / "home"
    shutil.copytree(store, home)
    # The one in force: other tests may have left an earlier one beside it.
    (home / "published" / "versions" / str(current_version(home / "published")) / "manifest.json").write_text("{")
    with serving(home, tmp_path / "log.txt") as broken:
        seen = visit(broken.url, wait=".cl-problem")
        assert "Publish again: python -m data publish" in seen.page.locator(".cl-problem").inner_text()


def test_an_export_equals_the_screen_says_what_it_is_and_is_written_down(server: Server, store: Path, visit: Opener) -> None:
    seen = visit(f"{server.url}/overview?role=analyst&center=ELE")
    card = seen.page.locator("[data-card=industries]")
    card.get_by_text("View as table").click()
    shown = [line.split("\t")[0] for line in card.locator("tbody").inner_text().splitlines() if line]
    with seen.page.expect_download() as download:
        card.locator("[data-format=csv]").click()
    content = Path(download.value.path()).read_text(encoding="utf-8-sig")
    head = [line for line in content.splitlines() if line.startswith("#") or line.startswith('"#')]
    assert any("Synthetic data" in line for line in head)
    assert any("Electronics · 1 Oct 2012 to 30 Sep 2013" in line for line in head)
    rows = list(csv.DictReader(io.StringIO("\n".join(line for line in content.splitlines() if line not in head))))
    assert [row["label"] for row in rows] == shown
    assert written_down(store, "industries")
