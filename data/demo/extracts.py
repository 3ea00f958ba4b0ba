"""The demonstration as a source would send it: three monthly extracts, with late entries, corrections and records that vanish.

Loaded in their order they end in the generated tables, row for row; only the way there is told, for the revision table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from data import marks
from data.contracts import TABLES
from data.demo.draws import AS_OF, generator
from data.facts import as_it_stood
from data.marks import Marks

Tables = Mapping[str, pl.DataFrame]

#: Days as of which the extracts were drawn; the last is the demonstration's own.
DAYS: Final = (dt.date(2013, 7, 31), dt.date(2013, 8, 31), AS_OF)

#: Tables that follow their entries and reviews from extract to extract; the others come whole with the first.
_FOLLOW: Final = ("entry", "entry_line", "review", "review_event")

#: Share of the first extract's entries whose value was corrected later, and what it was of the right one.
_CORRECTED: Final = 0.012
_FIRST_VALUE: Final = 0.94

#: Open reviews that the last full extract no longer has.
_VANISHED: Final = 6


def extracts(tables: Tables, seed: int) -> list[dict[str, tuple[pl.DataFrame, Marks]]]:
    """Cut the generated tables into extracts, each a table with its marks."""
    rng = generator(seed, "extracts")
    known = [_known(tables, day) for day in DAYS]
    corrected = _sample(known[0]["entry"]["entry_number"], round(known[0]["entry"].height * _CORRECTED), rng)
    first = known[0] | _as_first_sent(known[0], corrected)
    second = _changes(known[1], known[0], corrected)
    third = _changes(known[2], known[1], corrected.clear())
    third["review"] = known[2]["review"].join(_vanishing(known, rng), on="review_id", how="anti")
    rest = {name: frame for name, frame in tables.items() if name not in _FOLLOW}
    return [_marked(rest | first, DAYS[0], full=("review",)), _marked(second, DAYS[1]), _marked(third, DAYS[2], full=("review",))]


def write(made: list[dict[str, tuple[pl.DataFrame, Marks]]], folder: Path) -> list[list[Path]]:
    """Write each extract into a folder of its day; return the files of each, in the order in which they load."""
    written = []
    for day, extract in zip(DAYS, made, strict=True):
        inside = folder / day.isoformat()
        inside.mkdir(parents=True, exist_ok=True)
        paths = []
        for name in TABLES:
            if name in extract:
                frame, said = extract[name]
                paths.append(inside / f"{name}.parquet")
                frame.write_parquet(paths[-1], compression="zstd", metadata=dict(marks.metadata(said)))
        written.append(paths)
    return written


def _known(tables: Tables, day: dt.date) -> dict[str, pl.DataFrame]:
    """Return what a source could know on a day: summaries filed by then, and reviews as they stood."""
    entry = tables["entry"].filter((pl.col("summary_date") <= day).fill_null(pl.col("entry_date") <= day) | pl.lit(day == AS_OF))
    review = (
        tables["review"]
        if day == AS_OF
        else as_it_stood(tables["review"], day).join(entry, on="entry_number", how="semi", nulls_equal=True)
    )
    return {
        "entry": entry,
        "entry_line": tables["entry_line"].join(entry, on="entry_number", how="semi"),
        "review": review,
        "review_event": tables["review_event"].filter(pl.col("event_date") <= day).join(review, on="review_id", how="semi"),
    }


def _as_first_sent(known: Tables, corrected: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Give the entries that were corrected later the values that they came with."""
    lines = known["entry_line"].with_columns(
        value_usd=pl.when(pl.col("entry_number").is_in(corrected["entry_number"].implode()))
        .then((pl.col("value_usd") * _FIRST_VALUE).round(2))
        .otherwise(pl.col("value_usd"))
    )
    sums = lines.join(corrected, on="entry_number", how="semi").group_by("entry_number").agg(first_usd=pl.col("value_usd").sum().round(2))
    entry = known["entry"].join(sums, on="entry_number", how="left")
    return {"entry": entry.with_columns(value_usd=pl.coalesce("first_usd", "value_usd")).drop("first_usd"), "entry_line": lines}


def _changes(now: Tables, before: Tables, corrected: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the rows that are new or other than before, and the corrected entries with their lines."""
    changed = {name: now[name].join(before[name], on=now[name].columns, how="anti", nulls_equal=True) for name in _FOLLOW}
    for name in ("entry", "entry_line"):
        again = now[name].join(corrected, on="entry_number", how="semi")
        changed[name] = pl.concat([changed[name], again]).unique(TABLES[name].primary_key()).sort(TABLES[name].primary_key())
    return changed


def _vanishing(known: list[dict[str, pl.DataFrame]], rng: np.random.Generator) -> pl.DataFrame:
    """Choose reviews that were in the first extract, are open, and did not change since."""
    same = known[2]["review"].join(known[0]["review"], on=known[0]["review"].columns, how="semi", nulls_equal=True)
    waiting = same.filter(pl.col("closed_date").is_null() & (pl.col("work_type") == "protest"))["review_id"].sort()
    return _sample(waiting, min(_VANISHED, waiting.len()), rng)


def _sample(values: pl.Series, n: int, rng: np.random.Generator) -> pl.DataFrame:
    ordered = values.sort()
    return ordered.gather(np.sort(rng.choice(ordered.len(), n, replace=False))).to_frame()


def _marked(tables: Tables, day: dt.date, full: tuple[str, ...] = ()) -> dict[str, tuple[pl.DataFrame, Marks]]:
    return {
        name: (frame, Marks(synthetic=True, full=name in full, source="demonstration", extract_date=day))
        for name, frame in tables.items()
        if frame.height
    }
