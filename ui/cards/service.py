"""Cards on how the trade is served: inquiries and their answers, satisfaction, and what liquidated because nobody acted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from analytics import codes, format, service, standards
from analytics.compliance import counted_share
from analytics.filters import DIMENSIONS
from analytics.metrics import METRICS
from analytics.rollups import INQUIRIES, LIQUIDATIONS
from ui import charts
from ui.board import Card, Column, KeyFigure
from ui.cards.compliance import target_of
from ui.cards.shared import empty, has_rows, labelled, listed, month_date, plural, total, with_chart
from ui.figures import key_figures
from ui.frame import View

ON_TIME = "inquiries_on_time_share"

#: Numbers at the top of the page, those of failures last so that they stand at the end of the row.
FIGURES = (ON_TIME, "first_contact_share", "satisfied_share", "cf28_per_1000", "deemed_denials", "deemed_liquidations")


def narrowed(view: View, dimensions: Sequence[str]) -> View:
    """Return the view without the filters that the rows do not have, so that its sentence names only what applies."""
    return replace(view, filters=view.filters.only(dimensions))


def ignored(view: View, dimensions: Sequence[str]) -> str:
    """Say which of the reader's filters a number does not know; empty when it knows all."""
    names = [DIMENSIONS[name][2].lower() for name in view.filters.used if name not in dimensions]
    return f"Not narrowed by {listed(names)}." if names else ""


def figures(view: View) -> list[KeyFigure]:
    """Answer the page's key figures; each names the filters that it does not know."""

    def told(shown: KeyFigure) -> KeyFigure:
        words = [shown.n, ignored(view, METRICS[shown.metric_id].dimensions).removesuffix(".")]
        return replace(shown, n=" · ".join(word for word in words if word))

    return [told(shown) for shown in key_figures(view, FIGURES)]


def title(view: View) -> str:
    """Say how many inquiries were answered in time and what failed because nobody acted; only numbers that know all filters are in it."""
    said = []
    if not ignored(view, INQUIRIES.dimensions):
        on_time = view.ask(ON_TIME)["value"][0]
        said.append(
            "Too few inquiries to say how soon they are answered"
            if on_time is None
            else f"{format.share(on_time)} of inquiries were answered within two business days"
        )
    for name, nouns in _FAILURES.items():
        if not ignored(view, METRICS[name].dimensions):
            count = int(view.ask(name)["value"][0] or 0)
            said.append(plural(count, *nouns) if count else f"no {nouns[0]}")
    words = "; ".join(said)
    return words[0].upper() + words[1:]


#: What failed because nobody acted in time, worst first.
_FAILURES: Final = {
    "deemed_liquidations": ("entry was deemed liquidated", "entries were deemed liquidated"),
    "deemed_denials": ("protest was deemed denied", "protests were deemed denied"),
}


def clear_change(rows: pl.DataFrame, more: str, fewer: str, same: str) -> str:
    """Choose the words for how the last month differs from the first one shown; clear is only what the two intervals keep apart."""
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    if first["month"] == last["month"]:
        return ""
    if last["low"] > first["high"]:
        return more
    return fewer if last["high"] < first["low"] else same


def too_few(view: View, key: str, title: str, probe: str, least: int, noun: tuple[str, str], group: str = "month") -> Card:
    """Draw a card whose cases make no share: none at all, or fewer than are needed in every group."""
    card, cases = empty(view, key, title, probe), int(total(view.ask(probe)["n"]))
    if not cases:
        return card
    return replace(card, empty=f"{plural(cases, *noun)} in the period, but fewer than {least} in every {group}. Leave a filter out.")


def months_words(view: View, rows: pl.DataFrame, everything: str) -> str:
    """Say which months are drawn and what was narrowed, for a trend that does not end with the period's beginning."""
    return f"the {plural(rows.height, 'month')} to {format.date(view.end)} · {', '.join(view.filters.narrowed(view.labels)) or everything}"


