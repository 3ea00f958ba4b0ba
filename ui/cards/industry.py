"""Cards of the industry view: what a release shows of Centers, with what it withholds said on every card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import polars as pl

from analytics import codes, format, periods, released
from analytics.codes import DISTRICTS
from analytics.exc import QueryError
from analytics.metrics import METRICS, Metric
from analytics.publication import ALL, CENTERS, EVERY_DISTRICT, MEASURES
from ui import charts
from ui.board import Card, Column, KeyFigure, Way
from ui.cards.reasons import unopened
from ui.cards.shared import labelled, named, plural, total, with_chart
from ui.frame import View

#: Quality of an answer -> what stands for its number.
MARKS: Final[dict[str, str]] = {
    "suppressed": "withheld",
    "too_few": "too few to be reliable",
    "none": "nothing to report",
}

#: What comes before the day on which a Center opens.
_CLOSED: Final = "not open until"

#: Measures that are of a day, the period's last.
_STOCKS: Final = frozenset(measure.metric_id for measure in MEASURES if measure.is_stock)

#: What a card with a withheld number says of it.
_WITHHELD: Final = "Withheld: a company could be told. "
_ROUNDED: Final = "Numbers are rounded."

_MARK: Final = Column("words", "Mark", "text")


def asked(view: View, cells: pl.DataFrame, metric_id: str, *by: str) -> pl.DataFrame:
    """Answer a published measure under the page's filters, with `words` for what is not shown."""
    rows = released.answer(cells, metric_id, view.filters, by)
    opened = dict(view.source.dimension("center").select("center_code", "opened_date").iter_rows())
    words = [_words(view, row, opened) for row in rows.iter_rows(named=True)]
    return rows.with_columns(words=pl.Series(words, dtype=pl.String))


def _words(view: View, row: Mapping[str, Any], opened: Mapping[str, dt.date]) -> str:
    """Say what stands for a row's number: that it is withheld, or, where there was nothing, from when on there could be something."""
    words = MARKS.get(row["quality"], "")
    places = [row["center"]] if "center" in row else list(view.filters.centers)
    days = [opened.get(code) for code in places]
    if row["quality"] != "none" or not days or None in days:
        return words
    first = min(day for day in days if day is not None)
    return f"{_CLOSED} {format.date(first)}" if first > _last_day(view, row) else words


def _last_day(view: View, row: Mapping[str, Any]) -> dt.date:
    """Return the last day that a row is of."""
    if "month" in row:
        return periods.month_end(dt.date.fromisoformat(f"{row['month']}-01"))
    if "quarter" in row:
        year, quarter = int(row["quarter"][2:6]), int(row["quarter"][-1])
        return periods.month_end(periods.months_back(periods.fiscal_year_start(year), 1 - 3 * quarter))
    return min(view.end, view.as_of)


def figures(view: View, cells: pl.DataFrame) -> list[KeyFigure]:
    """Show each measure that is published by month for the period, rounded; what is withheld says so."""
    return [_figure(view, cells, measure.metric_id) for measure in MEASURES if not measure.is_sampled]


def _figure(view: View, cells: pl.DataFrame, metric_id: str) -> KeyFigure:
    metric = METRICS[metric_id]
    now, words = _shown(view, cells, metric_id)
    before = _shown(View(view.source, view.earlier), cells, metric_id)[0] if view.earlier else None
    change = format.relative_change(now, before) if now is not None and before else None
    months = asked(view, cells, metric_id, "month")["value"].to_list()
    stands, until = instead(words)
    return KeyFigure(
        metric_id,
        metric.name,
        format.number(now, metric.unit) if now is not None else stands,
        change=change.text if change else None,
        direction=change.direction if change else "flat",
        against="vs a year earlier" if change else until,
        n="rounded" if now is not None else "",
        trend=tuple(months) if len(months) > 1 else (),
        definition=metric.definition,
    )


def instead(words: str) -> tuple[str, str]:
    """Part the words for a number into what stands in its place, large, and until when: `Withheld` and nothing, `Not open` and `until …`."""
    if words.startswith(_CLOSED):
        return "Not open", words.removeprefix("not open ")
    return words.capitalize(), ""


def _shown(view: View, cells: pl.DataFrame, metric_id: str) -> tuple[float | None, str]:
    """Return a measure of the period, and the words that stand for it where it is not shown."""
    try:
        rows = asked(view, cells, metric_id)
    except QueryError:  # nothing of the period is released
        return None, MARKS["none"]
    return (rows["value"][0], rows["words"][0]) if rows.height else (None, MARKS["none"])


