"""Present in a real browser: slides by keys and buttons, the address, files with the numbers of the screen, nothing that was not released."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pptx import Presentation
from sqlalchemy import text

from data import database
from data.settings import settings
from tests.browser.conftest import DRAWN, Opener, Server
from ui import stories

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
PLACE = ".cl-stage-place"
#: Milliseconds for what a busy machine may take.
LONG = 60_000


def begin(page: Page) -> None:
    page.get_by_role("button", name="Present full screen").click()
    page.locator(PLACE).wait_for(timeout=LONG)


def shown_title(page: Page) -> str:
    return page.locator(".cl-stage-title:visible, .cl-card.cl-current .cl-title:visible").first.inner_text()


def test_keys_buttons_and_the_address_move_through_the_slides(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/present?role=working_group")
    page = seen.page
    headline = seen.title()
    begin(page)
    place = page.locator(PLACE)
    expect(place).to_have_text("1 of 6")
    assert shown_title(page) == headline
    assert page.locator("[data-testid=stHeader]").is_hidden()
    assert page.locator("h1").is_hidden()
    titles = []
    for step in range(2, 7):
        page.keyboard.press("ArrowRight")
        expect(place).to_have_text(f"{step} of 6")
        titles.append(shown_title(page))
    assert len(set(titles)) == 5
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text("6 of 6")
    page.wait_for_function("() => location.search.includes('slide=6')", timeout=LONG)
    page.keyboard.press("Home")
    expect(place).to_have_text("1 of 6")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text("5 of 6")
    page.get_by_role("button", name="Next slide").click()
    expect(place).to_have_text("6 of 6")
    page.get_by_role("button", name="Previous slide").click()
    page.wait_for_function("() => location.search.includes('slide=5')", timeout=LONG)
    address = page.url
    page.keyboard.press("Escape")
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_function("() => !location.search.includes('slide=')", timeout=LONG)
    assert page.evaluate("() => document.activeElement.textContent") == "Present full screen"
    assert seen.complaints == []

    again = visit(address)
    expect(again.page.locator(PLACE)).to_have_text("5 of 6", timeout=LONG)
    assert shown_title(again.page) == titles[3]


def test_by_keyboard_alone_with_names_for_who_cannot_see(server: Server, visit: Opener) -> None:
    page = visit(f"{server.url}/present?role=working_group").page
    button = page.get_by_role("button", name="Present full screen")
    button.focus()
    page.keyboard.press("Enter")
    region = page.get_by_role("region", name="Presentation")
    region.wait_for(timeout=LONG)
    page.keyboard.press("ArrowRight")
    expect(page.locator("[aria-live=polite].cl-hidden")).to_have_text(re.compile(r"Slide 2 of 6: .+"))
    toolbar = page.get_by_role("toolbar", name="Slides")
    names = [node.get_attribute("aria-label") for node in toolbar.get_by_role("button").all()]
    assert names == ["Previous slide", "Next slide", "Leave the presentation"]
    assert page.locator(".cl-card.cl-current [role=img]").get_attribute("aria-label")
    # What is hidden takes no focus: the keys reach the filters and the slide's buttons alone.
    outside = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMainBlockContainer] :is(a, button, input, summary)')]
        .filter(n => n.checkVisibility() && !n.closest('.cl-board, .st-key-filters')).length"""
    )
    assert outside == 0
    toolbar.get_by_role("button", name="Next slide").focus()
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(PLACE)).to_have_text("3 of 6")


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1440, 900)])
def test_nothing_is_cut_on_a_slide(server: Server, visit: Opener, width: int, height: int) -> None:
    page = visit(f"{server.url}/present?role=working_group&story=feedback&slide=1", width=width, height=height).page
    place = page.locator(PLACE)
    expect(place).to_have_text("1 of 7", timeout=LONG)
    for step in range(1, 8):
        expect(place).to_have_text(f"{step} of 7")
        page.wait_for_timeout(300)
        cut = page.evaluate(
            """() => {
              const slide = document.querySelector('.cl-card.cl-current') || document.querySelector('.cl-figures.cl-current');
              const edge = slide.getBoundingClientRect();
              const out = [];
              for (const node of slide.querySelectorAll('p, h3, svg text')) {
                const box = node.getBoundingClientRect();
                if (!node.textContent.trim() || !box.width || !node.checkVisibility()) continue;
                if (box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 || box.bottom > edge.bottom + 1)
                  out.push(node.textContent);
              }
              for (const tile of slide.querySelectorAll('.cl-figure')) if (tile.scrollHeight > tile.clientHeight + 1) out.push(tile.textContent);
              const ratio = document.querySelector('.cl-stage-foot').getBoundingClientRect().bottom - document.querySelector('.cl-stage-top').getBoundingClientRect().top;
              return [out, edge.width / ratio];
            }"""
        )
        assert cut[0] == []
        assert cut[1] == pytest.approx(16 / 9, rel=0.01)
        page.keyboard.press("ArrowRight")


