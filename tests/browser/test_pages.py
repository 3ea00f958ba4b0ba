"""Every page as every role sees it, in a real browser: complete, equal to the command line, and talking to nobody else."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from analytics import format
from analytics.filters import Filters, read
from analytics.metrics import METRICS
from analytics.scope import Scope
from data.store import Snapshot
from tests.browser.conftest import Opener, Server, Visit, serving
from ui.figures import written

pytestmark = pytest.mark.browser

BOARDS = ("overview", "workload", "flow", "forecast", "accounts", "routing", "service", "people", "compliance", "industry", "feedback")
LISTS = ("definitions", "data_health")
ROLES = ("leadership", "director-ELE", "analyst", "working_group")

#: Page -> the roles that have it, where not all do. Read as text: to import the frame runs the app.
FRAME = (Path(__file__).parents[2] / "frame/main.py").read_text()
INSIDE = re.search(r"^_INSIDE = (.*)$", FRAME, re.M)
assert INSIDE is not None
FRAME = FRAME.replace("_INSIDE)", f"{INSIDE.group(1)})")
LIMITED = {name: set(re.findall(r'"(\w+)"', roles)) for name, roles in re.findall(r'\("\w+", "(\w+)", "[^"]+", \(([^)]+)\)\)', FRAME)}


def lacks(page: str, role: str) -> bool:
    """Say whether a role has no such page."""
    return page in LIMITED and role.partition("-")[0] not in LIMITED[page]


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role(server: Server, visit: Opener, role: str) -> None:
    own = [page for page in BOARDS + LISTS if not lacks(page, role)]
    seen = visit(f"{server.url}/{own[0]}?role={role}")
    for page in own:
        seen.go(page)
        whole(seen, page)
        if role == "analyst":
            nothing_sticks_out(seen, page)
    foreign = [url for url in seen.requests if not url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:"))]
    assert foreign == []
    assert seen.complaints == []


def whole(seen: Visit, page: str) -> None:
    """Check that a page has its head, its figures and its cards, each with its finding."""
    assert seen.page.locator(".cl-problem, [role=dialog]").count() == 0, page
    assert len(seen.title()) > 10, page
    head = seen.page.locator(".cl-head").inner_text()
    # A release ends with the last month of which all reports are in.
    assert f"As of {'31 Aug' if page == 'industry' else '30 Sep'} 2013" in head, page
    assert "Synthetic data" in head, page
    assert re.search(r"data version\s+2013-09-30-[0-9a-f]{10}", head), page
    if page not in BOARDS:
        return
    assert seen.page.locator("[data-metric]").count() >= 5, page
    cards = seen.page.locator("[data-card]").all()
    assert len(cards) >= 3, page
    for card in cards:
        assert len(card.locator("h3").inner_text()) > 10, page
        assert card.locator("[role=img][aria-label]").count() == 1 or card.get_by_text("Nothing").count() == 1, page


def nothing_sticks_out(seen: Visit, page: str) -> None:
    for width, height in ((390, 844), (1920, 1080), (1440, 900)):
        seen.page.set_viewport_size({"width": width, "height": height})
        # Charts are fitted a moment after the window.
        seen.page.wait_for_timeout(300)
        if page in BOARDS:
            seen.settle()
        assert seen.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), (page, width)
        wide = seen.page.evaluate(
            "() => [...document.querySelectorAll('[data-card], [data-metric], h1')].filter(n => n.getBoundingClientRect().right > window.innerWidth + 1).length"
        )
        assert wide == 0, (page, width)


# One of each kind: that every page asks the guard first is held by tests/layout.
@pytest.mark.parametrize("page", ["overview", "work_list", "accounts", "data_health"])
def test_a_page_that_working_groups_lack_has_no_way_in(server: Server, visit: Opener, page: str) -> None:
    assert lacks(page, "working_group")
    seen = visit(f"{server.url}/{page}?role=working_group")
    assert seen.page.locator(f"a[href*='/{page}']").count() == 0
    assert seen.page.locator(".cl-opened, .stDataFrame, .cl-checks").count() == 0
    assert seen.page.locator(f".cl-board[data-board={page}]").count() == 0


def test_some_pages_are_not_for_all() -> None:
    assert {"work_list", "accounts", "people", "data_health"} <= set(LIMITED)
    assert lacks("accounts", "leadership")
    assert not lacks("accounts", "director-ELE")


@pytest.mark.parametrize(
    ("page", "role", "first", "said"),
    [
        ("work_list", "leadership", "overview", "“Work list” is a page for Center directors and analysts; Overview is shown instead."),
        (
            "people",
            "working_group",
            "industry",
            "“People” is a page for leadership, Center directors and analysts; Industry view is shown instead.",
        ),
    ],
)
def test_a_page_that_a_role_lacks_says_whose_it_is(server: Server, visit: Opener, page: str, role: str, first: str, said: str) -> None:
    seen = visit(f"{server.url}/{page}?role={role}&center=ELE")
    assert f"/{first}" in seen.page.url
    assert "center=ELE" in seen.page.url
    assert seen.page.locator(".cl-notices").inner_text() == said
    seen.page.get_by_role("link", name="Feedback").click()
    seen.page.wait_for_function("() => document.querySelector('h1')?.innerText.includes('feedback')")
    seen.settle()
    assert seen.page.locator(".cl-notices").count() == 0


@pytest.mark.parametrize(("page", "title"), [("data_health", "Data health"), ("accounts", "Accounts")])
def test_a_page_that_a_role_lacks_is_not_reached(server: Server, visit: Opener, page: str, title: str) -> None:
    seen = visit(f"{server.url}/{page}?role=working_group")
    assert seen.page.get_by_text("Quarantine").count() == 0
    assert seen.page.locator("nav, header").get_by_text(title).count() == 0


QUERIES = (
    "center=ELE",
    "port=2704&program=isa,ctpat&from=2013-01-10&to=2013-08-20",
)


@pytest.mark.parametrize("query", QUERIES)
def test_key_figures_equal_the_command_line(server: Server, visit: Opener, store: Path, query: str) -> None:
    snapshot = Snapshot(Scope("analyst"), home=store / "published")
    parameters = dict(part.split("=") for part in query.split("&") if part)
    filters = read(parameters, snapshot.labels).filters
    if filters.from_date is None:
        filters = Filters(**{**filters.__dict__, "from_date": dt.date(2012, 10, 1), "to_date": dt.date(2013, 9, 30)})
    seen = visit(f"{server.url}/overview?role=analyst&{query}")
    for page in ("overview", "workload", "routing", "service", "compliance"):
        seen.go(page)
        figures = seen.page.locator("[data-metric]").all()
        assert len(figures) >= 5
        for figure in figures:
            metric = METRICS[figure.get_attribute("data-metric") or ""]
            row = metric.answer(snapshot.frames, filters.only(metric.dimensions), snapshot.as_of, ()).row(0, named=True)
            expected = "Too few" if row["quality"] == "too_few" else written(row["value"], metric.unit)
            if row["value"] is None and row["quality"] == "ok":
                continue
            assert expected in figure.inner_text(), (page, metric.id)


def test_table_twin_shows_the_rows_of_the_command_line(server: Server, visit: Opener, store: Path) -> None:
    snapshot = Snapshot(Scope("analyst"), home=store / "published")
    seen = visit(f"{server.url}/overview?role=analyst")
    card = seen.page.locator("[data-card=center_share]")
    card.get_by_text("View as table").click()
    shown = [row.split("\t")[:2] for row in card.locator("tbody").inner_text().splitlines() if row]
    period = Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))
    rows = METRICS["center_value_share"].answer(snapshot.frames, period, snapshot.as_of, ["center"]).sort("value", descending=True)
    assert shown == [[snapshot.labels["center"][row["center"]], format.share(row["value"])] for row in rows.iter_rows(named=True)]


def test_a_filter_narrows_all_and_is_kept_over_pages(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/overview?role=leadership")
    plots = seen.page.locator("[data-card=ports] .js-plotly-plot")
    plots.first.evaluate("node => { node.dataset.kept = 'yes' }")
    before = seen.page.locator("[data-metric=entry_summaries]").inner_text()
    box = seen.page.locator(".st-key-filter_center")
    box.locator("input").first.click()
    seen.page.get_by_role("option", name="Electronics").click()
    seen.page.wait_for_function("() => document.querySelector('.cl-sub')?.innerText.startsWith('Electronics')")
    seen.settle()
    assert seen.page.locator("[data-metric=entry_summaries]").inner_text() != before
    assert "center=ELE" in seen.page.url
    assert plots.first.evaluate("node => node.dataset.kept") == "yes", "the chart was made anew instead of updated"
    seen.page.keyboard.press("Escape")
    seen.page.get_by_role("link", name="Compliance").click()
    seen.page.wait_for_function("() => document.querySelector('h1')?.innerText.includes('discrepancy')")
    seen.settle()
    assert seen.page.locator(".cl-sub").inner_text().startswith("Electronics")
    assert "center=ELE" in seen.page.url
    seen.page.get_by_role("button", name="Clear filters").click()
    seen.page.wait_for_function("() => document.querySelector('.cl-sub')?.innerText.includes('Electronics') === false")
    seen.page.wait_for_function("() => !location.search.includes('center=')")


def test_unknown_values_are_dropped_with_a_notice(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/workload?role=analyst&center=XXX,ELE&port=%3Cscript%3E&from=yesterday&work_type=psc")
    notices = seen.page.locator(".cl-notices").inner_text()
    assert "XXX" in notices
    assert "<script>" in notices
    assert "yesterday" in notices
    assert seen.page.locator(".cl-sub").inner_text().startswith("Electronics · Post summary correction")


def test_a_working_group_cannot_narrow_below_a_center(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/industry?role=working_group&industry=ELE_COMM&port=2704")
    assert "cannot be narrowed by industry" in seen.page.locator(".cl-notices").inner_text()
    assert seen.page.locator(".st-key-filter_port, .st-key-filter_industry").count() == 0
    assert "Port 2704" not in seen.page.locator(".cl-head").inner_text()


def test_days_within_a_month_are_widened_to_whole_months_for_a_working_group(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/industry?role=working_group&from=2012-10-17&to=2013-02-11")
    assert "1 Oct 2012 to 28 Feb 2013 is shown" in seen.page.locator(".cl-notices").inner_text()
    assert seen.page.locator(".cl-problem").count() == 0
    assert seen.page.locator("[data-metric]").count() == 6


def test_an_unknown_role_reaches_no_more_than_leadership(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/overview?role=superuser")
    assert seen.page.locator(".st-key-role_choice input").input_value() == "Leadership"


#: In the page: what of the filters and of the choice of views is wider than its place.
CUT = """() => [...document.querySelectorAll(`.st-key-filters, .st-key-filters :is(input, [data-tag] > span), .st-key-role_strip input,
  .st-key-filters :is([data-testid=stMultiSelectTagsContainer], [data-testid=stDateInputFieldsScroller])`)]
  .filter(n => n.scrollWidth > n.clientWidth + 1 && !n.closest('[data-testid=hidden-dateinput-container]'))
  .map(n => `${n.className} ${n.value ?? n.innerText}`)"""


def test_nothing_to_show_says_why_and_leads_out(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/workload?role=director-BMM&center=TAF&from=2011-01-01&to=2011-03-31")
    for width in (390, 820, 1440):
        seen.page.set_viewport_size({"width": width, "height": 900})
        assert seen.page.evaluate(CUT) == [], width
    empty = seen.page.locator("[data-card=ages]")
    assert "Textiles & Footwear opened on 3 Jun 2013, after this period." in empty.inner_text()
    empty.get_by_role("link", name="Show the time from 3 Jun 2013").click()
    seen.page.wait_for_function("() => location.search.includes('from=2013-06-03')")
    seen.page.locator("[data-drawn]").first.wait_for()
    seen.settle()
    assert "role=director-BMM" in seen.page.url
    assert "center=TAF" in seen.page.url
    assert seen.page.locator("[data-card=ages] .js-plotly-plot").count() == 1


def test_a_deep_link_on_a_cold_server_is_a_whole_page(store: Path, visit: Opener, tmp_path: Path) -> None:
    with serving(store, tmp_path / "log.txt") as cold:
        seen = visit(f"{cold.url}/compliance?center=PHC&role=director-PHC")
        assert seen.page.locator(".cl-sub").inner_text().startswith("Pharma")
        assert seen.page.locator(".st-key-filters").count() == 1
        assert seen.page.locator("[data-metric]").count() == 5
