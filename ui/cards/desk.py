"""Cards of the director's desk: each kind of work by itself, this week beside others, and the same work seen from two sides."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from analytics import codes, format, periods, standards, workload
from analytics.metrics import METRICS
from ui import charts, provisional
from ui.board import Card, Column
from ui.cards.shared import empty, has_rows, labelled, listed, plural, total, with_chart
from ui.cards.workload import STANDARDS, filters_of, pending_by
from ui.figures import written
from ui.frame import View

#: Numbers that a week is compared by, the ones that hurt first.
_WEEKLY: Final = ("past_due", "backlog", "pending", "receipts", "completions", "oldest_days")


def by_type(view: View) -> Card:
    """Pending and backlog of each work type; the whole is their sum, never an average."""
    key = "by_type"
    pending = view.ask("pending", "work_type").select("work_type", pending="value")
    backlog = view.ask("backlog", "work_type").select("work_type", backlog="value")
    # Every kind has its row, so that the chart keeps its height over the years.
    kinds = pl.DataFrame({"work_type": list(view.filters.work_types or codes.WORK_TYPES)}, schema={"work_type": pl.String})
    known = kinds.join(pending, on="work_type", how="left").join(backlog, on="work_type", how="left")
    rows = labelled(view, known.with_columns(pl.col("pending", "backlog").fill_null(0)), "work_type")
    if not has_rows(rows, "pending"):
        return empty(view, key, "Nothing is waiting", "pending")
    share = pl.when(pl.col("pending") > 0).then(pl.col("backlog") / pl.col("pending"))
    rows = rows.with_columns(share=share, standard=standards.standard_days(pl.col("work_type"))).sort(
        ["backlog", "pending", "label"], descending=[True, True, False]
    )
    worst, late, everything = rows.row(0, named=True), int(total(rows["backlog"])), int(total(rows["pending"]))
    title = f"{format.count(late)} of {plural(everything, 'pending review')} are backlog"
    if late:
        title += f"; {worst['label']} has most, {format.count(worst['backlog'])} of its {format.count(worst['pending'])}"
    drawn = rows.with_columns(more=pl.concat_str(pl.lit("of "), pl.col("pending").map_elements(format.count, pl.String)))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Backlog of pending, by work type · {view.on_day}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Work type", "text"),
                Column("pending", "Pending", "count"),
                Column("backlog", "Backlog", "count"),
                Column("share", "Backlog share", "share"),
                Column("standard", "Standard (days)", "count"),
            ),
            metric_ids=("backlog", "pending"),
            note=f"Pending: opened and not closed on the day. {STANDARDS}.",
        ),
        charts.bars,
        drawn,
        "label",
        "backlog",
        extra="more",
    )


def weeks(view: View) -> Card:
    """This week beside the last one and the same week a year ago."""
    key = "weeks"
    end = min(view.end, view.as_of)
    ends = {"now": end, "before": end - dt.timedelta(days=7), "year": periods.year_back(end)}
    known = {name: day for name, day in ends.items() if day - dt.timedelta(days=6) >= view.source.first_date}
    answers = {name: {metric: _week(view, metric, day) for metric in _WEEKLY} for name, day in known.items()}
    rows = pl.DataFrame(
        [
            {"label": METRICS[metric].name} | {name: answers.get(name, {}).get(metric) for name in ends} | {"unit": METRICS[metric].unit}
            for metric in _WEEKLY
        ],
        schema={"label": pl.String, **dict.fromkeys(ends, pl.Float64), "unit": pl.String},
    )
    if not any(value for value in answers.get("now", {}).values()):
        return empty(view, key, "Nothing came in, went out or waits", "pending")
    said = rows.with_columns(
        pl.Series(name, [written(value, unit) for value, unit in rows.select(name, "unit").iter_rows()], pl.String) for name in ends
    )
    worse = [
        METRICS[metric].name.lower()
        for metric in _WEEKLY
        if METRICS[metric].direction == "lower"
        and (answers["now"][metric] or 0) > (answers.get("before", {}).get(metric) or 0)
        and metric != "oldest_days"
        and not provisional.of_metric(view, metric).hides(answers["now"][metric], answers.get("before", {}).get(metric))
    ]
    title = "Nothing that should fall is clearly up on last week"
    if "before" not in answers:
        title = "This week, with no week before to compare"
    elif worse:
        title = f"Against last week, {listed(worse)} {'are' if len(worse) > 1 or worse == ['pending reviews'] else 'is'} up"
    heads = [
        ("now", f"Week to {format.date(ends['now'])}"),
        ("before", f"Week to {format.date(ends['before'])}"),
        ("year", f"Week to {format.date(ends['year'])}"),
    ]
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"This week, last week and a year ago: stocks at the week’s end, flows over its seven days · {', '.join(view.filters.narrowed(view.labels)) or 'all work'}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(Column("label", "Number", "text"), *(Column(name, head, "count") for name, head in heads)),
            metric_ids=_WEEKLY,
            note=f"One week against another is no trend: the process charts say what is a signal. {provisional.note(view)}".rstrip(),
        ),
        charts.words,
        said,
        "label",
        heads,
    )


def _week(view: View, metric: str, end: dt.date) -> float | None:
    rows = view.ask(metric, filters=view.filters.between(end - dt.timedelta(days=6), end))
    value = rows["value"][0] if rows.height else None
    return None if value is None else float(value)


def where_it_is(view: View) -> Card:
    """Who holds the pending work; for one holder alone, where its goods entered."""
    return pending_by(view, "port" if len(view.filters.centers) == 1 else "center")


def two_views(view: View, most: int = 7) -> Card:
    """The same pending work by who holds it and by where its goods entered; both sides add up to the same number.

    The Center filter chooses the rows and never narrows the whole: a Center sees its own work beside what others hold of the same ports.
    """
    key, whole = "two_views", view.filters.keeping("center", ())
    cells = view.ask("pending", "center", "port", filters=whole).filter(pl.col("value") != 0).select("center", "port", "value")
    if not has_rows(cells):
        return empty(view, key, "Nothing is waiting", "pending", wide=True)
    by_holder, by_port = (int(total(view.ask("pending", side, filters=whole)["value"])) for side in ("center", "port"))
    mine = int(total(cells.filter(pl.col("center").is_in(view.filters.centers))["value"]))
    drawn = _with_sums(_named_places(view, _named_holders(view, cells), most))
    title = f"{plural(by_holder, 'pending review')}, whether counted by holder or by port of entry"
    if by_holder != by_port:
        title = f"By holder {format.count(by_holder)} reviews are pending, by port of entry {format.count(by_port)}: they must be the same"
    elif view.filters.centers:
        title = f"{_holders(view)} {format.count(mine)} of the {title}"
    # Colours compare the ports that are named; sums are darkest.
    inside = drawn.filter((pl.col("holder") != _ALL_HOLDERS) & ~pl.col("place").is_in(drawn["place"].unique(maintain_order=True)[most:]))[
        "value"
    ]
    others = ", ".join([*view.filters.keeping("center", ()).narrowed(view.labels), "all Centers and ports"])
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pending on {format.date(view.end)}: who holds it (rows) and where the goods entered (columns, most first) · {others}",
            alt=f"{title}.",
            chart=None,
            table=drawn.select("holder", "place", "value"),
            columns=(Column("holder", "Held by", "text"), Column("place", "Port of entry", "text"), Column("value", "Pending", "count")),
            metric_ids=("pending",),
            wide=True,
            note=f"Sum by holder {format.count(by_holder)}, sum by port of entry {format.count(by_port)}, difference {format.count(by_holder - by_port)}.",
        ),
        charts.heat,
        drawn,
        "holder",
        "place",
        "value",
        outline="mark",
        high=max(inside.drop_nulls().to_list(), default=1) or 1,
    )


_ALL_HOLDERS: Final = "All holders"
_ALL_PORTS: Final = "All ports"


def _holders(view: View) -> str:
    """Name who was chosen, with its verb."""
    names = [view.label("center", code) for code in view.filters.centers]
    return f"{'The chosen holders' if len(names) > 2 else listed(names)} {'holds' if len(names) == 1 else 'hold'}"


def _named_holders(view: View, cells: pl.DataFrame) -> pl.DataFrame:
    """Add `holder` and its `rank`: with chosen Centers these first, then the other Centers as one, then the ports."""
    chosen = list(view.filters.centers)
    label = pl.col("center").replace_strict(dict(view.labels["center"]), default=pl.col("center"), return_dtype=pl.String)
    if not chosen:
        sums = pl.col("value").sum().over("center")
        return cells.with_columns(holder=label, rank=sums.rank("dense", descending=True).cast(pl.Int64))
    mine, port = pl.col("center").is_in(chosen), pl.col("center") == codes.PORT_CODE
    other = pl.when(port).then(pl.lit("Port")).otherwise(pl.lit("Other Centers"))
    rank = pl.when(mine).then(0).when(~port).then(1).otherwise(2)
    return cells.with_columns(holder=pl.when(mine).then(label).otherwise(other), rank=rank.cast(pl.Int64))


def _named_places(view: View, cells: pl.DataFrame, most: int) -> pl.DataFrame:
    """Add `place` and its `spot`: the ports with most of what the chosen holders have, then the others as one."""
    own = cells.filter(pl.col("center").is_in(view.filters.centers)) if view.filters.centers else cells
    order = (own if own.height else cells).group_by("port").agg(pl.col("value").sum()).sort(["value", "port"], descending=[True, False])
    shown = order.head(most).with_row_index("spot").select("port", pl.col("spot").cast(pl.Int64))
    rest = cells["port"].n_unique() - shown.height
    name = pl.col("port").replace_strict(dict(view.labels["port"]), default=pl.col("port"), return_dtype=pl.String)
    place = pl.when(pl.col("spot").is_not_null()).then(name).otherwise(pl.lit(plural(rest, "other port")))
    return cells.join(shown, on="port", how="left").with_columns(place=place, spot=pl.col("spot").fill_null(most).cast(pl.Int64))


def _with_sums(cells: pl.DataFrame) -> pl.DataFrame:
    """Sum to `holder`, `place`, `value` with a row and a column of sums, every pair there (null: nothing); `mark` is the whole."""
    sums = pl.col("value").sum()
    inner = cells.group_by("holder", "rank", "place", "spot").agg(sums)
    right = inner.group_by("holder", "rank").agg(sums).with_columns(place=pl.lit(_ALL_PORTS), spot=pl.lit(10**6, pl.Int64))
    both = pl.concat([inner, right.select(inner.columns)])
    below = both.group_by("place", "spot").agg(sums).with_columns(holder=pl.lit(_ALL_HOLDERS), rank=pl.lit(10**6, pl.Int64))
    every = pl.concat([both, below.select(both.columns)])
    rows, columns = every.select("holder", pl.col("rank").min().over("holder")).unique(), every.select("place", "spot").unique()
    grid = rows.join(columns, how="cross").sort("rank", "holder", "spot", "place")
    known = every.group_by("holder", "place").agg(sums)
    mark = (pl.col("holder") == _ALL_HOLDERS) & (pl.col("place") == _ALL_PORTS)
    return grid.join(known, on=["holder", "place"], how="left", maintain_order="left").select("holder", "place", "value", mark=mark)


def at_stake(view: View) -> Card:
    """What is at stake in what is past due or falls due: entered value and duty."""
    key = "at_stake"
    rows = workload.due_next(view.frames, filters_of(view), view.as_of)
    if not has_rows(rows, "reviews_count"):
        return empty(view, key, "Nothing is past due or falls due within 30 days", "pending")
    late = rows.row(0, named=True)
    week = rows.row(1, named=True)
    title = f"{format.usd(late['value_usd'])} of value and {format.usd(late['duty_usd'])} of duty are past due; {format.usd(week['duty_usd'])} of duty more falls due within 7 days"
    said = rows.with_columns(
        pl.col("reviews_count").map_elements(format.count, pl.String),
        pl.col("value_usd", "duty_usd").map_elements(format.usd, pl.String),
    )
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pending by its own due date, with entries’ value and duty · {view.on_day}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("window", "Falls due", "text"),
                Column("reviews_count", "Reviews", "count"),
                Column("value_usd", "Value", "usd"),
                Column("duty_usd", "Duty", "usd"),
            ),
            metric_ids=("past_due", "past_due_value_usd", "past_due_duty_usd", "due_within_30"),
            note=f"An entry with several reviews counts with each. {codes.WORK_TYPES['prior_disclosure']}s that name no entry have no value here.",
        ),
        charts.words,
        said,
        "window",
        [("reviews_count", "Reviews"), ("value_usd", "Value"), ("duty_usd", "Duty")],
        bad=[(0, name) for name in ("reviews_count", "value_usd", "duty_usd")] if late["reviews_count"] else [],
    )
