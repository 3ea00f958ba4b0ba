"""Loading files: read, judge, write the good rows and quarantine the bad ones, one transaction a file."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, Engine, bindparam, func, select

from analytics.exc import DataError
from data import ace, across, bulk, database, files, history, layouts, marks, quarantine, report, rules, validate, vanish
from data.contracts import TABLES
from data.lookup import Lookup
from data.marks import Marks
from data.progress import Progress, Silent
from data.schema import LOAD

#: The tables that every store begins with.
REFERENCE_TABLES: Final = ("center", "industry", "hts_heading", "port")

#: Contracts of reports, whose rows become rows of several tables -> the module that judges and turns them.
_REPORTS: Final = {"es003": (ace.judged, ace.tables), "entry_summary_report": (report.judged, report.tables)}

#: What may be a social security number within a torn row.
_SOCIAL: Final = re.compile(r"\b[0-9]{3}[ -]?[0-9]{2}[ -]?([0-9]{4})\b")

#: The last load of the same bytes into the same table.
_EARLIER: Final = (
    select(LOAD.c.load_id, LOAD.c.is_full, LOAD.c.extract_date)
    .where(LOAD.c.sha256 == bindparam("sha256"), LOAD.c.table_name == bindparam("table"))
    .order_by(LOAD.c.load_id.desc())
)


@dataclass(frozen=True)
class LoadResult:
    """What became of one file.

    `read` = `accepted` + `rejected`; of the accepted, `unchanged` were there already. `added` and `replaced` count the rows
    of all tables that the file changed; `settled` rows of the quarantine came again with it; `vanished` records of the last
    full extract are missing in it.
    """

    file: str
    table: str
    read: int
    accepted: int
    rejected: int
    unchanged: int
    notices: tuple[str, ...]
    added: int = 0
    replaced: int = 0
    settled: int = 0
    vanished: int = 0
    already_loaded: bool = False


class StoppedError(DataError):
    """A file cannot be used; `results` tells of the files before it, which stay loaded."""

    def __init__(self, message: str, results: Sequence[LoadResult]) -> None:
        super().__init__(message)
        self.results = tuple(results)


def _as_read(raw: files.Raw) -> files.Raw:
    return raw


def _as_it_is(_: Connection, raw: files.Raw) -> files.Raw:
    return raw


def _nothing(_: Connection, __: object) -> None:
    return None


@dataclass(frozen=True)
class Reading:
    """How a file is read whose headings and codes are not the table's own, and what is done in its transaction.

    Attributes:
        find: Finds the row of the headings.
        prepare: Turns headings and words into the table's own, before the transaction.
        complete: Fills in what the store holds of the rows, before they are judged.
        allow: Refuses accepted rows that must not be written, by raising.
        after: What is done when they are written.
    """

    find: files.Finder = layouts.heading_row
    prepare: Callable[[files.Raw], files.Raw] = _as_read
    complete: Callable[[Connection, files.Raw], files.Raw] = _as_it_is
    allow: Callable[[Connection, pl.DataFrame], None] = _nothing
    after: Callable[[Connection, int], None] = _nothing


@dataclass(frozen=True)
class _File:
    """A file as read: its rows with numbers, what it says of itself, and which refused rows it mends."""

    path: Path
    sha256: str
    table: str
    layout: str
    contract: str
    marks: Marks
    raw: files.Raw
    references: pl.DataFrame


def load_files(
    paths: Iterable[Path], *, engine: Engine, table: str | None = None, given: Marks | None = None, progress: Progress | None = None
) -> list[LoadResult]:
    """Load files or folders in the order that their references ask for.

    Each file is one transaction: it is loaded whole (bad rows quarantined) or changes nothing.

    Args:
        paths: Files and folders.
        engine: Database to load into.
        table: Table that the files are for, where their name and headings do not say.
        given: What the files do not say of themselves.
        progress: Told what is being done.

    Raises:
        StoppedError: a file cannot be used; the files before it stay loaded.
    """
    told = progress or Silent()
    seed_reference(engine)
    results: list[LoadResult] = []
    found = files.expand(map(Path, paths))
    _one_full_extract(found, table, given or Marks())
    for path in found if len(found) == 1 else sorted(found, key=lambda path: _order(path, table)):
        try:
            results.append(load_file(path, engine, table, given, told))
        except DataError as error:
            raise StoppedError(str(error), results) from error
    return results


def load_file(
    path: Path,
    engine: Engine,
    table: str | None = None,
    given: Marks | None = None,
    progress: Progress | None = None,
    reading: Reading | None = None,
) -> LoadResult:
    """Load one file; `reading` says how one is read that has other headings and codes than the table.

    Raises:
        DataError: it cannot be used; nothing was changed.
    """
    started, told, reading = _now(), progress or Silent(), reading or Reading()
    with told.during(f"Reading {path.name}"):
        file = _opened(path, table, given or Marks(), reading)
    with database.writing(engine) as connection:
        load_id = (connection.execute(select(func.max(LOAD.c.load_id))).scalar() or 0) + 1
        lookup, file = Lookup(connection), replace(file, raw=reading.complete(connection, file.raw))
        with told.during(f"Checking {file.raw.rows.height:,} rows"):
            checked = _judged(connection, file, lookup)
        reading.allow(connection, checked.accepted)
        changes, revisions = _write(connection, file, checked.accepted, load_id, lookup, told)
        result = _result(file, checked, changes)
        with told.during("Keeping account of what was refused, has come again or has vanished"):
            coming = quarantine.coming(connection, load_id, file.contract, file.sha256, checked, file.references)
            earlier = _earlier(connection, file, result, checked, coming)
            if earlier is not None:
                return replace(result, notices=(f"This file was loaded before, as load {earlier}.",), already_loaded=True)
            reading.after(connection, load_id)
            return _accounted(connection, file, load_id, checked, revisions, coming, result, started)


def _accounted(
    connection: Connection,
    file: _File,
    load_id: int,
    checked: validate.Checked,
    revisions: list[pl.DataFrame],
    coming: pl.DataFrame,
    result: LoadResult,
    started: dt.datetime,
) -> LoadResult:
    """Write down what the load did to the months, the quarantine and the vanished records, and the load itself."""
    if revisions:
        history.record(connection, load_id, revisions)
    of_extract = (file.marks.source, file.table, file.layout, file.contract, checked.keyed)
    settled = quarantine.settle(connection, load_id, coming)
    vanished = vanish.compare(connection, load_id, *of_extract, full=file.marks.full)
    quarantine.record(connection, load_id, file.contract, file.raw, checked)
    accounted = replace(result, settled=settled, vanished=vanished)
    _record(connection, file, load_id, accounted, started)
    return accounted


def seed_reference(engine: Engine) -> None:
    """Fill the reference tables that are empty with the project's own: Centers, industries, headings, ports."""
    from data import reference

    with engine.connect() as connection:
        empty = [name for name in REFERENCE_TABLES if not bulk.is_filled(connection, name)]
    if empty:
        with database.writing(engine) as connection:
            for name in empty:
                if not bulk.is_filled(connection, name):
                    bulk.bulk_insert(connection, name, reference.tables()[name])