def inquiries(view: View, targets: pl.DataFrame) -> Card:
    """Whether inquiries are answered within two business days, month by month."""
    key, own = "inquiries", narrowed(view, INQUIRIES.dimensions)
    rows = month_date(own.ask(ON_TIME, "month", filters=own.trend)).sort("month")
    known = rows.drop_nulls("value")
    if known.is_empty():
        return too_few(own, key, "Too few inquiries to say how soon they are answered", "inquiries", standards.LEAST_CASES, _INQUIRIES)
    last = known.row(-1, named=True)
    title = f"{format.share(last['value'])} of inquiries of {format.month(last['month'])} were answered within two business days"
    before = format.month(known["month"][0])
    title += clear_change(
        known, f", clearly more than in {before}", f", clearly fewer than in {before}", f"; not clearly different from {before}"
    )
    options: dict[str, Any] = {"target": target_of(own, ON_TIME, targets)}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Answered within two business days of all answered or overdue, 95% interval, by month received; {months_words(own, rows, 'all inquiries')}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("month", "Month", "month"),
                Column("value", "In two business days", "share"),
                Column("low", "Low (95%)", "share"),
                Column("high", "High (95%)", "share"),
                Column("n", "Answered or overdue", "count"),
            ),
            metric_ids=(ON_TIME, "inquiries"),
            note=ignored(view, INQUIRIES.dimensions),
        ),
        charts.rate_with_interval,
        rows,
        "month",
        "value",
        "low",
        "high",
        **options,
    )


_INQUIRIES = ("inquiry", "inquiries")


def topics(view: View, targets: pl.DataFrame) -> Card:
    """What inquiries are about, and which are answered in time least often."""
    key, own = "inquiry_topics", narrowed(view, INQUIRIES.dimensions)
    rows = service.topics(own.frames, own.filters, own.as_of)
    if not has_rows(rows, "inquiries_count"):
        return empty(own, key, "No inquiry was received", "inquiries")
    everything = total(rows["inquiries_count"])
    rows = rows.with_columns(
        label=pl.col("topic").replace_strict(codes.INQUIRY_TOPICS, default=pl.lit("Not stated"), return_dtype=pl.String),
        part=pl.col("inquiries_count") / everything,
        first_share=pl.when(pl.col("known_count") >= standards.LEAST_CASES).then(pl.col("first_count") / pl.col("known_count")),
    ).sort(["share", "label"], nulls_last=True)
    most = rows.sort(["inquiries_count", "label"], descending=[True, False]).row(0, named=True)
    known = rows.drop_nulls("share")
    title = f"“{most['label']}” brings {format.share(most['part'])} of {plural(int(everything), *_INQUIRIES)}"
    if known.height > 1:
        title += f"; “{known['label'][0]}” is answered in time least often, {format.share(known['share'][0])}"
    options: dict[str, Any] = {"target": target_of(own, ON_TIME, targets), "n": "decided_count", "quality": "quality"}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Inquiries by topic: share answered within two business days, 95% interval, lowest first · {own.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Topic", "text"),
                Column("inquiries_count", "Inquiries", "count"),
                Column("part", "Share of inquiries", "share"),
                Column("share", "In two business days", "share"),
                Column("low", "Low (95%)", "share"),
                Column("high", "High (95%)", "share"),
                Column("decided_count", "Answered or overdue", "count"),
                Column("first_share", "Settled at first contact", "share"),
            ),
            metric_ids=("inquiries", ON_TIME, "first_contact_share"),
            note=ignored(view, INQUIRIES.dimensions),
        ),
        charts.dots_with_interval,
        rows,
        "label",
        "share",
        "low",
        "high",
        **options,
    )


