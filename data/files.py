"""Reading files as they come: CSV of any common dialect, Parquet, XLSX, and folders of them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq

from analytics.exc import DataError

SUFFIXES: Final = (".csv", ".txt", ".parquet", ".xlsx")

#: An XLSX whose parts unpack to more than this is refused.
_MOST_UNPACKED: Final = 1_500_000_000

_SYNTHETIC_KEY: Final = b"centerline.synthetic"


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


def read(path: Path) -> pl.DataFrame:
    """Read a file as it stands: CSV and XLSX without headings (`column_1`, ...), all text; Parquet with its own types.

    Raises:
        DataError: it is empty, damaged or not what its name says.
    """
    readers = {".parquet": _parquet, ".xlsx": _xlsx}
    try:
        frame = readers.get(path.suffix.lower(), _csv)(path)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path.name} cannot be read ({_first_line(error)}). Export it again; nothing was changed.") from error
    if frame.is_empty():
        raise DataError(f"{path.name} is empty; nothing was changed.")
    return frame


def sha256(path: Path) -> str:
    """Digest a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_synthetic(path: Path) -> bool:
    """Say whether a Parquet file is marked as synthetic."""
    if path.suffix.lower() != ".parquet":
        return False
    metadata = pq.read_schema(path).metadata or {}
    return metadata.get(_SYNTHETIC_KEY) == b"true"


def with_headings(frame: pl.DataFrame, row: int) -> pl.DataFrame:
    """Take a row as the headings; what stands above it is left out, and empty headings get a name."""
    heads = [str(cell).strip() if cell is not None else "" for cell in frame.row(row)]
    names = [name or f"column {index + 1}" for index, name in enumerate(heads)]
    unique = [name if name not in names[:index] else f"{name} ({index + 1})" for index, name in enumerate(names)]
    return frame.slice(row + 1).rename(dict(zip(frame.columns, unique, strict=True)))


def _parquet(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path)


def _csv(path: Path) -> pl.DataFrame:
    content = path.read_bytes()
    if b"\x00" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path.name} is not a text file. Export it as CSV.")
    text = _decoded(content)
    sample = text[:20_000]
    separator = max(",;\t|", key=lambda mark: sample.count(mark))
    return pl.read_csv(
        io.StringIO(text), has_header=False, separator=separator, infer_schema=False, truncate_ragged_lines=False
    )


def _decoded(content: bytes) -> str:
    """Decode UTF-8 (with or without mark) or UTF-16 with its mark; else Windows Latin-1, which reads anything."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _xlsx(path: Path) -> pl.DataFrame:
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > _MOST_UNPACKED:
            raise DataError(f"{path.name} unpacks to more than {_MOST_UNPACKED // 1_000_000:,} MB; split it or load it as CSV.")
    return pl.read_excel(path, has_header=False, infer_schema_length=0, drop_empty_rows=False)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
