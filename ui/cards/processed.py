"""Cards on who processes what: Centers or ports over time, what is eligible and not in a Center, and where revenue is collected."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from analytics import coding, format, periods, volume
from analytics.filters import EVERY, Filters, day_words
from analytics.rollups import LIQUIDATIONS, VOLUME
from ui import changes, charts
from ui.board import Card, Column, Way
from ui.cards.routing import chosen, narrowed, who
from ui.cards.shared import empty, has_rows, labelled, month_date, plural, total, with_chart
from ui.frame import View

#: Months that the share of Centers is drawn over.
_MONTHS: Final = 36

_ALL: Final = "All imports"

#: Width in pixels of a card across the page of a tablet.
_TABLET: Final = 720

#: Statuses of an assignment in the order in which they are shown, with their words; the first three are those that wait or cannot be taken.
_STATUSES: Final[dict[str, str]] = {
    "PENDING": "Pending assignment",
    "APPEAL": "Under appeal",
    "NOT_ELIGIBLE": "Not eligible",
    "NONE": "No assignment on record",
    "ASSIGNED": "Assigned to a Center",
}


def _everyone(view: View) -> Filters:
    """Return the page's filters as far as volume has them, without the Center."""
    return view.filters.only(VOLUME.dimensions).keeping("center", ())


def _goods(view: View, industries: pl.DataFrame) -> Filters:
    """Return the filters without the Center, kept to the goods of the chosen Centers when no industry is chosen."""
    filters, picked = _everyone(view), chosen(view)
    if not picked or filters.industries:
        return filters
    mine = industries.filter(pl.col("center_code").is_in(picked))["industry_code"].to_list()
    return filters.keeping("industry", mine)


def over_time(view: View, industries: pl.DataFrame | None) -> Card:
    """What share Centers process rather than ports, month by month: of all imports and of each Center's goods."""
    key, picked = "routing_processed", chosen(view)
    start = max(periods.months_back(view.end, _MONTHS - 1), periods.month_start(view.source.first_date))
    filters = _everyone(view).between(start, view.end)
    national = _national(view, filters)
    if not has_rows(national, "entries_count"):
        return empty(view, key, "No imports to divide between Centers and ports", "entry_summaries", wide=True)
    parts = [national]
    if industries is not None:
        homes = industries.select(industry="industry_code", home="center_code")
        own = volume.processed_by_month(view.frames, filters, view.as_of, homes)
        own = own.filter(pl.col("home").is_in(picked)) if picked else own
        parts.append(labelled(view, own.rename({"home": "center"}), "center").rename({"label": "group"}))
    every = pl.concat([part.select("group", "month", "value_share", "entry_share", "entries_count") for part in parts])
    open_last = view.end != periods.month_end(view.end)
    rows = month_date(every).with_columns(provisional=pl.lit(open_last) & (pl.col("month") == periods.month_start(view.end)))
    settled = rows.filter(~pl.col("provisional") & pl.col("value_share").is_not_null())
    if settled.is_empty():
        return empty(view, key, "No whole month to divide between Centers and ports", "entry_summaries", wide=True)
    drawn, highlight = _panels(rows, settled, picked)
    name = _processed_sentence(settled)
    panels = drawn["panel"].n_unique()

    def chart(width: float, columns: int | None = None) -> charts.Spec:
        options: dict[str, Any] = {"highlight": highlight, "provisional": "provisional", "zero": True, "panel_height": 84}
        return charts.small_multiples(drawn, "panel", "month", "share", width=width, columns=columns, **options)

    measures = "value and of entry summaries" if 0 < len(picked) <= 2 else "value"
    return Card(
        key=key,
        title=name,
        subtitle=f"Share of {measures} that Centers process, by month of entry; under a Center’s name stand the goods of its industries, "
        f"whichever Center has the account · {day_words(start)} to {day_words(view.end)}{narrowed(view, 'center')}",
        alt=f"{name}.",
        # Planned for a tablet: there a card across the page is hardly wider than half of a desktop's.
        chart=chart(_TABLET, 3 if panels in (3, 6) else 4 if panels > 4 else panels),
        chart_narrow=chart(charts.PHONE),
        table=rows.sort("group", "month"),
        columns=(
            Column("group", "Imports", "text"),
            Column("month", "Month", "month"),
            Column("value_share", "Share of value", "share"),
            Column("entry_share", "Share of entry summaries", "share"),
            Column("entries_count", "Entry summaries", "count"),
        ),
        metric_ids=("center_value_share", "center_entry_share"),
        wide=True,
        note=f"{format.month(view.end)} is not whole here: its point is hollow, and no title counts it." if open_last else "",
    )