def satisfaction(view: View) -> Card:
    """How many of those who rated an answer are satisfied, Center by Center; the chosen ones stand out among all."""
    key, own = "satisfaction", narrowed(view, INQUIRIES.dimensions)
    title = "Too few ratings to say how satisfied the trade is"
    everyone = own.filters.keeping("center", ())
    counted = service.ratings(own.frames, everyone, own.as_of, ["center"])
    shares = counted_share(counted, "satisfied_count", ["center"])
    contact = own.ask("first_contact_share", "center", filters=everyone).select("center", first_contact="value")
    rows = shares.join(counted.drop("n"), on="center").join(contact, on="center", how="left")
    mean = pl.when(pl.col("n") >= standards.LEAST_CASES).then(pl.col("rating_sum") / pl.col("n"))
    rows = labelled(own, rows.with_columns(mean=mean), "center").sort(["value", "label"], nulls_last=True)
    chosen = rows.filter(pl.col("center").is_in(own.filters.centers)) if own.filters.centers else rows
    rated, known = int(total(chosen["n"])), rows.drop_nulls("value")
    if rated < standards.LEAST_CASES:
        return too_few(own, key, title, "satisfied_share", standards.LEAST_CASES, ("rating", "ratings"), "Center")
    value = total(chosen["satisfied_count"]) / rated
    title = f"{format.share(value)} of those who rated an answer are satisfied; the mean is {format.ratio(total(chosen['rating_sum']) / rated)} of 5"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Share of ratings of 4 or 5 of 5, 95% interval, lowest first; every Center · {', '.join([*own.filters.keeping('center', ()).narrowed(own.labels), own.filters.period_words()])}",
            alt=f"{title}. Lowest first: {listed(known['label'].to_list())}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Center", "text"),
                Column("value", "Satisfied (4-5)", "share"),
                Column("low", "Low (95%)", "share"),
                Column("high", "High (95%)", "share"),
                Column("mean", "Mean of 5", "ratio"),
                Column("n", "Ratings", "count"),
                Column("first_contact", "Settled at first contact", "share"),
            ),
            metric_ids=("satisfied_share", "satisfaction_mean", "first_contact_share"),
            note=ignored(view, INQUIRIES.dimensions),
            rows_note="Ratings are given by those who choose to; the interval says nothing of those who did not.",
        ),
        charts.dots_with_interval,
        rows,
        "label",
        "value",
        "low",
        "high",
        n="n",
        quality="quality",
        highlight=chosen["label"].to_list() if own.filters.centers else [],
    )


def liquidations(view: View) -> Card:
    """Entries that liquidated because nobody acted in time, month by month; and what holds the others."""
    key, own = "deemed", narrowed(view, LIQUIDATIONS.dimensions)
    deemed = own.ask("deemed_liquidations", "month", filters=own.trend).select("month", deemed="value", liquidated="n")
    extended = own.ask("extensions", "month", filters=own.trend).select("month", extended="value")
    held = own.ask("suspended_entries", "month", filters=own.trend).select("month", suspended="value")
    joined = deemed.join(extended, on="month", how="full", coalesce=True).join(held, on="month", how="full", coalesce=True)
    rows = month_date(joined.fill_null(0)).sort("month")
    if not total(rows.select(pl.sum_horizontal(pl.exclude("month"))).to_series()):
        return empty(own, key, "Nothing liquidated, was extended or suspended", "liquidations")
    rows = rows.with_columns(share=pl.when(pl.col("liquidated") > 0).then(pl.col("deemed") / pl.col("liquidated")))
    # Counts are of the page's period, as in its headline and on Routing; the months drawn reach further back or less far.
    period, now = own.ask("deemed_liquidations").row(0, named=True), int(rows["suspended"][-1])
    extended_count = own.ask("extensions")["value"][0] or 0
    title = f"{_deemed(int(period['value'] or 0), int(period['n'] or 0))}; {format.count(now)} {'is' if now == 1 else 'are'} suspended"
    options: dict[str, Any] = {"kind": "count", "target": 0.0, "target_label": " ", "better": "lower", "zero": True}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Entries that liquidated by operation of law, as entered, by month of liquidation: none should; {months_words(own, rows, 'all entries')}; counts in title and note: {own.filters.period_words()}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("month", "Month", "month"),
                Column("deemed", "Deemed", "count"),
                Column("liquidated", "Liquidated", "count"),
                Column("share", "Deemed share", "share"),
                Column("extended", "Extended (by entry month)", "count"),
                Column("suspended", "Suspended at month end", "count"),
            ),
            metric_ids=("deemed_liquidations", "liquidations", "extensions", "suspended_entries"),
            note=" ".join(
                word
                for word in (
                    f"Each is a failure: nobody acted in the time that 19 USC 1504 gives. Of the entries made in the period the liquidation of {format.count(extended_count)} was extended.",
                    ignored(view, LIQUIDATIONS.dimensions),
                )
                if word
            ),
        ),
        charts.rate_with_interval,
        rows,
        "month",
        "deemed",
        **options,
    )


def _deemed(failed: int, whole: int) -> str:
    """Say how many of the entries liquidated in the period were deemed liquidated."""
    if not whole:
        return "No entry liquidated in the period"
    first = plural(failed, "entry was", "entries were") if failed else "No entry was"
    return f"{first} deemed liquidated in the period, of {format.count(whole)} liquidated"
