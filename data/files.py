"""Reading files as they come: CSV of any common dialect, Parquet, XLSX, and folders of them.

A row keeps its place in the file (`ROW`; a spreadsheet shows the same number), whatever stands above the headings.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import re
import zipfile
from collections import Counter
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
from data.validate import ROW

SUFFIXES: Final = (".csv", ".txt", ".parquet", ".xlsx")

#: An XLSX whose parts unpack to more than this is refused.
_MOST_UNPACKED: Final = 1_500_000_000

#: Rows that are looked through for the headings: a report may begin with its title and filters.
_HEAD_ROWS: Final = 30

#: Most bytes that one CSV record may have.
_BLOCK_BYTES: Final = 1 << 24

#: Bytes that the first rows are looked for in.
_HEAD_BYTES: Final = 20_000

_SEPARATORS: Final = ",;\t|"
_SYNTHETIC_KEY: Final = b"centerline.synthetic"

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
        inside = [part for part in sorted(path.iterdir()) if part.suffix.lower() in SUFFIXES] if path.is_dir() else [path]
        if path.is_dir() and not inside:
            raise DataError(f"The folder {path} has no CSV, Parquet or XLSX file.")
        found += inside
    wrong = [path for path in found if path.suffix.lower() not in SUFFIXES]
    if wrong:
        raise DataError(f"{wrong[0].name} is not a CSV, Parquet or XLSX file; export it as one of these.")
    return found


def read(path: Path, find: Finder) -> Raw:
    """Read a file: CSV and XLSX as text, Parquet with its own types.

    Raises:
        DataError: it is empty, damaged or not what its name says.
    """
    readers: dict[str, Callable[[Path, Finder], Raw]] = {".parquet": _parquet, ".xlsx": _xlsx}
    try:
        raw = readers.get(path.suffix.lower(), _csv)(path, find)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path.name} cannot be read ({_first_line(error)}). Export it again; nothing was changed.") from error
    if raw.rows.is_empty() and not raw.misfits:
        raise DataError(f"{path.name} has no rows below its headings; nothing was changed.")
    return raw


def column_names(path: Path, find: Finder) -> list[str]:
    """Return a file's own headings without reading its rows where that can be helped.

    Raises:
        DataError: it cannot be read.
    """
    if path.suffix.lower() == ".parquet":
        return list(_schema(path).names)
    if path.suffix.lower() == ".xlsx":
        return [name for name in read(path, find).rows.columns if name != ROW]
    with path.open("rb") as file:
        text = _decoded(path.name, file.read(_HEAD_BYTES))
    head = _head(path.name, text, _separator(text))
    return headings(head[find(head)])


def sha256(path: Path) -> str:
    """Digest a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_synthetic(path: Path) -> bool:
    """Say whether a Parquet file is marked as synthetic."""
    if path.suffix.lower() != ".parquet":
        return False
    return (pq.read_metadata(path).metadata or {}).get(_SYNTHETIC_KEY) == b"true"


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path.name} cannot be read ({_first_line(error)}). Export it again; nothing was changed.") from error


def headings(cells: Cells) -> list[str]:
    """Name the columns by the heading row; an empty or repeated heading gets its place."""
    named = [str(cell).strip() if cell is not None else "" for cell in cells]
    filled = [name or f"column {index + 1}" for index, name in enumerate(named)]
    return [name if name not in filled[:index] else f"{name} ({index + 1})" for index, name in enumerate(filled)]


def _parquet(path: Path, _: Finder) -> Raw:
    return Raw(pl.read_parquet(path).with_row_index(ROW, offset=2).with_columns(pl.col(ROW).cast(pl.Int64)))


def _csv(path: Path, find: Finder) -> Raw:
    text = _decoded(path.name, path.read_bytes())
    separator = _separator(text[:_HEAD_BYTES])
    head = _head(path.name, text, separator)
    at = find(head)
    names = headings(head[at])
    table, invalid = _records(text, separator, names)
    skipped = [row.number for row in invalid]
    places = pl.Series(ROW, sorted(set(range(1, table.num_rows + len(skipped) + 1)).difference(skipped)), dtype=pl.Int64)
    frame = pl.DataFrame(table).insert_column(0, places).filter(pl.col(ROW) > at + 1)
    misfits = (Misfit(row.number, row.text, row.actual_columns, row.expected_columns) for row in invalid)
    below = tuple(row for row in misfits if row.row > at + 1 and row.text.strip(f'{_SEPARATORS} "'))
    return Raw(_not_blank(frame), below)


def _head(name: str, text: str, separator: str) -> list[list[str]]:
    """Read the first records; the file is not of one shape yet."""
    try:
        head = list(itertools.islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), _HEAD_ROWS))
    except csv.Error as error:
        raise DataError(f"{name} cannot be read as CSV ({error}). Export it again; nothing was changed.") from error
    if not any(map(any, head)):
        raise DataError(f"{name} is empty; nothing was changed.")
    return head


def _records(text: str, separator: str, names: list[str]) -> tuple[pa.Table, list[Any]]:
    """Read all records; those of another width than the headings come apart, with their place."""
    invalid: list[Any] = []

    def aside(row: Any) -> str:
        invalid.append(row)
        return "skip"

    table = pc.read_csv(
        pa.py_buffer(text.encode()),
        read_options=pc.ReadOptions(column_names=names, use_threads=False, block_size=_BLOCK_BYTES),
        parse_options=pc.ParseOptions(delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=aside),
        convert_options=pc.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    return table, invalid


def _decoded(name: str, content: bytes) -> str:
    """Decode UTF-8 (with or without mark) or UTF-16 with its mark; else Windows Latin-1, which reads anything."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content[:4096]:
        raise DataError(f"{name} is not a text file. Export it as CSV.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _separator(sample: str) -> str:
    """Choose the mark that stands equally often, and often, in the most lines."""
    lines = re.sub(r'"[^"]*"', "", sample).splitlines()

    def weight(mark: str) -> int:
        counts = Counter(line.count(mark) for line in lines)
        return max((times * lines_count for times, lines_count in counts.items()), default=0)

    return max(_SEPARATORS, key=weight)


def _xlsx(path: Path, find: Finder) -> Raw:
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > _MOST_UNPACKED:
            raise DataError(f"{path.name} unpacks to more than {_MOST_UNPACKED // 1_000_000:,} MB; split it or load it as CSV.")
    book = fastexcel.read_excel(path)
    sheet = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
    frame = sheet.to_polars()
    if frame.is_empty():
        raise DataError(f"The first sheet of {path.name} is empty; put the table there. Nothing was changed.")
    at = find(frame.head(_HEAD_ROWS).rows())
    named = frame.rename(dict(zip(frame.columns, headings(frame.row(at)), strict=True)))
    rows = named.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64)).slice(at + 1)
    others = book.sheet_names[1:]
    notices = (f"Only the first sheet, “{book.sheet_names[0]}”, is read; not read: {', '.join(others)}.",) if others else ()
    return Raw(_not_blank(_with_errors(rows, sheet)), (), notices)


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


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
