"""Cards on the course of reviews: how long they take, how many are still open, how they end, and month by month of receipt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import polars as pl

from analytics import codes, endings, flow, format, periods, standards, survival, workload
from analytics.rollups import STAYS
from ui import changes, charts, provisional
from ui.board import Card, Column, KeyFigure
from ui.cards.shared import empty, labelled, month_date, plural, total, with_chart
from ui.cards.workload import filters_of
from ui.figures import key_figures, with_signal
from ui.frame import View
from ui.signals import judged, of_series

#: What a page without a chosen work type says the endings of: Centers' own looks at entries, whose results can be compared.
NOTICES: Final = ("validation", "cf28", "cf29")

#: Outcomes by operation of law: nobody acted in time.
DEEMED: Final = ("deemed_denied", "deemed_liquidated")

OUTCOMES: Final = codes.OUTCOMES | {flow.OPEN: "Still open", flow.NO_RESULT: "No result recorded"}

#: Days after receipt that titles speak of, the first that is known.
_SAID: Final = (90, 30, 14, 7)


def dimension(view: View) -> str:
    """Name what the reader's role may see durations by."""
    return "work_type" if "work_type" in view.source.scope.role.dimensions else "center"


def title(view: View) -> str:
    """Say how long reviews take with the open ones counted, and what the completed ones alone would say."""
    row = flow.taken(view.frames, view.filters.only(STAYS.dimensions), view.as_of).row(0, named=True)
    if not row["n"]:
        return "No reviews came in"
    if row["quality"] == "too_few":
        return f"Only {plural(row['n'], 'review')} came in: too few to say how long they take"
    if row["median"] is None:
        return "Less than half of the reviews received are completed yet"
    words = f"Half of reviews take more than {format.days(row['median'])}"
    words += f", one in five more than {format.days(row['p80'])}" if row["p80"] is not None else ", and one in five is not completed yet"
    alone = row["completed_median"]
    return words if alone is None or alone >= row["median"] else f"{words}; completed reviews alone would say {format.days(alone)} for half"


_FIGURES: Final = ("time_to_complete_days", "pending_age_days", "controlled_age_days", "clock_stopped", "closed_on_time_share")


def figures(view: View) -> list[KeyFigure]:
    """Answer the page's key figures, the days of four in five reviews beside those of half of them."""
    median, *others = key_figures(view, _FIGURES)
    return [median, p80(view, median), *others]


def p80(view: View, whole: KeyFigure) -> KeyFigure:
    """Give the days within which four in five reviews are completed, open ones counted; `whole` is the figure of the median."""
    rows = view.ask("time_to_complete_days").to_dicts()
    row: dict[str, Any] = rows[0] if rows else {"p80": None, "n": 0, "quality": "too_few"}
    before = view.ask("time_to_complete_days", filters=view.earlier).to_dicts() if view.earlier else []
    change = format.change(row["p80"], before[0]["p80"] if before else None, "days", better="lower")
    value = "Too few" if row["quality"] == "too_few" else "Not reached" if row["p80"] is None else format.days(row["p80"])
    by_month = _p80_by_month(view)
    verdict = of_series(by_month, "lower")
    clear = not whole.provisional and changes.agrees(verdict, row["p80"], before[0]["p80"] if before else None)
    figure = replace(
        whole,
        label="80% completed within",
        value=value,
        change=change.text if change else None,
        direction=change.direction if change else "flat",
        meaning=change.meaning if change and clear else "neutral",
        against="vs a year earlier" if change else whole.against if not view.earlier else "",
        interval="",
        # The process chart and its target were of the median.
        facts=tuple(fact for fact in whole.facts if fact[0] not in ("Signal", "Target", "95% interval")),
        trend=tuple(by_month.filter(pl.col("month") >= periods.months_back(view.end, 12))["value"].to_list()),
    )
    return with_signal(figure, view, verdict, "days")


def _p80_by_month(view: View) -> pl.DataFrame:
    """Return the months of the median's process chart with the days of four in five reviews instead."""
    months, _ = judged(view, ["time_to_complete_days"])["time_to_complete_days"]
    if months.is_empty():
        return months
    span = view.filters.between(months["month"][0], view.end)
    asked = month_date(view.ask("time_to_complete_days", "month", filters=span)).select("month", value=pl.col("p80").cast(pl.Float64))
    return months.drop("value").join(asked, on="month", how="left", maintain_order="left")


