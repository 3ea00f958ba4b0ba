"""Cards of the accounts: the largest, those that need attention, those that drift, and whether each is where it belongs."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from analytics import accounts, drift, format, periods, standards
from analytics.assignment import CLOSE_MARGIN
from ui import charts
from ui.board import Card, Column
from ui.cards.shared import empty, listed, plural, total, with_chart
from ui.frame import View

#: Rows that a card draws; its table has all.
_DRAWN: Final = 8

#: What happened to assignments, in the parts of a stack: event -> words.
_EVENTS: Final = {
    "assigned": "Assigned",
    "confirmed": "Assigned",
    "applied": "Applied",
    "not_eligible": "Not eligible",
    "appealed": "Appealed",
    "reassigned": "Reassigned",
}
_QUARTERS: Final = 8

_NAME: Final = Column("account_name", "Account", "text")
_YIELD: Final = (
    "Reviews are completed validation reviews, most of them targeted: the share that found something is a yield, never a compliance rate"
)

#: Column of the card on accounts that stand out -> the flags that make it orange.
_MARKS: Final = {
    "found": ("is_drifting", "found_above"),
    "late": ("is_late",),
    "notices": ("notices_above",),
    "off": ("is_elsewhere",),
}
_RULES: Final = (
    "An account stands out when its number lies three standard errors above that of all accounts listed (of reviews: above what the same "
    "kinds of review find), when it drifts, or when its goods are another Center’s or close to one"
)


def largest(view: View, rows: pl.DataFrame) -> Card:
    """Which accounts the value lies with."""
    key, known = "largest", rows.filter(pl.col("value_usd") > 0)
    if known.is_empty():
        return empty(view, key, "No account imported anything in these months", "entry_summaries")
    share, half = accounts.concentration(known)
    first = known.row(0, named=True)
    leading = f"{first['account_name']} brings {format.share(first['value_share'])}"
    title = f"{first['account_name']} brings all of the value"
    if known.height > accounts.TOP:
        title = f"The {accounts.TOP} largest of {format.count(known.height)} accounts bring {format.share(share)} of the value; {leading}"
    elif known.height > 1:
        title = f"{plural(known.height, 'account')} bring {format.usd(total(known['value_usd']), long=True)}; {leading}"
    drawn = known.head(accounts.TOP).with_columns(extra=pl.col("value_share").map_elements(format.share, pl.String))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Entered value of each account and its share of all that is listed · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=known,
            columns=(
                _NAME,
                Column("value_usd", "Import value", "usd"),
                Column("value_share", "Share", "share"),
                Column("entries_count", "Entry summaries", "count"),
                Column("lines_count", "Lines", "count"),
                Column("duty_usd", "Duty", "usd"),
            ),
            metric_ids=("import_value_usd", "participating_accounts"),
            note=f"Half of the value comes from {plural(half, 'account')}.",
        ),
        charts.bars,
        drawn,
        "account_name",
        "value_usd",
        kind="usd",
        extra="extra",
    )


def reasons(row: dict[str, object]) -> str:
    """Say why an account needs attention."""
    return listed([words if place == 0 else _lowered(words) for place, words in enumerate(_reasons(row))])


def _lowered(words: str) -> str:
    """Begin a clause; a name of a form keeps its capitals."""
    return words if words.startswith("CF-") else words[0].lower() + words[1:]


def _reasons(row: dict[str, object]) -> list[str]:
    return [words for flag, words in accounts.REASONS.items() if row[flag]]


def with_reasons(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `reasons` in words; empty when there is none."""
    return rows.with_columns(pl.Series("reasons", [reasons(row) for row in rows.iter_rows(named=True)], pl.String))


