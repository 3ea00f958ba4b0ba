"""Cards on what is waiting: who holds it, how old it is, when it falls due, and whether the pile grows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from analytics import codes, format, late, periods, standards, workload
from analytics.filters import Filters
from analytics.rollups import WORK
from ui import changes, charts, provisional
from ui.board import Card, Column
from ui.cards.shared import empty, has_rows, labelled, listed, month_date, n_words, plural, total, with_chart
from ui.cards.volume import with_earlier
from ui.frame import View

STANDARDS = "Backlog: open longer than the standard, " + ", ".join(
    f"{codes.WORK_TYPES[work_type].split(' (')[0].lower()} {days} days" for work_type, days in standards.STANDARD_DAYS.items()
)


def filters_of(view: View) -> Filters:
    """Return the page's filters as far as work has their dimensions."""
    return view.filters.only(WORK.dimensions)


def backlog_by_center(view: View) -> Card:
    """What share of each Center's pending reviews is backlog, month by month; worst first."""
    key = "backlog_centers"
    pending = view.ask("pending", "center", "month", filters=view.trend).select("center", "month", pending="value")
    backlog = view.ask("backlog", "center", "month", filters=view.trend).select("center", "month", backlog="value")
    rows = pending.join(backlog, on=["center", "month"]).filter((pl.col("center") != codes.PORT_CODE) & (pl.col("pending") > 0))
    if rows.is_empty():
        return empty(view, key, "No Center has pending reviews", "pending")
    rows = labelled(view, month_date(rows.with_columns(share=pl.col("backlog") / pl.col("pending"))), "center").sort("center", "month")
    last = rows.group_by("label", maintain_order=True).last().sort(["share", "label"], descending=[True, False])
    order = pl.DataFrame({"label": last["label"], "rank": range(last.height)})
    drawn = rows.join(order, on="label").sort("rank", "month")
    worst = last.row(0, named=True)
    over = int((last["share"] > 0.5).sum())
    title = f"{format.share(worst['share'])} of pending reviews at {worst['label']} are backlog" + (
        ", the highest of any Center" if last.height > 1 else ""
    )
    if over > 1:
        title = f"At {plural(over, 'Center')} more than half of pending is backlog; {worst['label']} is highest at {format.share(worst['share'])}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Backlog share of pending reviews at month end, since each Center opened · {', '.join([*view.filters.narrowed(view.labels), 'the year to ' + format.date(view.end)])}",
            alt=f"{title}. Order: {listed(last['label'].to_list())}.",
            chart=None,
            table=drawn,
            columns=(
                Column("label", "Center", "text"),
                Column("month", "Month end", "month"),
                Column("share", "Backlog share", "share"),
                Column("backlog", "Backlog", "count"),
                Column("pending", "Pending", "count"),
            ),
            metric_ids=("backlog", "pending"),
            note=f"{n_words(last['pending'], 'Center', 'pending reviews in the last month shown')} {STANDARDS}.",
        ),
        charts.small_multiples,
        drawn,
        "label",
        "month",
        "share",
        better="lower",
        zero=True,
        highlight=[worst["label"]],
    )


def ages(view: View) -> Card:
    """How old pending work is, by work type, at the marks of the liquidation cycle."""
    key = "ages"
    by = "work_type" if "work_type" in view.source.scope.role.dimensions else "center"
    rows = workload.ages(view.frames, filters_of(view), view.as_of, [by])
    rows = rows.filter(pl.col("reviews_count").sum().over(by) > 0)
    if rows.is_empty():
        return empty(view, key, "Nothing is waiting", "pending")
    old = pl.col("age_order") >= 3
    rows = labelled(view, rows, by).with_columns(
        old_share=pl.col("reviews_count").filter(old).sum().over(by) / pl.col("reviews_count").sum().over(by)
    )
    rows = rows.sort(["old_share", "label", "age_order"], descending=[True, False, False])
    everything, beyond = total(rows["reviews_count"]), int(total(rows.filter(old)["reviews_count"]))
    year = int(rows.filter(pl.col("age_order") == 6)["reviews_count"].sum())
    title = f"{format.share(beyond / everything)} of pending reviews are older than 180 days"
    title += f"; {plural(year, 'has', 'have')} waited over a year" if year else "; none has waited over a year"
    drawn = rows.with_columns(mark=(pl.col("age_order") >= 4) & (pl.col("reviews_count") > 0))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pending reviews by gross age in days; outlined: past 270 days · {view.on_day}",
            alt=f"{title}. Oldest first: {listed(rows['label'].unique(maintain_order=True).to_list())}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Work type" if by == "work_type" else "Center", "text"),
                Column("age", "Age in days", "text"),
                Column("reviews_count", "Pending", "count"),
            ),
            note=both_ages(view),
            metric_ids=("pending", "pending_age_days", "controlled_age_days", "clock_stopped", "oldest_days"),
        ),
        charts.stacked_ages,
        drawn,
        "label",
        "age",
        "reviews_count",
        outline="mark",
    )