def noted(view: View, card: Card) -> Card:
    """Add to a card of durations that completions of the last weeks are still reported, and count as open until they are."""
    found = provisional.months(view, view.filters.between(None, view.filters.to_date))
    if card.empty or found.is_empty():
        return card
    said = ", ".join(provisional.reported(row["month"], row["share_reported"]) for row in found.iter_rows(named=True))
    return replace(card, note=f"{card.note} Completions: {said}; until the rest is, they count as open and work looks slower.".strip())


def _without_chart(view: View, key: str, heading: str, why: str) -> Card:
    """Draw a card that has data, and yet nothing that could be said of them."""
    card = empty(view, key, heading, "receipts")
    return replace(card, empty=why, alt=f"{heading}.")


def how_long(view: View) -> Card:
    """How long each kind of work takes with open reviews counted, beside what the completed ones alone would say."""
    key, by = "how_long", dimension(view)
    rows = labelled(view, flow.taken(view.frames, filters_of(view), view.as_of, [by]), by)
    known = rows.filter((pl.col("quality") == "ok") & pl.col("completed_median").is_not_null())
    if rows.is_empty():
        return empty(view, key, "No reviews came in", "receipts")
    if known.is_empty():
        few = f"{plural(int(total(rows['n'])), 'review')} came in, fewer than {standards.LEAST_SAMPLE} of each kind or none completed."
        return _without_chart(view, key, "Too few reviews came in to say how long they take", f"{few} Choose a longer period.")
    known = known.sort(["median", "p80", "label"], descending=[True, True, False], nulls_last=False)
    heading = _how_long_title(known)
    drawn = known.select("label", "median", "low", "high", "p80", "p90", "completed_median")
    return with_chart(
        Card(
            key=key,
            title=heading,
            subtitle=f"Gross days until half are completed, with the 95% interval, and until 80% and 90% are; open reviews count as still running · reviews opened in the period · {view.sentence}",
            alt=f"{heading}. Longest first: {', '.join(known['label'].to_list())}.",
            chart=None,
            table=rows.sort(["median", "label"], descending=[True, False], nulls_last=False),
            columns=(
                Column("label", "Work type" if by == "work_type" else "Center", "text"),
                Column("median", "Half within", "days"),
                Column("low", "Low (95%)", "days"),
                Column("high", "High (95%)", "days"),
                Column("p80", "80% within", "days"),
                Column("p90", "90% within", "days"),
                Column("completed_median", "Half within, completed alone", "days"),
                Column("n", "Received", "count"),
                Column("completed_n", "Completed", "count"),
                Column("quality", "Quality", "text"),
            ),
            metric_ids=("time_to_complete_days",),
            note="What takes long is still open and so not among the completed: these alone make work look faster than it is.",
            rows_note="A dash means that so many were not yet completed on the as-of date, or too few came in.",
        ),
        charts.spans,
        drawn,
        "label",
        median="median",
        low="low",
        high="high",
        far=("p80", "p90"),
        reference="completed_median",
        names=("Half, of completed reviews alone", "Half, open ones counted", "80% and 90%"),
    )


def _how_long_title(known: pl.DataFrame) -> str:
    """Name the kind of work of which completed reviews say least."""
    open_ended = known.filter(pl.col("median").is_null()).sort("completed_median", "label", descending=[True, False])
    if open_ended.height:
        row = open_ended.row(0, named=True)
        return f"{row['label']}: completed reviews alone say {format.days(row['completed_median'])}; with those still open half are not completed yet"
    row = known.sort(["understated_days", "median", "label"], descending=[True, True, False]).row(0, named=True)
    if row["understated_days"] > 0:
        return f"{row['label']}: completed reviews alone say {format.days(row['completed_median'])}; with those still open it is {format.days(row['median'])}"
    longest = known.row(0, named=True)
    return f"{longest['label']} takes longest: half are open for more than {format.days(longest['median'])}"