def _national(view: View, filters: Filters) -> pl.DataFrame:
    value = view.ask("center_value_share", "month", filters=filters).select("month", value_share="value")
    entry = view.ask("center_entry_share", "month", filters=filters).select("month", entry_share="value")
    counted = view.ask("entry_summaries", "month", filters=filters).select("month", entries_count="value")
    return value.join(entry, on="month").join(counted, on="month").sort("month").with_columns(group=pl.lit(_ALL))


def _panels(rows: pl.DataFrame, settled: pl.DataFrame, picked: list[str]) -> tuple[pl.DataFrame, list[str]]:
    """Order the panels, all imports first, then most processed last month; with chosen Centers each has value and entries."""
    last = settled.sort("month").group_by("group").last().sort(["value_share", "group"], descending=[True, False])
    order = [_ALL, *(name for name in last["group"].to_list() if name != _ALL)]
    ranked = rows.join(pl.DataFrame({"group": order, "rank": range(len(order))}), on="group").sort("rank", "month")
    by_value = ranked.with_columns(share=pl.col("value_share"))
    if not 0 < len(picked) <= 2:
        return by_value.with_columns(panel=pl.col("group")), [_ALL, *order[1:2]] if len(order) > 1 and not picked else []
    measures = {"value_share": "value", "entry_share": "entry summaries"}
    both = [
        ranked.with_columns(share=pl.col(column), panel=pl.col("group") + pl.lit(f", {words}"), place=pl.lit(place))
        for place, (column, words) in enumerate(measures.items())
    ]
    drawn = pl.concat(both).sort("rank", "place", "month")
    return drawn, [name for name in drawn["panel"].unique(maintain_order=True).to_list() if not name.startswith(_ALL)]


def _processed_sentence(settled: pl.DataFrame) -> str:
    """Write the latest share of all imports, from where it came, and whose goods Centers process most of."""
    mine = settled.filter(group=_ALL).sort("month")
    first, last = mine.row(0, named=True), mine.row(-1, named=True)
    name = f"Centers processed {format.share(last['value_share'])} of import value in {format.month(last['month'])}"
    if mine.height > 1:
        change = format.change(last["value_share"], first["value_share"], "share")
        word = (
            "the same as"
            if change is None or change.direction == "flat"
            else f"{change.direction} from {format.share(first['value_share'])}"
        )
        name += f", {word} in {format.month(first['month'])}"
    same = settled.filter((pl.col("group") != _ALL) & (pl.col("month") == last["month"])).sort(
        ["value_share", "group"], descending=[True, False]
    )
    if same.is_empty():
        return name
    best = same.row(0, named=True)
    most = "most of" if same.height > 1 else "of"
    return f"{name}; {most} {best['group']} goods, {format.share(best['value_share'])}"


