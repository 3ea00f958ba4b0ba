"""Cards on where the work comes from: ports of entry now and at the opening, the flow to Centers, and the month's volume."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import polars as pl

from analytics import codes, cube, format, periods, routing_shift
from analytics.filters import Filters, day_words
from analytics.metrics import METRICS
from analytics.rollups import PARTICIPANTS, VOLUME
from ui import changes, charts
from ui.board import Card, Column
from ui.cards.shared import empty, has_rows, labelled, listed, plural, total, with_chart
from ui.figures import written
from ui.frame import View

#: Numbers of the month's table, with whether they count or are money.
_MONTHLY: Final = ("entry_summaries", "entry_lines", "import_value_usd", "duty_usd", "participating_accounts")


def chosen(view: View) -> list[str]:
    """Return the Centers that the filter keeps, without “Port”."""
    return [code for code in view.filters.centers if code != codes.PORT_CODE]


def who(view: View) -> tuple[str, str]:
    """Name the Centers in question, with the verb that fits: (“Electronics”, “processes”)."""
    picked = chosen(view)
    if len(picked) == 1:
        return view.label("center", picked[0]), "processes"
    return ("The chosen Centers" if picked else "Centers"), "process"


def narrowed(view: View, *without: str, period: bool = False) -> str:
    """Say at the end of a subtitle what the filters keep, leaving some dimensions out; empty when nothing is narrowed."""
    filters = view.filters
    for dimension in without:
        filters = filters.keeping(dimension, ())
    words = [*filters.narrowed(view.labels), *([filters.period_words()] if period else [])]
    return "".join(f" · {word}" for word in words)


def title(view: View) -> str:
    """Say how much of the imports the Centers in question process and from how many ports it comes."""
    picked = chosen(view)
    if view.filters.centers and not picked:
        return "Ports process these imports themselves; choose a Center to see where its work comes from"
    share = view.ask("center_value_share")["value"][0]
    if not share:
        return f"{who(view)[0]} processed none of these imports"
    name, verb = who(view)
    start = f"{name} {verb} {format.share(share)} of import value"
    if "port" not in view.source.scope.role.dimensions:
        return start
    rows = view.ask("entry_summaries", "center", "port").filter((pl.col("center") != codes.PORT_CODE) & (pl.col("value") > 0))
    by_port = rows.group_by("port").agg(pl.col("value").sum())
    counted = plural(int(total(by_port["value"])), "entry summary", "entry summaries")
    return start if by_port.is_empty() else f"{start}: {counted} from {plural(by_port.height, 'port')} of entry"


def ports(view: View, centers: pl.DataFrame, most: int = 9) -> Card:
    """From which ports the Centers' entry summaries come, now against the time after the opening, or a year earlier."""
    key, picked = "routing_ports", chosen(view)
    if view.filters.centers and not picked:
        return empty(view, key, "No Center processed any of these entries", "participating_accounts")
    filters = view.filters.only(PARTICIPANTS.dimensions).keeping("center", picked)
    opened = dict(centers.select("center_code", "opened_date").iter_rows()).get(picked[0]) if len(picked) == 1 else None
    days = routing_shift.windows(filters.from_date or view.source.first_date, view.end, view.source.first_date, opened)
    if opened and opened > view.end:
        return empty(view, key, f"{who(view)[0]} opened on {format.date(opened)}, after this period", "participating_accounts")
    now = routing_shift.entries(view.frames, filters, view.as_of, days.now)
    if now.is_empty():
        return empty(view, key, "No Center processed any of these entries", "participating_accounts")
    before = routing_shift.entries(view.frames, filters, view.as_of, days.before) if days.before else now.clear()
    rows = labelled(view, routing_shift.shift(now, before), "port")
    known = rows["before_share"].null_count() == 0
    largest = _largest(rows) if known else None
    shown = rows.filter(pl.col("now") > 0).head(most)
    if largest and largest["port"] not in shown["port"].to_list():
        shown = pl.concat([shown, rows.filter(pl.col("port") == largest["port"])])
    earlier = f"first {days.first_months} months" if days.first_months else "a year earlier"
    name = _sentence(view, rows, largest, earlier)
    against = f", against {'its ' if days.first_months else ''}{earlier} ({_words(days.before)})" if known and days.before else ""
    clear = shown.filter("clear")["label"].to_list()
    was = pl.concat_str(
        pl.lit("was "),
        pl.col("before_share").map_elements(format.share, pl.String),
        pl.lit(", rank "),
        pl.col("before_rank").cast(pl.String),
    )
    drawn = shown.with_columns(extra=pl.when(pl.col("rank") != pl.col("before_rank")).then(was) if known else pl.lit(None, pl.String))
    options: dict[str, Any] = {
        "kind": "share",
        "highlight": clear,
        "previous": "before_share" if known else None,
        "previous_label": earlier,
    }
    return Card(
        key=key,
        title=name,
        subtitle=f"Share of the entry summaries that {_object(view)} processed, by port of entry, {_words(days.now)}{against}{'; blue: clearly shifted' if clear else ''}{narrowed(view, 'center')}",
        alt=f"{name}.",
        chart=charts.bars(drawn, "label", "now_share", extra="extra", **options),
        chart_narrow=charts.bars(drawn, "label", "now_share", width=charts.PHONE, **options),
        table=rows,
        columns=_COLUMNS,
        metric_ids=("entry_summaries", "participating_accounts"),
        note=_note(centers, days, picked, known=known),
    )