def both_ages(view: View) -> str:
    """Give the mean gross age and the Center-controlled one, with the rule that stops a clock."""
    gross, controlled, standing = (view.ask(name)["value"][0] for name in ("pending_age_days", "controlled_age_days", "clock_stopped"))
    return (
        f"Mean gross age {format.days(gross)}; Center-controlled {format.days(controlled)}, without the days between the event that stops a "
        f"clock and the one that starts it again; {format.count(standing)} clocks stand now. Stops never lower the gross age."
    )


def flow(view: View, *, wide: bool = False) -> Card:
    """Whether more comes in than goes out, month by month; what is still reported is drawn as such and counts for nothing."""
    key = "flow"
    rows = flow_rows(view)
    if rows.is_empty():
        return empty(view, key, "No reviews came in or went out", "receipts", wide=wide)
    title, still = _flow_title(rows), provisional.sentence(rows)
    notes = (f"Dashed and hollow: not in the title. {provisional.note(view)}" if still else "", _both_rates(view, rows))
    months = f"the {plural(rows.height, 'month')} to {format.date(view.end)}"
    subtitle = f"Receipts and completions each month, {months} · {', '.join(view.filters.narrowed(view.labels)) or 'all work'}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"{subtitle} · {still}" if still else subtitle,
            alt=f"{title}. {still}." if still else f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("month", "Month", "month"),
                Column("receipts", "Receipts", "count"),
                Column("completions", "Completions", "count"),
                *(_EXPECTED if still else ()),
            ),
            metric_ids=("receipts", "completions", "clearance_rate"),
            note=" ".join(filter(None, notes)),
            wide=wide,
        ),
        charts.flow_lines,
        rows,
        "month",
        "receipts",
        "completions",
        provisional="provisional",
        expected=("expected", "low", "high"),
    )


_EXPECTED = (
    Column("share_reported", "Completions reported", "share"),
    Column("expected", "Completions expected", "count"),
    Column("low", "Low (95%)", "count"),
    Column("high", "High (95%)", "count"),
)


def flow_rows(view: View) -> pl.DataFrame:
    """Give receipts and completions of each month of the trend, and what is expected of those that are still reported.

    Returns:
        `month` (its first day), `receipts`, `completions`, and what `analytics.late.expected_counts` adds; every month from the first
        in which anything came in or went out.
    """
    received = view.ask("receipts", "month", filters=view.trend).select("month", receipts="value")
    completed = view.ask("completions", "month", filters=view.trend).select("month", value="value")
    some = received.join(completed, on="month", how="full", coalesce=True)
    rows = _every_month(view, some).join(some, on="month", how="left").fill_null(0).sort("month")
    known = late.expected_counts(rows, provisional.months(view, view.trend))
    return month_date(known.rename({"value": "completions"}))