def still_open(view: View) -> Card:
    """What share of reviews is still open so many days after receipt, beside what the completed ones alone would say."""
    key = "still_open"
    counts = workload.durations(view.frames, filters_of(view), view.as_of)
    n, done = int(total(counts["count"])), int(total(counts.filter("closed")["count"]))
    if not n:
        return empty(view, key, "No reviews came in", "receipts")
    if n < standards.LEAST_SAMPLE or not done:
        why = f"{plural(n, 'review')} came in and {format.count(done)} of them {'was' if done == 1 else 'were'} completed. Choose a longer period."
        return _without_chart(view, key, "Too little came in or ended to draw how it ends", why)
    curve = survival.product_limit(counts)
    alone = survival.product_limit(counts.filter("closed")).select("days", completed_alone="still_open")
    rows = curve.join(alone, on="days", how="left").sort("days")
    longest = max(counts["days"].to_list(), default=0)
    watched = [mark for mark in _SAID if mark <= longest] or [longest]
    # The latest mark at which more than next to nothing is still open says most.
    day = next((mark for mark in watched if _share_on(rows, "still_open", mark) > 0.02), watched[-1])
    all_, completed = (_share_on(rows, name, day) for name in ("still_open", "completed_alone"))
    heading = f"{format.days(day)} after receipt {format.share(all_)} of reviews are still open"
    heading += f"; completed reviews alone would say {format.share(completed)}" if format.share(all_) != format.share(completed) else ""
    far = rows.filter(pl.col("still_open") > 0.02)
    drawn = rows.head(far.height + 1)
    return with_chart(
        Card(
            key=key,
            title=heading[0].upper() + heading[1:],
            subtitle=f"Share of reviews still open by days since receipt, with its 95% interval · reviews opened in the period · {view.sentence}",
            alt=f"{heading}.",
            chart=None,
            table=rows,
            columns=(
                Column("days", "Days since receipt", "count"),
                Column("still_open", "Still open", "share"),
                Column("low", "Low (95%)", "share"),
                Column("high", "High (95%)", "share"),
                Column("completed_alone", "Of completed alone", "share"),
            ),
            metric_ids=("time_to_complete_days",),
            note=f"Of {plural(n, 'review')}, {format.count(n - done)} are still open and count for as long as they have waited. The axis ends where 2% are left.",
        ),
        charts.curves,
        charts.Curve(drawn, "All, open ones counted", "low", "high"),
        charts.Curve(drawn.select("days", still_open="completed_alone"), "Completed reviews alone"),
        x="days",
        y="still_open",
        mark=day,
    )


def _share_on(rows: pl.DataFrame, name: str, day: int) -> float:
    before = rows.filter(pl.col("days") <= day)
    return float(before[name][-1]) if before.height else 1.0


def how_they_end(view: View) -> Card:
    """How reviews have ended so many days after receipt, those still open counted: the ways to end are rivals."""
    key = "how_they_end"
    filters = filters_of(view)
    if dimension(view) == "work_type" and not filters.work_types:
        filters = filters.keeping("work_type", NOTICES)
    counts = flow.ends(view.frames, filters, view.as_of)
    n = int(total(counts["count"]))
    if not n:
        return empty(view, key, "No reviews came in", "receipts")
    shares = flow.ended_at(counts).drop_nulls("share")
    if n < standards.LEAST_SAMPLE or shares.is_empty():
        why = f"{plural(n, 'review')} came in, or none has been watched for {flow.MARKS[0]} days. Choose a longer period."
        return _without_chart(view, key, "Too little is known to say how reviews end", why)
    rows = shares.with_columns(label=pl.col("outcome").replace_strict(OUTCOMES, default=pl.col("outcome"), return_dtype=pl.String))
    last = max(rows["mark"].to_list(), default=0)
    final = pl.col("share").filter(pl.col("mark") == last).first().over("outcome")
    rows = rows.with_columns(rank=pl.when(pl.col("outcome") == flow.OPEN).then(-1.0).otherwise(final)).sort(
        ["rank", "label", "mark"], descending=[True, False, False]
    )
    heading = _ending_title(rows, next(mark for mark in (90, *flow.MARKS) if mark <= last), last)
    drawn = rows.with_columns(after=pl.format("{} days", "mark"), deemed=pl.col("outcome").is_in(DEEMED) & (pl.col("share") > 0))
    lawful = " Outlined: by operation of law." if drawn["deemed"].any() else ""
    unknown = [mark for mark in flow.MARKS if mark > last]
    watched = f" No review of the period has been watched for {unknown[0]} days." if unknown else ""
    return with_chart(
        Card(
            key=key,
            title=heading,
            subtitle=f"Share of reviews that ended so by days since receipt; each column makes 100% · reviews opened in the period · {filters.sentence(view.labels)}",
            alt=f"{heading}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Result", "text"),
                Column("mark", "Days since receipt", "count"),
                Column("share", "Share", "share"),
                Column("low", "Low (95%)", "share"),
                Column("high", "High (95%)", "share"),
            ),
            metric_ids=("work_changed_share", "rejected_share", "time_to_complete_days"),
            note=f"Of {plural(n, 'review')}; those still open count for as long as they have waited.{watched}{lawful}",
        ),
        charts.heat,
        drawn,
        "label",
        "after",
        "share",
        kind="share",
        outline="deemed",
        low=0.0,
        high=1.0,
    )


