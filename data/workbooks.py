"""Refusing XLSX files that are not what they say, by unpacking them bit by bit: bombs, entities, formulas without values."""

from __future__ import annotations

import re
import string
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from analytics.exc import DataError

MOST_UNPACKED: Final = 600_000_000
MOST_PARTS: Final = 10_000
MOST_COLUMNS: Final = 2_000

#: Bytes of the list of parts; a hostile one would fill the memory before its parts are counted.
_MOST_DIRECTORY: Final = MOST_PARTS * 400

#: A part of more than this many bytes may not be this many times its packed size; real sheets reach a hundred.
_BOMB_BYTES: Final = 20_000_000
_BOMB_RATIO: Final = 400

#: A sheet's rows times columns, and how many times its filled cells that may be: readers make room for all of them.
_ROOMY: Final = 5_000_000
_MOST_EMPTY: Final = 20

#: Bytes that one cell may have.
_MOST_CELL: Final = 1 << 22

_PACKED: Final = 1 << 16
_PIECE: Final = 1 << 20
_OVERLAP: Final = 4096

_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_END: Final = b"PK\x05\x06"
_END64: Final = b"PK\x06\x06"
_END64_SIGN: Final = b"PK\x06\x07"
_PART: Final = b"PK\x03\x04"

_DIGITS: Final = string.digits.encode()
_LETTERS: Final = string.ascii_letters.encode()

_DECLARES: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_PLACE: Final = re.compile(rb"""r(?<=\sr)\s*=\s*["']([A-Za-z]{0,9}[0-9]{1,12})["']""")
_CELL_START: Final = re.compile(rb"<(?:\w+:)?c[\s/>]")
_WHOLE_CELL: Final = re.compile(rb"<(?:\w+:)?c(?:\s[^>]*)?/>|<(?:\w+:)?c[\s>].*?</(?:\w+:)?c\s*>", re.DOTALL)
_ROW_START: Final = re.compile(rb"<(?:\w+:)?row[\s/>]")
_CELL: Final = re.compile(rb"<(?:\w+:)?c((?:\s[^>]*)?)(?<!/)>(.*?)</(?:\w+:)?c\s*>", re.DOTALL)
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>\s*[^<\s]")
_TEXT: Final = re.compile(rb"""\st\s*=\s*["']str["']""")


def check(path: Path, most_unpacked: int) -> None:
    """Refuse an XLSX that is damaged, hostile or not calculated.

    Raises:
        DataError: it is refused.
    """
    with path.open("rb") as file:
        _check_form(path, file)
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            _check_names(path.name, parts)
            if sum(part.file_size for part in parts) > most_unpacked:
                raise _too_large(path.name, most_unpacked)
            total = 0
            for part in parts:
                total += _measured(path.name, file, part, most_unpacked - total, most_unpacked)
            for part in parts:
                sheet = _Sheet(path.name)
                for piece in _unpacked(path.name, file, part):
                    sheet.add(piece)
                sheet.end()


def refuse_columns(name: str, columns: int) -> None:
    """Refuse a table that is too wide.

    Raises:
        DataError: it is.
    """
    if columns > MOST_COLUMNS:
        raise DataError(f"{name} has more than {MOST_COLUMNS:,} columns; keep those that are needed and export it again.")


def _too_large(name: str, most: int) -> DataError:
    return DataError(f"{name} unpacks to more than {most // 1_000_000:,} MB; split it or load it as CSV.")


def _damaged(name: str, words: str) -> DataError:
    return DataError(f"{name} cannot be read ({words}). Save it again as XLSX; nothing was changed.")


def _check_form(path: Path, file: BinaryIO) -> None:
    """Look at a file's first and last bytes: whether it is a whole archive with a list of parts of a fair size."""
    start = file.read(4)
    if start == _OLD_OFFICE:
        raise DataError(f"{path.name} is protected by a password or an old XLS file; save it as XLSX without a password.")
    if start != _PART:
        raise _damaged(path.name, "it is not an XLSX file")
    file.seek(max(path.stat().st_size - 200, 0))
    tail = file.read()
    if tail[-22:-18] != _END:
        raise _damaged(path.name, "its end is missing, or something follows it")
    count, size = struct.unpack("<HI", tail[-12:-6])
    if tail[-42:-38] == _END64_SIGN:  # the larger form of archive says it a second time, and readers believe that one
        if tail[-98:-94] != _END64:
            raise _damaged(path.name, "its end is missing, or something follows it")
        count, size = struct.unpack("<QQ", tail[-66:-50])
    if count > MOST_PARTS or size > _MOST_DIRECTORY:
        raise DataError(f"{path.name} has more than {MOST_PARTS:,} parts; save the sheet alone as a new XLSX file.")


def _check_names(name: str, parts: list[zipfile.ZipInfo]) -> None:
    names = [part.orig_filename.replace("\\", "/") for part in parts]
    if len(parts) > MOST_PARTS:
        raise DataError(f"{name} has more than {MOST_PARTS:,} parts; save the sheet alone as a new XLSX file.")
    odd = [each for each in names if each.startswith("/") or ":" in each.split("/")[0] or ".." in each.split("/")]
    if odd:
        raise _damaged(name, f"its part {odd[0][:80]!r} would lie outside of it")
    if len(set(map(str.casefold, names))) < len(names):
        raise _damaged(name, "it has two parts of one name")