def headline(view: View, cells: pl.DataFrame) -> str:
    """Say what was processed and what waits, as far as both are shown, and that ports are in it where no Center is chosen."""
    (done, no_done), (waiting, no_waiting) = (_shown(view, cells, name) for name in ("completions", "pending"))
    parts = []
    if done is not None:
        parts.append(f"About {format.count(done)} reviews were completed")
    if waiting is not None:
        who = "about {} were" if parts else "About {} reviews were"
        parts.append(f"{who.format(format.count(waiting))} waiting on {format.date(min(view.end, view.as_of))}")
    if parts:
        return " and ".join(parts) + ("" if view.filters.centers else ", at Centers and ports")
    if MARKS["suppressed"] in (no_done, no_waiting):
        return "The numbers of this choice are withheld, so that no company can be told"
    later = unopened(view)
    return later[0].removesuffix(".") if later else "There is nothing to report for this choice"


def _legend(hidden: int) -> str:
    return f"{_WITHHELD}{_ROUNDED}" if hidden else _ROUNDED


def by_center(view: View, cells: pl.DataFrame, metric_id: str) -> Card:
    """Compare all Centers by one measure; those chosen stand out."""
    metric = METRICS[metric_id]
    key, every = f"industry_{metric_id}", View(view.source, view.filters.keeping("center", ()))
    found = labelled(every, asked(every, cells, metric_id, "center"), "center")
    rows, ports = found.filter(pl.col("center") != codes.PORT_CODE), found.filter(pl.col("center") == codes.PORT_CODE)["value"]
    rows = rows.sort("value", "label", descending=[True, False], nulls_last=True)
    shown, hidden = rows.filter(pl.col("value") > 0), rows.filter(pl.col("quality") == "suppressed").height
    when = f"on {format.date(min(view.end, view.as_of))}" if metric_id in _STOCKS else view.filters.period_words()
    subtitle = f"{metric.name} of each Center, rounded · every Center · {when}"
    if shown.is_empty():
        return _nothing(
            every, key, f"No {metric.name.lower()} to compare", subtitle, f"{plural(hidden, 'Center')} withheld" if hidden else ""
        )
    title = _leaders(shown, metric, hidden)
    card = Card(
        key=key,
        title=title,
        subtitle=subtitle,
        alt=f"{title}{f', {when}' if metric_id in _STOCKS else ''}. Centers drawn as bars, most first.",
        chart=None,
        table=rows,
        columns=(Column("label", "Center", "text"), Column("value", f"{metric.name} (rounded)", metric.unit), _MARK),
        metric_ids=(metric_id,),
        note=_legend(hidden) + (_at_ports(metric, ports[0]) if ports.len() and ports[0] else ""),
    )
    chosen = [view.label("center", code) for code in view.filters.centers]
    return with_chart(card, charts.bars, rows, "label", "value", kind=metric.unit, extra="words", highlight=chosen)


def _at_ports(metric: Metric, value: float) -> str:
    more = f"about {format.number(value, metric.unit)} more"
    return f" Ports hold {more}." if metric.id in _STOCKS else f" Ports processed {more}."


def _leaders(shown: pl.DataFrame, metric: Metric, hidden: int) -> str:
    """Say who has most of those shown, or that several are level at the top after rounding; a withheld Center may have more."""
    value = shown["value"][0]
    noun = "reviews in the backlog" if metric.id == "backlog" else metric.name.lower()
    amount = f"about {format.number(value, metric.unit)}"
    top = shown.filter(pl.col("value") == value)["label"].to_list()
    rest = f"; {plural(hidden, 'Center')} withheld" if hidden else ""
    if shown.height == 1:
        return f"{top[0]} has {amount} {'of ' if metric.unit == 'usd' else ''}{noun}{rest}"
    among = "Of the Centers shown, " if hidden else ""
    if len(top) > 1:
        return f"{among}{named(top, 'Centers')} have the most {noun}, {amount} each{rest}"
    return f"{among}{top[0]} has the most {noun}, {amount}{rest}"


