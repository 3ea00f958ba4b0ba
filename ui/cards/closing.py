"""Cards on how feedback was answered: what was agreed to, how long it took, how satisfied who asked is, and its themes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from analytics import codes, format, standards, voices
from analytics.compliance import counted_share
from analytics.rollups import FEEDBACK
from ui import charts
from ui.board import Card, Column
from ui.cards.shared import empty, labelled, maybe_chance, named, plural, total, with_chart
from ui.frame import View

OTHER_SEGMENTS: Final = (
    "Public pieces alone. Where fewer than three organisations of a group are of a segment, its pieces are in “Other segments”."
)


def accepted_by_topic(view: View) -> Card:
    """What CBP agreed to, by topic, lowest first."""
    rows = voices.acceptance(view.frames, view.filters.only(FEEDBACK.dimensions), view.as_of, "topic")
    topics = rows.with_columns(
        label=pl.col("topic").cast(pl.String).replace_strict(codes.FEEDBACK_TOPICS, default=pl.col("topic").cast(pl.String))
    )
    return _accepted(view, topics, "Topic", key="accepted_topics")


def accepted_by_segment(view: View, rows: pl.DataFrame) -> Card:
    """What CBP agreed to, by the segment of the trade that asked, lowest first."""
    label = pl.col("segment").replace_strict(codes.SEGMENTS, default=pl.col("segment")).fill_null("Other segments")
    note = "" if view.source.scope.role.all_figures else OTHER_SEGMENTS
    return _accepted(view, rows.with_columns(label=label), "Segment", note, key="accepted_segments")


def _accepted(view: View, rows: pl.DataFrame, noun: str, note: str = "", *, key: str) -> Card:
    ordered = rows.sort(["value", "label"], nulls_last=True)
    known = ordered.drop_nulls("value")
    whole = total(rows["n"]) if rows.height else 0
    if known.is_empty():
        card = empty(view, key, f"Too few positions to say what is agreed to by {noun.lower()}", "feedback_received")
        words = (
            f"{plural(int(whole), 'piece has', 'pieces have')} a position, but fewer than {standards.LEAST_CASES} in every {noun.lower()}. "
        )
        return replace(card, empty=words + "Choose a longer period or more Centers.") if whole else card
    low, high = known.row(0, named=True), known.row(-1, named=True)
    title = f"“{low['label']}” is agreed to least often, {format.share(low['value'])} of {plural(int(low['n']), 'piece')}"
    if known.height == 1:
        title = f"“{low['label']}” is agreed to in {format.share(low['value'])} of {plural(int(low['n']), 'piece')}"
    elif low["high"] >= high["low"]:
        title += "; chance alone could make the differences"
    extra = tuple(
        Column(name, head, "count")
        for name, head in (("feedback_count", "Feedback"), ("organizations", "Organisations"))
        if name in rows.columns
    )
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Recommendations, complaints and data requests agreed to in whole or part, of those with a position, 95% interval, by {noun.lower()} · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=ordered,
            columns=(
                Column("label", noun, "text"),
                Column("value", "Agreed to", "share"),
                Column("low", "Low (95%)", "share"),
                Column("high", "High (95%)", "share"),
                Column("n", "With a position", "count"),
                *extra,
                Column("quality", "Quality", "text"),
            ),
            metric_ids=("feedback_accepted_share",),
            note=" ".join(filter(None, (f"{format.count(whole)} pieces have a position.", note))),
            rows_note="Those who speak up choose to; this is no sample of the trade.",
        ),
        charts.dots_with_interval,
        ordered,
        "label",
        "value",
        "low",
        "high",
        kind="share",
        n="n",
        quality="quality",
    )


def settling(view: View) -> Card:
    """How long it takes until feedback is settled, by Center, what is open counted; slowest first."""
    key = "settling"
    rows = labelled(view, view.ask("feedback_closure_days", "center"), "center").sort(
        ["value", "label"], descending=[True, False], nulls_last=True
    )
    known = rows.drop_nulls("value")
    if known.is_empty():
        return empty(view, key, "Too little feedback to say how soon it is settled", "feedback_received")
    slowest, fastest = known.row(0, named=True), known.row(-1, named=True)
    title = f"Half of {slowest['label']} feedback takes {format.days(slowest['value'])} or more to be settled"
    if known.height > 1:
        title += f"; {fastest['label']} takes {format.days(fastest['value'])}{maybe_chance(slowest, fastest)}"
    never = rows.filter(pl.col("value").is_null() & (pl.col("n") >= standards.LEAST_CASES))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Median days until settled with its 95% interval; what is open counts as still waiting · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Center", "text"),
                Column("value", "Median", "days"),
                Column("p80", "80% within", "days"),
                Column("p90", "90% within", "days"),
                Column("n", "Feedback", "count"),
                Column("quality", "Quality", "text"),
            ),
            metric_ids=("feedback_closure_days",),
            note=f"Not half settled yet: {', '.join(never['label'])}." if never.height else "",
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


def waiting_long(view: View) -> Card:
    """What has been open for more than 90 days, by Center."""
    key = "over_90"
    rows = labelled(view, view.ask("feedback_over_90", "center"), "center").sort(["value", "label"], descending=[True, False])
    if not total(rows["n"]):
        return empty(view, key, "No feedback until the end of this period", "feedback_received")
    late, open_now = total(rows["value"]), total(view.ask("feedback_open")["value"])
    title = (
        f"{plural(int(late), 'piece has', 'pieces have')} been open for more than 90 days"
        if late
        else "Nothing has been open for more than 90 days"
    )
    if late:
        title += f", {format.share(late / open_now)} of what is open"
        first = rows.row(0, named=True)
        title += (
            f"; {first['label']} has {format.count(first['value'])}"
            if rows.filter(pl.col("value") > 0).height > 1 and rows["value"][0] > rows["value"][1]
            else ""
        )
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Feedback not settled that came in more than 90 days before, in any period · {view.on_day}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Center", "text"),
                Column("value", "Open over 90 days", "count"),
                Column("n", "Received until then", "count"),
            ),
            metric_ids=("feedback_over_90",),
        ),
        charts.bars,
        rows,
        "label",
        "value",
    )


_LIKERT: Final = {"Satisfied (4–5)": "accent", "Neither (3)": "context", "Dissatisfied (1–2)": "bad"}


def satisfied(view: View) -> Card:
    """How satisfied those are who rated the answer to their feedback, by Center, least first."""
    key = "feedback_satisfaction"
    filters = view.filters.only(FEEDBACK.dimensions)
    rows = voices.ratings(view.frames, filters, view.as_of, ["center"])
    rated = int(total(rows["feedback_count"])) if rows.height else 0
    overall = view.ask("feedback_satisfied_share").row(0, named=True)
    if rated < standards.LEAST_CASES or overall["value"] is None:
        card = empty(view, key, "Too few ratings to say how satisfied those who asked are", "feedback_satisfied_share")
        words = f"{plural(rated, 'rating')} of answers, fewer than the {standards.LEAST_CASES} that a share needs. Choose a longer period or more Centers."
        return replace(card, empty=words) if rated else card
    score = pl.col("satisfaction")
    stage = (
        pl.when(score >= 4)
        .then(pl.lit("Satisfied (4–5)"))
        .when(score == 3)
        .then(pl.lit("Neither (3)"))
        .otherwise(pl.lit("Dissatisfied (1–2)"))
    )
    sums = rows.with_columns(stage=stage).group_by("center", "stage").agg(pl.col("feedback_count").sum())
    order = pl.DataFrame({"stage": list(_LIKERT), "order": range(3)})
    grid = labelled(view, sums.select("center").unique().join(order, how="cross").join(sums, on=["center", "stage"], how="left"), "center")
    full = grid.with_columns(pl.col("feedback_count").fill_null(0))
    counted = full.group_by("center").agg(
        hits=pl.col("feedback_count").filter(pl.col("stage") == "Satisfied (4–5)").sum(), n=pl.col("feedback_count").sum()
    )
    shares = counted_share(counted, "hits", ["center"]).with_columns(part=pl.col("value"))
    plain = counted.select("center", part_shown=pl.col("hits") / pl.col("n"))
    drawn = full.join(shares.select("center", "value", "low", "high", "n"), on="center").join(plain, on="center")
    drawn = drawn.sort(["part_shown", "label", "order"]).with_columns(share=pl.col("feedback_count") / pl.col("n"))
    title = f"{format.share(overall['value'])} of those who rated the answer are satisfied ({format.interval(overall['low'], overall['high'], 'share')}, {plural(rated, 'rating')})"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Ratings of answers from 1 to 5, as shares, by Center, least satisfied first · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=drawn,
            columns=(
                Column("label", "Center", "text"),
                Column("stage", "Rating", "text"),
                Column("feedback_count", "Ratings", "count"),
                Column("share", "Share", "share"),
                Column("value", "Satisfied, of all", "share"),
                Column("low", "Low (95%)", "share"),
                Column("high", "High (95%)", "share"),
                Column("n", "Ratings in all", "count"),
            ),
            metric_ids=("feedback_satisfied_share",),
            note="Interval: Wilson, 95%. Centers with fewer than 10 ratings have no interval.",
            rows_note="Ratings are given by those who choose to; the interval says nothing of those who did not.",
        ),
        charts.stacked_status,
        drawn,
        "label",
        "stage",
        "feedback_count",
        tones=_LIKERT,
    )


def themes(view: View, found: pl.DataFrame, pieces: pl.DataFrame) -> Card:
    """What the words of the feedback shown have in common.

    Args:
        view: The page's question.
        found: Themes with their names (`themes.named`).
        pieces: `feedback_id`, `theme` of the feedback shown.
    """
    key = "themes"
    counted = pieces.group_by("theme").agg(shown=pl.len().cast(pl.Int64))
    rows = found.join(counted, on="theme").sort(["shown", "theme"], descending=[True, False])
    if rows.is_empty():
        words = "Themes are found in at least 24 statements when the data are published; choose a longer period or more Centers."
        return replace(empty(view, key, "No themes in the feedback shown", "feedback_received"), empty=words)
    state = pl.when("confirmed").then(pl.lit("named by a person")).otherwise(pl.lit("proposed"))
    rows = rows.with_columns(label=pl.col("name"), state=state)
    confirmed, most = int(rows["confirmed"].sum()), int(rows["shown"][0])
    ties = [f"“{label}”" for label in rows.filter(pl.col("shown") == most)["label"]]
    verb, each = ("is", "") if len(ties) == 1 else ("are", " each")
    title = f"The words tell {plural(rows.height, 'theme')} apart; the largest {verb} {named(ties, 'of them')}, {format.count(most)}{each} of {format.count(total(rows['shown']))}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Themes found in the words of individual input (TF-IDF, NMF), by pieces · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Theme", "text"),
                Column("shown", "Feedback", "count"),
                Column("words", "Words", "text"),
                Column("state", "Name", "text"),
            ),
            metric_ids=("feedback_received",),
            note=f"{format.count(confirmed)} of {format.count(rows.height)} are named by a person; the others are called by their heaviest words. As of the last publish.",
        ),
        charts.bars,
        rows,
        "label",
        "shown",
    )
