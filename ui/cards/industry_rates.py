"""Cards of the industry view on the random sample: plain shares of sampled lines by fiscal quarter, each with its interval and lines."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Final

import polars as pl

from analytics import codes, format, periods
from analytics.metrics import METRICS
from analytics.publication import SAMPLED
from ui import charts
from ui.board import Card, Column, KeyFigure
from ui.cards.compliance import quarter_start, trend_title
from ui.cards.industry import asked, closed, instead
from ui.cards.shared import labelled, n_words, named, plural, with_chart
from ui.frame import View

#: Rate -> what its lines did not have.
WITHOUT: Final = {"sampled_without_major_share": "major discrepancy", "sampled_without_any_share": "discrepancy at all"}

#: Months of the chart over time, at least: two years.
_LEAST_MONTHS: Final = 24

_NOTE: Final = "Shares of sampled lines, each counted once, rounded to a tenth of a point; no estimate for all lines."
#: What stands beside that where rows are not shown, by the quality of their answers.
_HIDDEN: Final = {
    "suppressed": "Withheld: a company could be told; one or two discrepancies always are, so those shown do not stand for the others.",
    "too_few": "Too few: under 30 lines.",
}


#: What is said of the whole period where its share is not shown.
_NOT_SHOWN: Final = {
    "suppressed": "The share of the whole period is not shown, to protect companies",
    "too_few": "Too few sampled lines for a share of the whole period",
}


def quarters(view: View, cells: pl.DataFrame, months: int = 0) -> View | None:
    """Narrow a view to the whole fiscal quarters of its period whose sample is released; null where there are none.

    Args:
        view: Centers and period.
        cells: Cells of the release.
        months: Widen the period to the past to at least so many months.
    """
    start = view.filters.from_date or view.source.first_date
    start = min(start, periods.months_back(view.end, months - 1)) if months else start
    begun = cells.filter((pl.col("metric_id") == SAMPLED) & (pl.col("level") == "quarter"))["from_date"].unique().sort()
    inside = [day for day in begun.to_list() if day >= start and _end(day) <= view.end]
    return View(view.source, view.filters.between(inside[0], _end(inside[-1]))) if inside else None


def _end(quarter: dt.date) -> dt.date:
    """Return the last day of a quarter."""
    return periods.month_end(periods.months_back(quarter, -2))


def figures(view: View, cells: pl.DataFrame) -> list[KeyFigure]:
    """Show each rate of the sample."""
    return [_figure(view, cells, metric_id) for metric_id in WITHOUT]


def headline(view: View, cells: pl.DataFrame) -> str:
    """Say how many of the sampled lines had no major discrepancy, as far as it is shown."""
    metric_id = "sampled_without_major_share"
    narrowed = quarters(view, cells)
    row = asked(narrowed, cells, metric_id).row(0, named=True) if narrowed else {}
    if narrowed is None:
        return "No fiscal quarter of the sample is released for this period"
    if row["value"] is None:
        words = closed(view)[0].removesuffix(".") if row["quality"] == "none" else _NOT_SHOWN.get(row["quality"], "")
        return words or "No sampled line was reviewed for this choice"
    words = f"{format.share(row['value'])} of about {format.count(row['n'])} sampled lines had no {WITHOUT[metric_id]}"
    return f"{words}, {narrowed.filters.period_words()}"


def _figure(view: View, cells: pl.DataFrame, metric_id: str) -> KeyFigure:
    """Show a rate over the whole fiscal quarters of the period, with its interval and lines; what is withheld says so."""
    metric, narrowed = METRICS[metric_id], quarters(view, cells)
    if narrowed is None:
        return KeyFigure(metric_id, metric.name, "No whole quarter", definition=metric.definition)
    row = asked(narrowed, cells, metric_id).row(0, named=True)
    value, until = instead(row["words"])
    return KeyFigure(
        metric_id,
        metric.name,
        value if row["value"] is None else format.number(row["value"], metric.unit),
        against=until or f"{format.month(narrowed.filters.from_date)} – {format.month(narrowed.end)}",
        interval=format.interval(row["low"], row["high"], metric.unit),
        n=format.sample(row["n"], "lines"),
        trend=tuple(_by_quarter(narrowed, cells, metric_id)["value"]),
        definition=metric.definition,
    )


def _by_quarter(view: View, cells: pl.DataFrame, metric_id: str) -> pl.DataFrame:
    return asked(view, cells, metric_id, "quarter").with_columns(start=quarter_start(pl.col("quarter"))).sort("start")


def over_time(view: View, cells: pl.DataFrame, metric_id: str) -> Card:
    """Show a rate by fiscal quarter: as a line, or where any is not shown in rows that say whether it is withheld or of too few lines."""
    key, narrowed = f"industry_time_{metric_id}", quarters(view, cells, _LEAST_MONTHS)
    subtitle = f"Share of sampled lines without a {WITHOUT[metric_id]}, 95% interval, by fiscal quarter · {_of(narrowed or view)}"
    words, way = closed(view)
    if words:
        return replace(_empty(key, "There were no sampled lines yet", subtitle), alt=words, empty=words, way=way)
    if narrowed is None:
        return _empty(key, "No fiscal quarter of the sample is released for this period", subtitle)
    rows = _by_quarter(narrowed, cells, metric_id).filter(pl.col("quality") != "none")
    shown = rows.drop_nulls("value")
    left = _left(rows, "quarter", "quarters")
    if shown.is_empty():
        return _empty(key, f"No quarter can be shown{left}", subtitle, rows)
    title = trend_title(shown, f"sampled lines had no {WITHOUT[metric_id]}") + left
    card = Card(
        key=key,
        title=title,
        subtitle=subtitle,
        alt=f"{title}. The share of each fiscal quarter with its interval, oldest first.",
        chart=None,
        table=rows,
        columns=(Column("quarter", "Quarter", "text"), *_COLUMNS),
        metric_ids=(metric_id,),
        note=_note(rows),
    )
    if shown.height == rows.height > 1:
        card = replace(card, note=f"{n_words(shown['n'], 'quarter', 'sampled lines (rounded)')} {card.note}")
        return with_chart(card, charts.rate_with_interval, rows, "start", "value", "low", "high", style="whisker", quarters=True)
    return with_chart(card, charts.dots_with_interval, rows, "quarter", "value", "low", "high", n="n", quality="quality")


def by_center(view: View, cells: pl.DataFrame, metric_id: str) -> Card:
    """Compare Centers in the last released quarter of the period with the rate of all imports."""
    key, narrowed = f"industry_center_{metric_id}", quarters(view, cells)
    subtitle = f"Share of sampled lines without a {WITHOUT[metric_id]}, 95% interval · every Center"
    if narrowed is None:
        return _empty(key, "No fiscal quarter of the sample is released for this period", subtitle)
    last = View(view.source, narrowed.filters.between(periods.months_back(periods.month_start(narrowed.end), 2), narrowed.end))
    every = View(last.source, last.filters.keeping("center", ()))
    subtitle = f"{subtitle} · {every.filters.period_words()}, the last quarter released of the period"
    found = labelled(every, asked(every, cells, metric_id, "center"), "center").filter(pl.col("center") != codes.PORT_CODE)
    rows, none = found.filter(pl.col("quality") != "none"), found.filter(pl.col("quality") == "none").sort("label")
    rows = rows.sort("value", "label", nulls_last=True)
    shown, left = rows.drop_nulls("value"), _left(rows, "Center", "Centers")
    if shown.is_empty():
        return _empty(key, f"No Center can be compared{left}", subtitle, rows)
    whole = asked(every, cells, metric_id)["value"][0]
    title = _compared(shown, whole) + left
    card = Card(
        key=key,
        title=title,
        subtitle=subtitle,
        alt=f"{title}. A dot with its interval for each Center, lowest first.",
        chart=None,
        table=rows,
        columns=(Column("label", "Center", "text"), *_COLUMNS),
        metric_ids=(metric_id,),
        note=" ".join([_note(rows), *(f"{label}: {words}." for label, words in none.select("label", "words").iter_rows())]),
    )
    label = f"all imports {format.share(whole)}" if whole is not None else ""
    return with_chart(
        card, charts.dots_with_interval, rows, "label", "value", "low", "high", n="n", quality="quality", target=whole, target_label=label
    )


_COLUMNS: Final = (
    Column("value", "Share (rounded)", "share"),
    Column("low", "Low (95%)", "share"),
    Column("high", "High (95%)", "share"),
    Column("n", "Sampled lines (rounded)", "count"),
    Column("words", "Mark", "text"),
)


def _note(rows: pl.DataFrame) -> str:
    """Say what the shares are, and what is not shown of them."""
    return " ".join([_NOTE, *(words for state, words in _HIDDEN.items() if (rows["quality"] == state).any())])


def _compared(shown: pl.DataFrame, whole: float | None) -> str:
    """Say which Centers lie clearly below all imports, or where that is not known which is lowest."""
    last = shown["value"][0]
    lowest = named(shown.filter(pl.col("value") == last)["label"].to_list(), "Centers")
    if shown.height == 1:
        low = f"{lowest} has {format.share(last)}"
    elif shown["value"].n_unique() == 1:
        low = f"{lowest} have {format.share(last)} each"
    else:
        verb = "is" if (shown["value"] == last).sum() == 1 else "are"
        low = f"{lowest} {verb} lowest of those shown, {format.share(last)}"
    if whole is None:
        return low
    below = shown.filter(pl.col("high") < whole).height
    if not below:
        who = "The one Center shown does not lie" if shown.height == 1 else f"None of the {shown.height} Centers shown lies"
        return f"{who} clearly below all imports, {format.share(whole)}"
    return f"{plural(below, 'Center')} of {shown.height} shown {'lies' if below == 1 else 'lie'} clearly below all imports, {format.share(whole)}; {low}"


def _left(rows: pl.DataFrame, one: str, many: str) -> str:
    """Say how many rows are withheld, and how many have too few lines: two things, in two words."""
    hidden, few = (rows.filter(pl.col("quality") == state).height for state in ("suppressed", "too_few"))
    words = [f"{plural(hidden, one, many)} withheld"] if hidden else []
    words += [f"{plural(few, one, many)} with too few lines"] if few else []
    return "".join(f"; {word}" for word in words)


def _of(view: View) -> str:
    """Say of what the rates are."""
    return f"{', '.join(view.filters.narrowed(view.labels)) or 'all imports'} · {view.filters.period_words()}"


def _empty(key: str, title: str, subtitle: str, rows: pl.DataFrame | None = None) -> Card:
    words = "A fiscal quarter is released when the random sample of every Center is completed; choose a longer or an earlier period."
    if rows is not None:
        some = rows.filter(pl.col("quality") != "none").height
        words = "What was found is withheld, or of too few lines." if some else "No sampled line was reviewed for this choice."
    return Card(key, title, subtitle, words, None, pl.DataFrame(), (), empty=words)
