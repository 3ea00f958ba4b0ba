"""Cards on people: the customs revenue positions against their floors, work per person, hours per review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from analytics import codes, format, people
from analytics.filters import DIMENSIONS
from ui import charts, provisional
from ui.board import Card, Column
from ui.cards.service import narrowed
from ui.cards.shared import empty, has_rows, labelled, listed, month_date, named, plural, total, with_chart
from ui.frame import View

_LAW: Final = "The nine customs revenue positions may not fall below their floor (6 USC 212(b))."
_NOBODY: Final = "No staff are recorded for these Centers"


def sentence(view: View, query: Mapping[str, str]) -> str:
    """Say what is shown, and which filters of other pages do not count here.

    Args:
        view: The page's question.
        query: The filters of all pages in force, as URL parameters.
    """
    unused = [DIMENSIONS[name][2].lower() for name in DIMENSIONS if query.get(name) and name != "center"]
    kept = f" · not narrowed by {listed(unused)}: staff are known by Center and month" if unused else ""
    return narrowed(view, people.STAFF.dimensions).sentence + kept


def title(view: View) -> str:
    """Say which positions are below their floor."""
    rows = people.positions(view.frames, view.filters.only(people.STAFF.dimensions), view.as_of)
    if rows.is_empty():
        return _NOBODY
    return _below(rows.with_columns(label=_names()))


def _names() -> pl.Expr:
    return pl.col("position_type").replace_strict(codes.POSITION_TYPES, default=pl.col("position_type"), return_dtype=pl.String)


def _below(rows: pl.DataFrame) -> str:
    """Name the positions below their floor, most missing first; of more than three, those that lack most."""
    below = rows.filter(pl.col("short") > 0)
    if below.is_empty():
        return f"All {plural(rows.height, 'position')} with staff are at their floor or above"
    most, tied = format.count(below["short"][0]), below.filter(pl.col("short") == below["short"][0])
    worst = f"{named(_many(tied), 'positions')} are {'each ' if tied.height > 1 else ''}{most} short"
    if tied.height == below.height <= 3:
        return f"{worst} of their floor"
    if below.height <= 3:
        first, *others = below.iter_rows(named=True)
        said = [f"{first['label']}s are {most} short of their floor", *(f"{row['label']}s {format.count(row['short'])}" for row in others)]
        return listed(said)
    many = f"All {below.height}" if below.height == rows.height else f"{below.height} of {rows.height}"
    return f"{many} positions are below their floor, by {plural(int(total(below['short'])), 'person', 'people')} in all; {worst}"


def _many(rows: pl.DataFrame) -> list[str]:
    """Name the people in positions: `Import Specialists`."""
    return [f"{label}s" for label in rows["label"]]


def _furthest(rows: pl.DataFrame) -> str:
    """Name the positions that lack the largest part of their floor."""
    below = rows.filter(pl.col("short") > 0).sort(["part", "label"], descending=[True, False])
    if below.is_empty():
        return "No position is below its floor at any Center"
    worst = below.filter(pl.col("part") == below["part"][0])
    title = f"{worst.height} positions lack {format.share(worst['part'][0])} of their floor"
    if worst.height <= 3:
        first, *others = worst.with_columns(of=pl.format("{} of {}", "short", "floor")).iter_rows(named=True)
        title = listed([f"{first['label']}s lack {first['of']}", *(f"{row['label']}s {row['of']}" for row in others)])
    return title if worst.height == rows.height else f"{title}, the largest part of any floor"


def _of_floor(row: Mapping[str, int]) -> str:
    """Write what stands after a number of people: `of 18`; what is short where one Center's surplus hides another's lack."""
    hidden = row["short"] > max(row["floor"] - row["on_board"], 0)
    return f"of {format.count(row['floor'])}" + (f", {format.count(row['short'])} short" if hidden else "")


def positions(view: View) -> Card:
    """Which customs revenue positions are below their floor."""
    key, own = "positions", narrowed(view, people.STAFF.dimensions)
    rows = people.positions(own.frames, own.filters, own.as_of)
    if rows.is_empty():
        return empty(own, key, _NOBODY, "staff_on_board")
    rows = rows.with_columns(label=_names(), part=pl.when(pl.col("floor") > 0).then(pl.col("short") / pl.col("floor")))
    title = _furthest(rows)
    absent = [name for code, name in codes.POSITION_TYPES.items() if code not in rows["position_type"].to_list()]
    drawn = rows.with_columns(bad=pl.col("short") > 0, extra=pl.struct("on_board", "floor", "short").map_elements(_of_floor, pl.String))
    options: dict[str, Any] = {"previous": "floor", "previous_label": "floor"}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"People on board in {format.month(rows['month'][0])}, of the floor (grey mark), most missing first · {own.sentence}",
            alt=f"{title}. {_below(rows)}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Position", "text"),
                Column("on_board", "On board", "count"),
                Column("floor", "Floor", "count"),
                Column("short", "Below the floor", "count"),
                Column("part", "Missing share", "share"),
                Column("centers_short", "Centers below it", "count"),
            ),
            metric_ids=("staff_on_board", "staff_floor", "staff_short"),
            note=f"Short: summed Center by Center; nobody above one floor fills another. {_LAW}"
            + (f" No staff are recorded as {listed(absent)}." if absent else ""),
        ),
        charts.bars,
        drawn,
        "label",
        "on_board",
        bad="bad",
        extra="extra",
        **options,
    )


def over_time(view: View) -> Card:
    """Whether people on board kept up with the floor, month by month."""
    key, own = "people_months", narrowed(view, people.STAFF.dimensions)
    board = own.ask("staff_on_board", "month", filters=own.trend).select("month", on_board="value")
    floor = own.ask("staff_floor", "month", filters=own.trend).select("month", floor="value")
    short = own.ask("staff_short", "month", filters=own.trend).select("month", short="value")
    rows = month_date(board.join(floor, on="month").join(short, on="month")).sort("month")
    if rows.is_empty():
        return empty(own, key, _NOBODY, "staff_on_board")
    several = own.ask("staff_on_board", "center", filters=own.trend).height > 1
    last, below = rows.row(-1, named=True), rows.filter(pl.col("on_board") < pl.col("floor")).height
    gap = last["floor"] - last["on_board"]
    word = f"{format.count(abs(gap))} {'below' if gap > 0 else 'above'} the floor in all" if gap else "just as many as the floor"
    title = f"{plural(last['on_board'], 'person is', 'people are')} on board, {word}; below it in {below} of {plural(rows.height, 'month')}"
    options: dict[str, Any] = {"names": ("Floor", "On board")}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"People in the customs revenue positions against the sum of their floors; the {plural(rows.height, 'month')} to {format.month(last['month'])} · {', '.join(own.filters.narrowed(own.labels)) or 'all Centers'}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("month", "Month", "month"),
                Column("on_board", "On board", "count"),
                Column("floor", "Floor", "count"),
                Column("short", "Below the floor, by position", "count"),
            ),
            metric_ids=("staff_on_board", "staff_floor", "staff_short"),
            note="A Center counts from the first month in which it has staff: steps are openings." if several else "",
        ),
        charts.flow_lines,
        rows,
        "month",
        "floor",
        "on_board",
        **options,
    )


def _chosen(view: View, rows: pl.DataFrame) -> list[str]:
    """Name the chosen Centers of the rows; none when all are meant."""
    return rows.filter(pl.col("center").is_in(view.filters.centers))["label"].to_list()


def centers(view: View) -> Card:
    """Which Centers lack most people; the chosen ones stand out among all."""
    key, own = "people_centers", narrowed(view, people.STAFF.dimensions)
    everyone = own.filters.keeping("center", ())
    short = own.ask("staff_short", "center", filters=everyone).select("center", short="value")
    board = own.ask("staff_on_board", "center", filters=everyone).select("center", on_board="value")
    floor = own.ask("staff_floor", "center", filters=everyone).select("center", floor="value")
    rows = labelled(own, short.join(board, on="center").join(floor, on="center"), "center")
    if rows.is_empty():
        return empty(own, key, _NOBODY, "staff_on_board")
    rows = rows.with_columns(share=pl.when(pl.col("floor") > 0).then(pl.col("short") / pl.col("floor"))).sort(
        ["short", "label"], descending=[True, False]
    )
    worst, below = rows.row(0, named=True), rows.filter(pl.col("short") > 0).height
    title = "No Center has a position below its floor"
    if below:
        tied = rows.filter(pl.col("short") == worst["short"]).height > 1
        title = f"{plural(below, 'Center has', 'Centers have')} positions below the floor"
        title += f"; {worst['label']} lacks {format.count(worst['short'])}" + ("" if tied or rows.height == 1 else ", the most")
    parts = pl.col("share").map_elements(format.share, pl.String)
    drawn = rows.with_columns(extra=pl.when(pl.col("short") > 0).then(pl.concat_str(parts, pl.lit(" of its floor"))))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"People missing to the floors of each Center’s positions; every Center · {own.filters.period_words()}, its last month",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Center", "text"),
                Column("short", "Below the floor", "count"),
                Column("on_board", "On board", "count"),
                Column("floor", "Floor", "count"),
                Column("share", "Missing share", "share"),
            ),
            metric_ids=("staff_short",),
        ),
        charts.bars,
        drawn,
        "label",
        "short",
        extra="extra",
        highlight=_chosen(own, rows),
    )


def load(view: View) -> Card:
    """How many reviews lie with each person, Center by Center; the chosen ones stand out among all."""
    key, own = "people_load", narrowed(view, people.STAFF.dimensions)
    everyone = own.filters.keeping("center", ())
    held = own.ask("pending_per_person", "center", filters=everyone).select("center", "value", on_board="n")
    done = own.ask("completions_per_person", "center", filters=everyone).select("center", completed="value")
    rows = labelled(own, held.join(done, on="center", how="left"), "center").sort(
        ["value", "label"], descending=[True, False], nulls_last=True
    )
    known = rows.drop_nulls("value")
    if known.is_empty():
        return empty(own, key, _NOBODY, "staff_on_board")
    most, least = known.row(0, named=True), known.row(-1, named=True)
    title = f"{format.ratio(most['value'])} pending reviews lie with each person at {most['label']}"
    if known.height > 1:
        title += f", {format.ratio(least['value'])} at {least['label']}"
    paces = pl.concat_str(pl.col("completed").map_elements(format.ratio, pl.String), pl.lit(" done a month"))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pending reviews for each person on board, beside what each completes a month; every Center · {own.filters.period_words()}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Center", "text"),
                Column("value", "Pending per person", "ratio"),
                Column("completed", "Completions per person and month", "ratio"),
                Column("on_board", "On board", "count"),
            ),
            metric_ids=("pending_per_person", "completions_per_person"),
            note="Kinds of work differ by Center: compare with the hours that a review takes.",
        ),
        charts.bars,
        known.with_columns(extra=paces),
        "label",
        "value",
        kind="ratio",
        extra="extra",
        highlight=_chosen(own, known),
    )


def pace(view: View) -> Card:
    """How many reviews each person completes a month."""
    key, own = "people_pace", narrowed(view, people.STAFF.dimensions)
    open_ = provisional.months(own, own.trend)
    asked = own.ask("completions_per_person", "month", filters=own.trend).join(
        open_.select("month", "share_reported"), on="month", how="left"
    )
    rows = month_date(asked.with_columns(provisional=pl.col("month").is_in(open_["month"].to_list()))).sort("month")
    open_ = open_.filter(pl.col("month").is_in(asked["month"].to_list()))
    known = rows.drop_nulls("value")
    if known.is_empty():
        return empty(own, key, _NOBODY, "staff_on_board")
    title, still = _pace_title(known), [provisional.reported(row["month"], row["share_reported"]) for row in open_.iter_rows(named=True)]
    subtitle = f"Reviews that Centers completed for each person on board, by month; the {plural(rows.height, 'month')} to {format.date(own.end)} · {', '.join(own.filters.narrowed(own.labels)) or 'all Centers'}"
    options: dict[str, Any] = {"kind": "ratio", "zero": True, "provisional": "provisional"}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=" · ".join([subtitle, *still]),
            alt=f"{title}. {'; '.join(still)}." if still else f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("month", "Month", "month"),
                Column("value", "Completions per person", "ratio"),
                Column("n", "Person-months", "count"),
                *([Column("share_reported", "Completions reported", "share")] if still else ()),
            ),
            metric_ids=("completions_per_person",),
            note="Dashed and hollow: completions still reported, so these months will rise; not in the title." if still else "",
        ),
        charts.rate_with_interval,
        rows,
        "month",
        "value",
        **options,
    )


def _pace_title(known: pl.DataFrame) -> str:
    """Say what each person completed in the last month that is all reported, and a month over all such months."""
    settled = known.filter(~pl.col("provisional"))
    if settled.is_empty():
        return f"What each person completed in {format.month(known['month'][-1])} is still being reported"
    last, people_months = settled.row(-1, named=True), total(settled["n"])
    title = f"Each person completed {format.ratio(last['value'])} reviews in {format.month(last['month'])}"
    if settled.height > 1 and people_months:
        title += f"; {format.ratio(total(settled['value'] * settled['n']) / people_months)} a month over {plural(settled.height, 'month')}"
    return title


def hours(view: View) -> Card:
    """How many hours a review of each kind takes, and where the hours go."""
    key, own = "people_hours", narrowed(view, people.STAFF.dimensions)
    rows = own.ask("hours_per_review", "work_type").filter(pl.col("n") > 0)
    if not has_rows(rows, "n"):
        return empty(own, key, "No hours are recorded", "completions")
    rows = labelled(own, rows, "work_type").sort(["value", "label"], descending=[True, False], nulls_last=True)
    known = rows.drop_nulls("value")
    if known.is_empty():
        return empty(own, key, "Too few reviews with hours to say how long one takes", "completions")
    known = known.with_columns(hours=pl.col("value") * pl.col("n")).with_columns(part=pl.col("hours") / pl.col("hours").sum())
    longest, most = known.row(0, named=True), known.sort(["hours", "label"], descending=[True, False]).row(0, named=True)
    title = f"{longest['label']} takes {format.ratio(longest['value'])} hours each, the most of any kind; {format.share(most['part'])} of hours go into {most['label']}"
    if known.height == 1:
        title = f"{longest['label']} takes {format.ratio(longest['value'])} hours each"
    elif longest["label"] == most["label"]:
        title = f"{longest['label']} takes {format.ratio(longest['value'])} hours each, the most of any kind, and {format.share(most['part'])} of all hours"
    shares = pl.concat_str(pl.lit("hours · "), pl.col("part").map_elements(format.share, pl.String), pl.lit(" of all"))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Hours worked on each completed review where hours were recorded, by work type, and the share of all hours · {own.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows.join(known.select("work_type", "hours", "part"), on="work_type", how="left", maintain_order="left"),
            columns=(
                Column("label", "Work type", "text"),
                Column("value", "Hours per review", "ratio"),
                Column("n", "Reviews with hours", "count"),
                Column("hours", "Hours", "count"),
                Column("part", "Share of hours", "share"),
                Column("quality", "Quality", "text"),
            ),
            metric_ids=("hours_per_review",),
        ),
        charts.bars,
        known.with_columns(extra=shares),
        "label",
        "value",
        kind="ratio",
        extra="extra",
    )
