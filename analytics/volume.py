"""What is processed: entry summaries, lines, value, duty, and how much of it the Centers process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics import codes, coding, cube
from analytics.exc import QueryError
from analytics.filters import Filters
from analytics.rollups import PARTICIPANTS, VOLUME, Family, Frames

#: Programs whose importers a Center may take as participants: ISA members and C-TPAT tier 2-3 on the entry date.
ELIGIBLE_PROGRAMS: Final[tuple[str, ...]] = ("isa", "ctpat")

#: Volume with the program of its importers, which has no level of the Center alone: numbers of it reach no working group. What ports
#: process has no Center, so that it can neither be filtered nor shown by one.
ELIGIBLE: Final = Family(
    "eligible", (), tuple(tuple(name for name in level if name != "center") for level in VOLUME.levels if "program" in level)
)


def _amount(measure: str, *, money: bool, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    sums = cube.flows(frames, VOLUME, sorted({measure, "entries_count"}), filters, as_of, by)
    value = coding.dollars(pl.col(measure)) if money else pl.col(measure)
    return cube.result(sums, by, value=value, n=pl.col("entries_count"))


def entry_summaries(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count entry summaries by entry date, each under the industry of its most valuable goods."""
    return _amount("entries_count", money=False, frames=frames, filters=filters, as_of=as_of, by=by)