def eligible(view: View, industries: pl.DataFrame, most: int = 10) -> Card:
    """What eligible importers bring in that ports still process, by industry."""
    key = "routing_eligible"
    filters = _goods(view, industries)
    rows = volume.eligible_by_industry(view.frames, filters, view.as_of).with_columns(
        value=coding.dollars(pl.col("port_cents")), share=pl.when(pl.col("all_cents") > 0).then(pl.col("port_cents") / pl.col("all_cents"))
    )
    rows = labelled(view, rows, "industry").with_columns(other_type=coding.dollars(pl.col("other_type_cents")))
    left = rows.filter(pl.col("value") > 0)
    if left.is_empty():
        reason = (
            "The chosen program is not one of the eligible ones (C-TPAT tier 2-3, ISA)"
            if _never(view)
            else "Nothing of it is left at ports"
        )
        return Card(
            key,
            "No eligible import is left at ports",
            _eligible_words(view),
            reason,
            None,
            pl.DataFrame(),
            (),
            empty=f"{reason}.",
            way=Way("Leave out the filter “Program”", {"program": EVERY}) if _never(view) else None,
        )
    at_ports, everything = total(rows["port_cents"]), total(rows["all_cents"])
    first = left.row(0, named=True)
    goods = f"{who(view)[0]} goods" if len(chosen(view)) == 1 and not view.filters.industries else "goods"
    name = f"Ports still process {format.usd(at_ports / 100, long=True)} of eligible importers’ {goods}, {format.share(at_ports / everything)} of them"
    name += f"; most is {first['label']}" if left.height > 1 else f", all {first['label']}"
    shown = left.head(most).with_columns(
        extra=pl.concat_str(pl.col("share").map_elements(lambda v: format.share(v, 0), pl.String), pl.lit(" of eligible"))
    )
    return with_chart(
        Card(
            key=key,
            title=name,
            subtitle=_eligible_words(view),
            alt=f"{name}. {plural(shown.height, 'industry', 'industries')} drawn as bars, most value first.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Industry", "text"),
                Column("value", "Eligible value at ports", "usd"),
                Column("share", "Share of eligible value", "share"),
                Column("other_type", "Of it, entry types not at Centers", "usd"),
                Column("port_entries", "Entry summaries at ports", "count"),
            ),
            metric_ids=("eligible_not_in_center_usd", "eligible_not_in_center_share"),
            note=f"{_part(total(rows['other_type_cents']) / at_ports)} of it is of entry types that Centers do not process (all but 01 and 11); "
            f"the rest came from accounts without a Center of their own that was open on the day.{_ELSEWHERE}",
        ),
        charts.bars,
        shown,
        "label",
        "value",
        kind="usd",
        extra="extra",
    )


#: Why another page has another number.
_ELSEWHERE: Final = (
    " Accounts shows another number, of accounts: there a whole account counts as it stands now, here each entry as it was processed."
)


def _part(share: float) -> str:
    return format.share(share) if share else "None"


def _never(view: View) -> bool:
    kept = view.filters.programs
    return bool(kept) and not set(kept) & set(volume.ELIGIBLE_PROGRAMS)


def _eligible_words(view: View) -> str:
    goods = ", goods of the chosen Centers" if chosen(view) and not view.filters.industries else ""
    return (
        f"Import value of C-TPAT tier 2-3 and ISA importers in entries that a port processed, by industry, whoever has the account"
        f"{goods}{narrowed(view, 'center', period=True)}"
    )


