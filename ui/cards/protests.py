"""Cards on what was refused: protests by age and outcome, and rejects by filer."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from analytics import codes, format, service
from analytics.filters import Filters
from analytics.rollups import FILERS, FINDINGS, WORK
from ui import charts
from ui.board import Card, Column
from ui.cards.service import ignored, narrowed
from ui.cards.shared import empty, has_rows, listed, plural, total, with_chart
from ui.frame import View

_PROTEST: Final = ("protest",)


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
            note=f"{plural(soon, 'more falls', 'more fall') if soon else 'No more fall'} due within 30 days. A protest younger than two years can only be past its accelerated 30 days; the law takes it as denied (19 USC 1515(b)).",
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
        decided=pl.col("outcome").is_in(codes.PROTEST_DECIDED).fill_null(value=False),
        bad=pl.col("outcome").eq_missing("deemed_denied"),
    ).sort(["decided", "completed_count", "label"], descending=[True, True, False])
    # One denominator for the title and the bars: the protests that were decided.
    rows = rows.with_columns(share=pl.when("decided").then(pl.col("completed_count") / pl.col("completed_count").filter("decided").sum()))
    others = rows.filter(~pl.col("decided"))
    allowed, decided, deemed = (
        int(total(rows.filter(pl.col("outcome").is_in(kept))["completed_count"]))
        for kept in (codes.PROTEST_ALLOWED, codes.PROTEST_DECIDED, ["deemed_denied"])
    )
    title = f"No protest was decided; {format.count(total(rows['completed_count']))} ended otherwise"
    if decided:
        title = f"{format.count(allowed)} of {plural(decided, 'protest')} decided {'was' if allowed == 1 else 'were'} allowed in whole or in part"
        title += f"; {format.count(deemed)} {'was' if deemed == 1 else 'were'} deemed denied" if deemed else "; none was deemed denied"
    drawn = (rows.filter("decided") if decided else rows).with_columns(extra=pl.col("share").map_elements(format.share, pl.String))
    apart = [f"{format.count(row['completed_count'])} {row['label'].lower()}" for row in others.iter_rows(named=True)]
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Protests {'decided' if decided else 'that ended'} in the period by result; orange: nobody decided within the 30 days of accelerated disposition · {own.sentence}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Result", "text"),
                Column("completed_count", "Protests", "count"),
                Column("share", "Share of decided", "share"),
            ),
            metric_ids=("protests_allowed_share", "deemed_denials"),
            note=f"Not decided, so not in the shares: {listed(apart)}." if decided and apart else "",
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
