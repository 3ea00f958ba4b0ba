"""Loading files: read, judge, write the good rows and quarantine the bad ones, one transaction a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, Engine, func, insert, select

from analytics.exc import DataError
from data import ace, database, files, layouts, validate
from data.contracts import REFERENCES, TABLES
from data.schema import LOAD, METADATA

Progress = Callable[[str], None]

#: The tables that every store begins with.
REFERENCE_TABLES: Final = ("center", "industry", "hts_heading", "port")


@dataclass(frozen=True)
class LoadResult:
    """What became of one file; `read` = `accepted` + `rejected`, and `unchanged` of the accepted were there already."""

    file: str
    table: str
    read: int
    accepted: int
    rejected: int
    unchanged: int
    notices: tuple[str, ...]
    already_loaded: bool = False


@dataclass(frozen=True)
class _File:
    """A file as read: its rows with numbers, and what is known of it."""

    path: Path
    sha256: str
    synthetic: bool
    table: str
    layout: str
    rows: pl.DataFrame


def load_files(paths: Iterable[Path], *, engine: Engine, table: str | None = None, progress: Progress | None = None) -> list[LoadResult]:
    """Load files or folders in the order that their references ask for.

    Each file is one transaction: it is loaded whole (bad rows quarantined) or changes nothing.

    Raises:
        DataError: a file cannot be used; the files before it stay loaded.
    """
    say = progress or (lambda _: None)
    seed_reference(engine)
    order = list(TABLES)
    found = sorted(files.expand(paths), key=lambda path: (order.index(path.stem) if path.stem in order else len(order), path.name))
    results = []
    for path in found:
        say(f"Loading {path.name}")
        results.append(load_file(path, engine, table))
    return results


def load_file(path: Path, engine: Engine, table: str | None = None) -> LoadResult:
    """Load one file."""
    started = _now()
    file = _opened(path, table)
    with engine.begin() as connection:
        known = connection.execute(select(LOAD.c.load_id).where(LOAD.c.sha256 == file.sha256, LOAD.c.table_name == file.table)).first()
        if known:
            return LoadResult(path.name, file.table, file.rows.height, 0, 0, 0, (f"This file was loaded before, as load {known[0]}.",), already_loaded=True)
        checked = _judged(connection, file)
        unchanged = _write(connection, file, checked.accepted)
        rejected = checked.rejected_rows
        result = LoadResult(path.name, file.table, checked.accepted.height + rejected, checked.accepted.height, rejected, unchanged, checked.notices)
        _record(connection, file, result, checked.rejects, started)
    return result


def seed_reference(engine: Engine) -> None:
    """Fill the reference tables that are empty with the project's own: Centers, industries, headings, ports."""
    from data import reference

    with engine.begin() as connection:
        for name in REFERENCE_TABLES:
            if connection.execute(select(func.count()).select_from(METADATA.tables[name])).scalar_one() == 0:
                database.bulk_insert(connection, name, reference.tables()[name])


def _opened(path: Path, table: str | None) -> _File:
    raw = files.read(path)
    facts = (path, files.sha256(path), files.is_synthetic(path))
    if path.suffix.lower() == ".parquet":
        heading_row = None
        named = raw
    else:
        heading_row = layouts.es003_heading_row(raw) if table is None else None
        named = files.with_headings(raw, heading_row or 0)
    rows = validate.numbered(named, first=(heading_row or 0) + 2)
    if heading_row is not None:
        return _File(*facts, "entry", "ES-003", rows)
    chosen = layouts.table_for(path, named.columns, table)
    return _File(*facts, chosen, "table", rows)


def _judged(connection: Connection, file: _File) -> validate.Checked:
    kind = "es003" if file.layout == "ES-003" else file.table
    known = {target: _column(connection, *target) for (source, _), target in REFERENCES.items() if source == kind}
    if kind == "es003":
        return ace.judged(file.rows, known, database.read_keys(connection, "hts_heading", TABLES["hts_heading"].column_names()))
    return validate.check(kind, file.rows, known)


def _column(connection: Connection, table: str, column: str) -> pl.Series:
    return database.read_keys(connection, table, [column])[column]


def _write(connection: Connection, file: _File, accepted: pl.DataFrame) -> int:
    """Write the accepted rows; return how many of them were there already, unchanged."""
    if file.layout != "ES-003":
        return upsert(connection, file.table, accepted.drop(validate.ROW))
    made = ace.tables(accepted, _held(connection, accepted))
    unchanged = {name: upsert(connection, name, _conformed(name, frame)) for name, frame in made.items()}
    return accepted.height if unchanged["entry_line"] == made["entry_line"].height and unchanged["entry"] == made["entry"].height else 0


def _held(connection: Connection, accepted: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    whole = ("hts_heading", "center", "importer", "account_center", "entry_line")
    tables = {name: database.read_keys(connection, name, TABLES[name].column_names()) for name in whole}
    return tables | {"entry_line": tables["entry_line"].join(accepted.select("entry_number").unique(), on="entry_number", how="semi")}


def _conformed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(column).cast(kind.dtype) for column, kind in TABLES[name].columns().items())


def upsert(connection: Connection, name: str, frame: pl.DataFrame) -> int:
    """Insert rows whose key is new, replace those whose values differ, leave the rest; return how many were left."""
    held = connection.execute(select(func.count()).select_from(METADATA.tables[name])).scalar_one()
    if not held:
        database.bulk_insert(connection, name, frame)
        return 0
    current = database.read_keys(connection, name, frame.columns)
    keys = TABLES[name].primary_key()
    same = frame.join(current, on=frame.columns, how="semi", nulls_equal=True)
    changed = frame.join(same, on=keys, how="anti")
    database.replace_rows(connection, name, changed)
    return same.height


def _record(connection: Connection, file: _File, result: LoadResult, rejects: pl.DataFrame, started: dt.datetime) -> None:
    number = (connection.execute(select(func.max(LOAD.c.load_id))).scalar() or 0) + 1
    ledger: dict[str, Any] = {
        "load_id": number,
        "file_name": result.file,
        "sha256": file.sha256,
        "byte_count": file.path.stat().st_size,
        "table_name": result.table,
        "layout": file.layout,
        "synthetic": file.synthetic,
        "read_count": result.read,
        "accepted_count": result.accepted,
        "rejected_count": result.rejected,
        "unchanged_count": result.unchanged,
        "started_at": started,
        "finished_at": _now(),
    }
    if result.read != file.rows.height and file.layout != "ES-003":
        raise DataError(f"{result.file}: {file.rows.height} rows were read and {result.read} accounted for; nothing was changed. Report this.")
    connection.execute(insert(LOAD).values(**ledger))
    database.bulk_insert(connection, "reject", rejects.select(pl.lit(number).alias("load_id"), *rejects.columns))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)