def attention(view: View, rows: pl.DataFrame) -> Card:
    """Which accounts stand out, and by what; the worst first."""
    key = "attention"
    worst = with_reasons(accounts.worst_first(rows))
    if rows.is_empty():
        return empty(view, key, "No account to look at", "entry_summaries")
    every = pl.concat([worst, with_reasons(accounts.next_to_look_at(rows).head(_DRAWN))])
    shown = every.head(_DRAWN)
    title = _standing(rows, worst, shown)
    said = shown.with_columns(pl.Series(name, values, pl.String) for name, values in _words(shown).items())
    bad = [
        (place, name)
        for place, row in enumerate(shown.iter_rows(named=True))
        for name, flags in _MARKS.items()
        if any(row[flag] for flag in flags)
    ]
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"{_order(worst.height, shown.height)} · {view.sentence}",
            alt=f"{title}.",
            chart=None,
            table=every.head(max(worst.height, _DRAWN)),
            columns=(
                _NAME,
                Column("reasons", "Why", "text"),
                Column("looked_count", "Reviews completed", "count"),
                Column("found_share", "Found something", "share"),
                Column("found_low", "Low (95%)", "share"),
                Column("found_high", "High (95%)", "share"),
                Column("expected_share", "Expected", "share"),
                Column("pending", "Pending", "count"),
                Column("past_due", "Past due", "count"),
                Column("cf28_per_1000", "CF-28s per 1,000", "ratio"),
                Column("off_lines_share", "Lines of other Centers", "share"),
            ),
            metric_ids=("past_due", "cf28_per_1000"),
            note=f"{_RULES}. {_YIELD}.",
        ),
        charts.words,
        said,
        "account_name",
        [("found", "Found"), ("late", "Past due"), ("notices", "CF-28s per 1,000"), ("off", "Others’ goods")],
        bad=bad,
    )


def _standing(rows: pl.DataFrame, worst: pl.DataFrame, shown: pl.DataFrame) -> str:
    """Say how many accounts stand out, and what is first."""
    first = shown.row(0, named=True)
    if worst.height:
        verb = "stands" if worst.height == 1 else "stand"
        counted = f"{format.count(worst.height)} of {plural(rows.height, 'account')} {verb} out; first {first['account_name']}"
        return f"{counted}: {_lowered(reasons(first))}"
    title = f"None of {plural(rows.height, 'account')} stands out" if rows.height > 1 else "The one account does not stand out"
    late = f"{format.count(first['past_due'])} of {format.count(first['pending'])}"
    return f"{title}; most past due is work of {first['account_name']}, {late}" if first["past_due"] else title


def _order(standing: int, drawn: int) -> str:
    """Say in which order the accounts come."""
    words = ["those that stand out, worst first; orange is why"] if standing else []
    text = ", then ".join([*words, *(["those with most past due"] if standing < drawn else [])])
    return text[0].upper() + text[1:]


def _words(rows: pl.DataFrame) -> dict[str, list[str]]:
    """Write the figures of the accounts that stand out."""
    every = rows.to_dicts()
    return {
        "found": ["too few" if row["found_share"] is None else format.share(row["found_share"]) for row in every],
        "late": [f"{format.count(row['past_due'])} of {format.count(row['pending'])}" for row in every],
        "notices": ["too few" if row["cf28_per_1000"] is None else format.fixed(row["cf28_per_1000"], 1) for row in every],
        "off": [format.share(row["off_lines_share"]) for row in every],
    }


def drifting(view: View, rows: pl.DataFrame) -> Card:
    """Whose reviews find more than they did: the last six months against the twelve before."""
    key = "drifting"
    tested = rows.drop_nulls("q").sort(["q", "p", "account_id"])
    first, late, last = drift.windows(view.end)
    if tested.is_empty():
        text = f"A comparison needs {standards.LEAST_CASES} completed reviews of an account in both spans."
        return Card(key, "Too few reviews to compare any account with its past", view.sentence, text, None, pl.DataFrame(), (), empty=text)
    found = tested.filter("is_drifting")
    title = f"No account’s reviews clearly find more than before ({plural(tested.height, 'account')} compared)"
    if found.height:
        worst = found.row(0, named=True)
        grew = f"{format.share(worst['late_share'])} of them found something, {format.share(worst['early_share'])} before"
        title = f"Reviews of {worst['account_name']} find more than before: {grew}"
        if found.height > 1:
            title = f"Reviews of {plural(found.height, 'account')} find more than before, most clearly of {worst['account_name']}: {grew}"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Share of completed reviews that found something, {_months(late, last)} (bar) and {_months(first, late - dt.timedelta(days=1))} (mark); surest rise first · {', '.join(view.filters.narrowed(view.labels)) or 'all accounts'}",
            alt=f"{title}.",
            chart=None,
            table=tested,
            metric_ids=("targeted_yield_share",),
            judged=False,
            columns=(
                _NAME,
                Column("late_share", f"Found, {_months(late, last)}", "share"),
                Column("late_n", "Reviews", "count"),
                Column("early_share", "Found before", "share"),
                Column("early_n", "Reviews before", "count"),
                Column("q", "Chance, if it and all surer are named", "share"),
            ),
            note=f"Each account against its own past, by reason of review; of the accounts named, at most {format.share(drift.Q, 0)} are expected to be chance. {_YIELD}.",
        ),
        charts.bars,
        tested.head(_DRAWN),
        "account_name",
        "late_share",
        kind="share",
        previous="early_share",
        previous_label="the 12 months before",
        bad="is_drifting",
    )


