"""The heavy stage alone, in a process of its own: rollups from the facts of all months, or what that is held against.

`python -m benchmarks.heavy build|floor|duckdb HOME` prints seconds of processor and clock, peak memory and a checksum. All
three read the same files and the same columns; `build` and `duckdb` write the same rollups.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl

from analytics.rollups import FAMILIES, Family, rollups_of
from data import parts
from data.engines import Polars

#: Families that are made from entries and their lines.
MADE = parts.FAMILIES_OF["entry"]

#: Fact -> columns that the build reads.
READ = {
    "entry": [
        "entry_date", "center_code", "industry_code", "program", "port_code", "entry_type_code", "mode_code", "fees_cents", "account_key",
        "line_count", "value_cents", "duty_cents", "liquidation_date", "liquidation_type", "extension_count", "suspended_date",
        "suspension_lifted_date",
    ],
    "entry_line": [
        "entry_date", "center_code", "industry_code", "program", "port_code", "entry_type_code", "mode_code", "value_cents", "duty_cents"
    ],
}  # fmt: skip


def months(home: Path) -> list[Path]:
    """List the parts of a published store that hold entries."""
    return sorted(path.parent for path in (home / "parts" / "entry").glob("*/facts"))


def files_of(part: Path) -> dict[str, Path]:
    """Name the files of a month's facts."""
    return {name: part / "facts" / f"{name}.parquet" for name in READ}


def build(part: Path, out: Path) -> None:
    """Make a month's rollups as a publish does."""
    files = files_of(part)
    facts = {name: pl.scan_parquet(path) for name, path in files.items()}
    parts.write_rollups(Polars().finest(parts.families_of("entry"), facts, files), out)


def floor(part: Path, out: Path) -> None:  # noqa: ARG001
    """Read the same columns and add them up: less than this cannot be done."""
    sums = [pl.scan_parquet(path).select(_added(name) for name in READ[fact]) for fact, path in files_of(part).items()]
    pl.collect_all(sums)


def _added(name: str) -> pl.Expr:
    """Add a column up; of words, their lengths."""
    column = pl.col(name)
    return (column.str.len_bytes() if name == "liquidation_type" else column).cast(pl.Int64).sum()


def in_duckdb(part: Path, out: Path) -> None:
    """Make the same rollups with DuckDB."""
    (out / "rollups").mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {pl.thread_pool_size()}")
        connection.execute("SET preserve_insertion_order = true")
        for name in MADE:
            *others, finest = rollups_of(FAMILIES[name])
            connection.execute(f"CREATE TABLE finest AS {_finest(FAMILIES[name], part)}")
            for rollup in (*others, finest):
                date = "date_trunc('month', date)::DATE AS date" if rollup.grain == "month" else "date"
                sums = ", ".join(f"sum({measure})::BIGINT AS {measure}" for measure in rollup.family.measures)
                group = ", ".join(rollup.group[1:])
                path = out / "rollups" / f"{rollup.name}.parquet"
                connection.execute(
                    f"COPY (SELECT {date}, {group}, {sums} FROM finest GROUP BY ALL ORDER BY ALL) TO '{path}' "
                    "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
                )
            connection.execute("DROP TABLE finest")


def _finest(family: Family, part: Path) -> str:
    """Write the query of a family's finest rollup."""
    group = ", ".join(rollups_of(family)[-1].group)
    entry, line = (f"(SELECT entry_date AS date, * FROM '{path}')" for path in files_of(part).values())
    if family.name == "accounts":
        return f"""
            SELECT date_trunc('month', date)::DATE AS date, {", ".join(rollups_of(family)[-1].group[1:])}, count(*) AS entries_count,
                   sum(line_count)::BIGINT AS lines_count, sum(value_cents)::BIGINT AS value_cents, sum(duty_cents)::BIGINT AS duty_cents
            FROM {entry} GROUP BY ALL"""
    if family.name == "liquidations":
        return _liquidations(", ".join(rollups_of(family)[-1].group[1:]), entry)
    if family.name == "participants":
        return f"SELECT {group}, count(*) AS entries_count FROM {entry} WHERE center_code <> 0 GROUP BY ALL"
    return f"""
        SELECT {group}, sum(entries)::BIGINT AS entries_count, sum(lines)::BIGINT AS lines_count, sum(value)::BIGINT AS value_cents,
               sum(duty)::BIGINT AS duty_cents, sum(fees)::BIGINT AS fees_cents
        FROM (
            SELECT {group}, count(*) AS entries, 0 AS lines, 0 AS value, 0 AS duty, sum(fees_cents)::BIGINT AS fees FROM {entry} GROUP BY ALL
            UNION ALL
            SELECT {group}, 0, count(*), sum(value_cents)::BIGINT, sum(duty_cents)::BIGINT, 0 FROM {line} GROUP BY ALL
        )
        GROUP BY ALL"""


def _liquidations(group: str, entry: str) -> str:
    """Write the query of what became of entries: each kind of event by its own day."""
    names = FAMILIES["liquidations"].measures
    ended = "coalesce(suspension_lifted_date, liquidation_date)"
    events = {
        "liquidation_date": ("1", "(liquidation_type = 'deemed')::INT", "(liquidation_type = 'change')::INT", "0", "0"),
        "CASE WHEN extension_count > 0 THEN entry_date END": ("0", "0", "0", "1", "0"),
        "suspended_date": ("0", "0", "0", "0", "1"),
        f"CASE WHEN suspended_date IS NOT NULL THEN {ended} END": ("0", "0", "0", "0", "-1"),
    }
    parts = [
        f"SELECT {day} AS date, {group}, {', '.join(f'{value} AS {name}' for value, name in zip(values, names, strict=True))} FROM {entry}"
        for day, values in events.items()
    ]
    sums = ", ".join(f"sum({name})::BIGINT AS {name}" for name in names)
    return f"SELECT date, {group}, {sums} FROM ({' UNION ALL '.join(parts)}) WHERE date IS NOT NULL GROUP BY ALL"


def checksum(out: Path) -> list[int]:
    """Add up rows and measures of all rollups, so that two ways of making them can be compared."""
    sums = [0, 0]
    for path in sorted(out.rglob("*.parquet")):
        frame = pl.read_parquet(path)
        measures = [name for name in frame.columns if name.endswith(("_count", "_cents", "_net"))]
        sums[0] += frame.height
        sums[1] += sum(int(frame[name].sum()) * (place + 1) for place, name in enumerate(measures))
    return sums


def peak_mb() -> float:
    """Return the most memory that this process has had; what `getrusage` says begins with the parent's."""
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def main(how: str, home: Path) -> None:
    """Run one way over all months and report."""
    run = {"build": build, "floor": floor, "duckdb": in_duckdb}[how]
    every, sums, used, clock = months(home), [0, 0], 0.0, 0.0
    for part in every:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            began, started = time.process_time(), time.perf_counter()
            run(part, out)
            used, clock = used + time.process_time() - began, clock + time.perf_counter() - started
            sums = [have + more for have, more in zip(sums, checksum(out), strict=True)]
    print(json.dumps({"cpu_s": used, "clock_s": clock, "peak_mb": peak_mb(), "checksum": sums, "months": len(every)}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
