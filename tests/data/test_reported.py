"""How months were known after each load: counted from rows, history and loads as if each load had been looked at in its time."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import Engine

from analytics import late
from analytics.filters import Filters
from analytics.scope import Scope
from data import bulk, database, load, publish, reported
from data.marks import Marks
from data.settings import settings
from data.store import Snapshot
from tests.data.samples import Row, review, write_csv

CENTERS = ("ELE", "PHC", "")


def put(bank: Engine, folder: Path, rows: list[Row], day: str | None) -> None:
    given = Marks(extract_date=dt.date.fromisoformat(day) if day else None)
    result = load.load_files([write_csv(folder / "review.csv", rows)], engine=bank, given=given)[-1]
    assert result.rejected == 0, result


def changes(bank: Engine, after: int = -1) -> pl.DataFrame:
    with database.reading(bank) as connection:
        return reported.since(connection, after)


def known(frame: pl.DataFrame) -> pl.DataFrame:
    """Counts as known after each day of loads, without those that are zero."""
    dense = pl.concat(
        [
            late.known_then(frame.lazy(), Filters(centers=(center,), work_types=(work,))).with_columns(
                center_code=pl.lit(center), work_type=pl.lit(work)
            )
            for center, work in frame.drop_nulls("month").select("center_code", "work_type").unique().rows()
        ]
    )
    keys = ["known_on", "center_code", "work_type", "month"]
    return dense.filter((pl.col("receipts") > 0) | (pl.col("completions") > 0)).select(*keys, "receipts", "completions").sort(keys)


def looked_at(bank: Engine, day: dt.date) -> pl.DataFrame:
    """Count what the table holds now: the plain way to know it."""
    rows = bulk.read_table(bank, "review").with_columns(pl.col("center_code").fill_null("PORT"))
    sides = {"receipts": "opened_date", "completions": "closed_date"}
    each = [
        rows.drop_nulls(date)
        .group_by("center_code", "work_type", month=pl.col(date).dt.strftime("%Y-%m"))
        .agg(pl.len().cast(pl.Int64).alias(name))
        for name, date in sides.items()
    ]
    both = each[0].join(each[1], on=["center_code", "work_type", "month"], how="full", coalesce=True)
    return both.select(pl.lit(day).alias("known_on"), "center_code", "work_type", "month", pl.col("receipts", "completions").fill_null(0))


def drawn(rng: random.Random) -> Row:
    """A review as some extract has it: open or closed, with a Center or none, its dates perhaps corrected."""
    opened = dt.date(2012, 12, 1) + dt.timedelta(days=rng.randrange(60))
    more = {"opened_date": opened.isoformat(), "center_code": rng.choice(CENTERS), "work_type": rng.choice(["validation", "psc"])}
    if rng.random() < 0.6:
        more |= {"status": "completed", "closed_date": (opened + dt.timedelta(days=rng.randrange(90))).isoformat(), "outcome": "no_change"}
    return review(rng.randrange(1, 25), **more)


@pytest.mark.parametrize("seed", range(4))
def test_each_load_is_known_as_it_was_then(peopled: Engine, tmp_path: Path, seed: int) -> None:
    rng, seen, after = random.Random(seed), [], pl.DataFrame(schema=reported.SCHEMA)
    for place in range(5):
        day = dt.date(2013, 3, 1) + dt.timedelta(days=20 * place)
        rows = {row["review_id"]: row for row in (drawn(rng) for _ in range(12))}
        put(peopled, tmp_path, list(rows.values()), day.isoformat())
        seen.append(looked_at(peopled, day))
        last = after["load_id"].max()
        after = pl.concat([after, changes(peopled, -1 if last is None else int(str(last)))])
    whole = changes(peopled)
    expected = pl.concat(seen).sort("known_on", "center_code", "work_type", "month")
    assert_frame_equal(known(whole), expected, check_dtypes=False)
    # Asked load by load it is the same.
    assert_frame_equal(reported.kept(after), whole)


def test_an_extract_that_comes_late_was_known_only_then_and_one_without_news_is_a_day_too(peopled: Engine, tmp_path: Path) -> None:
    put(peopled, tmp_path, [review(1)], "2013-02-28")
    put(peopled, tmp_path, [review(2)], "2013-01-31")
    put(peopled, tmp_path, [review(1)], "2013-03-31")
    found = changes(peopled)
    assert found["known_date"].to_list() == [dt.date(2013, 2, 28), dt.date(2013, 2, 28), dt.date(2013, 3, 31)]
    assert found.filter(pl.col("month").is_null()).select("load_id", "receipts").rows() == [(3, 0)]


def test_only_the_last_months_are_kept(peopled: Engine, tmp_path: Path) -> None:
    put(peopled, tmp_path, [review(1, opened_date="2010-05-05"), review(2, opened_date="2013-01-05")], "2013-02-28")
    assert changes(peopled)["month"].to_list() == ["2013-01"]


def test_a_version_has_it_at_two_levels_and_its_id_does_not_depend_on_the_way(peopled: Engine, home: Path, tmp_path: Path) -> None:
    closed = {"status": "completed", "closed_date": "2013-01-20", "outcome": "no_change"}
    put(peopled, tmp_path, [review(1), review(2, **closed)], "2013-01-31")
    publish.publish(engine=peopled)
    put(peopled, tmp_path, [review(1, **closed)], "2013-02-28")
    version = publish.publish(engine=peopled).version
    frames = Snapshot(Scope("leadership")).frames
    whole = changes(peopled)
    assert_frame_equal(frames["reported_by_type"].collect(), whole)
    assert_frame_equal(frames["reported"].collect(), reported.by_center(whole))
    assert "reported_by_type" not in Snapshot(Scope("working_group")).frames
    # The same again, of a later day: the version is the same, and knows of it.
    put(peopled, tmp_path, [review(1, **closed)], "2013-03-31")
    assert publish.publish(engine=peopled).version == version
    stored = pl.read_parquet(settings().published / "versions" / version / "facts" / "reported.parquet")
    assert stored["known_date"].max() == dt.date(2013, 3, 31)
    assert publish.publish(engine=peopled, rebuild=True).version == version
    again = pl.read_parquet(settings().published / "versions" / version / "facts" / "reported.parquet")
    assert_frame_equal(again, stored)
