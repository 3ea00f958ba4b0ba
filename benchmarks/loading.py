"""Loading and publishing: rows a second, against the plainest bulk insert of the same rows in the same run.

`python -m benchmarks.loading` prints the measures; `make bench` keeps them with the others.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine

from benchmarks.report import against, row
from data import database, demo, load, publish
from data.progress import Told
from data.settings import settings

LINES = 1_000_000

#: Entry summaries that have a little more lines than are wanted.
ENTRIES = 450_000

#: How often all is measured.
TURNS = 3

#: The ratio that is to be reached: load and publish against a plain insert.
REACH = 3.0


def seconds(run: Callable[[], object]) -> float:
    """Time one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def plain_insert(path: Path, extract: Path, create: str) -> float:
    """Insert a Parquet file's rows into a new SQLite file by the driver's own bulk call: no checks, no ledger, one transaction."""

    def run() -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(create)
        frame = pl.read_parquet(extract)
        marks = ", ".join("?" * frame.width)
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO {extract.stem} ({', '.join(frame.columns)}) VALUES ({marks})", frame.iter_rows())
        connection.execute("COMMIT")
        connection.close()

    return seconds(run)


def prepared(home: Path) -> tuple[Engine, Path, Path]:
    """A store that holds all but the lines, and the extracts of a million lines and their entries."""
    frames = demo.generate(ENTRIES, 2013)
    lines = frames["entry_line"].head(LINES)
    whole = frames["entry"].join(lines, on="entry_number", how="semi")
    sums = (
        lines.group_by("entry_number")
        .len()
        .join(whole.select("entry_number", "line_count"), on="entry_number")
        .filter(pl.col("len") == pl.col("line_count"))
    )
    lines, entries = (frame.join(sums, on="entry_number", how="semi") for frame in (lines, whole))
    paths = demo.write_extracts({name: frames[name] for name in ("account", "importer", "account_center")}, home / "before")
    extracts = demo.write_extracts({"entry": entries, "entry_line": lines}, home / "extracts")
    engine = database.engine(settings().url)
    load.load_files(paths, engine=engine)
    return engine, *extracts


def refresh_a_day(engine: Engine, home: Path, folder: Path) -> tuple[float, int]:
    """Load one more day of entries and publish; returns seconds and months built."""
    entry = pl.read_parquet(home / "extracts" / "entry.parquet")
    day = entry.filter(pl.col("entry_date") == entry["entry_date"].max())
    changed = day.with_columns(fees_usd=pl.col("fees_usd") + 1)
    paths = demo.write_extracts({"entry": changed}, folder)
    start = time.perf_counter()
    load.load_files(paths, engine=engine)
    built = publish.publish(engine=engine).built
    return time.perf_counter() - start, built


def once(home: Path) -> dict[str, float]:
    """Measure on a store of its own: seconds of each step, and counts of rows and months."""
    os.environ["CENTERLINE_HOME"] = str(home)
    settings.cache_clear()
    engine, entries, lines = prepared(home)
    create = {path.stem: _create(engine, path.stem) for path in (entries, lines)}

    def inserted(turn: int) -> dict[str, float]:
        return {path.stem: plain_insert(home / f"plain_{path.stem}_{turn}.sqlite", path, create[path.stem]) for path in (entries, lines)}

    before = inserted(1)
    found = {f"{path.stem}_rows": float(pl.scan_parquet(path).select(pl.len()).collect().item()) for path in (entries, lines)}
    for path in (entries, lines):
        found[f"{path.stem}_load"] = seconds(lambda path=path: load.load_files([path], engine=engine, progress=Told()))  # type: ignore[misc]
    found["publish"] = seconds(lambda: publish.publish(engine=engine, progress=Told()))
    # Before and after: a machine is not equally fast all the time.
    after = inserted(2)
    found |= {f"{name}_plain": (before[name] + after[name]) / 2 for name in before}
    found["day"], found["day_built"] = refresh_a_day(engine, home, home / "day")
    engine.dispose()
    return found


def measures() -> list[dict[str, Any]]:
    """Measure several times, each on a store of its own."""
    turns = []
    for _ in range(TURNS):
        with tempfile.TemporaryDirectory() as folder:
            turns.append(once(Path(folder)))
    of = {name: [turn[name] for turn in turns] for name in turns[0]}
    lines, entries = of["entry_line_rows"][0], of["entry_rows"][0]
    alone = [load + made for load, made in zip(of["entry_line_load"], of["publish"], strict=True)]
    both = [load + rest for load, rest in zip(of["entry_load"], alone, strict=True)]
    plain = [sum(pair) for pair in zip(of["entry_plain"], of["entry_line_plain"], strict=True)]
    return [
        row("load entry lines", of["entry_line_load"], "s", rows_a_second=round(lines / statistics.median(of["entry_line_load"]))),
        row("load entry summaries", of["entry_load"], "s", rows_a_second=round(entries / statistics.median(of["entry_load"]))),
        row("publish all months", of["publish"], "s", rows_a_second=round((lines + entries) / statistics.median(of["publish"]))),
        against(f"load and publish one more day ({of['day_built'][0]:.0f} months built)", of["day"], "publish all months", of["publish"]),
        against(f"load {lines:,.0f} lines and publish", alone, "plain insert of the lines", of["entry_line_plain"], REACH),
        against(f"load {lines + entries:,.0f} entries and lines and publish", both, "plain insert of both", plain, REACH),
    ]


def _create(engine: Engine, table: str) -> str:
    with engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one())


if __name__ == "__main__":
    for measured in measures():
        print(measured)
