"""The work list in a real browser: what to act on first, narrowed, opened by its address, exported, and only for those it belongs to."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import text

from analytics import format, worklist
from analytics.scope import Scope
from data import database
from data.settings import settings
from data.store import Snapshot
from tests.browser.conftest import Opener, Server
from ui import records

pytestmark = pytest.mark.browser

DIRECTOR = "role=director-ELE"


@pytest.fixture
def mine(store: Path) -> Snapshot:
    return Snapshot(Scope("director", ("ELE",)), home=store / "published")


def test_the_list_says_what_the_facts_say(server: Server, visit: Opener, mine: Snapshot) -> None:
    listed = worklist.items(*mine.pending(worklist.pl.lit(value=True)), mine.accounts(), mine.as_of)
    counted = worklist.counts(listed)
    seen = visit(f"{server.url}/work_list?{DIRECTOR}")
    for label, window in (("Past due", "past_due"), ("Legal date passed", "lapsed"), ("Legal date in 7 days", "7")):
        figure = seen.page.locator("[data-metric]", has_text=label).first.inner_text()
        assert format.count(counted[window]) in figure.splitlines(), label
    assert f"{format.count(counted['all'])} items, the nearest consequence first" in seen.page.locator(".cl-caption").inner_text()
    assert seen.complaints == []
    seen.page.get_by_role("radio", name="Past due").or_(seen.page.get_by_text("Past due (")).first.click()
    seen.page.wait_for_function("() => location.search.includes('within=past_due')")
    caption = "() => document.querySelector('.cl-caption')?.innerText"
    seen.page.wait_for_function(f"{caption}.startsWith('{format.count(counted['past_due'])} item')")


def test_a_choice_of_a_row_does_not_outlive_its_list(server: Server, visit: Opener, mine: Snapshot) -> None:
    listed = worklist.items(*mine.pending(worklist.pl.lit(value=True)), mine.accounts(), mine.as_of)
    seen = visit(f"{server.url}/work_list?{DIRECTOR}")
    grid = seen.page.locator("[data-testid=stDataFrame]").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    seen.page.mouse.click(box["x"] + 18, box["y"] + 36 + 35 * 5 + 18)  # the mark of the sixth row
    seen.page.wait_for_function(f"() => location.search.includes('review={listed['review_id'][5]}')")
    search = seen.page.locator(".st-key-worklist_search input")
    # A list of one, which has no sixth row, and one with another sixth row.
    teams = {team: worklist.narrowed(listed, "all", team) for team in listed["team"].drop_nulls().unique().to_list()}
    team, other = next((team, rows) for team, rows in teams.items() if rows.height > 6 and rows["review_id"][5] != listed["review_id"][5])
    for word, found in ((str(listed["review_id"][1]), "1 item"), (team, f"{format.count(other.height)} items")):
        search.fill(word)
        search.press("Enter")
        seen.page.wait_for_function(f"() => document.querySelector('.cl-caption')?.innerText.startsWith('{found}')")
        seen.settle()
    assert seen.page.locator(".cl-problem").count() == 0
    assert f"review={listed['review_id'][5]}" in seen.page.url


def test_an_item_is_opened_by_its_address(server: Server, visit: Opener, mine: Snapshot) -> None:
    listed = worklist.items(*mine.pending(worklist.pl.lit(value=True)), mine.accounts(), mine.as_of)
    first = listed.filter(worklist.pl.col("entry_number").is_not_null()).row(0, named=True)
    seen = visit(f"{server.url}/work_list?{DIRECTOR}&review={first['review_id']}")
    opened = seen.page.locator(".cl-opened").inner_text()
    assert first["review_id"] in opened
    assert first["account_name"] in opened
    assert format.days(first["age_days"]) in opened
    assert "Clocks that run" in opened
    assert f"review={first['review_id']}" in seen.page.url


def test_another_centers_item_is_not_opened(server: Server, visit: Opener, store: Path) -> None:
    analyst = Snapshot(Scope("analyst"), home=store / "published")
    other = analyst.pending(worklist.pl.col("center_code") == "PHC")[0].row(0, named=True)
    seen = visit(f"{server.url}/work_list?{DIRECTOR}&review={other['review_id']}")
    assert seen.page.locator(".cl-opened").count() == 0
    assert f"There is no review “{other['review_id']}” that your role reaches." in seen.page.locator(".cl-notices").inner_text()
    assert str(other["entry_number"]) not in seen.page.content()


@pytest.mark.parametrize("role", ["leadership", "working_group"])
def test_roles_without_rows_have_no_such_page(server: Server, visit: Opener, role: str) -> None:
    seen = visit(f"{server.url}/work_list?role={role}", wait="h1, .cl-problem, [role=dialog]")
    assert seen.page.locator("nav, header").get_by_text("Work list").count() == 0
    assert seen.page.locator(".cl-opened, .stDataFrame").count() == 0


def _written() -> list[tuple[str, str, str]]:
    """Exports that were written down, latest first."""
    with database.shared_engine(settings().url).connect() as connection:
        rows = connection.execute(text("SELECT role, action, detail FROM audit_event WHERE action = 'export' ORDER BY at DESC"))
        return [(row.role, row.action, row.detail) for row in rows]


def test_an_address_opens_its_window_and_search(server: Server, visit: Opener, mine: Snapshot) -> None:
    listed = worklist.items(*mine.pending(worklist.pl.lit(value=True)), mine.accounts(), mine.as_of)
    word = str(listed.filter(worklist.pl.col("days_to_due") < 0).drop_nulls("team")["team"][0])
    kept = worklist.narrowed(listed, "past_due", word)
    assert 0 < kept.height < worklist.narrowed(listed, "past_due", "").height
    seen = visit(f"{server.url}/work_list?{DIRECTOR}&within=past_due&search={word}")
    assert seen.page.locator(".cl-caption").inner_text().startswith(f"{format.count(kept.height)} item")
    assert "within=past_due" in seen.page.url
    assert seen.page.locator(".st-key-worklist_search input").input_value() == word


@pytest.mark.parametrize(("role", "centers", "least"), [("director-ELE", ("ELE",), 50), ("analyst", (), records.SHOWN + 1)])
def test_the_export_has_every_row_and_is_written_down(
    server: Server, visit: Opener, store: Path, role: str, centers: tuple[str, ...], least: int
) -> None:
    """Also the rows that are not on screen."""
    mine = Snapshot(Scope(role.split("-", maxsplit=1)[0], centers), home=store / "published")
    before = _written()
    seen = visit(f"{server.url}/work_list?role={role}")
    with seen.page.expect_download() as waiting:
        seen.page.get_by_role("button", name="Download all as CSV").click()
    lines = Path(waiting.value.path()).read_text(encoding="utf-8-sig").splitlines()
    rows = [line for line in lines if not line.startswith(("#", '"#'))]
    listed = mine.pending(worklist.pl.lit(value=True))[0]
    assert len(rows) - 1 == listed.height >= least
    # In the order of the screen: the nearest consequence first.
    ordered = worklist.items(*mine.pending(worklist.pl.lit(value=True)), mine.accounts(), mine.as_of)
    assert [row.split(",")[-1].strip('"') for row in rows[1:]] == ordered["review_id"].to_list()
    assert "Synthetic data" in "\n".join(lines[:5])
    assert rows[0].startswith("Days left,If nothing is done,On,Whose duty,Due,Work type,")
    assert "Gross age (days),Center age (days),Value (US dollars),Duty (US dollars)" in rows[0]
    # Each age under its own head: gross is the days since the opening, whatever the clock did.
    table = list(csv.DictReader(rows))
    opened = dict(listed.select("review_id", "opened_date").iter_rows())
    assert [int(row["Gross age (days)"]) for row in table] == [(mine.as_of - opened[row["Review"]]).days for row in table]
    assert any(int(row["Center age (days)"]) < int(row["Gross age (days)"]) for row in table)
    written = _written()
    assert len(written) == len(before) + 1
    who, action, detail = written[0]
    assert (who, action) == (role, "export")
    assert detail.startswith(f"work_list {listed.height} rows")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_nothing_sticks_out(server: Server, visit: Opener, width: int, height: int) -> None:
    seen = visit(f"{server.url}/work_list?{DIRECTOR}", width=width, height=height)
    assert seen.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
