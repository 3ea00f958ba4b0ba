"""Loading files: read, judge, write the good rows and quarantine the bad ones, one transaction a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, Engine, bindparam, func, insert, select

from analytics.exc import DataError
from data import ace, database, files, layouts, rules, validate
from data.contracts import TABLES
from data.schema import LOAD

Progress = Callable[[str], None]

#: The tables that every store begins with.
REFERENCE_TABLES: Final = ("center", "industry", "hts_heading", "port")

#: The layout of an ACE Reports export; other files have the layout of their table.
ES003: Final = "ES-003"

#: The last load of the same bytes into the same table.
_EARLIER: Final = (
    select(LOAD.c.load_id, LOAD.c.rejected_count)
    .where(LOAD.c.sha256 == bindparam("sha256"), LOAD.c.table_name == bindparam("table"))
    .order_by(LOAD.c.load_id.desc())
)


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


class StoppedError(DataError):
    """A file cannot be used; `results` tells of the files before it, which stay loaded."""

    def __init__(self, message: str, results: Sequence[LoadResult]) -> None:
        super().__init__(message)
        self.results = tuple(results)


@dataclass(frozen=True)
class _File:
    """A file as read: its rows with numbers, and what is known of it."""

    path: Path
    table: str
    layout: str
    raw: files.Raw


def load_files(paths: Iterable[Path], *, engine: Engine, table: str | None = None, progress: Progress | None = None) -> list[LoadResult]:
    """Load files or folders in the order that their references ask for.

    Each file is one transaction: it is loaded whole (bad rows quarantined) or changes nothing.

    Raises:
        StoppedError: a file cannot be used; the files before it stay loaded.
    """
    say = progress or (lambda _: None)
    seed_reference(engine)
    results: list[LoadResult] = []
    found = files.expand(map(Path, paths))
    for path in found if len(found) == 1 else sorted(found, key=lambda path: _order(path, table)):
        say(f"Loading {path.name}")
        try:
            results.append(load_file(path, engine, table))
        except DataError as error:
            raise StoppedError(str(error), results) from error
    return results


def load_file(path: Path, engine: Engine, table: str | None = None) -> LoadResult:
    """Load one file.

    Raises:
        DataError: it cannot be used; nothing was changed.
    """
    started = _now()
    file = _opened(path, table)
    sha256 = files.sha256(path)
    with database.writing(engine) as connection:
        earlier = connection.execute(_EARLIER, {"sha256": sha256, "table": file.table}).first()
        checked = _judged(connection, file)
        unchanged = _write(connection, file, checked.accepted)
        result = _result(file, checked, unchanged)
        if earlier and unchanged == result.accepted and result.rejected == earlier.rejected_count:
            return replace(result, notices=(f"This file was loaded before, as load {earlier.load_id}.",), already_loaded=True)
        _record(connection, file, sha256, result, checked.rejects, started)
    return result


def seed_reference(engine: Engine) -> None:
    """Fill the reference tables that are empty with the project's own: Centers, industries, headings, ports."""
    from data import reference

    with database.writing(engine) as connection:
        for name in REFERENCE_TABLES:
            if not database.is_filled(connection, name):
                database.bulk_insert(connection, name, reference.tables()[name])


def _order(path: Path, table: str | None) -> tuple[int, str]:
    """Place a file after those that its rows point to; reports and files that say nothing come last."""
    try:
        file_table = layouts.table_for(path, files.column_names(path, layouts.heading_row), table)
    except DataError:
        return len(TABLES), path.name
    return list(TABLES).index(file_table), path.name


def _opened(path: Path, table: str | None) -> _File:
    raw = files.read(path, layouts.heading_row)
    columns = [name for name in raw.rows.columns if name != validate.ROW]
    if table is None and layouts.is_es003(columns):
        return _File(path, "entry", ES003, raw)
    return _File(path, layouts.table_for(path, columns, table), "table", raw)