def _months(first: dt.date, last: dt.date) -> str:
    return f"{format.month(first)} to {format.month(last)}"


def fit(view: View, rows: pl.DataFrame) -> Card:
    """Whose goods are another Center's: lines of others, and the margin to the runner-up."""
    key = "fit"
    names = view.labels["center"]
    order = list(accounts.FITS)
    few = rows.filter(pl.col("fit").is_in(["few", "none"])).height
    placed = rows.filter(pl.col("fit").is_not_null() & ~pl.col("fit").is_in(["few", "none"])).with_columns(
        rank=pl.col("fit").replace_strict({name: place for place, name in enumerate(order)}, return_dtype=pl.Int64),
        fit_words=pl.col("fit").replace_strict(accounts.FITS, return_dtype=pl.String),
        **{
            name: pl.col(code).replace_strict(dict(names), default=pl.col(code), return_dtype=pl.String)
            for name, code in (("own", "center_code"), ("suggested", "suggested_center_code"), ("runner", "runner_up_center_code"))
        },
    )
    if placed.is_empty():
        text = f"Only accounts that have a Center and at least {standards.LEAST_SAMPLE} lines in the last 12 months of the data are judged."
        return Card(key, "No account to judge by its goods", view.sentence, text, None, pl.DataFrame(), (), empty=text)
    sorted_rows = placed.sort(["rank", "off_lines_share", "account_id"], descending=[False, True, False])
    off = sorted_rows.filter(pl.col("is_elsewhere"))
    first = sorted_rows.row(0, named=True)
    if off.height:
        title = f"{format.count(off.height)} of {plural(placed.height, 'account')} may belong to another Center; first {first['account_name']}: {_lowered(first['fit_words'])}"
    else:
        title = f"The goods of {'all ' if placed.height > 1 else ''}{plural(placed.height, 'account')} fit {'their' if placed.height > 1 else 'its'} Center; {first['account_name']} has most of others’, {format.share(first['off_lines_share'])} of its lines"
    extra = pl.concat_str(pl.lit("margin "), pl.col("margin").map_elements(format.points, pl.String))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Share of each account’s lines that are goods of another Center, with the margin of its leading Center to the runner-up; 12 months to {format.date(view.as_of)} · {', '.join(view.filters.narrowed(view.labels)) or 'all Centers'}",
            alt=f"{title}.",
            chart=None,
            table=sorted_rows,
            metric_ids=("entry_lines",),
            judged=False,
            columns=(
                _NAME,
                Column("own", "Center", "text"),
                Column("fit_words", "Goods", "text"),
                Column("suggested", "Most lines", "text"),
                Column("runner", "Runner-up", "text"),
                Column("margin", "Margin", "share"),
                Column("off_lines_share", "Lines of others", "share"),
                Column("off_value_share", "Value of others", "share"),
            ),
            note=f"{plural(few, 'account')} with fewer than {standards.LEAST_SAMPLE} lines {'is' if few == 1 else 'are'} not judged. Close: under {format.points(CLOSE_MARGIN, 0)} or within both intervals. Importers are assigned by the predominant number of goods; value, business practice and intended use can override (81 FR 92978). An account may appeal at any time.",
        ),
        charts.bars,
        sorted_rows.head(_DRAWN).with_columns(extra=extra),
        "account_name",
        "off_lines_share",
        kind="share",
        extra="extra",
        bad="is_elsewhere",
    )