def statuses(view: View, by_status: pl.DataFrame) -> Card:
    """What waits for a Center or cannot be in one, always whole: no filter narrows it."""
    key = "routing_statuses"
    start = periods.months_back(view.as_of, 11)
    subtitle = f"All accounts by the status of their assignment on {format.date(view.as_of)}, with their imports since {format.date(start)}; no filter narrows this card"
    known = {row["status"]: row for row in by_status.iter_rows(named=True)}
    order = [*_STATUSES, *sorted(set(known) - set(_STATUSES))]
    whole = total(by_status["value_usd"]) if by_status.height else 0.0
    rows = pl.DataFrame(
        [
            {
                "label": _STATUSES.get(code, code),
                **{name: known.get(code, {}).get(name, 0) for name in ("value_usd", "entries_count", "accounts_count")},
                "share": known.get(code, {}).get("value_usd", 0) / whole if whole else None,
            }
            for code in order
        ],
        schema={"label": pl.String, "value_usd": pl.Float64, "entries_count": pl.Int64, "accounts_count": pl.Int64, "share": pl.Float64},
    )
    waiting, apart = rows.head(2), rows.row(2, named=True)
    name = (
        f"{plural(int(total(waiting['accounts_count'])), 'account')} with {format.usd(total(waiting['value_usd']))} of imports await a Center; "
        f"{plural(apart['accounts_count'], 'account')} with {format.usd(apart['value_usd'])} are not eligible"
    )
    said = rows.with_columns(
        pl.col("value_usd").map_elements(format.usd, pl.String),
        pl.col("share").map_elements(format.share, pl.String).fill_null(format.NONE),
        pl.col("entries_count", "accounts_count").map_elements(format.count, pl.String),
    )
    heads = [("value_usd", "Import value"), ("share", "Share"), ("accounts_count", "Accounts"), ("entries_count", "Entry summaries")]
    return Card(
        key=key,
        title=name,
        subtitle=subtitle,
        alt=f"{name}.",
        chart=charts.words(said, "label", heads),
        chart_narrow=charts.words(said, "label", heads[:3], width=charts.PHONE),
        table=rows,
        columns=(
            Column("label", "Status", "text"),
            Column("value_usd", "Import value", "usd"),
            Column("share", "Share of value", "share"),
            Column("accounts_count", "Accounts", "count"),
            Column("entries_count", "Entry summaries", "count"),
        ),
        metric_ids=("import_value_usd", "entry_summaries"),
        note=f"Nothing is left out: all statuses add up to {format.usd(whole)} and {plural(int(total(rows['accounts_count'])), 'account')}.",
    )


def revenue(view: View, most: int = 9) -> Card:
    """Duty and fees by port of entry, on what Centers and what ports process, with the sums that must be equal."""
    key, picked = "routing_revenue", chosen(view)
    filters = _everyone(view)
    rows = labelled(view, volume.revenue_by_port(view.frames, filters, view.as_of, picked), "port").with_columns(
        all=pl.col("center_cents") + pl.col("other_cents")
    )
    sums = volume.revenue_sums(view.frames, filters, view.as_of)
    if not total(rows["all"]):
        return empty(view, key, "No duty or fees on these imports", "duty_fees_usd")
    residual = max(sums.values()) - min(sums.values())
    mine = total(rows["center_cents"]) / total(rows["all"])
    holders = who(view)[0] if len(picked) == 1 else "the chosen Centers" if picked else "Centers"
    first = rows.row(0, named=True)
    name = (
        f"{format.usd(sums['port'] / 100, long=True)} of duty and fees stays at {plural(rows.filter(pl.col('all') > 0).height, 'port')} of entry, "
        f"{format.share(mine)} of it on what {holders} {'processes' if len(picked) == 1 else 'process'}"
        if not residual
        else f"Duty and fees by port, by Center and in all differ by {format.usd_full(residual / 100)}: they must be the same"
    )
    names = {"center_cents": f"Processed by {holders}", "other_cents": "Processed by all others" if picked else "Processed by ports"}
    shown = rows.head(most)
    rest = rows.slice(most)
    tail = rest.select(pl.lit(plural(rest.height, "other port")).alias("label"), pl.col("center_cents", "other_cents").sum()).head(1)
    drawn = pl.concat([shown.select("label", "center_cents", "other_cents"), *([tail] if rest.height else [])])
    parts = pl.concat([drawn.select("label", part=pl.lit(words), value=coding.dollars(pl.col(column))) for column, words in names.items()])
    table = rows.select("label", "entries_count", *(coding.dollars(pl.col(column)).alias(column) for column in (*names, "all")))
    return with_chart(
        Card(
            key=key,
            title=name,
            subtitle=f"Estimated duty and fees by port of entry, the {shown.height} with most; a Center decides, the port collects{narrowed(view, 'center', period=True)}",
            alt=f"{name}. {first['label']} has most, {format.usd(first['all'] / 100)}.",
            chart=None,
            table=table,
            columns=(
                Column("label", "Port of entry", "text"),
                *(Column(column, words, "usd") for column, words in names.items()),
                Column("all", "Duty and fees", "usd"),
                Column("entries_count", "Entry summaries", "count"),
            ),
            metric_ids=("duty_fees_usd",),
            note=f"By port {format.usd_full(sums['port'] / 100)}, by Center and “Port” {format.usd_full(sums['center'] / 100)}, national "
            f"{format.usd_full(sums['national'] / 100)}: difference {format.usd_full(residual / 100)}.",
        ),
        charts.stacked_status,
        parts,
        "label",
        "part",
        "value",
        tones=dict(zip(names.values(), ("accent", "context"), strict=True)),
        as_share=False,
        kind="usd",
        ends=True,
    )


