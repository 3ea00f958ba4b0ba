"""The card on pace: who closes the same kinds of work more slowly than the others, beyond chance."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from analytics import format, standards, survival, workload
from ui import charts
from ui.board import Card, Column
from ui.cards.shared import empty, labelled, plural, total, with_chart
from ui.cards.workload import filters_of
from ui.frame import View


def pace(view: View, most: int = 10) -> Card:
    """How fast reviews close by holder, or within one Center by port of entry, against the others at the same kinds of work."""
    key = "pace"
    by = "port" if len(view.filters.centers) == 1 else "center"
    counts = workload.durations(view.frames, filters_of(view), view.as_of, [by, "work_type"])
    if counts.is_empty():
        return empty(view, key, "No reviews came in", "receipts")
    busy = counts.group_by(by).agg(pl.col("count").sum()).filter(pl.col("count") >= standards.LEAST_SAMPLE)[by]
    found = survival.pace(counts.filter(pl.col(by).is_in(busy.to_list())), by, ["work_type"]).drop_nulls("pace")
    noun, nouns = ("port of entry", "ports of entry") if by == "port" else ("holder", "holders")
    if found.height < 2:
        card = empty(view, key, "Nobody to compare the pace with", "receipts")
        why = f"Fewer than two {nouns} have {standards.LEAST_SAMPLE} reviews of one kind of work ({format.count(total(counts['count']))} came in)."
        return replace(card, empty=f"{why} Choose a longer period, or fewer filters.")
    rows = labelled(view, found, by).sort(["pace", "label"])
    title = _title(rows, noun, nouns)
    shown = rows.head(most)
    scope = f"the {shown.height} slowest of {plural(rows.height, noun, nouns)}" if shown.height < rows.height else f"every {noun}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pace of closing reviews against the others at the same work types (1 = as fast), {scope} with {standards.LEAST_SAMPLE} or more · reviews opened in the period · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", noun.capitalize(), "text"),
                Column("pace", "Pace (1 = as fast)", "ratio"),
                Column("low", "Low", "ratio"),
                Column("high", "High", "ratio"),
                Column("observed", "Closed", "count"),
                Column("expected", "Expected at the others’ pace", "count"),
                Column("n", "Received", "count"),
            ),
            metric_ids=("time_to_complete_days",),
            note="Each against all the others, within the same work types; intervals hold for all rows together at 95%. Orange: slower beyond chance. "
            "Hollow: no difference that chance does not explain.",
        ),
        charts.dots_with_interval,
        shown,
        "label",
        "pace",
        "low",
        "high",
        kind="ratio",
        target=1.0,
        target_label="as fast as the others",
        better="higher",
        n="n",
    )


def _title(rows: pl.DataFrame, noun: str, nouns: str) -> str:
    """Name the slowest beyond chance, or say that there is none."""
    slow = rows.filter(pl.col("high") < 1).height
    if not slow:
        return f"No {noun} is slower than the others at the same work beyond chance"
    first = rows.filter(pl.col("high") < 1).row(0, named=True)
    words = f"{first['label']} closes the same work at {format.ratio(first['pace'])} times the pace of the others"
    if noun != "holder":
        words = f"Work on goods entered at {first['label']} closes at {format.ratio(first['pace'])} times the pace of the others"
    return f"{words}; {format.count(slow)} of {plural(rows.height, noun, nouns)} {'is' if slow == 1 else 'are'} slower beyond chance"
