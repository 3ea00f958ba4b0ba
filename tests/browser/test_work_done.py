"""What a filter click makes server and browser do, counted and not timed: charts drawn, nodes kept, bytes sent, files opened, nothing moved or greyed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import DRAWN, Opener, Server, Visit, serving

pytestmark = pytest.mark.browser

#: Bytes that a rerun may send: two parts, the code of the second and, for Overview, the outline of the land.
MOST_BYTES = {"overview": 260_000, "workload": 195_000}

#: In the page: count drawings by card, what was greyed, and what moved without being asked to.
COUNT = """
() => {
  window.cardWork = { drawn: [], grey: 0, moved: [], marks: [] };
  if (window.Plotly.counted) return;
  window.Plotly.counted = true;
  for (const name of ['react', 'newPlot', 'relayout']) {
    const plain = window.Plotly[name];
    window.Plotly[name] = (node, ...rest) => {
      window.cardWork.drawn.push(node.closest('[data-card]').dataset.card);
      return plain(node, ...rest);
    };
  }
  const root = document.querySelector('[data-hash]');
  const look = () => {
    for (let node = root; node; node = node.parentElement) if (getComputedStyle(node).opacity !== '1') window.cardWork.grey += 1;
    requestAnimationFrame(look);
  };
  look();
  // A click excuses what moves within half a second; here it does not.
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) for (const { node } of entry.sources) if (root.contains(node)) window.cardWork.moved.push([node.className, entry.value]);
  }).observe({ type: 'layout-shift' });
  new MutationObserver((changes) => changes.forEach((change) => {
    const name = change.attributeName.slice(5);
    const dirty = [...document.querySelectorAll('[data-card]')].filter((card) => card.querySelector('.cl-plot').clCard.dirty);
    const onScreen = dirty.filter((card) => card.getBoundingClientRect().top < innerHeight).length;
    if (root.dataset[name] === root.dataset.hash) window.cardWork.marks.push([name, onScreen, dirty.length, root.dataset.hash.endsWith('.waiting')]);
  })).observe(root, { attributeFilter: ['data-first', 'data-drawn'] });
}
"""


@pytest.fixture(scope="module")
def bare(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over a copy of the store whose facts by month are gone: a page that opened one of them would fail."""
    home = tmp_path_factory.mktemp("bare") / "home"
    shutil.copytree(store, home, copy_function=lambda source, to: (os.link if source.endswith(".parquet") else shutil.copy2)(source, to))
    gone = list(home.glob("published/parts/*/*/facts/*.parquet"))
    assert len(gone) > 100
    for path in gone:
        path.unlink()
    with serving(home, home / "log.txt") as running:
        yield running


#: Two periods that all cards answer; each choice goes from the one to the other.
YEARS = ("Fiscal year 2013", "Fiscal year 2012")
FIRST_YEAR = "from=2011-10-01&to=2012-09-30"