_COLUMNS: Final = (
    Column("label", "Port of entry", "text"),
    Column("now", "Entry summaries", "count"),
    Column("now_share", "Share", "share"),
    Column("rank", "Rank", "count"),
    Column("before", "Earlier", "count"),
    Column("before_share", "Earlier share", "share"),
    Column("before_rank", "Earlier rank", "count"),
    Column("low", "Change, low (95%)", "share"),
    Column("high", "Change, high (95%)", "share"),
)


def _largest(rows: pl.DataFrame) -> dict[str, Any] | None:
    """Return the port whose share changed most: of the clear changes, else of those with an interval, else of all."""
    for part in (rows.filter("clear"), rows.filter(pl.col("low").is_not_null()), rows):
        moving = part.filter(pl.col("change") != 0).sort([pl.col("change").abs(), pl.col("port")], descending=[True, False])
        if moving.height:
            return moving.row(0, named=True)
    return None


def _object(view: View) -> str:
    name = who(view)[0]
    return name if len(chosen(view)) == 1 else name[0].lower() + name[1:] if chosen(view) else name


def _there(view: View) -> str:
    """Say that shares are of the chosen ports alone; empty when none is chosen."""
    chosen_ports = len(view.filters.ports)
    return "" if not chosen_ports else f" at the chosen {'port' if chosen_ports == 1 else 'ports'}"


def _sentence(view: View, rows: pl.DataFrame, largest: dict[str, Any] | None, earlier: str) -> str:
    """Write the finding: the largest clear shift, or that there is none."""
    work = f"what {_object(view)} {who(view)[1]}{_there(view)}"
    first = rows.row(0, named=True)
    if largest is None:
        return f"{format.share(first['now_share'])} of {work} comes from {first['label']}"
    since = f"in the {earlier}" if earlier.startswith("first") else earlier
    shares = format.share(largest["before_share"]), format.share(largest["now_share"])
    if largest["clear"]:
        direction = "up" if largest["change"] > 0 else "down"
        others = rows.filter("clear").height - 1
        more = f"; {plural(others, 'other port has', 'other ports have')} clearly shifted too" if others else ""
        return f"{largest['label']} now sends {shares[1]} of {work}, {direction} from {shares[0]} {since}{more}"
    after = f"since the {earlier}" if earlier.startswith("first") else "in a year"
    call = f"No port’s share has clearly shifted {after}" if rows["low"].drop_nulls().len() else "Too few accounts to call any shift clear"
    return f"{call}; {largest['label']} moved most, from {shares[0]} to {shares[1]} of {work}"


def _note(centers: pl.DataFrame, days: routing_shift.Windows, picked: list[str], *, known: bool) -> str:
    """Say how a shift is told from chance, and what else differs between the windows."""
    if not known or days.before is None:
        return "Nothing to compare with yet: too few days lie after the opening, or the data do not reach back a year."
    rule = "A shift is clear when accounts, each taken whole, would not give it by chance (95%, for all ports with 1% or more at once)."
    if days.first_months == 3:
        return f"{rule} Its first 12 months are too recent to compare with, so seasons differ."
    new = routing_shift.opened_between(centers, days.before, days.now, picked) if not days.first_months else []
    names = listed(new) if len(new) <= 3 else plural(len(new), "Center")
    return f"{rule} {names} opened after the earlier period began, so not all of their work is in it." if new else rule


