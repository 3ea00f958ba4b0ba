"""The demonstration as its sources would send it: entries in three monthly extracts, with late ones, corrections and records that
vanish; reviews in fifteen, each without the completions of its last days that are reported late.

Loaded in their order they end in the generated tables, row for row; only the way there is told: how a month was known then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from analytics import periods
from data import marks
from data.contracts import TABLES
from data.demo.draws import AS_OF, generator
from data.demo.planted import single
from data.facts import as_it_stood
from data.marks import Marks

Tables = Mapping[str, pl.DataFrame]
Extract = Mapping[str, tuple[pl.DataFrame, Marks]]

#: Days as of which the extracts were drawn; the last is the demonstration's own.
DAYS: Final = (dt.date(2013, 7, 31), dt.date(2013, 8, 31), AS_OF)

#: Ends of the months before, as of which the system of reviews kept extracts: a year of them, with the first of `DAYS`, tells how
#: completions are reported.
ARCHIVED: Final = tuple(periods.month_end(periods.months_back(DAYS[0], back)) for back in range(12, 0, -1))

#: Tables that follow their entries and reviews from extract to extract; the others come whole with the first.
_FOLLOW: Final = ("entry", "entry_line", "review", "review_event")

#: Share of the first extract's entries whose value was corrected later, and what it was of the right one.
_CORRECTED: Final = 0.012
_FIRST_VALUE: Final = 0.94

#: Open reviews that the last full extract no longer has.
_VANISHED: Final = 6


def extracts(tables: Tables, seed: int) -> list[Extract]:
    """Cut the generated tables into extracts, each a table with its marks, in the order in which they load."""
    rng = generator(seed, "extracts")
    late = _reported_late(tables["review"], seed)
    known = [_known(tables, day, late) for day in DAYS]
    corrected = _sample(known[0]["entry"]["entry_number"], round(known[0]["entry"].height * _CORRECTED), rng)
    rest = {name: frame for name, frame in tables.items() if name not in _FOLLOW}
    first = rest | _as_first_sent(known[0], corrected)
    archive = [_as_known(tables["review"], day, late) for day in ARCHIVED]
    reviews = [archive[0], *(_changed("review", now, before) for before, now in pairwise((*archive, known[0]["review"])))]
    second = _changes(known[1], known[0], corrected)
    third = _changes(known[2], known[1], corrected.clear())
    third["review"] = known[2]["review"].join(_vanishing(archive[0], known[2]["review"], rng), on="review_id", how="anti")
    return [
        _marked(first, DAYS[0]),
        *(
            _marked({"review": frame}, day, full=("review",) * (not place))
            for place, (frame, day) in enumerate(zip(reviews, ARCHIVED, strict=False))
        ),
        _marked({"review": reviews[-1], "review_event": known[0]["review_event"]}, DAYS[0]),
        _marked(second, DAYS[1]),
        _marked(third, DAYS[2], full=("review",)),
    ]


def write(made: Sequence[Extract], folder: Path) -> list[list[Path]]:
    """Write each extract into a folder of its number and day; return the files of each, in the order in which they load."""
    written = []
    for place, extract in enumerate(made, 1):
        (day,) = {said.extract_date for _, said in extract.values()}
        inside = folder / f"{place:02}-{day}"
        inside.mkdir(parents=True, exist_ok=True)
        paths = []
        for name in TABLES:
            if name in extract:
                frame, said = extract[name]
                paths.append(inside / f"{name}.parquet")
                frame.write_parquet(paths[-1], compression="zstd", metadata=dict(marks.metadata(said)))
        written.append(paths)
    return written


def _reported_late(review: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Draw after how many days each completion is reported, as the planted late tail says of those of its last days.

    On the tail's last day its share of that day's completions is not reported, and evenly fewer of those of each day before.

    Returns:
        `review_id`, `reported_date`; only of completions that are reported late. What the tail itself hides is no completion yet.
    """
    truth = single("late_reporting")
    days = (truth.to_date - truth.from_date).days
    drawn = pl.Series("drawn", generator(seed, "late reports").random(review.height))
    # Not reported by an age of a days with probability size * (1 - a / days): the age at which it is, turned round.
    age = ((1 - pl.col("drawn") / truth.size) * days).floor() + 1 if truth.size else pl.lit(0.0)
    closed = review.select("review_id", "closed_date").with_columns(drawn, age=pl.lit(0.0)).with_columns(age=age.clip(lower_bound=0))
    late = closed.filter(pl.col("closed_date").is_not_null() & (pl.col("age") > 0))
    return late.select("review_id", reported_date=pl.col("closed_date") + pl.duration(days=pl.col("age").cast(pl.Int64)))


def _as_known(review: pl.DataFrame, day: dt.date, late: pl.DataFrame) -> pl.DataFrame:
    """Return reviews as the source knew them on a day: those opened by then, without completions that it was not told of."""
    # A completion that is reported later stands as one that happens later.
    told = review.join(late, on="review_id", how="left", maintain_order="left").with_columns(
        pl.coalesce("reported_date", "closed_date").alias("told_date")
    )
    unknown = (pl.col("told_date") > day).fill_null(value=False)
    return as_it_stood(
        told.with_columns(closed_date=pl.when(unknown).then("told_date").otherwise("closed_date")).select(review.columns), day
    )


def _known(tables: Tables, day: dt.date, late: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return what the sources could know on a day: reviews as they stood, summaries filed by then, and the entries under review."""
    review = tables["review"] if day == AS_OF else _as_known(tables["review"], day, late)
    filed = (pl.col("summary_date") <= day).fill_null(pl.col("entry_date") <= day) | pl.lit(day == AS_OF)
    reviewed = pl.col("entry_number").is_in(review["entry_number"].drop_nulls().unique().implode())
    entry = tables["entry"].filter(filed | reviewed)
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
    changed = {name: _changed(name, now[name], before[name]) for name in _FOLLOW}
    for name in ("entry", "entry_line"):
        again = now[name].join(corrected, on="entry_number", how="semi")
        changed[name] = pl.concat([changed[name], again]).unique(TABLES[name].primary_key()).sort(TABLES[name].primary_key())
    return changed


def _changed(name: str, now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a table that are new or other than before."""
    return now.join(before, on=now.columns, how="anti", nulls_equal=True).sort(TABLES[name].primary_key())


def _vanishing(first: pl.DataFrame, last: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Choose reviews that were in the first full extract, are open, and did not change since."""
    same = last.join(first, on=first.columns, how="semi", nulls_equal=True)
    waiting = same.filter(pl.col("closed_date").is_null())["review_id"].sort()
    return _sample(waiting, min(_VANISHED, waiting.len()), rng)


def _sample(values: pl.Series, n: int, rng: np.random.Generator) -> pl.DataFrame:
    ordered = values.sort()
    return ordered.gather(np.sort(rng.choice(ordered.len(), n, replace=False))).to_frame()


def _marked(tables: Tables, day: dt.date, full: Sequence[str] = ()) -> Extract:
    return {
        name: (frame, Marks(synthetic=True, full=name in full, source="demonstration", extract_date=day))
        for name, frame in tables.items()
        if frame.height
    }
