"""Data health and cited versions in a real browser: the same checks as the command line, and a figure shown again as it was."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from analytics import format
from analytics.scope import Scope
from data import publish
from data.store import Snapshot
from tests.browser.conftest import Opener, Server

pytestmark = pytest.mark.browser


def test_the_page_shows_the_checks_that_the_command_line_prints(server: Server, visit: Opener, store: Path) -> None:
    seen = visit(f"{server.url}/data_health?role=leadership", wait=".cl-checks")
    shown = seen.page.locator(".cl-check").all()
    checks = Snapshot(Scope("analyst"), home=store / "published").health()
    assert [item.locator("h3").inner_text() for item in shown] == checks["check"].to_list()
    words = {"act": "Act", "watch": "Look", "good": "Good"}
    for item, row in zip(shown, checks.iter_rows(named=True), strict=True):
        text = item.inner_text()
        assert words[row["state"]] in text
        assert row["found"][1:] in text
        assert row["todo"] in text
    assert seen.title().startswith("1 of 12 checks asks for action: 6 records of review")


def test_months_are_shown_as_they_were_known_then(server: Server, visit: Opener, store: Path) -> None:
    known = Snapshot(Scope("analyst"), home=store / "published").known_then().filter(table_name="entry", month="2013-07")
    first, last = known["rows"][0], known["rows"][-1]
    assert first < last
    page = visit(f"{server.url}/data_health?role=director-ELE", wait=".cl-checks").page
    section = page.locator(".cl-list", has_text="Entry summaries, as known then")
    assert f"Jul 2013 was {format.count(first)} entry summaries when it had ended, {format.count(last)} now" in section.inner_text()
    row = section.locator("tbody tr", has_text="Jul 2013").inner_text()
    assert f"{format.count(last)} (+{last - first:,})" in row


def test_vanished_records_are_named_to_analysts_alone(server: Server, visit: Opener, store: Path) -> None:
    key = Snapshot(Scope("analyst"), home=store / "published").vanished()["row_key"][0]
    assert visit(f"{server.url}/data_health?role=analyst", wait=".cl-checks").page.get_by_text(key).count() == 1
    assert visit(f"{server.url}/data_health?role=leadership", wait=".cl-checks").page.get_by_text(key).count() == 0


@pytest.fixture(scope="module")
def two_versions(store: Path) -> tuple[str, str]:
    """An older version beside the one in force."""
    home = store / "published"
    in_force = str(publish.current_version(home))
    older = publish.publish(as_of=dt.date(2013, 6, 30)).version
    publish.roll_back(home, in_force)
    return older, in_force


@pytest.mark.parametrize("width", [1440, 390])
def test_a_cited_version_is_shown_as_it_was(server: Server, visit: Opener, two_versions: tuple[str, str], width: int) -> None:
    older, in_force = two_versions
    seen = visit(f"{server.url}/workload?role=analyst&version={older}", width=width)
    assert older in seen.page.locator(".cl-head").inner_text()
    assert "As of 30 Jun 2013" in seen.page.locator(".cl-head").inner_text()
    assert "as it was cited" in seen.page.locator(".cl-notices").inner_text()
    assert f"version={older}" in seen.page.url
    seen.page.get_by_role("link", name="Read the data in force").click()
    seen.page.wait_for_function(f"() => document.querySelector('.cl-head')?.innerText.includes('{in_force}')", timeout=30_000)
    assert "version=" not in seen.page.url


def test_a_version_that_is_gone_says_so(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/overview?role=analyst&version=2013-01-01-0000000000", wait=".cl-problem")
    assert "This data version is not kept" in seen.page.locator(".cl-problem").inner_text()
    seen = visit(f"{server.url}/overview?role=analyst&version=../../../etc", wait=".cl-problem")
    assert "This data version is not kept" in seen.page.locator(".cl-problem").inner_text()