def entry_lines(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count entry lines by entry date, each under its own industry."""
    return _amount("lines_count", money=False, frames=frames, filters=filters, as_of=as_of, by=by)


def import_value_usd(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum the entered value of lines in dollars."""
    return _amount("value_cents", money=True, frames=frames, filters=filters, as_of=as_of, by=by)


def duty_usd(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum the estimated duty of lines in dollars."""
    return _amount("duty_cents", money=True, frames=frames, filters=filters, as_of=as_of, by=by)


def duty_fees_usd(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum the estimated duty of lines and the fees of entries in dollars, whoever processes them."""
    sums = cube.flows(frames, VOLUME, ["duty_cents", "fees_cents", "entries_count"], filters, as_of, by)
    return cube.result(sums, by, value=coding.dollars(pl.col("duty_cents") + pl.col("fees_cents")), n=pl.col("entries_count"))


def participating_accounts(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the distinct accounts with an entry that a Center processed in the period."""
    rows = cube.rows(frames, PARTICIPANTS, filters, as_of, by)
    distinct = [pl.col("account_key").n_unique().alias("value"), pl.col("entries_count").sum().alias("n")]
    counted = cube.labelled(rows.group_by(by).agg(distinct), by) if by else rows.select(distinct)
    return cube.result(counted.collect(), by, value=pl.col("value").cast(pl.Int64))


def center_value_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the value that Centers process (those kept by the filter) by the value of all entries.

    The Center filter and grouping narrow what is counted, never what it is divided by: each Center's share is of the
    whole, and the shares of the Centers add up. “Port” is no Center: kept alone, it leaves a share of 0.
    """
    return _center_share("value_cents", frames, filters, as_of, by)


def center_entry_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the entry summaries that Centers process (those kept by the filter) by all; filters work as in `center_value_share`."""
    return _center_share("entries_count", frames, filters, as_of, by)


def _center_share(measure: str, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    groups = list(dict.fromkeys(["center", *by]))
    part = cube.flows(frames, VOLUME, sorted({measure, "entries_count"}), filters.keeping("center", ()), as_of, groups)
    return _share(part, measure, filters, by, pl.col("center") != codes.PORT_CODE)


def _share(part: pl.DataFrame, measure: str, filters: Filters, by: Sequence[str], kept: pl.Expr) -> pl.DataFrame:
    """Divide what the kept holders (and the Center filter) have of a measure by what all have, in each other group."""
    whole_by = [name for name in by if name != "center"]
    whole = part.group_by(whole_by).agg(whole=pl.col(measure).sum()) if whole_by else part.select(whole=pl.col(measure).sum())
    if filters.centers:
        kept &= pl.col("center").is_in(filters.centers)
    sums = [pl.col(name).filter(kept).sum() for name in dict.fromkeys((measure, "entries_count"))]
    narrowed = part.filter(kept).group_by(by).agg(pl.col(name).sum() for name in dict.fromkeys((measure, "entries_count")))
    counted = narrowed if "center" in by else part.group_by(whole_by).agg(sums) if whole_by else part.select(sums)
    joined = counted.join(whole, on=whole_by) if whole_by else counted.join(whole, how="cross")
    return cube.result(joined, by, value=pl.when(pl.col("whole") > 0).then(pl.col(measure) / pl.col("whole")), n=pl.col("entries_count"))


def _eligible(frames: Frames, measures: Sequence[str], filters: Filters, as_of: dt.date, by: Sequence[str], *more: str) -> pl.DataFrame:
    """Sum measures of the entries of participants by holder and the groups; their other columns are `center` and `program`.

    Raises:
        QueryError: it is asked by Center.
    """
    if filters.centers or "center" in by:
        raise QueryError("What ports process has no Center: narrow it by industry to the goods of one.")
    groups = list(dict.fromkeys(["center", "program", *by, *more]))
    rows = cube.flows(frames, VOLUME, measures, filters, as_of, groups)
    return rows.filter(pl.col("program").is_in(ELIGIBLE_PROGRAMS))


def eligible_not_in_center_usd(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum the value of participants' imports that ports process, in dollars; it cannot be asked by Center."""
    rows = _eligible(frames, ["value_cents", "entries_count"], filters, as_of, by).filter(pl.col("center") == codes.PORT_CODE)
    sums = [pl.col("value_cents", "entries_count").sum()]
    counted = rows.group_by(by).agg(sums) if by else rows.select(sums)
    return cube.result(counted, by, value=coding.dollars(pl.col("value_cents")), n=pl.col("entries_count"))


def eligible_not_in_center_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the value of participants' imports that ports process by the value of all their imports; it cannot be asked by Center."""
    part = _eligible(frames, ["value_cents", "entries_count"], filters, as_of, by)
    return _share(part, "value_cents", filters, by, pl.col("center") == codes.PORT_CODE)


def eligible_by_industry(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Say of each industry how much of participants' imports ports still process, and how much of that Centers cannot take yet.

    The Center filter does not count: what ports process has no Center.

    Returns:
        `industry`, `port_cents` (processed by ports), `all_cents`, `other_type_cents` (processed by ports, of entry types that
        Centers do not process), `port_entries` (entry summaries processed by ports); most value at ports first.
    """
    every = filters.keeping("center", ())
    rows = _eligible(frames, ["value_cents", "entries_count"], every, as_of, ["industry"], "entry_type")
    port = pl.col("center") == codes.PORT_CODE
    other = ~pl.col("entry_type").is_in(codes.CENTER_ENTRY_TYPES)
    counted = rows.group_by("industry").agg(
        port_cents=pl.col("value_cents").filter(port).sum(),
        all_cents=pl.col("value_cents").sum(),
        other_type_cents=pl.col("value_cents").filter(port & other).sum(),
        port_entries=pl.col("entries_count").filter(port).sum(),
    )
    return counted.sort(["port_cents", "industry"], descending=[True, False])


def processed_by_month(frames: Frames, filters: Filters, as_of: dt.date, homes: pl.DataFrame) -> pl.DataFrame:
    """Say what share of each Center's goods Centers process, month by month, whichever Center it is.

    The Center filter does not count: it would cut what the share is of.

    Args:
        frames: Rollups at hand.
        filters: What is kept; its period gives the months.
        as_of: Last day that has happened.
        homes: `industry` and `home`, the Center whose goods they are.

    Returns:
        `home`, `month`, `value_share` and `entry_share` (0-1; null where nothing was imported), `entries_count`; in order.
    """
    rows = cube.flows(
        frames, VOLUME, ["value_cents", "entries_count"], filters.keeping("center", ()), as_of, ["center", "industry", "month"]
    )
    center = pl.col("center") != codes.PORT_CODE
    counted = (
        rows.join(homes.select("industry", "home"), on="industry")
        .group_by("home", "month")
        .agg(
            pl.col("value_cents", "entries_count").sum(),
            value=pl.col("value_cents").filter(center).sum(),
            entries=pl.col("entries_count").filter(center).sum(),
        )
    )
    value, entries = pl.col("value_cents"), pl.col("entries_count")
    return counted.select(
        "home",
        "month",
        value_share=pl.when(value > 0).then(pl.col("value") / value),
        entry_share=pl.when(entries > 0).then(pl.col("entries") / entries),
        entries_count=entries,
    ).sort("home", "month")


def revenue_by_port(frames: Frames, filters: Filters, as_of: dt.date, centers: Sequence[str] = ()) -> pl.DataFrame:
    """Split the duty and fees of each port of entry by who processes the entries.

    Args:
        frames: Rollups at hand.
        filters: What is kept; the Center filter does not count, because a port collects for every holder.
        as_of: Last day that has happened.
        centers: Centers that make the first part; empty for all.

    Returns:
        `port`, `center_cents` (on what these Centers process), `other_cents` (on all else), `entries_count`; most first.
    """
    rows = cube.flows(
        frames, VOLUME, ["duty_cents", "fees_cents", "entries_count"], filters.keeping("center", ()), as_of, ["center", "port"]
    )
    mine = pl.col("center").is_in(list(centers)) if centers else pl.col("center") != codes.PORT_CODE
    both = pl.col("duty_cents") + pl.col("fees_cents")
    counted = rows.group_by("port").agg(
        center_cents=both.filter(mine).sum(), other_cents=both.filter(~mine).sum(), entries_count=pl.col("entries_count").sum()
    )
    return (
        counted.with_columns(all=pl.col("center_cents") + pl.col("other_cents")).sort(["all", "port"], descending=[True, False]).drop("all")
    )


def revenue_sums(frames: Frames, filters: Filters, as_of: dt.date) -> dict[str, int]:
    """Sum duty and fees in cents three times, each from the rollup that its own question is routed to: they must be equal.

    Returns:
        `port` (over ports of entry), `center` (over Centers and “Port”), `national` (undivided); the Center filter does not count.
    """
    every = filters.keeping("center", ())
    measures = ["duty_cents", "fees_cents"]
    asked = {"port": ["port"], "center": ["center"], "national": []}
    found = {name: cube.flows(frames, VOLUME, measures, every, as_of, by) for name, by in asked.items()}
    return {name: int(rows.select((pl.col("duty_cents") + pl.col("fees_cents")).sum()).item() or 0) for name, rows in found.items()}