def _words(days: cube.Span | None) -> str:
    return f"{day_words(days.start)} to {day_words(days.end)}" if days else ""


def month(view: View) -> Card:
    """What came in this month against last month and the same month a year ago."""
    key = "routing_month"
    first = periods.month_start(min(view.end, view.as_of))
    starts = {"now": first, "before": periods.months_back(first, 1), "year": periods.months_back(first, 12)}
    known = {name: day for name, day in starts.items() if day >= periods.month_start(view.source.first_date)}
    over = view.as_of >= periods.month_end(first)
    answers = {name: {metric: _of_month(view, metric, day) for metric in _MONTHLY} for name, day in known.items()}
    if not any(answers["now"].values()):
        return empty(view, key, f"Nothing came in in {format.month(first)}", "entry_summaries")
    rows = pl.DataFrame(
        [{"label": METRICS[metric].name} | {name: answers.get(name, {}).get(metric) for name in starts} for metric in _MONTHLY],
        schema={"label": pl.String, **dict.fromkeys(starts, pl.Float64)},
    )
    units = [METRICS[metric].unit for metric in _MONTHLY]
    said = rows.with_columns(
        *(pl.Series(name, [written(v, unit) for v, unit in zip(rows[name], units, strict=True)], pl.String) for name in starts),
        change=pl.Series(
            [_change(now, year, unit, over=over) for (now, year), unit in zip(rows.select("now", "year").iter_rows(), units, strict=True)],
            dtype=pl.String,
        ),
    )
    names = {name: format.month(day) for name, day in starts.items()}
    now_head = names["now"] if over else f"{names['now']} to {view.as_of.day} {format.MONTHS[view.as_of.month - 1]}"
    name = _month_sentence(view, answers, names, over=over)
    return with_chart(
        Card(
            key=key,
            title=name,
            subtitle=f"Entry summaries by entry date, their lines, value, estimated duty, and accounts with entries at a Center, by whole months{narrowed(view)}",
            alt=f"{name}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Number", "text"),
                Column("now", now_head, "count"),
                Column("before", names["before"], "count"),
                Column("year", names["year"], "count"),
            ),
            metric_ids=_MONTHLY,
            note="Whole months, wherever the period ends. Accounts are counted once a month, however many entries they have."
            if over
            else f"Provisional: {names['now']} is not over, so it is not compared.",
        ),
        charts.words,
        said,
        "label",
        [("now", now_head), ("before", names["before"]), ("year", names["year"]), ("change", "On the year")],
    )


def _of_month(view: View, metric: str, first: dt.date) -> float:
    last = min(periods.month_end(first), view.as_of)
    return float(view.ask(metric, filters=view.filters.between(first, last))["value"][0] or 0)


def _change(now: float | None, before: float | None, unit: str, *, over: bool) -> str:
    change = format.relative_change(now, before, kind=unit) if over else None
    if change is None:
        return format.NONE
    if change.text.startswith("from"):
        return f"{change.direction} {change.text}"
    sign = {"up": "+", "down": format.MINUS, "flat": ""}[change.direction]
    return f"{sign}{change.text}"


def _month_sentence(view: View, answers: dict[str, dict[str, float]], names: dict[str, str], *, over: bool) -> str:
    count = answers["now"]["entry_summaries"]
    kept = view.filters.centers
    subject = (
        f"{plural(int(count), 'entry summary was', 'entry summaries were')} filed"
        if not kept
        else f"{'Ports' if not chosen(view) else 'The chosen Centers and ports' if codes.PORT_CODE in kept else who(view)[0]} processed "
        + plural(int(count), "entry summary", "entry summaries")
    )
    if not over:
        return f"{subject} in {names['now']} so far; the month is not over"
    told = [_told(count, answers[name]["entry_summaries"], names[name]) for name in ("before", "year") if name in answers]
    return f"{subject} in {names['now']}, {' and '.join(told)}" if told else f"{subject} in {names['now']}"


def _told(now: float, before: float, month_name: str) -> str:
    return changes.beside(now, before, month_name) if before or not now else f"after none in {month_name}"