def over_time(view: View, cells: pl.DataFrame) -> Card:
    """Show receipts and completions month by month; a month that is withheld is a gap."""
    key, subtitle = "industry_flow", f"Receipts and completions each month, rounded · {view.sentence}"
    came = asked(view, cells, "receipts", "month").select("month", receipts="value", receipts_words="words")
    went = asked(view, cells, "completions", "month").select("month", completions="value", completions_words="words")
    rows = came.join(went, on="month", how="full", coalesce=True).sort("month")
    both = rows.drop_nulls(["receipts", "completions"])
    hidden = rows.filter(pl.any_horizontal(pl.col("receipts_words", "completions_words") == MARKS["suppressed"])).height
    if both.is_empty() or not total(both["receipts"]) + total(both["completions"]):
        return _nothing(
            view, key, "No receipts or completions to compare", subtitle, f"{plural(hidden, 'month')} withheld" if hidden else ""
        )
    shut = pl.all_horizontal(pl.col("receipts_words", "completions_words").str.starts_with(_CLOSED))
    opened = rows.filter(~shut)
    title = _gap(view, cells, opened, both) + (f"; {plural(hidden, 'month')} withheld" if hidden else "")
    dated = opened.with_columns(day=(pl.col("month") + "-01").str.to_date())
    before = rows.filter(shut)["receipts_words"].to_list()
    card = Card(
        key=key,
        title=title,
        subtitle=subtitle,
        alt=f"{title}. Two lines by month.",
        chart=None,
        table=rows,
        columns=(
            Column("month", "Month", "month"),
            Column("receipts", "Receipts (rounded)", "count"),
            Column("receipts_words", "Mark of receipts", "text"),
            Column("completions", "Completions (rounded)", "count"),
            Column("completions_words", "Mark of completions", "text"),
        ),
        metric_ids=("receipts", "completions"),
        note=" ".join([_legend(hidden), *(f"N{words[1:]}." for words in before[:1])]),
    )
    return with_chart(card, charts.flow_lines, dated, "day", "receipts", "completions")


def _gap(view: View, cells: pl.DataFrame, opened: pl.DataFrame, both: pl.DataFrame) -> str:
    """Say by how much more came in than went out, or the other way round, and over which of the months in which a Center was open."""
    # Where the whole period is shown, its own cells are rounded once and not month by month, whichever months are withheld.
    whole = [_shown(view, cells, name)[0] for name in ("receipts", "completions")]
    known = [part for part in whole if part is not None]
    came_in, done = known if len(known) == len(whole) else (total(both["receipts"]), total(both["completions"]))
    counted = (opened if len(known) == len(whole) else both)["month"].to_list()
    when = f"over {plural(len(counted), 'month')}" if len(counted) > 1 else f"in {format.month(f'{counted[0]}-01')}"
    if not (gap := came_in - done):
        return f"About as many reviews came in as were completed {when}"
    more, less = ("came in", "were completed") if gap > 0 else ("were completed", "came in")
    return f"About {format.count(abs(gap))} more reviews {more} than {less} {when}"


def by_district(view: View, cells: pl.DataFrame, most: int = 12) -> Card:
    """Show the districts through which the entries of the chosen Centers come (of all without a choice), over the period's whole fiscal quarters."""
    key = "industry_districts"
    quarters = _quarters(view, cells)
    subtitle = f"Entry summaries that Centers processed, by district, rounded · whole fiscal quarters · {(quarters or view).filters.period_words()}"
    if quarters is None or view.filters.centers == (codes.PORT_CODE,):
        words = "The period holds no whole fiscal quarter; choose a longer one." if quarters is None else "Choose a Center, or all of them."
        return _empty(key, "Districts are shown of what Centers process, by fiscal quarter", subtitle, words)
    rows = asked(quarters, cells, "entry_summaries", "district").sort("value", descending=True, nulls_last=True)
    rows = rows.with_columns(label=pl.col("district").replace_strict(DISTRICTS, default=pl.format("District {}", "district")))
    shown, hidden = rows.filter(pl.col("value") > 0), rows.filter(pl.col("quality") == "suppressed").height
    if shown.is_empty():
        return _nothing(view, key, "No district to show", subtitle, f"{plural(hidden, 'district')} withheld" if hidden else "")
    top = shown.filter(pl.col("value") == shown["value"][0])["label"].to_list()
    verb, each = ("bring", " each") if len(top) > 1 else ("brings", "")
    amount = f"about {format.count(shown['value'][0])}{each}"
    title = f"{named(top, 'districts')} {verb} the most entry summaries of those shown, {amount}"
    title += f"; {plural(hidden, 'district')} withheld" if hidden else ""
    card = Card(
        key=key,
        title=title,
        subtitle=subtitle,
        alt=f"{title}. Districts drawn as bars, most first.",
        chart=None,
        table=rows,
        columns=(Column("label", "District", "text"), Column("value", "Entry summaries (rounded)", "count"), _MARK),
        metric_ids=("entry_summaries",),
        note=_legend(hidden) + (f" The {most} largest are drawn." if shown.height > most else ""),
    )
    return with_chart(card, charts.bars, shown.head(most), "label", "value")


