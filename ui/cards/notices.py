"""Cards on notices and filings: how many CF-28s the trade gets, and how long notices, corrections and disclosures take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import polars as pl

from analytics import codes, format, service, standards
from analytics.rollups import WORK
from ui import charts
from ui.board import Card, Column
from ui.cards.service import clear_change, ignored, months_words, narrowed, too_few
from ui.cards.shared import empty, labelled, month_date, named, plural, total, with_chart
from ui.frame import View

#: The five kinds of the turnaround card, as a trade reads them.
KINDS: Final = tuple(service.LED_TO)
_SUMMARIES: Final = ("entry summary", "entry summaries")


def cf28_months(view: View) -> Card:
    """How many requests for information the trade gets for its entry summaries, month by month."""
    key, own = "cf28_months", narrowed(view, service.NOTICES.dimensions)
    rows = month_date(service.notices(own.frames, own.trend, own.as_of, ["month"])).sort("month")
    known = rows.drop_nulls("value")
    if known.is_empty():
        return too_few(own, key, "Too few entry summaries to state a rate of CF-28s", "entry_summaries", standards.LEAST_SAMPLE, _SUMMARIES)
    rate = 1000 * total(rows["asked_count"]) / total(rows["n"])
    title = f"{format.ratio(rate)} CF-28s for each 1,000 entry summaries over {plural(rows.height, 'month')}"
    before, after = (format.month(known["month"][place]) for place in (0, -1))
    title += clear_change(
        known,
        f"; {after} has clearly more than {before}",
        f"; {after} has clearly fewer than {before}",
        f"; not clearly different from {before}",
    )
    columns = [
        Column("month", "Month", "month"),
        Column("value", "CF-28s per 1,000", "ratio"),
        Column("low", "Low (95%)", "ratio"),
        Column("high", "High (95%)", "ratio"),
        Column("asked_count", "CF-28s", "count"),
        Column("n", "Entry summaries", "count"),
    ]
    noted = service.notices(own.frames, own.trend, own.as_of, ["month"], "cf29")
    rows = rows.join(
        month_date(noted).select("month", cf29="asked_count", cf29_rate="value"), on="month", how="left", maintain_order="left"
    )
    columns += [Column("cf29_rate", "CF-29s per 1,000", "ratio"), Column("cf29", "CF-29s", "count")]
    note = f"CF-29s: {format.ratio(1000 * total(rows['cf29']) / total(rows['n']))} for each 1,000 in these months."
    note = f"{note} {ignored(view, service.NOTICES.dimensions)}".strip()
    options: dict[str, Any] = {"kind": "ratio", "better": "lower", "zero": True}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Requests for information issued for each 1,000 entry summaries, 95% interval; {months_words(own, rows, 'all imports')}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=tuple(columns),
            metric_ids=("cf28_per_1000",),
            note=note,
        ),
        charts.rate_with_interval,
        rows,
        "month",
        "value",
        "low",
        "high",
        **options,
    )


def cf28_places(view: View, most: int = 10) -> Card:
    """Which ports (of a Center), or which Centers, send clearly more requests for information than the whole."""
    own = narrowed(view, service.NOTICES.dimensions)
    by = "port" if own.filters.centers else "center"
    key = f"cf28_{by}"
    noun = {"port": ("port of entry", "ports of entry"), "center": ("Center", "Centers")}[by]
    # A chosen port is seen beside all others.
    chosen, own = own.filters.kept(by), replace(own, filters=own.filters.keeping(by, ()))
    rows = _places(own, by)
    known = rows.drop_nulls("value")
    if known.is_empty():
        title = "Too few entry summaries to compare rates of CF-28s"
        return too_few(own, key, title, "entry_summaries", standards.LEAST_SAMPLE, _SUMMARIES, noun[0])
    rate = 1000 * total(rows["asked_count"]) / total(rows["n"])
    mine = known.filter(pl.col(by).is_in(chosen))
    title = _beside(mine, rate) if mine.height == 1 else _above(known, rate, noun)
    shown = pl.concat([known.head(most), known.slice(most).filter(pl.col(by).is_in(chosen)).head(most)])
    options: dict[str, Any] = {"kind": "ratio", "better": "lower", "target": rate, "target_label": f"whole {format.ratio(rate)}", "n": "n"}
    scope = f"{shown.height} of {plural(known.height, *noun)}" if known.height > shown.height else f"every {noun[0]}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"CF-28s for each 1,000 entry summaries, 95% interval; {scope}, in the order of the interval’s low end · {own.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(Column("label", noun[0].capitalize(), "text"), *_PLACE_COLUMNS),
            metric_ids=("cf28_per_1000",),
            note=_places_note(view, rows.height, known.height),
        ),
        charts.dots_with_interval,
        shown,
        "label",
        "value",
        "low",
        "high",
        **options,
    )


_PLACE_COLUMNS: Final = (
    Column("value", "CF-28s per 1,000", "ratio"),
    Column("low", "Low (95%)", "ratio"),
    Column("high", "High (95%)", "ratio"),
    Column("asked_count", "CF-28s", "count"),
    Column("n", "Entry summaries", "count"),
    Column("quality", "Quality", "text"),
)


def _places(own: View, by: str) -> pl.DataFrame:
    """Return the rate of each place, the one whose interval begins highest first, places without a rate last."""
    rows = labelled(own, service.notices(own.frames, own.filters, own.as_of, [by]), by)
    label = pl.when(pl.col(by) == codes.PORT_CODE).then(pl.lit("Ports, without a Center")).otherwise("label")
    return rows.with_columns(label=label).sort(["low", "value", "label"], descending=[True, True, False], nulls_last=True)


def _places_note(view: View, rows: int, known: int) -> str:
    """Say how many places are too small, how many would stand out by chance, and which filters do not count."""
    small = rows - known
    words = (
        f"{plural(small, 'small one has', 'small ones have')} under 30 entry summaries: too few." if small else "",
        f"By chance alone about {format.fixed(known * 0.025, 1)} of {known} would stand out." if known > 9 else "",
        ignored(view, service.NOTICES.dimensions),
    )
    return " ".join(filter(None, words))


def _beside(mine: pl.DataFrame, rate: float) -> str:
    """Say how one place stands against the whole; clear is only what its interval keeps apart."""
    place = mine.row(0, named=True)
    word = "clearly more than" if place["low"] > rate else "clearly fewer than" if place["high"] < rate else "no clear difference from"
    return f"{place['label']}: {format.ratio(place['value'])} CF-28s for each 1,000 entry summaries, {word} the {format.ratio(rate)} of the whole"


def _above(known: pl.DataFrame, rate: float, noun: tuple[str, str]) -> str:
    """Say how many places lie clearly above the rate of the whole: with their whole interval."""
    above, whole = known.filter(pl.col("low") > rate), f"clearly more than the {format.ratio(rate)} of the whole"
    if above.is_empty():
        return f"No {noun[0]} has {whole} in CF-28s for each 1,000 entry summaries"
    first = above.row(0, named=True)
    if above.height == 1:
        return f"{first['label']}: {format.ratio(first['value'])} CF-28s for each 1,000 entry summaries, {whole}"
    return (
        f"{above.height} of {known.height} {noun[1]} have {whole} in CF-28s for each 1,000 entry summaries; {first['label']} most clearly"
    )


def turnaround(view: View) -> Card:
    """How long each kind of notice and filing takes, whether it is done in time, and what came of it."""
    key, own = "turnaround", narrowed(view, WORK.dimensions)
    rows = _kinds(own)
    if rows.is_empty():
        return empty(own, key, "No notice or filing came in or waits", "receipts", wide=True, work_types=KINDS)
    title = _on_time_title(rows)
    said = rows.with_columns(
        pl.col("receipts", "pending").map_elements(format.count, pl.String),
        *(pl.col(name).map_elements(format.days, pl.String).fill_null(format.NONE) for name in ("median", "p80")),
        *(pl.col(name).map_elements(format.share, pl.String).fill_null(format.NONE) for name in ("on_time", "share")),
    )
    heads = [
        ("on_time", "By due date"),
        ("median", "Half within"),
        ("p80", "80% within"),
        ("share", "With effect"),
        ("receipts", "Received"),
        ("pending", "Pending"),
    ]
    few = [("on_time", "By due date"), ("median", "Half within"), ("share", "With effect")]
    return Card(
        key=key,
        title=title,
        subtitle=f"By due date: share of those completed; days of those received, open ones counted; with effect: completed with a change, accepted or valid · least on time first · {own.sentence}",
        alt=f"{title}.",
        # Planned for half the page: on a tablet the whole page is no wider.
        chart=charts.words(said, "label", heads),
        chart_narrow=charts.words(said, "label", few, width=charts.PHONE),
        table=rows,
        columns=(
            Column("label", "Kind", "text"),
            Column("receipts", "Received", "count"),
            Column("pending", "Pending", "count"),
            Column("past_due", "Past due", "count"),
            Column("on_time", "Completed by the due date", "share"),
            Column("median", "Half within", "days"),
            Column("p80", "80% within", "days"),
            Column("share", "With effect: change, accepted, valid", "share"),
            Column("low", "Low (95%)", "share"),
            Column("high", "High (95%)", "share"),
            Column("refused_count", "Rejected or not valid", "count"),
            Column("n", "Completed with a result", "count"),
            Column("change_usd", "Recorded change of revenue", "usd"),
        ),
        metric_ids=(
            "time_to_complete_days",
            "closed_on_time_share",
            "work_changed_share",
            "disclosures_valid_share",
            "pending",
            "past_due",
        ),
        wide=True,
        note=_not_recorded(rows),
        rows_note="A dash: too few, or not reached by the date of the data.",
    )


def _on_time_title(rows: pl.DataFrame) -> str:
    """Name the kind that is completed by its due date least often, of those with enough cases."""
    known = rows.drop_nulls("on_time")
    if known.is_empty():
        came = int(total(rows["receipts"]))
        return (
            f"{plural(came, 'notice or filing', 'notices and filings')} came in; too few were completed to say how many by their due date"
        )
    least = known.filter(pl.col("on_time") == known["on_time"].min())
    title = f"{named(least['label'].to_list(), 'kinds')}: {format.share(least['on_time'][0])} completed by the due date"
    if least.height == known.height:
        return title
    return f"{title}, the least of {known.height} kinds{' with enough cases' if known.height < rows.height else ''}"


def _kinds(own: View) -> pl.DataFrame:
    """Put together what is known of each kind; a row for each that has anything, least on time first."""
    filters = own.filters.keeping("work_type", KINDS)

    def asked(metric_id: str, **columns: str) -> pl.DataFrame:
        return own.ask(metric_id, "work_type", filters=filters).select("work_type", **columns)

    rows = pl.DataFrame({"work_type": KINDS})
    for part in (
        asked("receipts", receipts="value"),
        asked("pending", pending="value"),
        asked("past_due", past_due="value"),
        asked("time_to_complete_days", median="value", p80="p80"),
        asked("closed_on_time_share", on_time="value"),
        service.led_to(own.frames, own.filters, own.as_of).drop("quality"),
    ):
        rows = rows.join(part, on="work_type", how="left")
    counts = ("receipts", "pending", "past_due", "n", "refused_count", "reason_count", "change_usd")
    filled = labelled(own, rows.with_columns(pl.col(counts).fill_null(0)), "work_type")
    there = filled.filter(pl.sum_horizontal("receipts", "pending", "n") > 0)
    return there.sort(["on_time", "median", "label"], descending=[False, True, False], nulls_last=True)


def _not_recorded(rows: pl.DataFrame) -> str:
    """Say what the numbers rest on, and what the data do not hold."""
    filed = rows.filter(pl.col("work_type").is_in(["psc", "pea", "prior_disclosure"]))
    said = [
        "Due dates of notices are the trade’s own: 30 days to answer a CF-28, 20 to object to a CF-29. The day of the answer is not "
        "recorded: counted is when the review closed."
    ]
    if filed.height:
        changed = total(filed["change_usd"])
        said.append(
            f"Recorded change of revenue by corrections and disclosures: {format.usd(changed)}."
            if changed
            else "No change of revenue is recorded for corrections and disclosures."
        )
        refused, reasons = total(filed["refused_count"]), total(filed["reason_count"])
        if refused:
            said.append(f"{format.count(reasons)} of {format.count(refused)} refused ones have a reason recorded.")
        said.append("Acceptance without review, tenders and calculated duty are not recorded.")
    return " ".join(said)