def _every_month(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Return `month`, from the first one of rows to that of the period's end: one in which nothing happened is a month, too."""
    if rows.is_empty():
        return rows.select("month")
    first = dt.date.fromisoformat(f"{rows['month'].sort()[0]}-01")
    return pl.select(month=pl.date_range(first, min(view.end, view.as_of), "1mo").dt.strftime("%Y-%m"))


def _titled(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the last twelve months that are reported; the trend has one month more than a year, to compare its ends."""
    return rows.filter(~pl.col("provisional")).tail(12)


def _both_rates(view: View, rows: pl.DataFrame) -> str:
    """Say the clearance rate of the title's months and that of the period, where these are other months: they may lie on two sides of 1."""
    year, period = _titled(rows), view.ask("clearance_rate")["value"][0]
    came, went = total(year["receipts"]), total(year["completions"])
    if period is None or not came:
        return ""
    first, last = year["month"][0], year["month"][-1]
    start = view.filters.from_date or view.source.first_date
    if (start, view.end) == (first, periods.month_end(last)):
        return ""
    return (
        f"Clearance rate {format.ratio(went / came)} in the months of the title, {format.month(first)} to {format.month(last)}; "
        f"{format.ratio(period)} from {format.date(start)} to {format.date(view.end)}, the period of the figures."
    )


def _flow_title(rows: pl.DataFrame) -> str:
    """Say which was more over the last twelve months that are reported."""
    year = _titled(rows)
    if year.is_empty():
        return f"{plural(int(rows['receipts'].sum()), 'review')} came in; their completions are still being reported"
    came, went = int(year["receipts"].sum()), int(year["completions"].sum())
    behind = int((year["receipts"] > year["completions"]).sum())
    word = "more" if came > went else "fewer"
    difference = (
        f"{format.count(abs(came - went))} {word} {'review' if abs(came - went) == 1 else 'reviews'} came in than were completed"
        if came != went
        else "As many reviews came in as were completed"
    )
    months = f"{plural(year.height, 'month')} to {format.month(year['month'][-1])}"
    return f"{difference} in the {months}; receipts led in {behind} of them"


def due(view: View) -> Card:
    """What is past due and what falls due in the next 30 days."""
    key = "due"
    rows = workload.due_next(view.frames, filters_of(view), view.as_of)
    if not has_rows(rows, "reviews_count"):
        return empty(view, key, "Nothing is past due or falls due within 30 days", "pending")
    counts = rows["reviews_count"].to_list()
    title = f"{plural(counts[0], 'review is', 'reviews are')} past due; {format.count(counts[1])} more fall due within 7 days"
    drawn = rows.with_columns(bad=pl.col("window_order") == 0)
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pending reviews by the due date of their own clock · {view.on_day}",
            alt=f"{title}; {format.count(sum(counts[1:]))} fall due within 30 days.",
            chart=None,
            table=rows,
            columns=(Column("window", "Falls due", "text"), Column("reviews_count", "Pending reviews", "count")),
            metric_ids=("past_due",),
            note="Clocks: scheduled liquidation, CF-28 30 days, CF-29 20 days, protest two years or 30 days accelerated, prior disclosure 30 days, else the service standard.",
        ),
        charts.due_bars,
        drawn,
        "window",
        "reviews_count",
        bad="bad",
    )


def pending_by(view: View, dimension: str, most: int = 9) -> Card:
    """Who holds the pending reviews, or where their goods entered, against a year earlier."""
    key = f"pending_{dimension}"
    rows = with_earlier(view, "pending", dimension).sort(["value", "label"], descending=[True, False])
    if not has_rows(rows):
        return empty(view, key, "Nothing is waiting", "pending")
    first, everything = rows.row(0, named=True), total(rows["value"])
    share = format.share(first["value"] / everything)
    if dimension == "center":
        title = (
            f"Ports hold {share} of pending reviews"
            if first["center"] == codes.PORT_CODE
            else f"{first['label']} holds {share} of pending reviews"
        )
    else:
        title = f"{share} of pending reviews concern goods entered at {first['label']}"
    if first["earlier"]:
        part = view if rows.height == 1 else changes.of_part(view, dimension, first[dimension])
        title += f"; their number is {changes.words(part, 'pending', first['value'], first['earlier'])}"
    noun = {"center": ("holder", "holders"), "port": ("port of entry", "ports of entry")}[dimension]
    shown = rows.head(most + (dimension == "center"))
    scope = f"The {shown.height} largest of {plural(rows.height, *noun)}" if shown.height < rows.height else f"Every {noun[0]}"
    options: dict[str, Any] = {"previous": "earlier", "previous_label": "a year earlier"}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"{scope}, pending reviews · {view.on_day}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", noun[0].capitalize(), "text"),
                Column("value", "Pending", "count"),
                Column("earlier", "A year earlier", "count"),
            ),
            metric_ids=("pending",),
        ),
        charts.bars,
        shown,
        "label",
        "value",
        **options,
    )
