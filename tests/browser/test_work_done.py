"""What a filter click makes the browser do, counted and not timed: charts redrawn, nodes kept, bytes sent, nothing moved or greyed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Opener, Server, Visit

pytestmark = pytest.mark.browser

#: Bytes that a rerun of Overview may send; with two parts, their code and the outline of the land it is about 180,000.
MOST_BYTES = 260_000

#: In the page: count drawings by card, what was greyed, and what moved without being asked to.
COUNT = """
() => {
  const work = (window.cardWork = { drawn: [], grey: 0, shift: 0 });
  const plotly = window.Plotly;
  if (!plotly.counted) {
    plotly.counted = true;
    for (const name of ['react', 'newPlot', 'relayout']) {
      const plain = plotly[name];
      plotly[name] = (node, ...rest) => {
        window.cardWork.drawn.push(node.closest('[data-card]').dataset.card);
        return plain(node, ...rest);
      };
    }
    const look = () => {
      const board = document.querySelector('.cl-board');
      for (let node = board; node; node = node.parentElement) if (getComputedStyle(node).opacity !== '1') window.cardWork.grey += 1;
      requestAnimationFrame(look);
    };
    look();
    // A click excuses what moves within half a second; here it does not.
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.sources.some((s) => s.node?.parentElement?.closest('.cl-board'))) window.cardWork.shift += entry.value;
    }).observe({ type: 'layout-shift' });
  }
  document.querySelectorAll('[data-card] .js-plotly-plot, [data-card], [data-metric]').forEach((node) => { node.workMark = 'kept'; });
}
"""


def choose(seen: Visit, name: str) -> dict[str, Any]:
    """Choose a period and return what the browser did for it."""
    seen.page.evaluate(COUNT)
    before = seen.page.evaluate("() => document.querySelector('[data-hash]').dataset.hash")
    seen.page.locator(".st-key-filter_period input, .st-key-filter_period [role=combobox]").first.click()
    seen.page.get_by_role("option", name=name).first.click()
    seen.page.wait_for_function(f"() => document.querySelector('[data-hash]').dataset.hash !== '{before}'")
    seen.settle()
    seen.page.wait_for_timeout(150)
    work: dict[str, Any] = seen.page.evaluate("() => window.cardWork")
    return work


def cards(page: Page) -> list[str]:
    found: list[str] = page.evaluate("() => [...document.querySelectorAll('[data-card]')].map((card) => card.dataset.card)")
    return found


@pytest.mark.parametrize("page", ["overview", "workload"])
def test_each_changed_chart_is_drawn_once_and_an_unchanged_one_not_at_all(server: Server, visit: Opener, page: str) -> None:
    seen = visit(f"{server.url}/{page}?role=analyst")
    work = choose(seen, "Fiscal year 2012")
    assert sorted(work["drawn"]) == sorted(set(work["drawn"])), "a chart was drawn twice for one click"
    assert set(work["drawn"]) <= set(cards(seen.page))
    if page == "overview":
        # This card leaves all filters aside.
        assert "unassigned" in cards(seen.page)
        assert "unassigned" not in work["drawn"]
        assert len(work["drawn"]) == 5
    else:
        assert len(work["drawn"]) == 6


def test_no_node_of_a_chart_is_replaced(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/overview?role=analyst")
    choose(seen, "Fiscal year 2012")
    lost = seen.page.evaluate(
        "() => [...document.querySelectorAll('[data-card] .js-plotly-plot, [data-card]')].filter((node) => node.workMark !== 'kept').length"
    )
    assert lost == 0


def test_nothing_is_greyed_and_nothing_moves(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/overview?role=analyst")
    choose(seen, "Fiscal year 2012")
    work = choose(seen, "Fiscal year 2013")
    assert work["grey"] == 0
    # Words of another length move their neighbours by a few pixels; a chart or card that jumped would score a hundred times this.
    assert work["shift"] < 0.001


def test_a_rerun_sends_few_bytes(server: Server, visit: Opener) -> None:
    sizes: list[int] = []

    def listen(socket: Any) -> None:
        socket.on("framereceived", lambda data: sizes.append(len(data)))

    seen = visit(f"{server.url}/overview?role=analyst")
    seen.page.on("websocket", listen)
    seen.page.reload()
    seen.settle()
    sizes.clear()
    choose(seen, "Fiscal year 2011")
    assert 10_000 < sum(sizes) < MOST_BYTES


def test_the_first_screen_is_marked_only_when_it_is_drawn(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/overview?role=analyst")
    seen.page.evaluate(
        """() => {
          window.marks = [];
          const root = document.querySelector('[data-hash]');
          new MutationObserver((changes) => changes.forEach((change) => {
            const name = change.attributeName.slice(5);
            const dirty = [...document.querySelectorAll('[data-card]')].filter((card) => card.querySelector('.cl-plot')?.clCard.dirty);
            const onScreen = dirty.filter((card) => card.getBoundingClientRect().top < innerHeight).length;
            if (root.dataset[name] === root.dataset.hash) window.marks.push([name, onScreen, dirty.length, root.dataset.hash.endsWith('.waiting')]);
          })).observe(root, { attributeFilter: ['data-first', 'data-drawn'] });
        }"""
    )
    choose(seen, "Fiscal year 2012")
    marks = seen.page.evaluate("() => window.marks")
    assert [mark[0] for mark in marks][-1] == "drawn"
    assert "first" in [mark[0] for mark in marks]
    for name, on_screen, dirty, waiting in marks:
        assert on_screen == 0
        if name == "drawn":
            assert (dirty, waiting) == (0, False)


def test_a_page_does_not_grow_over_a_hundred_clicks(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/workload?role=analyst")

    def weight() -> tuple[int, float]:
        seen.page.wait_for_timeout(300)
        cdp = seen.page.context.new_cdp_session(seen.page)
        cdp.send("HeapProfiler.collectGarbage")
        heap = cdp.send("Runtime.getHeapUsage")["usedSize"] / 1e6
        cdp.detach()
        return seen.page.evaluate("() => document.querySelectorAll('*').length"), heap

    def click(times: int) -> None:
        for turn in range(times):
            before = seen.page.evaluate("() => document.querySelector('[data-hash]').dataset.hash")
            seen.page.locator(".st-key-filter_period input, .st-key-filter_period [role=combobox]").first.click()
            seen.page.get_by_role("option", name=("Fiscal year 2012", "Fiscal year 2013")[turn % 2]).first.click()
            seen.page.wait_for_function(f"() => document.querySelector('[data-hash]').dataset.hash !== '{before}'")
            seen.settle()

    click(20)
    nodes, heap = weight()
    click(100)
    nodes_after, heap_after = weight()
    assert abs(nodes_after - nodes) <= 20
    assert heap_after < heap * 1.15 + 1


def test_the_kept_walk_of_plotly_says_what_plotly_says(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/overview?role=analyst")
    wrong = seen.page.evaluate(
        """() => {
          const quick = window.Plotly.PlotSchema.findArrayAttributes;
          const traces = [...document.querySelectorAll('.js-plotly-plot')].flatMap((node) => node._fullData);
          const same = (trace) => JSON.stringify(quick(trace)) === JSON.stringify(quick.clQuick(trace));
          return [traces.length, traces.filter((trace) => !same(trace)).length];
        }"""
    )
    assert wrong[0] > 10
    assert wrong[1] == 0