def _judged(connection: Connection, file: _File) -> validate.Checked:
    """Judge the rows, and put those of another width than the headings beside the bad ones."""

    def known(table: str, column: str, values: pl.Series) -> pl.Series:
        return database.existing(connection, table, column, values)

    if file.layout == ES003:
        checked = ace.judged(file.raw.rows, known, database.read_whole(connection, "hts_heading"))
    else:
        checked = validate.check(file.table, file.raw.rows, known)
    rejects = pl.concat([checked.rejects, _misfits(file.raw.misfits)]).sort("row_number", "rule")
    return replace(checked, rejects=rejects, notices=file.raw.notices + checked.notices)


def _misfits(rows: Sequence[files.Misfit]) -> pl.DataFrame:
    """Make the quarantine records of rows that have too many or too few values."""
    records = [
        (row.row, "fields", "", row.text[:200], rules.FIELDS_HELP.format(values=row.values, wanted=row.wanted)) for row in rows
    ]  # fmt: skip
    return pl.DataFrame(records, schema=validate.REJECT_SCHEMA, orient="row")


def _result(file: _File, checked: validate.Checked, unchanged: int) -> LoadResult:
    """Count what became of the rows, and make sure that none is unaccounted for."""
    read = file.raw.rows.height + len(file.raw.misfits)
    accepted, rejected = checked.accepted.height, checked.rejected_rows
    if read != accepted + rejected:
        raise DataError(
            f"{file.path.name}: {read} rows were read and {accepted + rejected} accounted for; nothing was changed. Report this."
        )
    return LoadResult(file.path.name, file.table, read, accepted, rejected, unchanged, checked.notices)


def _write(connection: Connection, file: _File, accepted: pl.DataFrame) -> int:
    """Write the accepted rows; return how many of them were there already, unchanged."""
    if file.layout != ES003:
        return upsert(connection, file.table, accepted.drop(validate.ROW))
    if accepted.is_empty():
        return 0
    made = ace.tables(accepted, _held(connection, accepted))
    unchanged = {name: upsert(connection, name, _conformed(name, frame)) for name, frame in made.items()}
    return accepted.height if all(unchanged[name] == frame.height for name, frame in made.items()) else 0


def _held(connection: Connection, accepted: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """Read what the store holds of the rows' entries and importers, and the tables that route them."""
    importers = database.read_matching(connection, "importer", accepted.select("importer_number").unique())
    numbers = accepted.select("entry_number").unique()
    return {
        "hts_heading": database.read_whole(connection, "hts_heading"),
        "center": database.read_whole(connection, "center"),
        "importer": importers,
        "account_center": database.read_matching(connection, "account_center", importers.select("account_id").unique()),
        "entry": database.read_matching(connection, "entry", numbers),
        "entry_line": database.read_matching(connection, "entry_line", numbers),
    }


def _conformed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(column).cast(kind.dtype) for column, kind in TABLES[name].columns().items())


def upsert(connection: Connection, name: str, frame: pl.DataFrame) -> int:
    """Insert rows whose key is new, replace those whose values differ, leave the rest; return how many were left."""
    if not database.is_filled(connection, name):
        database.bulk_insert(connection, name, frame)
        return 0
    keys = TABLES[name].primary_key()
    current = database.read_matching(connection, name, frame.select(keys))
    same = frame.join(current, on=frame.columns, how="semi", nulls_equal=True)
    changed = frame.join(same, on=keys, how="anti")
    if current.is_empty():
        database.bulk_insert(connection, name, changed)
    else:
        database.replace_rows(connection, name, changed)
    return same.height


def _record(connection: Connection, file: _File, sha256: str, result: LoadResult, rejects: pl.DataFrame, started: dt.datetime) -> None:
    """Write the file and its refused rows into the ledger."""
    number = (connection.execute(select(func.max(LOAD.c.load_id))).scalar() or 0) + 1
    ledger: dict[str, Any] = {
        "load_id": number,
        "file_name": result.file,
        "sha256": sha256,
        "byte_count": file.path.stat().st_size,
        "table_name": result.table,
        "layout": file.layout,
        "synthetic": files.is_synthetic(file.path),
        "read_count": result.read,
        "accepted_count": result.accepted,
        "rejected_count": result.rejected,
        "unchanged_count": result.unchanged,
        "started_at": started,
        "finished_at": _now(),
    }
    connection.execute(insert(LOAD).values(**ledger))
    database.bulk_insert(connection, "reject", rejects.select(pl.lit(number).alias("load_id"), *rejects.columns))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