def _ending_title(rows: pl.DataFrame, day: int, last: int) -> str:
    """Say the commonest end by a day and what is open then; ends by operation of law are never left out."""
    at = rows.filter(pl.col("mark") == day)
    ended = at.filter((pl.col("outcome") != flow.OPEN) & (pl.col("share") > 0)).sort(["share", "label"], descending=[True, False])
    still = at.filter(pl.col("outcome") == flow.OPEN)["share"][0]
    if ended.is_empty():
        return f"{day} days after receipt none of these reviews has ended"
    first = ended.row(0, named=True)
    heading = f"{day} days after receipt {format.share(first['share'])} have ended as “{first['label']}” and {format.share(still) + ' are' if still > 0 else 'none is'} still open"
    deemed = total(rows.filter((pl.col("mark") == last) & pl.col("outcome").is_in(DEEMED))["share"])
    return f"{heading}; by day {last}, {format.share(deemed)} are deemed by law" if deemed > 0 else heading


def by_month(view: View) -> Card:
    """What share of each month's receipts was closed within so many weeks: the cohort triangle."""
    key = "by_month"
    received = flow.received(view.frames, view.trend.only(STAYS.dimensions), view.as_of)
    enough = pl.when(pl.col("n") >= standards.LEAST_CASES)
    rows = endings.cohorts(received, view.as_of, flow.WEEKS).with_columns(share_closed=enough.then("share_closed"))
    if rows.is_empty():
        return empty(view, key, "No reviews came in", "receipts")
    known = rows.drop_nulls("share_closed")
    if known.is_empty():
        why = f"In no month did {standards.LEAST_CASES} reviews come in and have all of them been open for a week. Choose a longer period."
        return _without_chart(view, key, "No month of receipt can be followed yet", why)
    week = next(week for week in (13, 8, 4, 2, 1, 26, 52) if week in known["weeks"])
    there = known.filter(pl.col("weeks") == week).sort("month")
    first, last = there.row(0, named=True), there.row(-1, named=True)
    heading = f"{format.share(last['share_closed'])} of reviews received in {format.month(last['month'])} were closed within {plural(week, 'week')}"
    if there.height > 1:
        heading += f"; of those of {format.month(first['month'])} it was {format.share(first['share_closed'])}"
    dated = month_date(rows).sort("month", "weeks")
    drawn = dated.with_columns(
        received=pl.col("month").map_elements(format.month, pl.String),
        within=pl.col("weeks").map_elements(lambda weeks: plural(weeks, "week"), pl.String),
    )
    narrowed = ", ".join(view.filters.narrowed(view.labels)) or "all work"
    return with_chart(
        Card(
            key=key,
            title=heading,
            subtitle=f"Share of each month’s receipts closed within so many weeks, the 13 months to {format.date(view.end)} · {narrowed}",
            alt=f"{heading}.",
            chart=None,
            table=dated,
            columns=(
                Column("month", "Received in", "month"),
                Column("weeks", "Weeks", "count"),
                Column("share_closed", "Closed within", "share"),
                Column("n", "Received", "count"),
            ),
            metric_ids=("receipts", "time_to_complete_days"),
            note=f"Blank: not all of that month’s reviews have been open for so long yet, or fewer than {standards.LEAST_CASES} came in.",
        ),
        charts.heat,
        drawn,
        "received",
        "within",
        "share_closed",
        kind="share",
        low=0.0,
        high=1.0,
        unknown="",
    )
