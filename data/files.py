"""Reading files as they come: CSV of any common dialect, Parquet, XLSX, and folders of them.

A row keeps its place in the file (`ROW`; a spreadsheet shows the same number), whatever stands above the headings.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import fastexcel
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from analytics.exc import DataError
from data import guards, workbooks
from data.guards import HEAD_BYTES, HEAD_ROWS, SEPARATORS
from data.validate import ROW

SUFFIXES: Final = (".csv", ".txt", ".parquet", ".xlsx")

#: An XLSX whose parts unpack to more than this is refused.
_MOST_UNPACKED: Final = workbooks.MOST_UNPACKED

#: The sheet of a report that holds its table; another file's is its first.
_MAIN_SHEET: Final = "Main Report"

#: Most bytes that one CSV record may have.
_BLOCK_BYTES: Final = guards.MOST_LINE_BYTES

#: Longest part of a row of another width that is kept.
_SHOWN: Final = 20_000

_BLANK: Final = f'{SEPARATORS} "'

Cells = Sequence[object]

#: Says which of the first rows of a file holds its headings.
Finder = Callable[[Sequence[Cells]], int]


@dataclass(frozen=True)
class Misfit:
    """A row that has more or fewer values than there are headings."""

    row: int
    text: str
    values: int
    wanted: int


@dataclass(frozen=True)
class Raw:
    """A file's rows under its own headings, with `ROW`; blank rows are left out."""

    rows: pl.DataFrame
    misfits: tuple[Misfit, ...] = field(default=())
    notices: tuple[str, ...] = field(default=())


def expand(paths: Iterable[Path]) -> list[Path]:
    """List the files that the paths name; a folder stands for its files.

    Raises:
        DataError: a path does not exist or is of no kind that can be read.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise DataError(f"There is no file {path}; check its name.")
        found += _inside(path) if path.is_dir() else [path]
    wrong = [path for path in found if path.suffix.lower() not in SUFFIXES]
    if wrong:
        raise DataError(f"{wrong[0].name} is not a CSV, Parquet or XLSX file; export it as one of these.")
    return found


def _inside(folder: Path) -> list[Path]:
    """List a folder's files; one that is a link to a place outside of it was not meant by who named the folder."""
    found = [part for part in sorted(folder.iterdir()) if part.suffix.lower() in SUFFIXES]
    if not found:
        raise DataError(f"The folder {folder} has no CSV, Parquet or XLSX file.")
    outside = [part.name for part in found if not part.resolve().is_relative_to(folder.resolve())]
    if outside:
        raise DataError(f"{outside[0]} is a link that leads out of its folder; remove it, or name the file itself.")
    return found


def read(path: Path, find: Finder) -> Raw:
    """Read a file: CSV and XLSX as text, Parquet with its own types.

    Raises:
        DataError: it is empty, damaged, too large or not what its name says.
    """
    guards.check(path, _MOST_UNPACKED)
    readers: dict[str, Callable[[Path, Finder], Raw]] = {".parquet": _parquet, ".xlsx": _xlsx}
    try:
        raw = readers.get(path.suffix.lower(), _csv)(path, find)
    except DataError:
        raise
    except Exception as error:
        raise guards.unreadable(path, error) from error
    if raw.rows.is_empty() and not raw.misfits:
        raise DataError(f"{path.name} has no rows below its headings; nothing was changed.")
    return raw


def column_names(path: Path, find: Finder) -> list[str]:
    """Return a file's own headings without reading its rows where that can be helped.

    Raises:
        DataError: it cannot be read.
    """
    if path.suffix.lower() == ".xlsx":
        return [name for name in read(path, find).rows.columns if name != ROW]
    guards.check(path)
    if path.suffix.lower() == ".parquet":
        return list(_schema(path).names)
    with path.open("rb") as file:
        text = _decoded(file.read(HEAD_BYTES), whole=False)
    head = _head(path.name, text, guards.separator(text))
    return headings(head[find(head)])