def flow(view: View, most: int = 10) -> Card:
    """Which port's entries go to which Center; the chosen Centers, else the port that sends most, are lit."""
    key = "routing_flow"
    filters: Filters = view.filters.only(VOLUME.dimensions).keeping("center", ())
    asked = view.ask("entry_summaries", "center", "port", filters=filters)
    rows = asked.filter((pl.col("center") != codes.PORT_CODE) & (pl.col("value") > 0)).select("center", "port", "value")
    if not has_rows(rows):
        return empty(view, key, "No Center processed any of these entries", "participating_accounts", wide=True)
    picked = [code for code in chosen(view) if code in rows["center"].to_list()]
    mine = rows.filter(pl.col("center").is_in(picked)) if picked else rows
    order = mine.group_by("port").agg(pl.col("value").sum()).sort(["value", "port"], descending=[True, False])
    shown = order.head(most)["port"].to_list()
    rest = rows["port"].n_unique() - len(shown)
    other = plural(rest, "other port")
    place = pl.when(pl.col("port").is_in(shown)).then(
        pl.col("port").replace_strict(dict(view.labels["port"]), default=pl.col("port"), return_dtype=pl.String)
    )
    drawn = labelled(view, rows, "center").with_columns(place=place.otherwise(pl.lit(other)))
    pairs = drawn.group_by("place", "label").agg(pl.col("value").sum()).sort(["value", "place", "label"], descending=[True, False, False])
    sources = [*(view.label("port", code) for code in shown), *([other] if rest else [])]
    targets = pairs.group_by("label").agg(pl.col("value").sum()).sort(["value", "label"], descending=[True, False])["label"].to_list()
    lit = [view.label("center", code) for code in picked]
    name = _flow_sentence(view, order, rows, picked)
    return with_chart(
        Card(
            key=key,
            title=name,
            subtitle=f"Entry summaries that Centers processed, from port of entry (left) to Center (right); blue: {'to the chosen Centers' if picked else 'from the port that sends most'}{narrowed(view, 'center', period=True)}",
            alt=f"{name}. Centers, most first: {listed(targets)}.",
            chart=None,
            table=labelled(view, rows, "center")
            .rename({"label": "holder"})
            .pipe(lambda frame: labelled(view, frame, "port"))
            .sort(["value", "label", "holder"], descending=[True, False, False]),
            columns=(
                Column("label", "Port of entry", "text"),
                Column("holder", "Center", "text"),
                Column("value", "Entry summaries", "count"),
            ),
            metric_ids=("entry_summaries",),
            wide=True,
            note="Where it entered is not who works it: a Center’s city is an office, never a port of entry. What ports process is not drawn here.",
        ),
        charts.ribbons,
        pairs,
        "place",
        "label",
        "value",
        sources=sources,
        targets=targets,
        lit_sources=() if lit else sources[:1],
        lit_targets=lit,
        written=_parts(pairs, lit) if lit else {},
    )


def _parts(pairs: pl.DataFrame, lit: list[str]) -> dict[str, str]:
    """Write for each port what it sends to the chosen Centers, of all that it sends."""
    sums = pairs.group_by("place").agg(mine=pl.col("value").filter(pl.col("label").is_in(lit)).sum(), all=pl.col("value").sum())
    return {place: f"{format.count(mine)} of {format.count(every)}" for place, mine, every in sums.iter_rows()}


def _flow_sentence(view: View, order: pl.DataFrame, rows: pl.DataFrame, picked: list[str]) -> str:
    """Write how much goes where: to the chosen Centers, or from the port that sends most."""
    top = order.row(0, named=True)
    port, whole = view.label("port", top["port"]), total(order["value"])
    if picked:
        name = view.label("center", picked[0]) if len(picked) == 1 else "The chosen Centers"
        verb = "gets" if len(picked) == 1 else "get"
        if order.height == 1:
            return f"{name} {verb} all {plural(int(whole), 'entry summary', 'entry summaries')} from {port}"
        return f"{name} {verb} {plural(int(whole), 'entry summary', 'entry summaries')} from {plural(order.height, 'port')}, {format.share(top['value'] / whole)} of them from {port}"
    mine = rows.filter(pl.col("port") == top["port"]).sort(["value", "center"], descending=[True, False])
    first = mine.row(0, named=True)
    share = format.share(top["value"] / whole)
    return f"{port} feeds {plural(mine.height, 'Center')} with {share} of all Centers’ work{_there(view)}; {view.label('center', first['center'])} takes {format.share(first['value'] / top['value'])} of that"
