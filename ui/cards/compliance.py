"""Cards on compliance: the rate over time and by part, what is found, each with its interval."""

from __future__ import annotations

from typing import Any

import polars as pl

from analytics import codes, compliance, format, periods
from analytics.rollups import FINDINGS
from ui import charts
from ui.board import Card, Column
from ui.cards.shared import RATE_COLUMNS, empty, has_rows, labelled, n_words, named, plural, with_chart
from ui.frame import View

RATE = "compliance_rate_major"


def target_of(view: View, metric_id: str, targets: pl.DataFrame) -> float | None:
    """Return the target of a metric for all Centers in force at the period's end, if one was set."""
    kept = (pl.col("metric_id") == metric_id) & (pl.col("center_code") == "ALL") & (pl.col("valid_from") <= view.end)
    rows = targets.filter(kept).sort("valid_from")
    return float(rows["target_value"][-1]) if rows.height else None


def over_time(view: View, targets: pl.DataFrame, *, wide: bool = False) -> Card:
    """How the rate moved, by fiscal quarter, and whether two intervals keep apart."""
    key = "rate_time"
    eight = periods.months_back(periods.month_start(view.end), 23)
    span = view.filters.between(max(eight, view.source.first_date), view.end)
    rows = view.ask(RATE, "quarter", filters=span).with_columns(
        start=quarter_start(pl.col("quarter")), provisional=pl.col("quality") == "provisional"
    )
    shown = rows.drop_nulls("value").sort("start")
    if shown.is_empty():
        return empty(view, key, "Too few sampled lines to state a compliance rate", "entry_lines", wide=wide)
    target = target_of(view, RATE, targets)
    title = trend_title(shown, "lines had no major discrepancy")
    subtitle = f"Share of entry lines without a major discrepancy, 95% interval, by fiscal quarter; random sample only · {', '.join(view.filters.narrowed(view.labels)) or 'all imports'}"
    options: dict[str, Any] = {"target": target, "provisional": "provisional", "style": "whisker", "quarters": True}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=subtitle,
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(Column("quarter", "Quarter", "text"), *RATE_COLUMNS),
            metric_ids=(RATE,),
            wide=wide,
            note=f"{n_words(shown['n'], 'quarter', 'sampled lines')} Hollow: provisional, reviews of the sample are still open.",
        ),
        charts.rate_with_interval,
        shown,
        "start",
        "value",
        "low",
        "high",
        **options,
    )


def quarter_start(label: pl.Expr) -> pl.Expr:
    """Turn `FY2013 Q1` into the quarter's first day, 1 October 2012."""
    year, quarter = label.str.slice(2, 4).cast(pl.Int32), label.str.slice(8, 1).cast(pl.Int32)
    # The first quarter begins in October of the year before.
    return pl.date(year - (quarter == 1).cast(pl.Int32), (quarter * 3 + 6) % 12 + 1, 1)


def trend_title(rows: pl.DataFrame, words: str) -> str:
    """Say where a rate stands and whether it clearly differs from the first quarter shown."""
    settled = rows.filter(pl.col("quality") == "ok")
    last = (settled if settled.height else rows).row(-1, named=True)
    first = rows.row(0, named=True)
    title = f"{format.share(last['value'])} of {words} in {last['quarter']}"
    if settled.height < 2 or first["quarter"] == last["quarter"]:
        return title
    if last["low"] > first["high"]:
        return f"{title}, clearly more than in {first['quarter']}"
    if last["high"] < first["low"]:
        return f"{title}, clearly less than in {first['quarter']}"
    return f"{title}; not clearly different from {first['quarter']}"


def by_dimension(view: View, dimension: str, targets: pl.DataFrame, most: int = 12) -> Card:
    """Which parts are least compliant, with intervals; parts with too few lines are in the table and not ranked."""
    key = f"rate_{dimension}"
    noun = {"industry": ("industry", "industries"), "program": ("program", "programs"), "center": ("Center or port", "Centers and ports")}[
        dimension
    ]
    rows = labelled(view, view.ask(RATE, dimension), dimension).sort(["value", "label"], nulls_last=True)
    known = rows.drop_nulls("value")
    if known.is_empty():
        return empty(view, key, f"Too few sampled lines to compare {noun[1]}", "entry_lines")
    target = target_of(view, RATE, targets)
    options: dict[str, Any] = {"target": target, "n": "n", "quality": "quality"}
    title = _part_title(known, target, noun)
    shown = known.head(most) if known.height > most else rows
    scope = f"the {most} lowest of {rows.height} {noun[1]}" if known.height > most else f"every {noun[0]}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Share of entry lines without a major discrepancy, 95% interval; {scope}, worst first; random sample only · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(Column("label", noun[0].capitalize(), "text"), *RATE_COLUMNS),
            metric_ids=(RATE,),
        ),
        charts.dots_with_interval,
        shown,
        "label",
        "value",
        "low",
        "high",
        **options,
    )


def _part_title(known: pl.DataFrame, target: float | None, noun: tuple[str, str]) -> str:
    worst = known.row(0, named=True)
    if target is None:
        return f"“{worst['label']}” has the lowest rate, {format.share(worst['value'])}"
    below = known.filter(pl.col("high") < target)
    if below.height:
        return f"{plural(below.height, *noun)} of {known.height} {'lies' if below.height == 1 else 'lie'} clearly below the target of {format.share(target, 0)}; “{below['label'][0]}” is lowest"
    return f"No {noun[0]} lies clearly below the target of {format.share(target, 0)}; “{worst['label']}” is lowest at {format.share(worst['value'])}"


def categories(view: View) -> Card:
    """What the discrepancies of the random sample are."""
    key = "categories"
    rows = compliance.categories(view.frames, view.filters.only(FINDINGS.dimensions), view.as_of)
    if not has_rows(rows, "found_count"):
        return empty(view, key, "The random sample found no discrepancy", "entry_lines")
    rows = rows.with_columns(
        label=pl.col("finding_category").replace_strict(codes.FINDING_CATEGORIES, default=pl.col("finding_category")),
        share=pl.col("found_count") / pl.col("found_count").sum(),
    )
    first, found = rows.row(0, named=True), int(rows["found_count"].sum())
    tied = rows.filter(pl.col("found_count") == first["found_count"])["label"].to_list()
    title = f"{named(tied, 'categories')} {'is' if len(tied) == 1 else 'are each'} behind {format.share(first['share'])} of discrepancies"
    extra = rows.with_columns(extra=pl.col("major_count").cast(pl.String) + pl.lit(" major"))
    return Card(
        key=key,
        title=title,
        subtitle=f"Worst discrepancy of each sampled line whose review closed in the period: {format.count(found)} in {format.count(rows['n'][0])} lines · {view.sentence}",
        alt=f"{title}.",
        chart=charts.bars(extra.head(10), "label", "found_count", extra="extra"),
        chart_narrow=charts.bars(rows.head(10), "label", "found_count", width=charts.PHONE),
        table=rows,
        columns=(
            Column("label", "Category", "text"),
            Column("found_count", "Discrepancies", "count"),
            Column("major_count", "Of these major", "count"),
            Column("share", "Share of discrepancies", "share"),
        ),
        metric_ids=("compliance_rate_letter",),
        note="Counts of the sample as drawn, not weighted up to all lines.",
    )
