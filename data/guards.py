"""Refusing files that are not fit to be read, before anything reads them: soon, in little memory, and with the reason.

What a file says of its own size is not believed where it can be measured.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from analytics.exc import DataError
from data import workbooks
from data.workbooks import refuse_columns

MOST_BYTES: Final = 2_000_000_000
MOST_LINE_BYTES: Final = 1 << 24

MOST_ROWS: Final = 50_000_000
MOST_PARQUET_BYTES: Final = 8_000_000_000

#: Bytes in which a Parquet file may describe itself; one of 2,000 columns and 500 row groups needs fewer.
MOST_FOOTER_BYTES: Final = 1 << 27

#: Rows that are looked through for the headings: a report may begin with its title and filters.
HEAD_ROWS: Final = 30

#: Bytes that the first rows are looked for in.
HEAD_BYTES: Final = 1 << 18

SEPARATORS: Final = ",;\t|"

_PIECE: Final = 1 << 22
_QUOTE: Final = ord('"')
_LINE_ENDS: Final = (10, 13)

_Bytes = npt.NDArray[np.uint8]
_Places = npt.NDArray[np.intp]
_Marks = npt.NDArray[np.bool_]


def check(path: Path, most_unpacked: int | None = None) -> None:
    """Refuse a file that would take too much time or memory, or that would be misread.

    Args:
        path: A CSV, Parquet or XLSX file.
        most_unpacked: Bytes that an XLSX may unpack to, if not the usual limit.

    Raises:
        DataError: it is refused.
    """
    if not path.is_file():
        raise DataError(f"{path.name} is not an ordinary file; name a CSV, Parquet or XLSX file.")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise DataError(f"{path.name} has {size / 1e9:,.1f} GB; a file may have {MOST_BYTES // 10**9} GB. Split it and load the parts.")
    try:
        if path.suffix.lower() == ".parquet":
            _check_parquet(path)
        elif path.suffix.lower() == ".xlsx":
            workbooks.check(path, most_unpacked or workbooks.MOST_UNPACKED)
        else:
            _check_text(path)
    except DataError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> DataError:
    """Make the error of a file that its reader cannot read, from the first line of the reader's own words."""
    words = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return DataError(f"{path.name} cannot be read ({words}). Export it again; nothing was changed.")