def _one_full_extract(paths: Sequence[Path], table: str | None, given: Marks) -> None:
    """Refuse a full extract in parts: each part would say that the others' records have vanished.

    Raises:
        StoppedError: two files are full extracts of one kind and source; nothing was loaded.
    """
    seen: dict[tuple[str, str], str] = {}
    for path in paths if len(paths) > 1 else ():
        try:
            said = marks.read(path, given)
            columns = files.column_names(path, layouts.heading_row) if said.full else []
            report = layouts.report_for(columns) if said.full and table is None else None
            kind = report.contract if report else layouts.table_for(path, columns, table) if said.full else ""
        except DataError:
            continue  # said when its turn comes
        if said.full and (said.source, kind) in seen:
            raise StoppedError(
                f"{seen[said.source, kind]} and {path.name} are both full extracts of {kind} from “{said.source}”; "
                "join them into one file, or load them without --full.",
                (),
            )
        seen[said.source, kind] = path.name


def _order(path: Path, table: str | None) -> tuple[int, str]:
    """Place a file after those that its rows point to; reports and files that say nothing come last."""
    try:
        file_table = layouts.table_for(path, files.column_names(path, layouts.heading_row), table)
    except DataError:
        return len(TABLES), path.name
    return list(TABLES).index(file_table), path.name


def _opened(path: Path, table: str | None, given: Marks, reading: Reading) -> _File:
    raw = files.read(path, reading.find)
    rows, references = quarantine.without_reference(raw)
    raw = reading.prepare(replace(raw, rows=rows))
    columns = [name for name in rows.columns if name != validate.ROW]
    sha256, said = files.sha256(path), marks.read(path, given)
    known = layouts.report_for(columns) if table is None else None
    if known is not None:
        return _File(path, sha256, "entry", known.name, known.contract, said, raw, references)
    name = layouts.table_for(path, columns, table)
    return _File(path, sha256, name, "table", name, said, raw, references)


def _judged(connection: Connection, file: _File, lookup: Lookup) -> validate.Checked:
    """Judge the rows by their contract and by other tables, and put those of another width than the headings beside the bad ones."""

    if file.contract in _REPORTS:
        judge, _ = _REPORTS[file.contract]
        checked = judge(file.raw.rows, lookup.existing, {"hts_heading": bulk.read_whole(connection, "hts_heading")})
    else:
        with lookup.ahead(file.table, file.raw.rows):
            checked = validate.check(file.table, file.raw.rows, lookup.existing)
        checked = across.judged(file.table, checked, lookup.rows)
    rejects = pl.concat([checked.rejects, _misfits(file.raw.misfits)]).sort("row_number", "rule")
    return replace(checked, rejects=rejects, notices=file.raw.notices + checked.notices)