def _quarters(view: View, cells: pl.DataFrame) -> View | None:
    """Return the view narrowed to its Centers (not the ports; all where none is chosen) and to the whole fiscal quarters of its period."""
    below = cells.filter(pl.col("district_code") != EVERY_DISTRICT)["from_date"].unique()
    start, end = view.filters.from_date, view.end
    inside = below.filter((below >= (start or end.min)) & (below.dt.offset_by("3mo").dt.offset_by("-1d") <= end)).sort()
    if inside.is_empty():
        return None
    filters = view.filters.between(inside[0], pl.select(pl.lit(inside[-1]).dt.offset_by("3mo").dt.offset_by("-1d")).item())
    centers = view.filters.centers or cells["center_code"].unique().sort().to_list()
    return View(view.source, filters.keeping("center", [code for code in centers if code not in (codes.PORT_CODE, CENTERS, ALL)]))


def withheld(cells: pl.DataFrame) -> Card:
    """Say how much of the release is withheld, by measure."""
    key, subtitle = "industry_withheld", "Cells of the whole release, whatever is chosen above: shown, withheld, zero and nothing to report"
    marks = cells.with_columns(
        state=pl.col("mark").replace_strict(
            {"": "shown", "D": "withheld", "S": "too_few", "0": "zero", "–": "nothing"}, return_dtype=pl.String
        )
    )
    wide = marks.group_by("metric_id", "state").agg(pl.len()).pivot("state", index="metric_id", values="len")
    states = ("shown", "withheld", "too_few", "zero", "nothing")
    rows = wide.with_columns(pl.lit(0).alias(name) for name in states if name not in wide.columns).fill_null(0)
    names = {measure.metric_id: METRICS[measure.metric_id].name for measure in MEASURES}
    rows = rows.with_columns(
        label=pl.col("metric_id").replace_strict(names), part=pl.col("withheld") / pl.sum_horizontal("shown", "withheld")
    )
    rows = rows.sort("part", "label", descending=[True, False])
    counted = released.counted(cells).row(0, named=True)
    hidden, share = counted["withheld_read"], counted["value_withheld"]
    verb = "is" if hidden == 1 else "are"
    title = f"{plural(hidden, 'cell')} of {format.count(cells.height)} {verb} withheld" if hidden else "Nothing is withheld"
    title += f", {format.share(share)} of import value" if hidden and share is not None else ""
    card = Card(
        key=key,
        title=title,
        subtitle=subtitle,
        alt=f"{title}.",
        chart=None,
        table=rows,
        columns=(
            Column("label", "Measure", "text"),
            Column("part", "Withheld, of cells with cases", "share"),
            *(Column(name, name.capitalize().replace("_", " "), "count") for name in states),
        ),
        note="An attacker who knows every shown cell, every total and his own company’s numbers was simulated; each withheld cell stays too "
        "uncertain to tell a company. A month is released once its entry summaries are due and all reports on its reviews are in, and never shown "
        "with another value after that.",
    )
    return with_chart(card, charts.bars, rows, "label", "part", kind="share")


def _nothing(view: View, key: str, title: str, subtitle: str, hidden: str) -> Card:
    """Draw a card without numbers: they are withheld, its Centers were not open yet, or there are none."""
    words, way = closed(view)
    if hidden:
        words, way = f"{hidden}, so that no company can be told.", None
    return replace(_empty(key, title, subtitle, words or "Nothing was released for this choice."), way=way)


def closed(view: View) -> tuple[str, Way | None]:
    """Say when the first of the chosen Centers opens, after the period, with the step to that time; nothing when that is not why."""
    words, day = unopened(view) or ("", view.as_of)
    since = {"from": day.isoformat(), "to": view.as_of.isoformat()}
    return words, Way(f"Show the time from {format.date(day)}", since) if words and day < view.as_of else None


def _empty(key: str, title: str, subtitle: str, words: str) -> Card:
    return Card(key, title, subtitle, words, None, pl.DataFrame(), (), empty=words)