def held(view: View) -> Card:
    """How entries liquidate: by operation of law, extended, suspended; the period against a year earlier."""
    key = "routing_held"
    filters = view.filters.only(LIQUIDATIONS.dimensions)
    earlier = view.earlier.only(LIQUIDATIONS.dimensions) if view.earlier else None
    asked = {
        "deemed_liquidations": "Liquidated by operation of law",
        "liquidations": "Liquidated in all",
        "extensions": "Extended so far, by entry date",
        "suspended_entries": "Suspended at the end",
    }
    now = {metric: int(view.ask(metric, filters=filters)["value"][0] or 0) for metric in asked}
    before = {metric: int(view.ask(metric, filters=earlier)["value"][0] or 0) for metric in asked} if earlier else {}
    if not any(now.values()):
        return empty(view, key, "Nothing was liquidated, extended or suspended", "liquidations")
    rows = pl.DataFrame(
        [{"label": words, "now": now[metric], "before": before.get(metric)} for metric, words in asked.items()],
        schema={"label": pl.String, "now": pl.Int64, "before": pl.Int64},
    )
    deemed = now["deemed_liquidations"]
    name = f"{plural(deemed, 'entry', 'entries')} liquidated by operation of law"
    name += f", {format.share(deemed / now['liquidations'])} of all that liquidated" if now["liquidations"] else ""
    name += f", {_against(view, deemed, before['deemed_liquidations'])}" if before else ""
    said = rows.with_columns(pl.col("now", "before").map_elements(format.count, pl.String).fill_null(format.NONE))
    months = view.ask("deemed_liquidations", "month", filters=filters.between(view.trend.from_date, view.trend.to_date))
    return with_chart(
        Card(
            key=key,
            title=name,
            subtitle=f"Entries by liquidation date, extensions by entry date, suspensions on {format.date(view.end)}; port, entry type and mode do not narrow this card · {filters.sentence(view.labels)}",
            alt=f"{name}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "What became of entries", "text"),
                Column("now", "Period", "count"),
                Column("before", "A year earlier", "count"),
            ),
            metric_ids=tuple(asked),
            note=f"{_monthly(months)} A suspension follows 19 USC 1504(d) (antidumping, court); the source records no other reason, and none for an extension. "
            "Extensions come late in an entry’s year, so recent entries have few yet.",
        ),
        charts.words,
        said,
        "label",
        [("now", "Period"), ("before", "A year earlier")],
        bad=[(0, "now")] if deemed else [],
    )


def _against(view: View, now: int, before: int) -> str:
    """Compare with a year earlier; from none there is no percentage."""
    return changes.words(view, "deemed_liquidations", now, before) if before or not now else "none a year earlier"


def _monthly(months: pl.DataFrame) -> str:
    if months.is_empty():
        return ""
    top = months.sort(["value", "month"], descending=[True, False]).row(0, named=True)
    return (
        f"Of the last {months.height} months {format.month(top['month'])} had most by operation of law, {format.count(top['value'])}."
        if top["value"]
        else ""
    )