class Counted:
    """An open page whose work is counted."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.clicks, self.bytes = page, 0, 0
        self.seen = Visit(page, [], [])
        page.set_viewport_size({"width": 1440, "height": 900})
        page.on("pageerror", lambda error: self.seen.complaints.append(str(error)))
        page.on("websocket", lambda socket: socket.on("framereceived", self._received))
        page.goto(f"{address}&{FIRST_YEAR}")
        page.locator(DRAWN).first.wait_for(timeout=30_000)
        self.seen.settle()

    def _received(self, data: str | bytes) -> None:
        self.bytes += len(data)

    def work(self) -> dict[str, Any]:
        """Choose the other year; returns what the browser did for it."""
        self.page.evaluate(COUNT)
        self.bytes = 0
        self.click()
        self.page.wait_for_timeout(150)
        found: dict[str, Any] = self.page.evaluate("() => window.cardWork")
        return found

    def click(self) -> None:
        """Choose the other year and wait until all is drawn."""
        before = self.page.evaluate("() => document.querySelector('[data-hash]').dataset.hash")
        self.page.locator(".st-key-filter_period input, .st-key-filter_period [role=combobox]").first.click()
        self.page.get_by_role("option", name=YEARS[self.clicks % 2]).first.click()
        self.clicks += 1
        self.page.wait_for_function(f"() => document.querySelector('[data-hash]').dataset.hash !== '{before}'")
        self.seen.settle()

    def cards(self) -> list[str]:
        found: list[str] = self.page.evaluate("() => [...document.querySelectorAll('[data-card]')].map((card) => card.dataset.card)")
        return found


@pytest.fixture(scope="module")
def opened(bare: Server, context: BrowserContext) -> Iterator[Callable[[str], Counted]]:
    """Open each page once for all tests of this file."""
    pages: dict[str, Counted] = {}

    def get(name: str) -> Counted:
        if name not in pages:
            pages[name] = Counted(context.new_page(), f"{bare.url}/{name}?role=analyst")
        pages[name].page.bring_to_front()
        return pages[name]

    yield get
    for counted in pages.values():
        counted.page.close()


Open = Callable[[str], Counted]


@pytest.mark.parametrize("page", ["overview", "workload"])
def test_a_click_draws_each_changed_chart_once_and_sends_few_bytes(opened: Open, page: str) -> None:
    counted = opened(page)
    work = counted.work()
    assert sorted(work["drawn"]) == sorted(set(work["drawn"])), "a chart was drawn twice for one click"
    # The accounts without a Center leave all filters aside, so their chart stays as it is.
    assert set(work["drawn"]) == set(counted.cards()) - {"unassigned"}
    assert len(work["drawn"]) == {"overview": 5, "workload": 8}[page]
    assert 10_000 < counted.bytes < MOST_BYTES[page]
    assert counted.seen.complaints == []


def test_no_node_of_a_chart_is_replaced(opened: Open) -> None:
    counted = opened("overview")
    nodes = "[...document.querySelectorAll('[data-card], [data-card] .js-plotly-plot')]"
    counted.page.evaluate(f"() => {nodes}.forEach((node) => {{ node.workMark = 'kept'; }})")
    counted.click()
    found = counted.page.evaluate(f"() => {nodes}.map((node) => node.workMark)")
    assert len(found) == 12
    assert set(found) == {"kept"}


@pytest.mark.parametrize("page", ["overview", "workload"])
def test_nothing_is_greyed_and_nothing_moves(opened: Open, page: str) -> None:
    # On Workload the finding takes two lines in one year and one in the other, and the alerts are many and few.
    counted = opened(page)
    for _ in YEARS:
        work = counted.work()
        assert work["grey"] == 0
        assert work["moved"] == []


def test_the_first_screen_is_marked_only_when_it_is_drawn(opened: Open) -> None:
    marks = opened("overview").work()["marks"]
    assert [mark[0] for mark in marks][-1] == "drawn"
    assert "first" in [mark[0] for mark in marks]
    for name, on_screen, dirty, waiting in marks:
        assert on_screen == 0
        if name == "drawn":
            assert (dirty, waiting) == (0, False)


def test_a_page_does_not_grow_over_many_clicks(opened: Open) -> None:
    counted = opened("workload")
    cdp = counted.page.context.new_cdp_session(counted.page)

    def held(clicks: int) -> dict[str, int]:
        """Click and count what the browser holds then: nodes, also those that were taken out of the page, and listeners."""
        for _ in range(clicks):
            counted.click()
        counted.page.wait_for_timeout(300)
        for _ in range(2):
            cdp.send("HeapProfiler.collectGarbage")
        found: dict[str, int] = cdp.send("Memory.getDOMCounters") | {"heap": int(cdp.send("Runtime.getHeapUsage")["usedSize"])}
        return found

    before, after = held(4), held(12)
    cdp.detach()
    assert after["nodes"] <= before["nodes"] + 5
    assert after["jsEventListeners"] <= before["jsEventListeners"] + 5
    # Streamlit's own page keeps 15 to 40 thousand bytes a click; one answer held for each click would be ten times as many.
    assert after["heap"] - before["heap"] < 2_000_000


def test_no_page_opens_a_file_of_facts(bare: Server, visit: Opener) -> None:
    # The other tests of this file open the other pages of the same server.
    page = visit(f"{bare.url}/compliance?role=analyst").page
    assert page.locator("[data-card]").count() > 2
    assert page.locator(".cl-problem").count() == 0


def test_what_is_kept_for_one_reader_is_not_sent_to_another(opened: Open, bare: Server, visit: Opener) -> None:
    """All ask what the analyst's page asked as it opened, and each answer says whose view it is; a working group has no such page."""
    role = "() => document.querySelector('.cl-plot').clCard.board.payload.stamp.role"
    analyst = opened("overview")
    seen = {"analyst": (analyst.page.evaluate(role), len(analyst.cards()))}
    for name in ("leadership", "director-ELE"):
        page = visit(f"{bare.url}/overview?{FIRST_YEAR}&role={name}").page
        seen[name] = (page.evaluate(role), page.locator("[data-card]").count())
    assert seen == {"analyst": ("Analyst", 6), "leadership": ("Leadership", 6), "director-ELE": ("Center director", 6)}


def test_the_kept_walk_of_plotly_says_what_plotly_says(opened: Open) -> None:
    wrong = opened("overview").page.evaluate(
        """() => {
          const quick = window.Plotly.PlotSchema.findArrayAttributes;
          const traces = [...document.querySelectorAll('.js-plotly-plot')].flatMap((node) => node._fullData);
          const same = (trace) => JSON.stringify(quick(trace)) === JSON.stringify(quick.clQuick(trace));
          return [traces.length, traces.filter((trace) => !same(trace)).length];
        }"""
    )
    assert wrong[0] > 10
    assert wrong[1] == 0


def test_charts_are_drawn_where_plotly_lets_nothing_be_replaced(bare: Server, context: BrowserContext) -> None:
    page = context.new_page()
    page.add_init_script(
        """Object.defineProperty(window, 'Plotly', { configurable: true, get() {}, set(plotly) {
          Object.freeze(plotly.PlotSchema);
          Object.defineProperty(window, 'Plotly', { value: plotly, writable: true });
        } });"""
    )
    page.goto(f"{bare.url}/feedback?role=analyst")
    page.locator(DRAWN).first.wait_for(timeout=30_000)
    assert page.evaluate(
        "() => [window.Plotly.PlotSchema.findArrayAttributes.clQuick, document.querySelector('.cl-board').dataset.failed]"
    ) == [None, None]
    assert page.locator(".js-plotly-plot .main-svg").count() > 0
    assert page.locator(".cl-problem").count() == 0
    page.close()
