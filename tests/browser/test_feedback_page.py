"""Feedback in a browser: a piece is answered and shows at once with its history, a broken spreadsheet says what to do, guests only read."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Locator, Page, expect

from analytics.scope import Scope
from data.feedback import Desk
from data.store import Snapshot
from tests.browser.conftest import Opener, Server, serving
from tests.data.pieces import BROKEN, GOOD, shared, sheet

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over a copy of the store, so that what is written here is seen by nobody else."""
    home = tmp_path_factory.mktemp("written") / "home"
    shutil.copytree(store, home)
    with serving(home, home / "log.txt") as running:
        yield running


@pytest.fixture(scope="module")
def waiting(store: Path) -> str:
    """An unanswered piece of Electronics."""
    rows = Desk(Snapshot(Scope("analyst"), home=store / "published"), shared(store)).rows
    mine = rows.filter(
        (pl.col("center_code") == "ELE") & pl.col("responded_date").is_null() & (pl.col("received_date") > dt.date(2012, 10, 1))
    )
    return str(mine["feedback_id"][0])


def form(page: Page, feedback_id: str) -> Locator:
    """The form of the piece that is open; that of a new piece has the same fields."""
    return page.get_by_test_id("stForm").filter(has=page.get_by_role("heading", name=f"Answer or edit {feedback_id}"))


def test_a_piece_is_answered_and_shows_at_once_with_its_history(own: Server, visit: Opener, waiting: str) -> None:
    seen = visit(f"{own.url}/feedback?role=director-ELE&center=ELE&feedback={waiting}")
    page, before = seen.page, seen.title()
    expect(page.get_by_role("heading", name=f"{waiting}: individual input")).to_be_visible()
    mine = form(page, waiting)
    mine.get_by_role("textbox", name="Answer", exact=True).fill("One request from now on.")
    status = mine.get_by_role("combobox", name=re.compile("Status"))
    status.fill("Answered")
    page.keyboard.press("Enter")
    mine.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Nothing was saved.")).to_contain_text(
        "First answer, Settled, under “What came of it”"
    )
    expect(mine.locator(".cl-fault").first).to_contain_text("say on which day it was given")
    for label in ("First answer", "Settled"):
        mine.get_by_test_id("stDateInput").filter(has_text=label).get_by_role("spinbutton").first.click()
        page.keyboard.type("20130930")
    mine.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(f"{waiting} is saved. Its history says who and when.")).to_be_visible(timeout=20_000)
    history = page.locator("section.cl-list").filter(has=page.get_by_role("heading", name="History"))
    expect(history).to_contain_text("director-ELE · demonstration")
    expect(history).to_contain_text("One request from now on.")
    expect(history).to_contain_text("Answered")
    seen.settle()
    waits = [int(re.findall(r"; ([\d,]+) were not settled", title)[0]) for title in (before, seen.title())]
    assert waits[1] == waits[0] - 1
    assert seen.complaints == []
    other = visit(f"{own.url}/feedback?role=analyst&feedback={waiting}")
    expect(other.page.locator(".cl-said").filter(has_text="Answer:")).to_contain_text("One request from now on.")


def test_what_is_wrong_is_said_and_what_was_typed_stays(own: Server, visit: Opener, waiting: str) -> None:
    page = visit(f"{own.url}/feedback?role=analyst&feedback={waiting}").page
    mine = form(page, waiting)
    mine.get_by_role("tab", name="What was said").click()
    mine.get_by_role("textbox", name="Ports mentioned").fill("Long Beach")
    mine.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Nothing was saved.")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("alert").filter(has_text="Ports mentioned")).to_contain_text("under “What was said”")
    expect(mine.locator(".cl-fault")).to_contain_text("does not have the right form")
    expect(mine.get_by_role("textbox", name="Ports mentioned")).to_have_value("Long Beach")