def test_a_phone_gets_a_list_that_scrolls(server: Server, visit: Opener) -> None:
    page = visit(f"{server.url}/present?role=working_group", width=390, height=844).page
    begin(page)
    assert page.locator(".cl-stage-list .cl-card:visible").count() == 5
    assert page.locator(".cl-stage-top").inner_text() == "For discussion – aggregated, disclosure-reviewed"
    assert page.evaluate("() => document.querySelector('.cl-stage-list').scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Next slide").click()
    page.get_by_role("button", name="Next slide").click()
    expect(page.locator(PLACE)).to_have_text("3 of 6")
    assert page.evaluate("() => document.querySelector('.cl-stage-list').scrollTop") > 300


def test_a_live_filter_changes_the_slide_that_is_shown(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/present?role=working_group&slide=2")
    page = seen.page
    expect(page.locator(PLACE)).to_have_text("2 of 6", timeout=LONG)
    before = shown_title(page)
    labels = page.locator(".st-key-filters [data-testid=stWidgetLabel]:visible").all_inner_texts()
    assert labels == ["Period", "Center"]
    page.locator(".st-key-filter_period input").click()
    page.get_by_role("option", name="Fiscal year 2012").click()
    expect(page.locator(".cl-card.cl-current .cl-subtitle")).to_contain_text("1 Oct 2011 to 30 Sep 2012", timeout=LONG)
    expect(page.locator(PLACE)).to_have_text("2 of 6")
    assert shown_title(page) != before
    assert page.locator(".cl-card.cl-current svg text").count() > 3


def test_after_a_filter_one_escape_gives_the_keys_back_to_the_slides(server: Server, visit: Opener) -> None:
    page = visit(f"{server.url}/present?role=working_group").page
    begin(page)
    expect(page.locator(PLACE)).to_have_text("1 of 6")
    page.locator(".st-key-filter_center input").first.click()
    page.get_by_role("option", name="Electronics").click()
    page.wait_for_function("() => location.search.includes('center=ELE')", timeout=LONG)
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(page.locator(PLACE)).to_have_text("2 of 6")


def guide_steps() -> list[str]:
    """Read the presenter's way from the user guide: the numbered list below its heading."""
    part = (ROOT / "docs/user-guide.md").read_text().split("### From the dashboard to a deck", 1)[1].split("\n#", 1)[0]
    return re.findall(r"^\d\. (.+)$", part, re.MULTILINE)


def _numbers(words: str) -> set[str]:
    return set(re.findall(r"\d[\d,.]*\d|\d", words))


def test_a_working_group_gets_from_the_dashboard_to_a_deck_in_five_clicks(server: Server, visit: Opener) -> None:
    steps = guide_steps()
    assert 1 <= len(steps) <= 5
    seen = visit(f"{server.url}/?role=working_group")
    page = seen.page
    clicks = 0
    saved = None
    for step in steps:
        named = re.search(r"\*\*(.+?)\*\*", step)
        assert named, step
        target = page.get_by_text(named[1], exact=True).locator("visible=true").first
        if named[1] == "PowerPoint":
            page.wait_for_function("() => document.querySelector('[data-hash]')?.dataset.drawn", timeout=LONG)
            seen.settle()
            with page.expect_download(timeout=LONG) as waiting:
                target.click()
            saved = waiting.value
        else:
            target.click()
            page.locator(f"h1, {DRAWN}").first.wait_for(timeout=LONG)
            page.wait_for_timeout(500)
        clicks += 1
    assert saved is not None
    assert clicks <= 5
    assert saved.suggested_filename.endswith(".pptx")
    show = Presentation(saved.path())
    titles = [slide.shapes.title.text_frame.text for slide in show.slides if slide.shapes.title]
    on_screen = page.locator(".cl-card .cl-title").all_inner_texts()
    assert [title.replace("\n", " ") for title in titles][-len(on_screen) :] == on_screen
    assert seen.title() in titles[0]
    written = " ".join(shape.text_frame.text for slide in show.slides for shape in slide.shapes if shape.has_text_frame)
    for value in page.locator(".cl-figure .cl-value").all_inner_texts():
        assert value in written
    assert written.count("For discussion – aggregated, disclosure-reviewed") >= len(show.slides)
    _same_bars(page, show)


def _same_bars(page: Page, show: Presentation) -> None:
    """The chart of a slide holds the numbers that the card's table shows."""
    charts = {slide.shapes.title.text_frame.text: shape.chart for slide in show.slides for shape in slide.shapes if shape.has_chart}
    card = page.locator('[data-card="industry_pending"]')
    card.get_by_text("View as table").click()
    card.locator("tbody tr").first.wait_for(timeout=LONG)
    rows = {row.locator("th").inner_text(): row.locator("td").first.inner_text() for row in card.locator("tbody tr").all()}
    chart = charts[card.locator(".cl-title").inner_text()]
    held = {}
    for series in chart.plots[0].series:
        for name, value in zip(chart.plots[0].categories, series.values, strict=True):
            if value is not None:
                held[str(name)] = value
    assert held
    for name, value in held.items():
        assert f"{value:,.0f}" == rows[name]


def test_all_four_files_come_and_each_leaves_its_mark(server: Server, visit: Opener) -> None:
    def events() -> int:
        with database.shared_engine(settings().url).connect() as connection:
            words = "select count(*) from audit_event where role = 'working_group' and detail like 'present %story=backlog%'"
            return int(connection.execute(text(words)).scalar_one())

    def at_once(key: str, name: str, file: str) -> None:
        """Choose, and ask for the file in the same moment: no run has begun, and the button is the one of the choice before."""
        page.locator(f".st-key-{key} input").click()
        page.get_by_role("option", name=name).evaluate(
            """(option, file) => {
              option.click();
              [...document.querySelectorAll('.st-key-present_actions button')].find((each) => each.textContent === file).click();
            }""",
            file,
        )

    page = visit(f"{server.url}/present?role=working_group&story=compliance").page
    before = events()
    for count, (label, start) in enumerate((("PowerPoint", b"PK"), ("PDF", b"%PDF"), ("Excel", b"PK"), ("CSV", b"PK")), start=1):
        with page.expect_download(timeout=LONG) as waiting:
            if label == "PowerPoint":
                at_once("present_story", "Backlog", label)
            elif label == "CSV":
                at_once("filter_period", "Fiscal year 2012", label)
            else:
                page.get_by_role("button", name=label, exact=True).click()
        made = Path(waiting.value.path()).read_bytes()
        assert made.startswith(start)
        assert waiting.value.suggested_filename.startswith("centerline-backlog-")
        if label == "PowerPoint":
            assert Presentation(io.BytesIO(made)).slides[0].shapes.title.text_frame.text.startswith("Backlog: ")
        assert events() == before + count
    assert page.locator(".st-key-present_actions[data-waiting]").count() == 0
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == ["01-industry_backlog.csv", "02-industry_pending.csv", "03-industry_flow.csv"]
        first, flow = (archive.read(archive.namelist()[at]).decode("utf-8-sig") for at in (0, 2))
        assert "disclosure-reviewed" in first
        assert "1 Oct 2011 to 30 Sep 2012" in flow


@pytest.mark.parametrize(
    "more",
    [
        "story=compliance",
        "story=own&cards=ages,at_stake,rate,port_map,how_long",
        "story=own&safe=off&cards=backlog_by_center,by_industry&port=2704&industry=ELE",
        "story=backlog&safe=off",
        "story=../../etc&safe=off",
    ],
)
def test_a_working_group_gets_no_card_outside_the_release(server: Server, visit: Opener, more: str) -> None:
    seen = visit(f"{server.url}/present?role=working_group&{more}", wait="h1")
    page = seen.page
    page.wait_for_function("() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'", timeout=LONG)
    page.wait_for_timeout(500)
    keys = {node.get_attribute("data-card") for node in page.locator("[data-card]").all()}
    assert keys <= set(stories.SAFE.pieces)
    assert "safe=off" not in page.url
    assert page.get_by_text("Safe for working groups").count() == 0
    sent = page.content()
    assert "Internal – not for working groups" not in sent
    if "own" in more:
        assert "Left out, because they are not shown here" in sent
        assert keys == set()
    if "compliance" in more:
        assert keys
        assert all(name.startswith("industry_") for name in keys if name)


def test_others_are_safe_until_they_say_otherwise(server: Server, visit: Opener) -> None:
    page = visit(f"{server.url}/present?role=analyst").page
    assert {node.get_attribute("data-card") for node in page.locator("[data-card]").all()} <= set(stories.SAFE.pieces)
    page.get_by_text("Safe for working groups").click()
    page.locator('[data-card="backlog_by_center"]').wait_for(timeout=LONG)
    page.wait_for_function("() => location.search.includes('safe=off')", timeout=LONG)
    begin(page)
    assert page.locator(".cl-stage-top").inner_text() == "Internal – not for working groups"
