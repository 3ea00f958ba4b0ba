"""Answers from a release: what the working-group role reads instead of the rollups.

A release is a frame of cells (`analytics.publication`) whose withheld values are not in it. A question is answered by cells
that tile it, the largest first; if one of them is withheld, so is the answer. Nothing else is at hand to compute it from. A rate of
several cells is their mean by sampled lines; its interval is Wilson's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics import cube, periods
from analytics.exc import QueryError
from analytics.filters import DIMENSIONS, Filters
from analytics.publication import ALL, CENTERS, EVERY_DISTRICT, MEASURES, MONTHS_OF
from analytics.rates import wilson

GROUPINGS: Final = ("center", "district", *cube.TIMES)

_MEASURE: Final = {measure.metric_id: measure for measure in MEASURES}
#: Mark of a cell -> the quality of an answer; what has no mark is shown.
QUALITY: Final = {"D": "suppressed", "S": "too_few", "–": "none", "0": "ok", "": "ok"}


def answer(cells: pl.DataFrame, metric_id: str, filters: Filters, by: Sequence[str] = ()) -> pl.DataFrame:
    """Answer a metric from a release.

    Args:
        cells: `metric_id`, `center_code`, `district_code`, `level`, `from_date`, `value` (null where withheld), `mark`.
        metric_id: A published measure.
        filters: Centers and a period of whole months; a part of it that is not released yet is left out.
        by: Any of `center`, `district` (of chosen Centers) and one of time.

    Returns:
        The `by` columns, `value` (rounded; null unless shown), `low` and `high` (of rates, 95 %), `n` (of counts; of a rate the sampled
        lines, rounded), `quality`:
        `ok`, `suppressed` (withheld so that no company can be told), `too_few` or `none` (nothing to report).

    Raises:
        QueryError: it is not published so; the message says what is.
    """
    _check(metric_id, filters, by)
    measure, mine = _MEASURE[metric_id], cells.filter(pl.col("metric_id") == metric_id)
    if mine.is_empty():
        raise QueryError(f"“{metric_id}” is not released yet: it comes with the next release (python -m data publish).")
    districts = "district" in by
    tiles = _places(mine, filters, by, districts=districts).join(_spans(mine, metric_id, filters, by, districts=districts), how="cross")
    keys = ["center_code", "district_code", "level", "from_date"]
    found = tiles.join(mine.select(*keys, "value", "mark"), on=keys, how="left", maintain_order="left")
    # Of a Center that came after the release nothing was withheld: there was nothing.
    later = ~pl.col("center_code").is_in(mine["center_code"].unique().implode())
    found = found.with_columns(mark=pl.when(later).then(pl.lit("–")).otherwise("mark"))
    whole = cells.filter(pl.col("metric_id") == measure.of).select(*keys, n=pl.col("value").fill_null(0))
    found = found.join(whole, on=keys, how="left", maintain_order="left").with_columns(pl.col("n").fill_null(0))
    worst = [pl.col("mark").eq_missing(mark).any() for mark in ("D", "S")]
    hidden = worst[0] | worst[1] | pl.col("mark").is_null().any()
    quality = (
        pl.when(worst[0] | pl.col("mark").is_null().any()).then(pl.lit("suppressed"))
        .when(worst[1]).then(pl.lit("too_few"))
        .when((pl.col("mark") == "–").all()).then(pl.lit("none"))
        .otherwise(pl.lit("ok"))
    )  # fmt: skip
    sums = found.group_by(by, maintain_order=True) if by else found.with_columns(every=0).group_by("every")
    mean = ((pl.col("value") * pl.col("n")).sum() / pl.col("n").sum()).round(4)
    value = mean if measure.of else pl.col("value").sum()
    summed = sums.agg(value=pl.when(~hidden).then(value), n=pl.col("n").sum(), quality=quality)
    shown = summed.with_columns(value=pl.when(pl.col("quality") == "ok").then("value"))
    if measure.of:
        n = pl.when(pl.col("quality") == "ok").then("n")
        low, high = wilson(pl.col("value"), n)
        return cube.result(shown, by, low=low, high=high, n=n, quality=pl.col("quality"))
    counted = pl.col("value") if metric_id != "import_value_usd" else pl.lit(None, pl.Float64)
    return cube.result(shown, by, n=counted, quality=pl.col("quality"))


def counted(cells: pl.DataFrame) -> pl.DataFrame:
    """Count a release by what anybody may read of it, so that the counts tell nothing that the cells do not.

    Args:
        cells: A release.

    Returns:
        One row: `cells_read`, `withheld_read` and `value_withheld`: the share (0-1) of import value that withheld months of Centers and
        ports hold, over the months whose whole is shown; null where none is.
    """
    value = cells.filter(pl.col("metric_id") == "import_value_usd", pl.col("level") == "month", pl.col("district_code") == EVERY_DISTRICT)
    whole = value.filter(pl.col("center_code") == ALL, pl.col("value").is_not_null())
    pieces = value.filter(~pl.col("center_code").is_in([ALL, CENTERS])).join(whole, on="from_date", how="semi")
    rest = 1 - pl.lit(pieces["value"].sum()) / pl.lit(whole["value"].sum())
    # Cells are rounded one by one: where nothing is withheld, nothing is left.
    some = pl.when(pl.lit((pieces["mark"] == "D").any())).then(rest.clip(0, 1)).otherwise(0.0)
    return pl.select(
        cells_read=pl.lit(cells.height),
        withheld_read=pl.lit(int((cells["mark"] == "D").sum())),
        value_withheld=pl.when(pl.lit(whole["value"].sum() > 0)).then(some),
    )


def last_day(cells: pl.DataFrame) -> dt.date:
    """Return the last day of the last month that is released, or of the last quarter where there are no months."""
    level = "month" if (cells["level"] == "month").any() else "quarter"
    last = cells.filter(pl.col("level") == level)["from_date"].max()
    if not isinstance(last, dt.date):
        raise QueryError("No month is released yet: the first appears when a month is over and all its reports are in.")
    return periods.month_end(periods.months_back(last, 1 - MONTHS_OF[level]))


def _check(metric_id: str, filters: Filters, by: Sequence[str]) -> None:
    if metric_id not in _MEASURE:
        raise QueryError(f"“{metric_id}” is not published to working groups; published are {', '.join(_MEASURE)}.")
    refused = [name for name in by if name not in GROUPINGS]
    if refused:
        raise QueryError(
            f"Working groups see figures by {', '.join(GROUPINGS)}; none by {', '.join(refused)}, because it could tell of one company."
        )
    cube.check_groupings(by)
    narrowed = [name for name in filters.used if name != "center"]
    if narrowed:
        raise QueryError(f"Published figures cannot be narrowed by {DIMENSIONS[narrowed[0]][2].lower()}; leave --{narrowed[0]} out.")
    if "district" in by and not _MEASURE[metric_id].by_district:
        with_districts = ", ".join(each.metric_id for each in MEASURES if each.by_district)
        raise QueryError(f"“{metric_id}” is not published by district; {with_districts} is.")


def _places(mine: pl.DataFrame, filters: Filters, by: Sequence[str], *, districts: bool) -> pl.DataFrame:
    """Return the Centers and districts that tile the question, with the `by` columns of place."""
    every = [code for code in mine["center_code"].unique().sort().to_list() if code not in (CENTERS, ALL)]
    centers = [code for code in every if code != "PORT"]
    chosen = sorted(filters.centers)
    if districts and (not chosen or "PORT" in chosen):
        raise QueryError(f"Districts are published of what Centers process; name them: --center {','.join(centers)}.")
    if "center" in by:
        codes = chosen or every
    elif not chosen:
        codes = [ALL]
    else:
        codes = [ALL] if chosen == every else [CENTERS] if chosen == centers else chosen
    place = pl.DataFrame({"center_code": codes}, schema={"center_code": pl.String})
    below = mine.filter(pl.col("district_code") != EVERY_DISTRICT)["district_code"].unique().sort() if districts else [EVERY_DISTRICT]
    place = place.join(pl.DataFrame({"district_code": below}, schema={"district_code": pl.String}), how="cross")
    return place.with_columns(center=pl.col("center_code"), district=pl.col("district_code"))


def _spans(mine: pl.DataFrame, metric_id: str, filters: Filters, by: Sequence[str], *, districts: bool) -> pl.DataFrame:
    """Return the spans of time that tile the question (`level`, `from_date`), with the `by` column of time."""
    first, last = _whole_months(mine, filters)
    levels = ("quarter",) if districts else tuple(reversed(_MEASURE[metric_id].levels))
    time = next((name for name in by if name in cube.TIMES), None)
    if "month" not in levels and (first.month % 3 != 1 or last.month % 3 != 0 or time == "month"):
        what = "Districts are" if districts else "The random sample is"
        raise QueryError(f"{what} published by whole fiscal quarters (from October, January, April or July); change the period.")
    rows: list[tuple[str, str, dt.date]] = []
    for start, end in _buckets(first, last, time):
        label = pl.select(cube.time_label(time, pl.lit(start))).item() if time else ""
        begin = end if _MEASURE[metric_id].is_stock else start
        rows += [(label, level, day) for level, day in _tiles(begin, end, levels)]
    return pl.DataFrame(rows, schema={time or "span": pl.String, "level": pl.String, "from_date": pl.Date}, orient="row")


def _whole_months(mine: pl.DataFrame, filters: Filters) -> tuple[dt.date, dt.date]:
    """Return the first days of the first and the last month asked for that are released.

    Raises:
        QueryError: the period begins or ends within a month, or nothing of it is released.
    """
    begun: object = mine["from_date"].min()
    until = last_day(mine)
    start, end = filters.from_date or begun, filters.to_date or until
    if not isinstance(start, dt.date) or not isinstance(begun, dt.date) or start.day != 1 or end != periods.month_end(end):
        raise QueryError("Published figures are of whole months: begin on the first day of a month and end on the last of one.")
    first, last = max(start, begun), periods.month_start(min(end, until))
    if first > last:
        raise QueryError(f"Nothing of this period is released; released are {begun:%b %Y} to {until:%b %Y}.")
    return first, last


def _buckets(first: dt.date, last: dt.date, time: str | None) -> list[tuple[dt.date, dt.date]]:
    """Split a span of months: first and last month of each bucket."""
    ends = cube.bucket_ends(time, cube.Span(first, periods.month_end(last)), first)
    found, start = [], first
    for end in ends:
        found.append((start, periods.month_start(end)))
        start = periods.next_month(end)
    return found


def _tiles(first: dt.date, last: dt.date, levels: Sequence[str]) -> list[tuple[str, dt.date]]:
    """Cover months by the largest spans that lie within."""
    found, day = [], first
    while day <= last:
        for level in levels:
            months = MONTHS_OF[level]
            end = periods.months_back(day, 1 - months)
            if (day.month + 2) % months == 0 and end <= last:
                found.append((level, day))
                day = periods.next_month(end)
                break
        else:
            raise QueryError("The period does not fit what is published.")
    return found
