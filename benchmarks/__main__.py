"""`make bench`: how long the build, the questions of each page and a click take on this machine.

Prints a table and writes `benchmarks/results/latest.json`; nothing is asserted, the numbers are for reading. `--pages` clicks
the product against its peers as well (`benchmarks.pages`), which needs the packages of requirements-bench.txt.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from benchmarks import loading, pages
from data import build
from data.progress import Told
from data.store import Snapshot

RESULTS = Path(__file__).parent / "results" / "latest.json"
PAGES = {
    "overview": ("entry_summaries", "import_value_usd", "center_value_share", "backlog", "compliance_rate_major"),
    "workload": ("pending", "backlog", "past_due", "clearance_rate", "days_of_work", "oldest_days", "time_to_complete_days"),
    "compliance": (
        "compliance_rate_major",
        "compliance_rate_letter",
        "revenue_collected_share",
        "net_revenue_gap_usd",
        "targeted_yield_share",
    ),
    "feedback": (
        "feedback_received",
        "feedback_open",
        "feedback_first_response_days",
        "feedback_implemented_share",
        "inquiries_on_time_share",
    ),
}


def timed(run: Callable[[], object], n: int) -> list[float]:
    """Return the milliseconds of `n` runs."""
    times = []
    for _ in range(n):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return times


def measure(name: str, times: list[float], unit: str = "ms") -> dict[str, Any]:
    """Summarise times."""
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {"measure": name, "n": len(times), "p50": round(statistics.median(times), 1), "p95": round(p95, 1), "unit": unit}


def click(browser: Any, url: str, n: int) -> list[float]:
    """Measure from a filter's click to the last chart drawn, over one Center after the other."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{url}/overview?role=analyst")
    drawn = "() => { const b = document.querySelector('[data-hash]'); return b && b.dataset.hash === b.dataset.drawn }"
    page.wait_for_function(drawn)
    times = []
    for turn in range(n):
        page.locator(".st-key-filter_period input, .st-key-filter_period [role=combobox]").first.click()
        option = page.get_by_role("option", name=("Fiscal year 2012", "Fiscal year 2013")[turn % 2])
        before = page.evaluate("() => document.querySelector('[data-hash]').dataset.hash")
        start = time.perf_counter()
        option.click()
        page.wait_for_function(
            f"() => {{ const b = document.querySelector('[data-hash]'); return b.dataset.hash !== '{before}' && b.dataset.hash === b.dataset.drawn }}"
        )
        times.append((time.perf_counter() - start) * 1000)
    page.close()
    return times


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", action="store_true", help="click the product against Dash and the naive way as well")
    chosen = parser.parse_args()
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS, serving
    from tests.chromium import found

    with tempfile.TemporaryDirectory() as home:
        os.environ["CENTERLINE_HOME"] = home
        start = time.perf_counter()
        build.demonstration(progress=Told())
        rows = [measure("whole build of the demonstration", [time.perf_counter() - start], "s")]
        snapshot = Snapshot(Scope("analyst"))
        period = Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))
        settings = {
            "no filter": period,
            "one Center": period.keeping("center", ("ELE",)),
            "three ports": period.keeping("port", ("2704", "4601", "2304")),
        }
        for page, ids in PAGES.items():
            for words, filters in settings.items():

                def ask(ids: tuple[str, ...] = ids, filters: Filters = filters) -> None:
                    for metric_id in ids:
                        metric = METRICS[metric_id]
                        metric.answer(snapshot.frames, filters.only(metric.dimensions), snapshot.as_of, ())

                ask()
                rows.append(measure(f"key figures of {page}, {words}", timed(ask, 20)))
        with serving(Path(home), Path(home) / "log.txt") as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found(), args=FLAGS)
            rows.append(measure("overview, filter click to last chart", click(browser, server.url, 20)))
            browser.close()
    rows += loading.measures()
    if chosen.pages:
        rows += pages.measures() if pages.ready() else []
    RESULTS.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "polars": pl.__version__, "cores": os.cpu_count(), "machine": platform.machine()}
    RESULTS.write_text(json.dumps({"machine": machine, "results": rows}, indent=1) + "\n")
    with pl.Config(tbl_rows=-1, fmt_str_lengths=80, tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True):
        print(pl.DataFrame(rows))


if __name__ == "__main__":
    main()
