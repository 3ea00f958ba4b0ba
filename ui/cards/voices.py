"""Cards on what the working groups asked for and what came of it."""

from __future__ import annotations

import polars as pl

from analytics import codes, format, voices
from analytics.filters import Filters
from analytics.rollups import FEEDBACK
from ui import charts
from ui.board import Card, Column
from ui.cards.shared import empty, has_rows, labelled, maybe_chance, named, plural, total, with_chart
from ui.frame import View

_TONES = {
    "Open": "bad",
    "In progress": "grey",
    "Implemented in whole or part": "accent",
    "Answered": "dark",
    "Not taken up": "context",
}
_STATUS_GROUPS = {
    "open": "Open",
    "in_progress": "In progress",
    "implemented": "Implemented in whole or part",
    "partly_implemented": "Implemented in whole or part",
    "answered": "Answered",
    "not_accepted": "Not taken up",
    "overtaken": "Not taken up",
}


def _filters(view: View) -> Filters:
    return view.filters.only(FEEDBACK.dimensions)


def topics(view: View) -> Card:
    """Which topics each working group raised."""
    key = "topics"
    rows = voices.feedback_table(view.frames, _filters(view), view.as_of, ["topic", "center_code"])
    if not has_rows(rows, "feedback_count"):
        return empty(view, key, "No feedback in this period", "feedback_received", wide=True)
    rows = labelled(
        view, rows.with_columns(pl.col("center_code").cast(pl.String)).rename({"center_code": "center"}), "center"
    ).with_columns(topic_label=pl.col("topic").replace_strict(codes.FEEDBACK_TOPICS, default=pl.col("topic")))
    sums = (
        rows.group_by("topic_label").agg(pl.col("feedback_count").sum()).sort(["feedback_count", "topic_label"], descending=[True, False])
    )
    most = sums["feedback_count"][0]
    ties = [f"“{label}”" for label in sums.filter(pl.col("feedback_count") == most)["topic_label"]]
    verb, each = ("was", "") if len(ties) == 1 else ("were", " each")
    title = f"{named(ties, 'topics')} {verb} raised most, {plural(most, 'time')}{each} of {format.count(total(sums['feedback_count']))}"
    grid = sums.select("topic_label", total="feedback_count").join(rows.select("label").unique(), how="cross")
    drawn = grid.join(rows, on=["topic_label", "label"], how="left").sort(
        ["total", "topic_label", "label"], descending=[True, False, False]
    )
    return Card(
        key=key,
        title=title,
        subtitle=f"Individual input received, by topic and by the Center that the working group is about · {view.sentence}",
        alt=f"{title}.",
        chart=charts.heat(drawn, "topic_label", "label", "feedback_count", width=charts.WIDE),
        chart_narrow=charts.bars(sums, "topic_label", "feedback_count", width=charts.PHONE),
        table=drawn.with_columns(pl.col("feedback_count").fill_null(0)),
        columns=(Column("topic_label", "Topic", "text"), Column("label", "Center", "text"), Column("feedback_count", "Feedback", "count")),
        metric_ids=("feedback_received",),
        wide=True,
    )


def statuses(view: View) -> Card:
    """How far each Center's feedback has come."""
    key = "statuses"
    rows = voices.feedback_table(view.frames, _filters(view), view.as_of, ["center_code", "status"])
    if not has_rows(rows, "feedback_count"):
        return empty(view, key, "No feedback in this period", "feedback_received")
    named = rows.with_columns(pl.col("center_code").cast(pl.String), stage=pl.col("status").cast(pl.String).replace_strict(_STATUS_GROUPS))
    sums = named.group_by("center_code", "stage").agg(pl.col("feedback_count").sum()).rename({"center_code": "center"})
    order = pl.DataFrame({"stage": list(_TONES), "order": range(len(_TONES))})
    grid = sums.select("center").unique().join(order, how="cross").join(sums, on=["center", "stage"], how="left").fill_null(0)
    waiting = pl.col("feedback_count").filter(pl.col("stage").is_in(["Open", "In progress"])).sum().over("center")
    full = labelled(view, grid, "center").with_columns(waiting=waiting / pl.col("feedback_count").sum().over("center"))
    full = full.sort(["waiting", "label", "order"], descending=[True, False, False])
    worst = full.row(0, named=True)
    title = f"{format.share(worst['waiting'])} of {worst['label']} feedback is not settled" + (
        ", the most of any Center" if full["center"].n_unique() > 1 and worst["waiting"] > 0 else ""
    )
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Status of the feedback received, least settled first · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=full,
            columns=(Column("label", "Center", "text"), Column("stage", "Status", "text"), Column("feedback_count", "Feedback", "count")),
            metric_ids=("feedback_received", "feedback_implemented_share"),
        ),
        charts.stacked_status,
        full,
        "label",
        "stage",
        "feedback_count",
        tones=_TONES,
    )


def answer_age(view: View) -> Card:
    """How long a first answer takes, by Center, unanswered feedback counted; slowest first."""
    key = "answers"
    rows = labelled(view, view.ask("feedback_first_response_days", "center"), "center").sort(
        ["value", "label"], descending=[True, False], nulls_last=True
    )
    known = rows.drop_nulls("value")
    if known.is_empty():
        return empty(view, key, "Too little feedback to say how soon it is answered", "feedback_received")
    slowest, fastest = known.row(0, named=True), known.row(-1, named=True)
    title = f"Half of {slowest['label']} feedback waits {format.days(slowest['value'])} or more for a first answer"
    if known.height > 1:
        title += f"; {fastest['label']} takes {format.days(fastest['value'])}{maybe_chance(slowest, fastest)}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Days until half have a first answer, with the 95% interval; unanswered feedback counts as still waiting · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Center", "text"),
                Column("value", "Half within", "days"),
                Column("p80", "80% within", "days"),
                Column("p90", "90% within", "days"),
                Column("n", "Feedback", "count"),
                Column("quality", "Quality", "text"),
            ),
            metric_ids=("feedback_first_response_days",),
        ),
        charts.dots_with_interval,
        rows,
        "label",
        "value",
        "low",
        "high",
        kind="days",
        better="lower",
        n="n",
        quality="quality",
    )
