"""A director's pages in headless Chromium: from a filter's click to the last chart drawn, beside the page of one small chart in the same run.

Each page is open for one Center, as its director has it. Where a page has no period, a work type is chosen, then all filters are cleared. The list of the
Work list is Streamlit's own table; its time is that of the page's key figures.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import pages, report
from data import build
from data.progress import Silent
from data.settings import settings

_CENTER = "role=director-ELE&center=ELE"
_BY_PERIOD = ("Workload", "Flow", "Accounts", "Routing", "Service", "People", "Compliance")
_BY_WORK = ("Work list", "Forecast")


def desk() -> tuple[pages.App, ...]:
    """Return the pages; one server serves all."""
    opener, clear = ".st-key-filter_work_type input", ".st-key-clear_filters button"
    return (
        *(pages.App(f"{name}, one Center", (), f"/{name.lower()}?{_CENTER}") for name in _BY_PERIOD),
        *(
            pages.App(f"{name}, one Center", (), f"/{name.lower().replace(' ', '_')}?{_CENTER}", opener, (), ("Protest", ""), clear)
            for name in _BY_WORK
        ),
    )


def measures(rounds: int = 24) -> list[dict[str, Any]]:
    """Measure over a demonstration of its own."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS
    from tests.chromium import found

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        os.environ["CENTERLINE_HOME"] = str(Path(folder) / "home")
        settings.cache_clear()
        build.demonstration(entries=pages.ENTRIES, progress=Silent(lambda _: None))
        product, _ = stack.enter_context(pages.served(pages.WORKLOAD))
        small = {app.name: stack.enter_context(pages.served(app))[0] for app in (pages.BOARD, pages.PLOTLY)}
        urls = {app.name: product for app in desk()} | small
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found(), args=FLAGS)
            times = pages.clicks(browser, urls, rounds, (pages.BOARD, pages.PLOTLY, *desk()))
            browser.close()
    return rows(times)


def rows(times: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Hold each page against the quicker page of one small chart; the time to its first screen stands beside it."""
    small = (pages.BOARD.name, pages.PLOTLY.name)
    base = min(small, key=lambda name: statistics.median(times[name]))
    whole = [name for name in times if name not in small and not name.endswith("first screen")]
    found = [report.row(name, times[name], "ms") for name in times if name not in whole]
    return found + [
        report.against(name, times[name], base, times[base], reach, "ms", at=at)
        for name in whole
        for at, reach in (("p50", 1.8), ("p95", 2.0))
    ]
