"""What an extract says of itself: that it is synthetic, of what day, from which source, and whether it is a full one.

A Parquet file carries its marks in its metadata under `centerline.<name>`; for other files the command line says it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from analytics.exc import DataError

_PREFIX: Final = "centerline."

#: Longest name of a source.
_LONGEST: Final = 60


@dataclass(frozen=True)
class Marks:
    """Marks of an extract.

    Attributes:
        synthetic: Its rows describe nothing real.
        full: It holds every record of its source, so one that is missing has vanished.
        source: The system or report that it comes from.
        extract_date: Day as of which it was drawn; null when nobody says.
    """

    synthetic: bool = False
    full: bool = False
    source: str = "default"
    extract_date: dt.date | None = None

    def __post_init__(self) -> None:
        if not self.source.strip() or len(self.source) > _LONGEST:
            raise DataError(f"The name of a source has 1 to {_LONGEST} characters.")


def read(path: Path, given: Marks) -> Marks:
    """Return the marks of a file, which count before those given for it."""
    if path.suffix.lower() != ".parquet":
        return given
    content = {key.decode(): value.decode(errors="replace") for key, value in (pq.read_metadata(path).metadata or {}).items()}
    own = {key.removeprefix(_PREFIX): value for key, value in content.items() if key.startswith(_PREFIX)}
    date = own.get("extract_date")
    try:
        return Marks(
            synthetic=own.get("synthetic") == "true" or given.synthetic,
            full=own["full"] == "true" if "full" in own else given.full,
            source=own.get("source", given.source),
            extract_date=dt.date.fromisoformat(date) if date else given.extract_date,
        )
    except ValueError as error:
        raise DataError(f"{path.name} says that it was drawn on “{date}”; write that day as YYYY-MM-DD.") from error


def metadata(marks: Marks) -> Mapping[str, str]:
    """Write marks as the metadata of a Parquet file."""
    plain = {"synthetic": "true" if marks.synthetic else "", "full": "true" if marks.full else "", "source": marks.source}
    date = marks.extract_date.isoformat() if marks.extract_date else ""
    return {f"{_PREFIX}{name}": value for name, value in (plain | {"extract_date": date}).items() if value}
