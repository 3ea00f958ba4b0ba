"""Who does the work: people on board against the floor, and what each of them completes.

The nine customs revenue positions may not fall below their floor (6 USC 212(b)). Months are the source's own; a period takes
its last one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics import cube, periods
from analytics.exc import QueryError
from analytics.filters import Filters
from analytics.rollups import CENTER, WORK, Family, Frames
from analytics.workload import quality

#: Staff of the Centers by month and position: a small table of its own, not a rollup.
STAFF = Family("staff", ("on_board", "floor"), (CENTER,))

#: People missing to the floor of one position of one Center.
_MISSING: Final = (pl.col("floor") - pl.col("on_board")).clip(lower_bound=0)


def _check(filters: Filters, by: Sequence[str]) -> None:
    """Refuse what staff are not known by.

    Raises:
        QueryError: a filter or grouping other than the Center and time.
    """
    cube.check_groupings(by)
    beyond = cube.needed(filters, by) - set(STAFF.dimensions)
    if beyond:
        raise QueryError(f"Staff are known by Center and month; leave {', '.join(sorted(beyond))} out.")


def _staff(frames: Frames, filters: Filters, as_of: dt.date) -> pl.LazyFrame:
    """Return the period's rows of the staff table, with `center` and the first day of the month as `date`."""
    days = cube.span(filters, as_of)
    inside = pl.col("date").is_between(periods.month_start(days.start), days.end)
    dated = frames[STAFF.name].with_columns(date=(pl.col("month") + pl.lit("-01")).str.to_date())
    return dated.filter(inside, filters.predicate(["center"])).rename({"center_code": "center"})


def positions(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Give the people on board and the floor by position, in the last month of the period that has any.

    Returns:
        `position_type`, `on_board`, `floor`, `short` (people missing to the floor, 0 when none), `centers_short` (Centers below their
        floor), `month` (`YYYY-MM`); most missing first.
    """
    last = _staff(frames, filters, as_of).filter(pl.col("date") == pl.col("date").max())
    # Each Center's own shortage: what one has above its floor does not fill another's.
    below = (pl.col("floor") > pl.col("on_board")).sum().cast(pl.Int64)
    counted = last.group_by("position_type").agg(
        pl.col("on_board", "floor").sum(), short=_MISSING.sum(), centers_short=below, month=pl.col("month").first()
    )
    return counted.sort(["short", "floor", "position_type"], descending=[True, True, False]).collect()


def _last_months(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.LazyFrame:
    """Return the rows of the last month of the period, or of each group's part of it, with the groups' labels."""
    _check(filters, by)
    rows = _staff(frames, filters, as_of).with_columns(
        cube.time_label(name, pl.col("date")).alias(name) for name in by if name in cube.TIMES
    )
    latest = pl.col("date").max().over(list(by)) if by else pl.col("date").max()
    return rows.filter(pl.col("date") == latest)


def _people(measure: pl.Expr, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    """Sum people in the last month of the period, or of each group's part of it."""
    people = _last_months(frames, filters, as_of, by)
    total = measure.sum().alias("value")
    sums = people.group_by(by).agg(total) if by else people.select(total)
    return cube.result(sums.collect(), by, n=pl.col("value"))


def staff_on_board(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count people on board in the customs revenue positions in the last month of the period."""
    return _people(pl.col("on_board"), frames, filters, as_of, by)


def staff_floor(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Add the floors of the customs revenue positions up, in the last month of the period."""
    return _people(pl.col("floor"), frames, filters, as_of, by)


def staff_short(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the people missing to the floors in the last month of the period, position by position and Center by Center."""
    return _people(_MISSING, frames, filters, as_of, by)


def pending_per_person(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the reviews that Centers hold at the end of the period by the people on board in its last month; `n` are people.

    Only Centers with staff in that month count. Ports have no staff here.
    """
    wanted = ["center", *(name for name in by if name != "center")]
    people = _last_months(frames, filters, as_of, by).group_by(wanted).agg(pl.col("on_board").sum()).collect()
    held = cube.stocks(frames, WORK, ["pending_net"], filters, as_of, wanted)
    joined = people.join(held, on=wanted, how="left").with_columns(pl.col("pending_net").fill_null(0))
    sums = [pl.col("pending_net", "on_board").sum()]
    total = joined.group_by(by).agg(sums) if by else joined.select(sums)
    n = pl.col("on_board")
    return cube.result(total, by, value=pl.when(n > 0).then(pl.col("pending_net") / n), n=n, quality=quality(n > 0))


def completions_per_person(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide completions by the person-months of those on board: completions of a person in a month; `n` are person-months.

    Only the months that have staff count, a month that the period takes in part with its part. Ports have no staff here.
    """
    _check(filters, by)
    days = cube.span(filters, as_of)
    done = cube.flows(frames, WORK, ["completions"], filters, as_of, ["center", "month"])
    staff = _staff(frames, filters, as_of).group_by("center", "month", "date").agg(pl.col("on_board").sum()).collect()
    end = pl.col("date").dt.month_end()
    inside = pl.min_horizontal(end, pl.lit(days.end)) - pl.max_horizontal("date", pl.lit(days.start))
    share = (inside.dt.total_days() + 1) / end.dt.day()
    joined = staff.join(done, on=["center", "month"], how="left").with_columns(
        pl.col("completions").fill_null(0), months=pl.col("on_board") * share
    )
    labelled = joined.with_columns(cube.time_label(name, pl.col("date")).alias(name) for name in by if name in cube.TIMES)
    sums = [pl.col("completions", "months").sum()]
    total = labelled.group_by(by).agg(sums) if by else labelled.select(sums)
    n = pl.col("months")
    return cube.result(total, by, value=pl.when(n > 0).then(pl.col("completions") / n), n=n.round(), quality=quality(n > 0))
