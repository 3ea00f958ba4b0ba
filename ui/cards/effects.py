"""Cards on what was done about feedback, and whether the number that it should move has moved."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Final, NamedTuple

import polars as pl
import streamlit as st

from analytics import codes, format, moved
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.monthly import STOCKS, ceiling, floor
from analytics.scope import Scope
from ui import charts, session
from ui.board import Card, Column
from ui.board.seen import Question
from ui.cards.shared import empty, plural, with_chart
from ui.frame import View

_TONES: Final = {moved.MOVED: "accent", moved.NOT_MOVED: "bad", moved.TOO_EARLY: "grey", moved.UNJUDGED: "context"}
_WORDS: Final = {
    moved.MOVED: "Moved",
    moved.NOT_MOVED: "Not moved",
    moved.TOO_EARLY: "Too early",
    moved.UNJUDGED: "Cannot be judged",
}
_NONE: Final = (
    "No feedback shown is implemented from a known day on with a number that should move. Give these in its record, choose a longer period or "
    "more Centers."
)
RULE: Final = (
    "Limits are frozen from up to 24 settled months before. Moved: the last 7 months after are all better than the average before, or 2 of the "
    "last 6 are beyond the limit. Too early: fewer than 6 settled months after. That a number moved after something was done does not say that it moved because of it."
)


class Effects(NamedTuple):
    """What was done and what the rule says of each (`moved.judged`), with the months of each."""

    judged: pl.DataFrame
    series: dict[str, pl.DataFrame]


def effects(view: View, rows: pl.DataFrame) -> Effects:
    """Judge what was done about the feedback shown."""
    items = moved.effects(rows)
    series = moved.histories(view.frames, items, view.as_of, view.source.first_date)
    return Effects(moved.judged(items, series), series)


def slice_words(view: View, row: dict[str, str | None]) -> str:
    """Write what a piece is held against: metric, Center, and work type where the metric has work types: else it is judged over all of them."""
    center, metric = row["linked_center_code"], METRICS[str(row["linked_metric_id"])]
    parts = [metric.name, view.label("center", center) if center else "all Centers and ports"]
    work = row["linked_work_type"] if "work_type" in metric.dimensions else None
    return ", ".join([*parts, *([codes.WORK_TYPES[str(work)]] if work else [])])


def did_it_move(view: View, found: Effects) -> Card:
    """How many of the changes moved the number that they were meant to move, by number."""
    key, judged = "moved", found.judged
    if judged.is_empty():
        return replace(
            empty(view, key, "Nothing that was asked for has led to a change with a number to watch", "feedback_received"), empty=_NONE
        )
    counts = {state: judged.filter(pl.col("state") == state).height for state in moved.STATES}
    sure = counts[moved.MOVED] + counts[moved.NOT_MOVED]
    title = (
        f"Of {plural(sure, 'change')} that can be judged, {format.count(counts[moved.MOVED])} moved the number it was meant to move"
        if sure
        else f"None of {plural(judged.height, 'change')} can be judged yet"
    )
    if counts[moved.TOO_EARLY]:
        title += f"; {format.count(counts[moved.TOO_EARLY])} {'is' if counts[moved.TOO_EARLY] == 1 else 'are'} too early"
    named = judged.with_columns(label=pl.col("linked_metric_id").replace_strict({name: metric.name for name, metric in METRICS.items()}))
    sums = named.group_by("label", "state").agg(items=pl.len().cast(pl.Int64))
    grid = sums.select("label").unique().join(pl.DataFrame({"state": moved.STATES, "order": range(4)}), how="cross")
    full = grid.join(sums, on=["label", "state"], how="left").with_columns(pl.col("items").fill_null(0))
    full = full.with_columns(stage=pl.col("state").replace_strict(_WORDS), whole=pl.col("items").sum().over("label"))
    drawn = full.sort(["whole", "label", "order"], descending=[True, False, False])
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Changes made after feedback{_read(view)}, by the number that should move and by what the rule says · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=_items(view, judged),
            columns=(
                Column("feedback_id", "Feedback", "text"),
                Column("slice", "Number that should move", "text"),
                Column("effective_date", "In force from", "date"),
                Column("verdict", "Did it move?", "text"),
                Column("statement", "You said", "text"),
                Column("response", "We did", "text"),
                Column("reason", "Why", "text"),
                Column("before", "Months before", "count"),
                Column("after", "Months after", "count"),
            ),
            metric_ids=tuple(dict.fromkeys(judged["linked_metric_id"])),
            note=RULE,
        ),
        charts.stacked_status,
        drawn,
        "label",
        "stage",
        "items",
        tones={_WORDS[state]: tone for state, tone in _TONES.items()},
        as_share=False,
    )


def _read(view: View) -> str:
    """Say that only pieces that the reader may read are judged, where they are not all."""
    return "" if view.source.scope.role.rows == "all" else " that you may read"


def _items(view: View, judged: pl.DataFrame) -> pl.DataFrame:
    slices = [slice_words(view, row) for row in judged.iter_rows(named=True)]
    order = pl.col("state").replace_strict({state: place for place, state in enumerate(moved.STATES)}, return_dtype=pl.Int64)
    return (
        judged.with_columns(slice=pl.Series(slices, dtype=pl.String), verdict=pl.col("state").replace_strict(_WORDS), order=order)
        .sort("order", "feedback_id")
        .drop("order")
    )


def chosen(found: Effects, feedback_id: str = "") -> str:
    """Return the piece whose effect is drawn: the one asked for, else the latest that moved, or did not, or is too early; empty for none."""
    drawable = found.judged.filter(pl.col("feedback_id").is_in(list(found.series)))
    if feedback_id in drawable["feedback_id"]:
        return feedback_id
    ranked = [drawable.filter(pl.col("state") == state)["feedback_id"].head(1).to_list() for state in moved.STATES]
    return next((ids[0] for ids in ranked if ids), "")


def effect(view: View, found: Effects, feedback_id: str) -> Card:
    """Show one change with the months before and after it on a process chart whose limits are those of before."""
    key = "effect"
    if not feedback_id:
        return replace(empty(view, key, "No change with months to show", "feedback_received"), empty=_NONE)
    row = found.judged.filter(pl.col("feedback_id") == feedback_id).row(0, named=True)
    judgement = moved.Judgement(*(row[name] for name in moved.Judgement._fields))
    metric = METRICS[row["linked_metric_id"]]
    drawn = moved.chart(found.series[feedback_id], row["effective_date"], judgement, metric.direction)
    limits = {"lower": pl.col("lower").clip(lower_bound=floor(metric)), "upper": pl.col("upper").clip(upper_bound=ceiling(metric))}
    drawn = drawn.with_columns(**limits)
    means = ""
    if judgement.mean_after is not None and judgement.centre is not None:
        now, before = (format.number(value, metric.unit) for value in (judgement.mean_after, judgement.centre))
        means = f", {before} a month before and {now} after" if metric.unit == "count" else f", {before} before and {now} after"
    title = f"{_WORDS[judgement.state]}: {slice_words(view, row)}{means}"
    note = f"{feedback_id}, in force from {format.date(row['effective_date'])}: {judgement.reason}."
    if judgement.lower is not None:
        note += " The dotted limits are those of the months before."
    if metric.id in STOCKS:
        note += " What waits carries over from month to month, so chance moves it more easily."
    card = Card(
        key=key,
        title=title,
        subtitle=f"You said: “{_short(row['statement'])}” We did: “{_short(row['response'] or '')}”",
        alt=f"{title}. {note}",
        chart=None,
        table=drawn,
        columns=(
            Column("month", "Month", "month"),
            Column("side", "Before or after", "text"),
            Column("value", "Value", metric.unit),
            Column("centre", "Average before", metric.unit),
            Column("lower", "Lower limit", metric.unit),
            Column("upper", "Upper limit", metric.unit),
            Column("rule", "Signal", "text"),
            Column("n", "n", "count"),
        ),
        metric_ids=(metric.id,),
        note=note,
    )
    return _since(with_chart(card, charts.process_chart, drawn, kind=metric.unit), row["effective_date"].isoformat())


def _since(card: Card, day: str) -> Card:
    """Mark the day from which what was done holds."""
    line = {
        "type": "line",
        "x0": day,
        "x1": day,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": "#005ea2", "width": 1.4, "dash": "4px,3px"},
    }
    word = {
        "text": "done",
        "x": day,
        "y": 1,
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": "#005ea2"},
    }
    for chart in (card.chart, card.chart_narrow):
        if chart is not None:
            layout = chart["layout"]
            layout["shapes"] = [*layout.get("shapes", []), line]
            layout["annotations"] = [*layout.get("annotations", []), word]
    return card


def _short(text: str, most: int = 150) -> str:
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + "…"


@st.cache_resource(max_entries=24, show_spinner=False)
def _made(version: str, scope: Scope, filters: Filters, stamp: Hashable, _view: View, _rows: pl.DataFrame) -> Effects:  # noqa: ARG001 - they are the key
    return effects(_view, _rows)


def kept(view: View, rows: pl.DataFrame, stamp: Hashable) -> Effects:
    """Judge what was done about the feedback shown; once for a version, a scope, a choice of filters and a state of the record."""
    return _made(view.source.version, view.source.scope, view.filters, stamp, view, rows)


def choice(view: View, found: Effects) -> str:
    """Draw the choice of the change whose months are shown, which stays in the address; return its feedback."""
    items = _items(view, found.judged).filter(pl.col("feedback_id").is_in(list(found.series)))
    names = {row["feedback_id"]: f"{row['verdict']}: {row['slice']} ({row['feedback_id']})" for row in items.iter_rows(named=True)}
    start = chosen(found, session.own("effect"))
    if not names:
        return ""
    picked: str | None = st.selectbox(
        "Change shown before and after", list(names), list(names).index(start), format_func=lambda key: names[key], key="effect_choice"
    )
    session.keep_own("effect", "" if picked == chosen(found) else picked or "")
    return picked or start


def question(view: View, stamp: Hashable, drawn: str, themes: pl.DataFrame) -> Question:
    """Return all that the page's numbers depend on: the state of the record, the change shown, the names of themes and whether a person gave them."""
    return replace(view.question, more=(stamp, drawn, tuple(themes.select("name", "confirmed").iter_rows())))