def _misfits(rows: Sequence[files.Misfit]) -> pl.DataFrame:
    """Make the quarantine records of rows that have too many or too few values."""
    records = [
        (row.row, "fields", "", _SOCIAL.sub(r"***-**-\1", row.text[:200]), rules.FIELDS_HELP.format(values=row.values, wanted=row.wanted)) for row in rows
    ]  # fmt: skip
    return pl.DataFrame(records, schema=validate.REJECT_SCHEMA, orient="row")


def _result(file: _File, checked: validate.Checked, changes: Sequence[history.Change]) -> LoadResult:
    """Count what became of the rows, and make sure that none is unaccounted for."""
    read = file.raw.rows.height + len(file.raw.misfits)
    accepted, rejected = checked.accepted.height, checked.rejected_rows
    if read != accepted + rejected:
        raise DataError(
            f"{file.path.name}: {read} rows were read and {accepted + rejected} accounted for; nothing was changed. Report this."
        )
    added, replaced = (sum(frame.height for frame in frames) for frames in zip(*((c.added, c.new) for c in changes), strict=True)) if changes else (0, 0)  # fmt: skip
    # The rows of a report are not the rows of one table: they were there already when nothing changed.
    unchanged = changes[0].unchanged if file.layout == "table" and changes else 0 if added + replaced else accepted
    return LoadResult(file.path.name, file.table, read, accepted, rejected, unchanged, checked.notices, added, replaced)


def _write(
    connection: Connection, file: _File, accepted: pl.DataFrame, load_id: int, lookup: Lookup, told: Progress
) -> tuple[list[history.Change], list[pl.DataFrame]]:
    """Write the accepted rows; return what changed in each table, and what that did to the months."""
    if accepted.is_empty():
        return [], []
    made = _tables(connection, file, accepted)
    changes, revisions = [], []
    for name, frame in made.items():
        # One after the other: what follows in this load lies in the months that this change leaves.
        change, moved = history.put(connection, name, _conformed(name, frame), load_id, lookup.rows, told)
        lookup.forget(name)
        changes.append(change)
        revisions.append(moved)
    return changes, [part for part in revisions if part.height]


def _tables(connection: Connection, file: _File, accepted: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """Turn accepted rows into the rows of tables, in the order in which they are written."""
    if file.contract in _REPORTS:
        _, turned = _REPORTS[file.contract]
        return turned(accepted, _store(connection, accepted))
    return {file.table: accepted.drop(validate.ROW)}


def _store(connection: Connection, accepted: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """Read what the store holds of the rows' entries and importers, and the tables that route them."""
    importers = bulk.read_matching(connection, "importer", accepted.select("importer_number").unique())
    numbers = accepted.select("entry_number").unique()
    accounts = importers.select("account_id").unique()
    return {
        "account": bulk.read_matching(connection, "account", accounts),
        "hts_heading": bulk.read_whole(connection, "hts_heading"),
        "center": bulk.read_whole(connection, "center"),
        "importer": importers,
        "account_center": bulk.read_matching(connection, "account_center", accounts),
        "entry": bulk.read_matching(connection, "entry", numbers),
        "entry_line": bulk.read_matching(connection, "entry_line", numbers),
    }


def _conformed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(column).cast(kind.dtype) for column, kind in TABLES[name].columns().items())


def _earlier(connection: Connection, file: _File, result: LoadResult, checked: validate.Checked, coming: pl.DataFrame) -> int | None:
    """Return the load that did all this before; null when there is none, or when this one changes anything at all."""
    earlier = connection.execute(_EARLIER, {"sha256": file.sha256, "table": file.table}).first()
    if earlier is None or result.added or result.replaced:
        return None
    if {*checked.rejects.select("row_number", "rule").iter_rows()} != quarantine.refused(connection, earlier.load_id):
        return None
    if coming["accepted"].any():
        return None
    if vanish.returning(connection, file.marks.source, file.contract, checked.keyed).height:
        return None
    drawn = file.marks.extract_date
    if drawn is not None and (earlier.extract_date is None or drawn > earlier.extract_date):
        return None  # the same again, of a later day: the source has nothing new, and says so
    as_full = earlier.is_full and vanish.latest_full(connection, file.marks.source, file.table, file.layout) == earlier.load_id
    return int(earlier.load_id) if as_full or not file.marks.full else None


def _record(connection: Connection, file: _File, load_id: int, result: LoadResult, started: dt.datetime) -> None:
    """Write the file into the ledger."""
    ledger: dict[str, Any] = {
        "load_id": load_id,
        "file_name": result.file,
        "sha256": file.sha256,
        "byte_count": file.path.stat().st_size,
        "table_name": result.table,
        "layout": file.layout,
        "synthetic": file.marks.synthetic,
        "read_count": result.read,
        "accepted_count": result.accepted,
        "rejected_count": result.rejected,
        "unchanged_count": result.unchanged,
        "added_count": result.added,
        "replaced_count": result.replaced,
        "vanished_count": result.vanished,
        "source": file.marks.source,
        "extract_date": file.marks.extract_date,
        "is_full": file.marks.full,
        "started_at": started,
        "finished_at": _now(),
    }
    bulk.insert_record(connection, "load", ledger)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