def test_a_broken_spreadsheet_says_what_to_do_and_loses_nothing(own: Server, visit: Opener, tmp_path: Path) -> None:
    path = tmp_path / "minutes.xlsx"
    path.write_bytes(sheet(BROKEN))
    page = visit(f"{own.url}/feedback?role=analyst").page
    page.get_by_text("Take feedback from a meeting's spreadsheet").click()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("minutes.xlsx: 5 rows read: 2 new, 0 there already, 3 refused. Nothing is written yet.")).to_be_visible(
        timeout=20_000
    )
    page.locator("input[type=file]").set_input_files([])  # what a file dialog that is closed leaves behind
    refused = page.locator("section.cl-list").filter(has=page.get_by_role("heading", name="Refused rows and what to do"))
    expect(refused).to_contain_text("Big importer")
    expect(refused).to_contain_text("next Tuesday")
    page.get_by_role("button", name="Take 2 rows, keep 3 in quarantine").click()
    expect(
        page.get_by_text("2 new pieces and 0 changed ones taken from minutes.xlsx; 3 rows wait in quarantine, which Data health lists.")
    ).to_be_visible(timeout=20_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download an empty spreadsheet").click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
    health = visit(f"{own.url}/data_health?role=analyst", wait=".cl-list").page
    expect(health.get_by_text("next Tuesday").first).to_be_visible(timeout=20_000)


def test_what_a_spreadsheet_would_change_is_shown_and_not_taken_over_what_is_saved_meanwhile(
    own: Server, visit: Opener, waiting: str, tmp_path: Path
) -> None:
    path = tmp_path / "again.xlsx"
    path.write_bytes(sheet([{**GOOD, "Feedback": waiting, "Owner": "Office of the spreadsheet"}]))
    page, other = (visit(f"{own.url}/feedback?role=analyst&feedback={waiting}").page for _ in range(2))
    page.get_by_text("Take feedback from a meeting's spreadsheet").click()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("1 row read: 0 new, 1 there already (1 of them changed), none refused.")).to_be_visible(timeout=20_000)
    changes = page.locator("section.cl-list").filter(has=page.get_by_role("heading", name="What would change of pieces that are there"))
    expect(changes.get_by_role("row").filter(has_text="Owner")).to_contain_text("Office of the spreadsheet")
    form(other, waiting).get_by_role("textbox", name="Owner").fill("Office of the form")
    form(other, waiting).get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_text(f"{waiting} is saved.")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Take 1 row").click()
    expect(page.get_by_text(f"Somebody else has saved {waiting} since this file was looked at")).to_be_visible(timeout=20_000)
    expect(changes.get_by_role("row").filter(has_text="Owner")).to_contain_text("Office of the form")
    page.get_by_role("button", name="Take 1 row").click()
    expect(page.get_by_text("0 new pieces and 1 changed one taken from again.xlsx.")).to_be_visible(timeout=20_000)


def test_a_working_group_reads_public_input_and_writes_nothing(own: Server, visit: Opener, store: Path, waiting: str) -> None:
    seen = visit(f"{own.url}/feedback?role=working_group")
    for words in ("Record a new piece of feedback", "Take feedback from a meeting", "Name the themes", "Record a new meeting"):
        expect(seen.page.get_by_text(words)).to_have_count(0)
    secret = Desk(Snapshot(Scope("analyst"), home=store / "published"), shared(store)).rows.filter(~pl.col("is_public"))
    hidden = visit(f"{own.url}/feedback?role=working_group&feedback={secret['feedback_id'][0]}&meeting=M-NO-1&show=some").page
    expect(hidden.get_by_text(f"There is no feedback “{secret['feedback_id'][0]}” that your role reaches.")).to_be_visible(timeout=20_000)
    for words in ("There is no meeting “M-NO-1” that your role reaches.", "The list has no choice “some”; all feedback is listed."):
        expect(hidden.locator(".cl-notices").get_by_text(words)).to_be_visible()
    assert secret["statement"][0] not in hidden.content()
    assert seen.complaints == []
