"""From a filter's click to the last chart drawn, in headless Chromium: the product against a page that does nothing, Dash and the naive way.

`make bench` measures with all else in an environment of its own (`var/bench`), because Dash brings a pytest plugin that this
project's pytest does not take; there, `python -m benchmarks pages` measures this part only. All apps are served over the same demonstration
and clicked in turn within one run, so that a busy machine slows all of them alike. The clock runs in the page: from the
click on the option to the first animation frame that finds every chart of the new filter drawn. Streamlit's cache of
messages is off in all apps, so that a filter that was seen before is sent anew.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from benchmarks import report, sessions
from data import build
from data.progress import Silent
from data.settings import settings
from data.store import Snapshot

ROOT = Path(__file__).parents[1]
ENTRIES = 24_000

#: In the page: `pageClick` holds when an option was clicked and when all was drawn (and the first screen, where it is marked).
CLOCK = """
window.addEventListener('click', (event) => {
  const option = event.target.closest('[role=option], .dash-dropdown-option, .dash-options-list-option, .st-key-clear_filters button');
  if (!option) return;
  const word = option.innerText.trim();
  const board = () => document.querySelector('[data-hash]');
  const click = (window.pageClick = { start: performance.now(), before: board()?.dataset.hash });
  const look = () => {
    const now = performance.now() - click.start;
    const root = board();
    if (root) {
      const { hash, first, drawn } = root.dataset;
      if (hash !== click.before && first === hash && !click.first) click.first = now;
      if (hash !== click.before && drawn === hash) { click.first ??= now; click.drawn = now; return; }
    } else {
      const charts = [...document.querySelectorAll('.js-plotly-plot')];
      if (charts.length && charts.every((chart) => chart.layout?.meta === word && !chart.closest('[data-stale=true]'))) { click.drawn = now; return; }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}, true);
"""


@dataclass(frozen=True)
class App:
    """An app of the benchmark: its name, command (`{port}` is put in), address and how its filter opens."""

    name: str
    command: tuple[str, ...]
    path: str = "/"
    opener: str = ".st-key-filter_period input, .st-key-filter_period [role=combobox]"
    environment: tuple[tuple[str, str], ...] = ()
    choices: tuple[str, str] = ("Fiscal year 2012", "Fiscal year 2013")
    #: The button that takes the first choice back, where a filter holds several and the second choice would only be added.
    clear: str = ""


def streamlit(name: str, script: str, path: str = "/", **environment: str) -> App:
    """An app that Streamlit serves."""
    command = ("-m", "streamlit", "run", script, "--server.port", "{port}", "--global.minCachedMessageSize", "1000000000")
    return App(name, command, path, environment=tuple(environment.items()))


BOARD = streamlit("(a) one small chart on the board", "benchmarks/apps/small.py", WAY="board")
PLOTLY = streamlit("(a) one small st.plotly_chart", "benchmarks/apps/small.py", WAY="plotly")
EIGHT = streamlit("(b) the product, eight charts", "benchmarks/apps/eight.py")
SEEN = streamlit("(b) the product, eight charts, filter seen before", "benchmarks/apps/eight.py", KEEP="1")
OVERVIEW = streamlit("Overview", "app.py", "/overview?role=analyst")
WORKLOAD = streamlit("Workload", "app.py", "/workload?role=analyst")
DASH = App("(c) Dash with Polars", ("-m", "benchmarks.apps.dash_app", "{port}"), opener="#period")
NAIVE = streamlit("(d) st.plotly_chart, Plotly Express, SQL and pandas", "benchmarks/apps/naive.py")
APPS = (BOARD, PLOTLY, EIGHT, SEEN, OVERVIEW, WORKLOAD, DASH, NAIVE)


@contextmanager
def served(app: App) -> Iterator[tuple[str, int]]:
    """Serve an app; gives its address and the process."""
    from tests.browser.conftest import free_port, wait_for

    port = free_port()
    command = [sys.executable, *(part.format(port=port) for part in app.command)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **dict(app.environment)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def write_plain(folder: Path) -> None:
    """Write the facts of the version in force as Parquet and SQLite, for the plain apps."""
    folder.mkdir()
    snapshot = Snapshot(Scope("analyst"))
    tables = {name: snapshot.rows(name, pl.lit(value=True), 10_000_000) for name in ("entry", "entry_line", "stay")}
    tables["port"] = snapshot.dimension("port").select("port_code", port="port_name", longitude="longitude", latitude="latitude")
    connection = sqlite3.connect(folder / "plain.sqlite")
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
        text = frame.with_columns(pl.col(pl.Date).cast(pl.String), pl.col(pl.Categorical, pl.Enum).cast(pl.String))
        connection.execute(f"CREATE TABLE {name} ({', '.join(text.columns)})")
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * text.width)})", text.iter_rows())
    connection.commit()
    connection.close()


def check_equal() -> int:
    """Compare the numbers of product, Dash app and naive app; returns how many were compared.

    Raises:
        AssertionError: two of them differ.
    """
    from benchmarks.apps import plain, polars_plain, sql_plain
    from ui.cards import volume, workload
    from ui.frame import View

    snapshot = Snapshot(Scope("analyst"))
    compared = 0
    for year in plain.YEARS.values():
        view = View(snapshot, Filters(*plain.span(year)))
        metrics = {name: METRICS[name].answer(view.frames, view.filters, view.as_of, ())["value"][0] for name in plain.FIGURES}
        cards = {
            "backlog_centers": (workload.backlog_by_center(view), "share"),
            "ports": (volume.port_map(view, snapshot.dimension("port")), "value"),
            "center_share": (volume.share_by_center(view), "value"),
            "industries": (volume.by_industry(view), "value"),
            "flow": (workload.flow(view), "receipts"),
            "ages": (workload.ages(view), "reviews_count"),
            "due": (workload.due(view), "reviews_count"),
            "pending_center": (workload.pending_by(view, "center"), "value"),
        }
        names = {"ages": "count", "due": "count"}
        for numbers, tables in (polars_plain.answer(year), sql_plain.answer(year)):
            for name, value in metrics.items():
                assert abs(numbers[name] - float(value)) <= 1e-6 * max(1, abs(value)), (year, name, numbers[name], value)
            for name, (card, column) in cards.items():
                ours = sorted((float(v) for v in card.table[column].to_list() if v), reverse=True)
                theirs = sorted((float(v) for v in list(tables[name][names.get(name, column)]) if v), reverse=True)
                ours = ours[: len(theirs)] if name == "industries" else ours
                near = len(ours) == len(theirs) and all(abs(a - b) <= 1e-6 * max(1, abs(a)) for a, b in zip(ours, theirs, strict=True))
                assert near, (year, name, ours[:6], theirs[:6], len(ours), len(theirs))
                compared += len(ours)
            compared += len(metrics)
    return compared


class Tab:
    """An open page of an app."""

    def __init__(self, browser: Any, app: App, url: str) -> None:
        self.app, self.turn = app, 0
        self.page = browser.new_page(viewport={"width": 1440, "height": 900})
        self.page.add_init_script(CLOCK)
        self.page.goto(url + app.path)
        self.page.locator(".js-plotly-plot, [data-drawn]").first.wait_for(timeout=60_000)
        self.page.wait_for_timeout(1500)

    def click(self) -> dict[str, float]:
        """Choose the other year; returns milliseconds to the first screen (where marked) and to the last chart."""
        word = self.app.choices[self.turn % 2]
        self.page.bring_to_front()
        if self.app.clear and self.turn % 2:
            option = self.page.locator(self.app.clear)
        else:
            self.page.locator(self.app.opener).first.click()
            option = self.page.get_by_role("option", name=word).first
        self.turn += 1
        option.wait_for()
        self.page.wait_for_timeout(120)
        option.click(force=True)  # an option that still glides into place takes a click as well
        self.page.wait_for_function("() => window.pageClick?.drawn", timeout=600_000)
        found: dict[str, float] = self.page.evaluate("() => window.pageClick")
        self.page.wait_for_timeout(120)
        return found

    def weight(self) -> dict[str, int]:
        """Count what the page holds, after a garbage collection."""
        cdp = self.page.context.new_cdp_session(self.page)
        cdp.send("HeapProfiler.collectGarbage")
        nodes = self.page.evaluate("() => document.querySelectorAll('*').length")
        heap = cdp.send("Runtime.getHeapUsage")["usedSize"]
        cdp.detach()
        return {"nodes": nodes, "heap": int(heap)}


def ratios(times: dict[str, list[float]]) -> list[dict[str, Any]]:
    """All results of the clicks."""
    rows = [report.row(name, found, "ms") for name, found in times.items()]
    base = min((BOARD.name, PLOTLY.name), key=lambda name: statistics.median(times[name]))
    full = EIGHT.name
    for name in (full, f"{full}, first screen", SEEN.name, f"{SEEN.name}, first screen"):
        rows += [report.against(name, times[name], base, times[base], reach, "ms", at=at) for at, reach in (("p50", 1.8), ("p95", 2.0))]
    for name, reach in ((DASH.name, 2.5), (NAIVE.name, 5.0)):
        rows += [report.faster(full, times[full], name, times[name], reach, at=at) for at in ("p50", "p95")]
    return rows


def clicks(browser: Any, urls: dict[str, str], rounds: int, apps: Sequence[App] = APPS) -> dict[str, list[float]]:
    """Click all apps in turn; the first two rounds warm up."""
    tabs = [Tab(browser, app, urls[app.name]) for app in apps]
    times: dict[str, list[float]] = {}
    for turn in range(rounds + 2):
        for tab in tabs:
            found = tab.click()
            if turn < 2:
                continue
            times.setdefault(tab.app.name, []).append(found["drawn"])
            if "first" in found and tab.app is not BOARD:
                times.setdefault(f"{tab.app.name}, first screen", []).append(found["first"])
    for tab in tabs:
        tab.page.close()
    return times


def grown(browser: Any, app: App, url: str, warm: int = 50, count: int = 100) -> tuple[dict[str, int], dict[str, int]]:
    """Weigh a page after some clicks, and after many more."""
    tab = Tab(browser, app, url)
    for _ in range(warm):
        tab.click()
    before = tab.weight()
    for _ in range(count):
        tab.click()
    after = tab.weight()
    tab.page.close()
    return before, after


def memory_of_page(browser: Any, urls: dict[str, str]) -> list[dict[str, Any]]:
    """See whether the page grows over many clicks, and whether one of Streamlit's own does."""
    rows = []
    for app in (EIGHT, PLOTLY):
        before, after = grown(browser, app, urls[app.name])
        ratio = round(after["heap"] / before["heap"], 3)
        more = {"against": f"itself 100 clicks before: {before['heap'] / 1e6:.1f} MB, {before['nodes']} nodes", "ratio": ratio}
        reach = {"reach": "at most 1.05", "met": ratio <= 1.05} if app is EIGHT else {}
        words = f"memory of the page in the browser after 150 clicks, {after['nodes']} nodes: {app.name}"
        rows.append(report.row(words, [after["heap"] / 1e6], "MB", **more, **reach))
    return rows


def ready() -> bool:
    """Say whether the packages of the peers are there; a sentence tells how to get them."""
    missing = [name for name in ("dash", "pandas", "playwright") if find_spec(name) is None]
    if missing:
        print(f"Pages are not measured: {', '.join(missing)} is not installed here; make bench installs and measures all.")
    return not missing


def measures(rounds: int = 24, people: int = 20) -> list[dict[str, Any]]:
    """Measure over a demonstration of its own."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS
    from tests.chromium import found

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        os.environ["CENTERLINE_HOME"] = folder
        settings.cache_clear()
        build.demonstration(entries=ENTRIES, progress=Silent(lambda _: None))
        write_plain(Path(folder) / "plain")
        compared = check_equal()
        print(f"{compared} numbers of the product, the Dash app and the naive app are equal", flush=True)
        urls = {app.name: stack.enter_context(served(app)) for app in APPS}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found(), args=FLAGS)
            rows = ratios(clicks(browser, {name: url for name, (url, _) in urls.items()}, rounds))
            for row in rows:
                print(row, flush=True)
            rows += memory_of_page(browser, {name: url for name, (url, _) in urls.items()})
            browser.close()
        with served(OVERVIEW) as (url, process):
            rows += sessions.measures(url, process, people)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--people", type=int, default=20)
    chosen = parser.parse_args()
    if not ready():
        raise SystemExit(2)
    measures(chosen.rounds, chosen.people)