def sha256(path: Path) -> str:
    """Digest a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise guards.unreadable(path, error) from error


def headings(cells: Cells) -> list[str]:
    """Name the columns by the heading row; an empty or repeated heading gets its place."""
    named = [str(cell).strip() if cell is not None else "" for cell in cells]
    filled = [name or f"column {index + 1}" for index, name in enumerate(named)]
    return [name if name not in filled[:index] else f"{name} ({index + 1})" for index, name in enumerate(filled)]


def _parquet(path: Path, _: Finder) -> Raw:
    return Raw(pl.read_parquet(path).with_row_index(ROW, offset=2).with_columns(pl.col(ROW).cast(pl.Int64)))


def _csv(path: Path, find: Finder) -> Raw:
    text = _decoded(path.read_bytes())
    separator = guards.separator(text[:HEAD_BYTES])
    head = _head(path.name, text, separator)
    at = find(head)
    names = headings(head[at])
    table, invalid = _records(text, separator, names)
    skipped = [row.row for row in invalid]
    places = pl.Series(ROW, sorted(set(range(1, table.num_rows + len(skipped) + 1)).difference(skipped)), dtype=pl.Int64)
    frame = pl.DataFrame(table).insert_column(0, places).filter(pl.col(ROW) > at + 1)
    return Raw(_not_blank(frame), tuple(row for row in invalid if row.row > at + 1 and row.text))


def _head(name: str, text: str, separator: str) -> list[list[str]]:
    """Read the first records; the file is not of one shape yet."""
    try:
        head = list(itertools.islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), HEAD_ROWS))
    except csv.Error as error:
        raise DataError(f"{name} cannot be read as CSV ({error}). Export it again; nothing was changed.") from error
    if not any(map(any, head)):
        raise DataError(f"{name} is empty; nothing was changed.")
    return head


def _records(text: str, separator: str, names: list[str]) -> tuple[pa.Table, list[Misfit]]:
    """Read all records; those of another width than the headings come apart, with their place and the begin of their text."""
    invalid: list[Misfit] = []

    def aside(row: Any) -> str:
        invalid.append(Misfit(row.number, row.text.strip(_BLANK) and row.text[:_SHOWN], row.actual_columns, row.expected_columns))
        return "skip"

    table = pc.read_csv(
        pa.py_buffer(text.encode()),
        read_options=pc.ReadOptions(column_names=names, use_threads=False, block_size=_BLOCK_BYTES),
        parse_options=pc.ParseOptions(delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=aside),
        convert_options=pc.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    return table, invalid


def _decoded(content: bytes, *, whole: bool = True) -> str:
    """Decode UTF-8 and UTF-16, with or without their marks; else Windows Latin-1, which reads anything.

    What stands for no character becomes U+FFFD, which sends its row to quarantine.
    """
    kind = guards.encoding(content)
    errors = "strict" if kind == "utf-8" else "replace"
    try:
        return codecs.getincrementaldecoder(kind)(errors).decode(content, final=whole)
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _xlsx(path: Path, find: Finder) -> Raw:
    book = fastexcel.read_excel(path)
    chosen = _MAIN_SHEET if _MAIN_SHEET in book.sheet_names else book.sheet_names[0]
    sheet = book.load_sheet(chosen, header_row=None, skip_rows=0, dtypes="string")
    frame = sheet.to_polars()
    if frame.is_empty():
        raise DataError(f"The sheet “{chosen}” of {path.name} is empty; put the table there. Nothing was changed.")
    at = find(frame.head(HEAD_ROWS).rows())
    named = frame.rename(dict(zip(frame.columns, headings(frame.row(at)), strict=True)))
    rows = named.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64)).slice(at + 1)
    others = [name for name in book.sheet_names if name != chosen]
    notices = (f"Only the {'main' if chosen == _MAIN_SHEET else 'first'} sheet, “{chosen}”, is read; not read: {', '.join(others)}.",)
    return Raw(_not_blank(_with_errors(rows, sheet)), (), notices if others else ())


def _with_errors(rows: pl.DataFrame, sheet: fastexcel.ExcelSheet) -> pl.DataFrame:
    """Write the errors of formulas (`#DIV/0!`) into their cells, so that they are refused and not taken for blanks."""
    _, found = sheet.to_arrow_with_errors()
    for error in found.errors if found else ():
        row, column = error.position
        name = rows.columns[column + 1]
        rows = rows.with_columns(pl.when(pl.col(ROW) == row + 1).then(pl.lit("#ERROR!")).otherwise(pl.col(name)).alias(name))
    return rows


def _not_blank(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.any_horizontal(pl.exclude(ROW).str.strip_chars().fill_null("") != ""))