def _measured(name: str, file: BinaryIO, part: zipfile.ZipInfo, room: int, most: int) -> int:
    """Unpack a part to nothing; return its real size."""
    if part.flag_bits & 1:
        raise DataError(f"{name} is protected by a password; save it without one.")
    size = 0
    for piece in _unpacked(name, file, part):
        size += len(piece)
        if size > room:
            raise _too_large(name, most)
        if size > max(_BOMB_BYTES, _BOMB_RATIO * part.compress_size):
            raise DataError(f"{name} unpacks to more than {_BOMB_RATIO} times its size, as no table does; load it as CSV.")
    if size != part.file_size:
        raise _damaged(name, f"its part {part.filename[:80]!r} has {size:,} bytes and says {part.file_size:,}")
    return size


def _unpacked(name: str, file: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a part, whatever size it says it has."""
    file.seek(part.header_offset)
    head = file.read(30)
    if len(head) < 30 or not head.startswith(_PART) or part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _damaged(name, f"its part {part.filename[:80]!r} is damaged or packed in an unknown way")
    file.seek(sum(struct.unpack("<HH", head[26:30])), 1)
    packed = _packed(file, part.compress_size)
    return packed if part.compress_type == zipfile.ZIP_STORED else _inflated(packed)


def _packed(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left and (piece := file.read(min(left, _PACKED))):
        left -= len(piece)
        yield piece


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in packed:
        rest, full = piece, True
        while not engine.eof and (rest or full):
            made = engine.decompress(rest, _PIECE)
            rest, full = engine.unconsumed_tail, len(made) == _PIECE
            yield made


@dataclass
class _Sheet:
    """What is known of a part after some of its pieces: how far its cells reach; every part is taken for a sheet."""

    name: str
    rest: bytes = b""
    cells: int = 0
    right: int = 0
    bottom: int = 0
    rows: int = 0
    in_row: int = 0

    def add(self, piece: bytes) -> None:
        """Take in a piece; what may go on in the next one waits for it."""
        text = self.rest + piece
        if (b"<!" in text or b"<\0!" in text) and _DECLARES.search(text.replace(b"\0", b"")):  # UTF-8 or UTF-16
            raise DataError(f"{self.name} declares a document type or an entity, as no spreadsheet does; save it again as XLSX.")
        cut = self._whole(text)
        self._look(text[:cut])
        self.rest = text[cut:]

    def end(self) -> None:
        """Look at what waits, and at how far the cells reach.

        Raises:
            DataError: they reach much further than they fill.
        """
        self._look(self.rest)
        area = self.right * self.bottom
        if self.cells and area > max(_ROOMY, _MOST_EMPTY * self.cells):
            raise DataError(
                f"{self.name} spreads {self.cells:,} cells over {self.bottom:,} rows and {self.right:,} columns; delete what stands far off the table and save it again."
            )

    def _whole(self, text: bytes) -> int:
        """Return where the last cell begins that may not be whole; else a little before the end."""
        last = max(text.rfind(start) for start in (b"<c ", b":c ", b"<c>", b":c>"))
        begin = text.rfind(b"<", 0, last + 1)
        if last >= 0 and not _WHOLE_CELL.match(text, begin):
            if len(text) - begin > _MOST_CELL:
                raise DataError(f"{self.name} has a cell of more than {_MOST_CELL >> 20} MB; shorten it or load the table as CSV.")
            return begin
        open_tag = text.rfind(b"<", max(len(text) - _OVERLAP, 0))
        return open_tag if open_tag >= 0 else len(text)

    def _look(self, text: bytes) -> None:
        places = b" ".join(_PLACE.findall(text))
        columns = places.translate(None, _DIGITS).split()
        starts = text.count(b"<c") if b":c" not in text else -1
        found = len(columns) if starts == len(columns) else len(_CELL_START.findall(text))
        self.cells += found
        self.right = max([self.right, *map(_number, set(columns))])
        self.bottom = max([self.bottom, *map(int, set(places.translate(None, _LETTERS).split()))])
        if found > len(columns):
            self._count(text)
        else:
            self.in_row = 0
        refuse_columns(self.name, self.right)
        if (b"<f" in text or b":f" in text) and _FORMULA.search(text):
            self._refuse_uncalculated(text)

    def _count(self, text: bytes) -> None:
        """Count the cells of each row where not all say where they are."""
        first, *others = _ROW_START.split(text)
        self.rows += len(others)
        counts = [self.in_row + len(_CELL_START.findall(first)), *(len(_CELL_START.findall(row)) for row in others)]
        self.in_row = counts[-1]
        self.right = max([self.right, *counts])
        self.bottom = max(self.bottom, self.rows)

    def _refuse_uncalculated(self, text: bytes) -> None:
        """Refuse a formula whose value was never calculated: it would be read as a blank."""
        for attributes, content in _CELL.findall(text):
            if _FORMULA.search(content) and not _VALUE.search(content) and not _TEXT.search(attributes):
                place = _PLACE.search(attributes)
                where = f" in cell {place[1].decode()}" if place else ""
                raise DataError(
                    f"{self.name} has a formula{where} without its value; open it in a spreadsheet program, save it there and load it again."
                )


def _number(column: bytes) -> int:
    """Return the number of a column of letters; A is 1."""
    number = 0
    for letter in column.upper():
        number = number * 26 + letter - 64
    return number
