"""Cards on notices and filings: CF-28s and CF-29s, corrections, disclosures, protests, and rejects by filer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import polars as pl

from analytics import codes, service
from analytics.filters import Filters
from analytics.rollups import FILERS, FINDINGS, WORK
from ui import charts, format
from ui.board import Card, Column
from ui.cards.service import clear_change, ignored, months_words, narrowed, too_few
from ui.cards.shared import empty, has_rows, labelled, listed, month_date, plural, total, with_chart
from ui.frame import View

#: The five kinds of the turnaround card, as a trade reads them.
KINDS: Final = tuple(service.LED_TO)
_SUMMARIES: Final = ("entry summary", "entry summaries")
_PROTEST: Final = ("protest",)


def cf28_months(view: View) -> Card:
    """How many requests for information the trade gets for its entry summaries, month by month."""
    key, own = "cf28_months", narrowed(view, service.NOTICES.dimensions)
    rows = month_date(service.notices(own.frames, own.trend, own.as_of, ["month"])).sort("month")
    known = rows.drop_nulls("value")
    if known.is_empty():
        return too_few(own, key, "Too few entry summaries to state a rate of CF-28s", "entry_summaries", 30, _SUMMARIES)
    rate = 1000 * total(rows["asked_count"]) / total(rows["n"])
    title = f"{format.ratio(rate)} CF-28s for each 1,000 entry summaries over {plural(rows.height, 'month')}"
    before, after = (format.month(known["month"][place]) for place in (0, -1))
    title += clear_change(
        known,
        f"; {after} has clearly more than {before}",
        f"; {after} has clearly fewer than {before}",
        f"; no clear change since {before}",
    )
    columns = [
        Column("month", "Month", "month"),
        Column("value", "CF-28s per 1,000", "ratio"),
        Column("low", "Low (95%)", "ratio"),
        Column("high", "High (95%)", "ratio"),
        Column("asked_count", "CF-28s", "count"),
        Column("n", "Entry summaries", "count"),
    ]
    note = ignored(view, service.NOTICES.dimensions)
    if own.source.scope.role.all_figures:
        noted = service.notices(own.frames, own.trend, own.as_of, ["month"], "cf29")
        rows = rows.join(
            month_date(noted).select("month", cf29="asked_count", cf29_rate="value"), on="month", how="left", maintain_order="left"
        )
        columns += [Column("cf29_rate", "CF-29s per 1,000", "ratio"), Column("cf29", "CF-29s", "count")]
        note = f"CF-29s: {format.ratio(1000 * total(rows['cf29']) / total(rows['n']))} for each 1,000 in these months. {note}".strip()
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
    by = "port" if own.source.scope.role.all_figures and own.filters.centers else "center"
    key = f"cf28_{by}"
    noun = {"port": ("port of entry", "ports of entry"), "center": ("Center", "Centers")}[by]
    rows = labelled(own, service.notices(own.frames, own.filters, own.as_of, [by]), by)
    rows = rows.with_columns(label=pl.when(pl.col(by) == codes.PORT_CODE).then(pl.lit("Ports, without a Center")).otherwise("label")).sort(
        ["low", "value", "label"], descending=[True, True, False], nulls_last=True
    )
    known = rows.drop_nulls("value")
    if known.is_empty():
        return too_few(own, key, "Too few entry summaries to compare rates of CF-28s", "entry_summaries", 30, _SUMMARIES)
    rate = 1000 * total(rows["asked_count"]) / total(rows["n"])
    title = _above(known, rate, noun)
    small = rows.height - known.height
    options: dict[str, Any] = {"kind": "ratio", "better": "lower", "target": rate, "target_label": f"whole {format.ratio(rate)}", "n": "n"}
    scope = f"the {most} highest of {plural(known.height, *noun)}" if known.height > most else f"every {noun[0]}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"CF-28s for each 1,000 entry summaries, 95% interval; {scope}, in the order of the interval’s low end · {own.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", noun[0].capitalize(), "text"),
                Column("value", "CF-28s per 1,000", "ratio"),
                Column("low", "Low (95%)", "ratio"),
                Column("high", "High (95%)", "ratio"),
                Column("asked_count", "CF-28s", "count"),
                Column("n", "Entry summaries", "count"),
                Column("quality", "Quality", "text"),
            ),
            metric_ids=("cf28_per_1000",),
            note=" ".join(
                word
                for word in (
                    f"{plural(small, 'small one has', 'small ones have')} under 30 entry summaries: too few." if small else "",
                    f"By chance alone about {format.fixed(known.height * 0.025, 1)} of {known.height} would stand out."
                    if known.height > 9
                    else "",
                    ignored(view, service.NOTICES.dimensions),
                )
                if word
            ),
        ),
        charts.dots_with_interval,
        known.head(most),
        "label",
        "value",
        "low",
        "high",
        **options,
    )


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
    timed = rows.drop_nulls("median")
    came = int(total(rows["receipts"]))
    title = f"{plural(came, 'notice or filing', 'notices and filings')} came in; too few to say how long they take"
    if timed.height:
        slow = timed.row(0, named=True)
        title = f"{slow['label']}: half take more than {format.days(slow['median'])}"
        title += f", the longest of {timed.height} kinds" if timed.height > 1 else ""
    asked = rows.filter(pl.col("work_type") == "cf28").drop_nulls("share")
    if asked.height:
        title += f"; {format.share(asked['share'][0])} of CF-28s led to a change"
    said = rows.with_columns(
        pl.col("receipts", "pending").map_elements(format.count, pl.String),
        *(pl.col(name).map_elements(format.days, pl.String).fill_null(format.NONE) for name in ("median", "p80")),
        *(pl.col(name).map_elements(format.share, pl.String).fill_null(format.NONE) for name in ("on_time", "share")),
    )
    heads = [
        ("median", "Half within"),
        ("p80", "80% within"),
        ("on_time", "By due date"),
        ("share", "Led to a change, accepted, valid"),
        ("receipts", "Received"),
        ("pending", "Pending"),
    ]
    few = [("median", "Half within"), ("on_time", "By due date"), ("share", "Led to change")]
    return Card(
        key=key,
        title=title,
        subtitle=f"Days with open ones counted, of those received; results of those completed · {own.sentence}",
        alt=f"{title}.",
        chart=charts.words(said, "label", heads, width=charts.WIDE),
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
            Column("share", "Led to a change, accepted, valid", "share"),
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


def _kinds(own: View) -> pl.DataFrame:
    """Put together what is known of each kind; a row for each that has anything, slowest first."""
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
    return there.sort(["median", "label"], descending=[True, False], nulls_last=True)


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


def protests_pending(view: View) -> Card:
    """How old pending protests are at the marks of the statute, and how many are past their own clock."""
    key, own = "protests_pending", narrowed(view, WORK.dimensions)
    rows = service.protest_ages(own.frames, own.filters, own.as_of)
    if not has_rows(rows, "reviews_count"):
        return empty(own, key, "No protest is pending", "pending", work_types=_PROTEST)
    protests = own.filters.keeping("work_type", _PROTEST)
    past, soon = (int(own.ask(name, filters=protests)["value"][0]) for name in ("past_due", "due_within_30"))
    lapsed, waiting = int(total(rows["lapsed_count"])), int(total(rows["reviews_count"]))
    quick = max(past - lapsed, 0)
    late = [
        f"{format.count(lapsed)} past the two years to decide" if lapsed else "",
        f"{format.count(quick)} past {'its' if quick == 1 else 'their'} accelerated 30 days" if quick else "",
    ]
    title = f"{plural(waiting, 'protest')} pending; {listed([word for word in late if word]) or 'none is past its clock'}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pending protests on {format.date(own.end)} by gross age · {own.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(Column("age", "Age", "text"), Column("reviews_count", "Pending protests", "count")),
            metric_ids=("pending", "past_due", "due_within_30"),
            note=f"{plural(soon, 'more falls', 'more fall')} due within 30 days. A protest younger than two years can only be past its accelerated 30 days; the law takes it as denied (19 USC 1515(b)).",
        ),
        charts.due_bars,
        rows.with_columns(bad=pl.col("age_order") == 3),
        "age",
        "reviews_count",
        bad="bad",
    )


def protest_outcomes(view: View) -> Card:
    """How protests ended; a deemed denial is a failure."""
    key, own = "protest_outcomes", narrowed(view, FINDINGS.dimensions)
    ended = service.outcomes(own.frames, own.filters.keeping("work_type", _PROTEST), own.as_of)
    if not has_rows(ended, "completed_count"):
        return empty(own, key, "No protest ended in this period", "completions", work_types=_PROTEST)
    rows = ended.with_columns(
        label=pl.col("outcome").replace_strict(codes.OUTCOMES, default=pl.lit("No result recorded"), return_dtype=pl.String),
        share=pl.col("completed_count") / pl.col("completed_count").sum(),
        bad=pl.col("outcome").eq_missing("deemed_denied"),
    ).sort(["completed_count", "label"], descending=[True, False])
    allowed, decided, deemed = (
        int(total(rows.filter(pl.col("outcome").is_in(kept))["completed_count"]))
        for kept in (codes.PROTEST_ALLOWED, codes.PROTEST_DECIDED, ["deemed_denied"])
    )
    title = f"No protest was decided; {format.count(total(rows['completed_count']))} ended otherwise"
    if decided:
        title = f"{format.count(allowed)} of {plural(decided, 'protest')} decided {'was' if allowed == 1 else 'were'} allowed in whole or in part"
        title += f"; {format.count(deemed)} {'was' if deemed == 1 else 'were'} deemed denied" if deemed else "; none was deemed denied"
    drawn = rows.with_columns(extra=pl.col("share").map_elements(format.share, pl.String))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Protests that ended in the period by result; orange: nobody decided within the 30 days of accelerated disposition · {own.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Result", "text"),
                Column("completed_count", "Protests", "count"),
                Column("share", "Share", "share"),
            ),
            metric_ids=("protests_allowed_share", "deemed_denials"),
        ),
        charts.bars,
        drawn,
        "label",
        "completed_count",
        bad="bad",
        extra="extra",
    )


def filers(view: View, most: int = 10) -> Card:
    """Whose entries end in rejects, and why; only for roles that reach names, cut to their Centers."""
    key, own = "filers", _own_filers(view)
    rows = service.filers(own.frames, own.filters, own.as_of)
    everything = int(total(rows["rejected_count"]))
    if not everything:
        title = "No review ended in a reject"
        return replace(empty(own, key, title, "completions", wide=True), empty=f"{title} among those that you may see by filer.")
    rows = rows.with_columns(
        label=pl.lit("Filer ") + pl.col("filer_code").cast(pl.String),
        reason_label=pl.col("reason").cast(pl.String).replace_strict(codes.FINDING_CATEGORIES, default=pl.lit("Reason not recorded")),
    )
    first = rows.row(0, named=True)
    tied = rows.filter(pl.col("rejected_count") == first["rejected_count"]).height
    title = f"{first['label']} has {format.count(first['rejected_count'])} of {plural(everything, 'reject')}, the most of any filer"
    if tied > 1:
        title = f"{plural(tied, 'filer')} have most rejects, {format.count(first['rejected_count'])} each of {format.count(everything)}"
    counted = pl.col("completed_count").map_elements(format.count, pl.String)
    drawn = rows.filter(pl.col("rejected_count") > 0).with_columns(
        extra=pl.lit("of ") + counted + pl.lit(" reviews; ") + pl.col("reason_label").str.to_lowercase()
    )
    shown = drawn.head(most)
    return Card(
        key=key,
        title=title,
        subtitle=f"Reviews that ended in a reject, by filer of the entry, with the finding that most of them had; {plural(shown.height, 'filer')} of {drawn.height} with any · {own.sentence}",
        alt=f"{title}.",
        chart=charts.bars(shown, "label", "rejected_count", extra="extra", width=charts.WIDE),
        chart_narrow=charts.bars(shown, "label", "rejected_count", width=charts.PHONE),
        table=rows,
        columns=(
            Column("label", "Filer", "text"),
            Column("rejected_count", "Rejects", "count"),
            Column("completed_count", "Completed reviews", "count"),
            Column("share", "Reject share", "share"),
            Column("low", "Low (95%)", "share"),
            Column("high", "High (95%)", "share"),
            Column("reason_label", "Main reason", "text"),
        ),
        metric_ids=("rejected_share",),
        wide=True,
        note=f"Whether a reject was filed again within two working days is not recorded. {ignored(view, FILERS.dimensions)}".strip(),
    )


def _own_filers(view: View) -> View:
    """Return the view with the Centers whose filers the reader may see named in its sentence."""
    filters: Filters = view.filters.only(FILERS.dimensions)
    scope = view.source.scope
    if scope.role.names == "own":
        kept = [code for code in scope.centers if code in filters.centers] if filters.centers else scope.centers
        filters = filters.keeping("center", kept or filters.centers)
    return replace(view, filters=filters)