def encoding(head: bytes) -> str:
    """Tell a text's encoding from its first bytes: by its mark, else UTF-16 by the zeros of its Latin letters, else UTF-8."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    first, second, pairs = head[::2].count(0), head[1::2].count(0), len(head) // 2
    if second > 0.4 * pairs and first < 0.05 * pairs:
        return "utf-16-le"
    return "utf-16-be" if first > 0.4 * pairs and second < 0.05 * pairs else "utf-8"


def separator(sample: str) -> str:
    """Choose the mark that stands equally often, and often, in the most lines."""
    lines = re.sub(r'"[^"]*"', "", sample).splitlines()

    def weight(mark: str) -> int:
        counts = Counter(line.count(mark) for line in lines)
        return max((times * lines_count for times, lines_count in counts.items()), default=0)

    return max(SEPARATORS, key=weight)


def _check_parquet(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 8, 0))
        footer = int.from_bytes(file.read(4), "little")
    if footer > MOST_FOOTER_BYTES:
        raise DataError(f"{path.name} cannot be read (its footer says that it has {footer:,} bytes). Export it again; nothing was changed.")
    facts = pq.read_metadata(path)
    refuse_columns(path.name, facts.num_columns)
    if facts.num_rows > MOST_ROWS:
        raise DataError(f"{path.name} has {facts.num_rows:,} rows; a file may have {MOST_ROWS:,}. Split it and load the parts.")
    unpacked = sum(facts.row_group(index).total_byte_size for index in range(facts.num_row_groups))
    if unpacked > MOST_PARQUET_BYTES:
        raise DataError(
            f"{path.name} unpacks to {unpacked / 1e9:,.1f} GB; a file may unpack to {MOST_PARQUET_BYTES // 10**9} GB. Split it and load the parts."
        )


def _check_text(path: Path) -> None:
    """Look through all of a text file, piece by piece."""
    pieces = _pieces(path)
    first = next(pieces, b"")
    head = first.decode(errors="replace")
    mark = separator(head[:HEAD_BYTES])
    try:
        widths = [len(row) for row in itertools.islice(csv.reader(io.StringIO(head, newline=""), delimiter=mark), HEAD_ROWS)]
    except csv.Error:
        widths = []
    refuse_columns(path.name, max(widths, default=0))
    scan = _Scan(path, ord(mark))
    for piece in itertools.chain([first], pieces):
        scan.add(piece)
    if scan.opened:
        raise _unclosed(path, scan.opened_at)


def _pieces(path: Path) -> Iterator[bytes]:
    """Return a text's bytes, those of UTF-16 as UTF-8, without a mark.

    Raises:
        DataError: the file ends within a character.
    """
    with path.open("rb") as file:
        piece = file.read(_PIECE)
        kind = encoding(piece)
        decoder = codecs.getincrementaldecoder(kind)() if kind.startswith("utf-16") else None
        piece = piece.removeprefix(codecs.BOM_UTF8)
        try:
            while piece:
                yield decoder.decode(piece).encode() if decoder else piece
                piece = file.read(_PIECE)
            if decoder:
                decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise DataError(
                f"{path.name} is cut off or damaged: it is not whole UTF-16 text. Export it again; nothing was changed."
            ) from error


@dataclass
class _Scan:
    """What is known of a text after some of its pieces: the line that it is in, and whether a quotation mark is open."""

    path: Path
    separator: int
    seen: int = 0
    line: int = 0
    opened: bool = False
    opened_at: int = 0
    closed_last: bool = False
    last: int = _LINE_ENDS[0]

    def add(self, piece: bytes) -> None:
        """Take in a piece.

        Raises:
            DataError: it holds a zero byte, too long a line, or too long a value in quotation marks.
        """
        if b"\0" in piece:
            raise DataError(f"{self.path.name} is not a text file: it holds zero bytes. Export it as CSV.")
        if not piece:
            return
        codes = np.frombuffer(piece, np.uint8)
        ends = np.flatnonzero((codes == _LINE_ENDS[0]) | (codes == _LINE_ENDS[1]))
        self._measure(len(piece), ends)
        marks = np.flatnonzero(codes == _QUOTE)
        if marks.size:
            self._quote(codes, marks, ends)
        else:
            self.closed_last = False
        self.seen += len(piece)
        self.last = piece[-1]
        if self.opened and self.seen - self.opened_at > MOST_LINE_BYTES:
            raise _unclosed(self.path, self.opened_at)

    def _measure(self, length: int, ends: _Places) -> None:
        longest = self.line + (int(ends[0]) if ends.size else length)
        longest = max(longest, int(np.diff(ends).max(initial=0)))
        self.line = length - int(ends[-1]) - 1 if ends.size else longest
        if max(longest, self.line) > MOST_LINE_BYTES:
            raise DataError(
                f"{self.path.name} has a line of more than {MOST_LINE_BYTES >> 20} MB; one line of a table is never so long. Export it again as CSV."
            )

    def _quote(self, codes: _Bytes, marks: _Places, ends: _Places) -> None:
        """Follow the quotation marks: one opens a value only at its start, and two in an open value stand for one."""
        before = codes[marks - 1]
        near = np.diff(marks, prepend=-9) == 1
        if marks[0] == 0:
            before[0] = self.last
            near[0] = self.closed_last
        starts = np.isin(before, (self.separator, *_LINE_ENDS))
        phase = int(self.opened)
        after = codes[np.minimum(marks + 1, codes.size - 1)]
        stray = ~np.isin(after, (self.separator, *_LINE_ENDS, _QUOTE))
        lines = np.searchsorted(ends, marks)
        regular = bool((starts | near)[phase::2].all())
        if regular:  # every mark opens or closes, so that counting them is enough
            opening = marks[phase::2][starts[phase::2]]
            self.opened_at = self.seen + int(opening[-1]) if opening.size else self.opened_at
            self._refuse_swallowed(marks[phase:], stray[phase:], lines[phase:])
            self.opened ^= bool(marks.size % 2)
            closed = not self.opened
        else:
            closed = self._walk(marks, starts, near, stray, lines)
        self.closed_last = closed and int(marks[-1]) == codes.size - 1

    def _walk(self, marks: _Places, starts: _Marks, near: _Marks, stray: _Marks, lines: _Places) -> bool:
        """Follow the marks one by one; say whether the last one closed a value."""
        closed, began = self.closed_last, 0
        each = zip(marks.tolist(), starts.tolist(), near.tolist(), stray.tolist(), lines.tolist(), strict=True)
        for place, start, beside, odd, line in each:
            if self.opened:
                self.opened, closed = False, True
                if odd and line > began:
                    raise _unclosed(self.path, self.opened_at)
            elif start or (beside and closed):
                self.opened, closed, began = True, False, line
                self.opened_at = self.seen + place if start else self.opened_at
            else:
                closed = False
        return closed

    def _refuse_swallowed(self, marks: _Places, stray: _Marks, lines: _Places) -> None:
        """Refuse a value of several lines that ends in the middle of a field: a mark was left open and a later one closed it."""
        pairs = marks.size // 2 * 2
        swallowed = marks[:pairs:2][stray[1::2] & (lines[1::2] > lines[:pairs:2])]
        if swallowed.size:
            raise _unclosed(self.path, self.seen + int(swallowed[0]))


def _unclosed(path: Path, place: int) -> DataError:
    """Make the error of a quotation mark that is not closed, with its line."""
    left, line = place, 1
    for piece in _pieces(path):
        line += len(re.findall(rb"\r\n?|\n", piece[:left]))
        left -= len(piece)
        if left <= 0:
            break
    return DataError(
        f"{path.name} opens a quotation mark in line {line:,} that is not closed, which hides the lines below it. Correct that line and load it again."
    )