def off_industry(view: View, industries: pl.DataFrame) -> Card:
    """How much of what Centers process is another Center's goods, quarter by quarter."""
    key = "off_industry"
    start = max(periods.months_back(view.end, 3 * _QUARTERS - 1), periods.month_start(view.source.first_date))
    rows = accounts.off_industry(view.frames, industries, view.filters.between(start, view.end), view.as_of)
    if rows.is_empty():
        return empty(view, key, "No Center processed any lines", "entry_summaries")
    year, quarter = pl.col("quarter").str.slice(2, 4).cast(pl.Int32), pl.col("quarter").str.slice(8, 1).cast(pl.Int32)
    dated = rows.with_columns(
        date=pl.date(year - 1, 10, 1).dt.offset_by(pl.format("{}mo", (quarter - 1) * 3)),
        label=pl.col("center").replace_strict(dict(view.labels["center"]), default=pl.col("center"), return_dtype=pl.String),
    )
    final = dated.filter(pl.col("date") == pl.col("date").max())
    share = total(final["off_count"]) / total(final["lines_count"])
    worst = final.sort(["off_share", "label"], descending=[True, False]).row(0, named=True)
    over = view.end.month % 3 == 0 and view.end == periods.month_end(view.end)
    title = f"In {worst['quarter']}{'' if over else ' so far'}, {format.share(share)} of the lines processed were another Center’s goods"
    if final.height > 1:
        title += f"; most at {worst['label']}, {format.share(worst['off_share'])}"
    order = final.sort(["off_share", "label"], descending=[True, False])["label"].to_list()
    ordered = dated.sort(
        pl.col("label").replace_strict({name: place for place, name in enumerate(order)}, default=99, return_dtype=pl.Int64), "date"
    )
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Lines whose goods are another Center’s, of all lines that each Center processes, by fiscal quarter to {format.date(view.end)} · {', '.join(view.filters.narrowed(view.labels)) or 'all Centers'}",
            alt=f"{title}.",
            chart=None,
            table=ordered,
            columns=(
                Column("label", "Center", "text"),
                Column("quarter", "Quarter", "text"),
                Column("off_share", "Share of others’ goods", "share"),
                Column("off_count", "Lines of others", "count"),
                Column("lines_count", "Lines", "count"),
            ),
            metric_ids=("entry_lines",),
            judged=False,
            note="An account is assigned as a whole, so a Center also works goods that are another’s.",
        ),
        charts.small_multiples,
        ordered,
        "label",
        "date",
        "off_share",
        kind="share",
        zero=True,
    )


def events(view: View, counted: pl.DataFrame) -> Card:
    """Applications, assignments, appeals and reassignments, quarter by quarter."""
    key = "events"
    start = periods.months_back(view.end, 3 * _QUARTERS - 1)
    kept = counted.filter(pl.col("month").is_between(start, view.end))
    if view.filters.centers:
        either = pl.any_horizontal(pl.col(name).is_in(view.filters.centers) for name in ("center_code", "from_center_code"))
        kept = kept.filter(either.fill_null(value=False))
    if kept.is_empty():
        text = f"Nothing is recorded from {format.month(start)} to {format.month(view.end)}."
        return Card(key, "No assignment changed", view.sentence, text, None, pl.DataFrame(), (), empty=text)
    named = kept.with_columns(
        status=pl.col("event").replace_strict(_EVENTS, return_dtype=pl.String), quarter=periods.quarter_label(pl.col("month"))
    )
    states = list(dict.fromkeys(_EVENTS.values()))
    sums = named.group_by("quarter", "status").agg(pl.col("accounts_count").sum())
    grid = named.select("quarter").unique().sort("quarter").join(pl.DataFrame({"status": states}), how="cross", maintain_order="left")
    rows = grid.join(sums, on=["quarter", "status"], how="left", maintain_order="left").with_columns(pl.col("accounts_count").fill_null(0))
    of = dict(rows.group_by("status").agg(pl.col("accounts_count").sum()).iter_rows())
    title = f"{plural(of['Appealed'], 'appeal')} and {plural(of['Reassigned'], 'reassignment')} since {format.month(kept['month'].min())}; {plural(of['Assigned'], 'account')} {'was' if of['Assigned'] == 1 else 'were'} assigned"  # type: ignore[arg-type]
    present = rows.filter(pl.col("accounts_count").sum().over("status") > 0)
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"What happened to the assignment of accounts, by fiscal quarter, the last {_QUARTERS} up to {format.date(view.end)} · {', '.join(view.filters.narrowed(view.labels)) or 'all Centers'}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            metric_ids=("participating_accounts",),
            judged=False,
            columns=(
                Column("quarter", "Quarter", "text"),
                Column("status", "Event", "text"),
                Column("accounts_count", "Accounts", "count"),
            ),
            note="An account that leaves a Center counts with both; applications have no Center yet and are counted only without a choice of Centers.",
        ),
        charts.stacked_status,
        present,
        "quarter",
        "status",
        "accounts_count",
        as_share=False,
        tones={"Assigned": "accent", "Applied": "faint", "Not eligible": "grey", "Appealed": "bad", "Reassigned": "dark"},
    )
