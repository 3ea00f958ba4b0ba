"""Cards on what lies open: in whose hands it is, whether the oldest are skipped, and whose pile is high for its people."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from analytics import codes, fairness, flow, format
from analytics.rollups import TEAMS
from ui import charts
from ui.board import Card, Column
from ui.cards.flow import dimension
from ui.cards.shared import empty, labelled, plural, with_chart
from ui.frame import View

_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


def two_ages(view: View) -> Card:
    """How much of the age of pending work was spent waiting on others, by work type."""
    key, by = "two_ages", dimension(view)
    ages = view.ask("pending_age_days", by).select(by, gross="value", n="n")
    own = view.ask("controlled_age_days", by).select(by, controlled="value")
    stops = view.ask("clock_stopped", by).select(by, stopped="value")
    rows = ages.join(own, on=by).join(stops, on=by).filter((pl.col("n") > 0) & pl.col("gross").is_not_null())
    if rows.is_empty():
        return empty(view, key, "Nothing is waiting", "pending")
    rows = labelled(view, rows.with_columns(waiting=pl.col("gross") - pl.col("controlled")), by)
    rows = rows.with_columns(share=pl.when(pl.col("gross") > 0).then(pl.col("waiting") / pl.col("gross"))).sort(
        ["waiting", "label"], descending=[True, False]
    )
    gross, controlled = (view.ask(name)["value"][0] for name in ("pending_age_days", "controlled_age_days"))
    first, standing = rows.row(0, named=True), int(rows["stopped"].sum())
    waited = gross - controlled
    if format.days(waited) == format.days(0):
        title = f"Pending reviews are {format.days(gross)} old on average, and next to none of it was spent waiting on others"
    else:
        title = f"Of {format.days(gross)} of mean age, {format.days(waited)} were spent waiting on others"
        title += (
            f"; {first['label']} waits most, {format.days(first['waiting'])} of {format.days(first['gross'])}" if rows.height > 1 else ""
        )
    parts = [("With CBP", "controlled"), ("Waiting on others", "waiting")]
    drawn = pl.concat([rows.select("label", status=pl.lit(name), days=pl.col(column)) for name, column in parts])
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Mean age in days of pending reviews: in CBP’s hands, and while the clock stood · {view.on_day}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Work type" if by == "work_type" else "Center", "text"),
                Column("gross", "Gross age", "days"),
                Column("controlled", "Center-controlled age", "days"),
                Column("waiting", "Waiting on others", "days"),
                Column("share", "Waiting, of gross age", "share"),
                Column("n", "Pending", "count"),
                Column("stopped", "Clocks that stand", "count"),
            ),
            metric_ids=("pending_age_days", "controlled_age_days", "clock_stopped"),
            note=f"A clock stands from the event that stops it to the one that starts it again; {plural(standing, 'clock stands', 'clocks stand')} "
            "on that day. Stops never lower the gross age.",
        ),
        charts.stacked_status,
        drawn,
        "label",
        "status",
        "days",
        tones={"With CBP": "accent", "Waiting on others": "context"},
        as_share=False,
        kind="days",
    )


def teams(view: View, most: int = 10) -> Card:
    """Whether any team passes over its oldest reviews more than chance explains; the most conspicuous first."""
    key = "teams"
    filters = view.filters.only(TEAMS.dimensions)
    rows = fairness.passed_over(view.frames, filters, view.as_of)
    judged = rows.filter(quality="ok")
    if judged.is_empty():
        card = empty(view, key, "No team can be judged on the order in which it works", "completions", wide=True)
        why = f"A team needs {fairness.LEAST_COMPLETED} completions in the period, and another team of its Center to compare with."
        return replace(card, empty=f"{why} Choose a longer period, or your own Center.")
    title = _teams_title(judged)
    shown = judged.head(most)
    said = pl.when("skips").then(pl.lit("Passes over its oldest")).when(pl.col("quality") == "ok").then(pl.lit("As chance would have it"))
    table = labelled(view, rows, "center").with_columns(verdict=said.otherwise(pl.lit("Too few")))
    beyond = f"; the {shown.height} most conspicuous of {plural(judged.height, 'team')}" if shown.height < judged.height else ""
    whose = "teams of your own Center" if view.source.scope.role.rows == "own" else "all teams"
    ignored = [word for word in view.filters.used if word not in TEAMS.dimensions]
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"When a team completes a review: share of those it leaves waiting that are older{beyond} · {whose} · {filters.sentence(view.labels)}",
            alt=f"{title}.",
            chart=None,
            table=table,
            columns=(
                Column("team", "Team", "text"),
                Column("label", "Center", "text"),
                Column("verdict", "Order of work", "text"),
                Column("older_share", "Older, of what it leaves", "share"),
                Column("expected_share", "Expected", "share"),
                Column("low", "By chance from", "share"),
                Column("high", "By chance to", "share"),
                Column("completed_count", "Completed", "count"),
                Column("pending_count", "Pending", "count"),
                Column("left_behind_count", "Left behind", "count"),
            ),
            metric_ids=("completions", "pending"),
            wide=True,
            note="Same work type, opened in other weeks; 0% is strictly oldest first, about half is drawing lots, and speed does not matter. Grey: 95% of "
            "what sharing the Center’s reviews out anew between its teams would give. Left behind: pending that oldest first, with as many completions, "
            "would have completed. A signal asks for a look, not for blame."
            + (" Teams are judged on all their work: only Center and work type narrow them." if ignored else ""),
        ),
        charts.against_chance,
        shown,
        "team",
        "older_share",
        "expected_share",
        "low",
        "high",
        bad="skips",
        names=("Older, of what the team leaves waiting", "By chance"),
    )


def _teams_title(judged: pl.DataFrame) -> str:
    """Name the teams that pass over their oldest, or say that none does."""
    first, named = judged.row(0, named=True), judged.filter("skips").height
    words = f"{format.share(first['older_share'])} of what it leaves waiting is older than what it completes, {format.share(first['expected_share'])} expected"
    if named == 1:
        return f"{first['team']} passes over its oldest: {words}"
    if named:
        return f"{plural(named, 'team passes', 'teams pass')} over their oldest more than chance explains, {first['team']} most: {words}"
    return f"No team passes over its oldest more than chance explains; {first['team']} comes nearest: {words}"


def on_hand(view: View) -> Card:
    """Days of work on hand of each Center for its people, adjusted for the mix of its work, beside the crude number."""
    key = "on_hand"
    day = min(view.end, view.as_of)
    every = labelled(view, flow.on_hand(view.frames, day), "center")
    rows = every.drop_nulls("staff_days")
    if rows.is_empty():
        card = empty(view, key, "No Center has pending work and people to do it", "pending")
        return replace(card, empty=f"No Center had both by {format.date(day)}, whatever the filters. Choose a later period.")
    rows = rows.with_columns(
        place=pl.col("staff_days").rank("min", descending=True).cast(pl.Int64),
        crude_place=pl.col("days_of_work").rank("min", descending=True).cast(pl.Int64),
    )
    chosen = [code for code in view.filters.centers if code != codes.PORT_CODE]
    mine = rows.filter(pl.col("center").is_in(chosen))
    title = _on_hand_title(rows, mine)
    extra = pl.col("days_of_work").map_elements(lambda days: f"crude {format.days(days)}", pl.String, skip_nulls=True)
    left_out = int(every["untimed_count"].sum())
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pending × hours a review of its kind takes nationally ÷ (people × {flow.HOURS_A_DAY} hours), beside crude days of work · all Centers, {format.date(day)}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Center", "text"),
                Column("staff_days", "Days of work for its people", "days"),
                Column("days_of_work", "Crude days of work on hand", "days"),
                Column("pending_count", "Pending", "count"),
                Column("hours_each", "Hours a pending review", "ratio"),
                Column("hours", "Hours pending", "count"),
                Column("people", "People on board", "count"),
            ),
            metric_ids=("days_of_work", "pending", "hours_per_review", "staff_on_board"),
            note="Hours: recorded on reviews completed in the year before, by work type. Crude: business days at the pace of the 13 weeks before, "
            "which says how fast a Center works rather than how much it has."
            + (f" {plural(left_out, 'pending review')} of kinds without recorded hours left out." if left_out else ""),
        ),
        charts.bars,
        rows.with_columns(extra=extra),
        "label",
        "staff_days",
        kind="days",
        highlight=mine["label"].to_list() or [rows["label"][0]],
        extra="extra",
    )


def _on_hand_title(rows: pl.DataFrame, mine: pl.DataFrame) -> str:
    """Say where the one chosen Center stands, or which has most; and where the crude number would put it."""
    row = (mine if mine.height == 1 else rows).row(0, named=True)
    work = f"{row['label']} has {format.days(row['staff_days'])} of work for each of its people"
    if rows.height == 1:
        return work
    place = f"{work}, {_most(row['place'])} of {rows.height} Centers" if mine.height == 1 else f"{work}, most of {rows.height} Centers"
    return place if row["crude_place"] is None else f"{place}; crude days of work put it {_ordinal(row['crude_place'])}"


def _most(place: int) -> str:
    """Write a place among the most loaded: `most`, `2nd most`."""
    return "most" if place == 1 else f"{_ordinal(place)} most"


def _ordinal(place: int) -> str:
    return _ORDINALS.get(place, f"{place}th")
