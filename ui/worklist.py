"""The work list on screen: what to act on first, and one item opened with all that is known of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any, Final, Protocol

import polars as pl
import streamlit as st

from analytics import clocks, codes, worklist
from analytics.filters import Filters
from analytics.scope import Scope
from ui import format, session
from ui.board import KeyFigure
from ui.cards.shared import plural, total
from ui.frame import Source, View
from ui.lists import table
from ui.sheet import csv_of

#: Rows on screen; the export has all.
SHOWN: Final = 500

#: Column of the list -> its heading.
HEADS: Final[dict[str, str]] = {
    "days_to_consequence": "Days left",
    "consequence": "If nothing is done",
    "consequence_date": "On",
    "work_type": "Work type",
    "account": "Account",
    "entry_number": "Entry",
    "age_days": "Gross age",
    "controlled_age_days": "Center age",
    "due_date": "Due",
    "entry_value_usd": "Value",
    "entry_duty_usd": "Duty",
    "port": "Port of entry",
    "status": "Status",
    "team": "Team",
    "review_id": "Review",
}


class Around(Protocol):
    """One review with what is around it (`data.items.Item`)."""

    @property
    def review(self) -> pl.DataFrame:
        """Its facts, one row."""

    @property
    def events(self) -> pl.DataFrame:
        """What happened to it."""

    @property
    def clock(self) -> pl.DataFrame:
        """When its clock stood."""

    @property
    def entry(self) -> pl.DataFrame:
        """Its entry, if the reader reaches it."""

    @property
    def lines(self) -> pl.DataFrame:
        """Lines of that entry."""

    @property
    def others(self) -> pl.DataFrame:
        """Other reviews of the account."""


class Records(Source, Protocol):
    """A source that gives single records."""

    def pending(self, predicate: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return open reviews and when their clocks stood."""

    def item(self, review_id: str) -> Around | None:
        """Return one review with what is around it."""

    def accounts(self) -> pl.DataFrame:
        """Return the accounts that the reader may name."""


@st.cache_resource(max_entries=24, show_spinner=False)
def _made(version: str, scope: Scope, filters: Filters, _source: Records) -> pl.DataFrame:  # noqa: ARG001 - version and scope are the key
    reviews, stood = _source.pending(filters.predicate())
    return worklist.items(reviews, stood, _source.accounts(), _source.as_of)


def kept(view: View, source: Records) -> pl.DataFrame:
    """Return the work list of a view; made once for a version, a scope and a choice of filters. It shows what is open now, whatever the period."""
    return _made(source.version, source.scope, view.filters.between(None, None), source)


def controls(listed: pl.DataFrame) -> tuple[str, str]:
    """Draw the choice of a window and the search; both stay in the URL. Returns the window and the search."""
    counted = worklist.counts(listed)
    names = list(worklist.WINDOWS)
    given = session.own("within")
    with st.container(horizontal=True, key="worklist_controls", vertical_alignment="bottom"):
        window = st.segmented_control(
            "Next consequence",
            names,
            format_func=lambda name: f"{worklist.WINDOWS[name][0]} ({format.count(counted[name])})",
            default=given if given in names else names[0],
            key="worklist_window",
        )
        search = st.text_input(
            "Search entry, account, filer, team or review", value=session.own("search"), key="worklist_search", max_chars=80
        )
    chosen = window or names[0]
    session.keep_own("within", "" if chosen == names[0] else chosen)
    session.keep_own("search", search.strip())
    return chosen, search


def figures(listed: pl.DataFrame) -> list[KeyFigure]:
    """Say how much must be acted on, and what is at stake."""
    rows = []
    for name in ("lapsed", "7", "30"):
        part = worklist.narrowed(listed, name, "")
        label = worklist.WINDOWS[name][0]
        stake = f"{format.usd(total(part['entry_value_usd']))} of value, {format.usd(total(part['entry_duty_usd']))} of duty at stake"
        rows.append(
            KeyFigure("pending", label, format.count(part.height), against=stake if part.height else "", definition=_WINDOW_WORDS[name])
        )
    oldest = listed["age_days"].max()
    stands = int(listed["clock_stands"].sum())
    rows.append(
        KeyFigure(
            "oldest_days",
            "Oldest open",
            format.days(_number(oldest)),
            definition="Gross age of the oldest item: nothing stops or restarts it.",
        )
    )
    rows.append(
        KeyFigure(
            "clock_stopped",
            "Clock stands",
            format.count(stands),
            against="CBP waits for others",
            definition="Items whose clock was stopped and not started again.",
        )
    )
    return rows


_WINDOW_WORDS: Final = {
    "lapsed": "The last date on which doing nothing changed a legal right is over, and none lies ahead.",
    "7": "The next date on which doing nothing changes a legal right lies within 7 days.",
    "30": "The next date on which doing nothing changes a legal right lies within 30 days.",
}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def sentence(view: View) -> str:
    """Say what the list shows."""
    return " · ".join([f"Open on {format.date(view.as_of)}", *view.filters.narrowed(view.labels)])


def title(listed: pl.DataFrame) -> str:
    """Say how many items lose a right soon, and which is first."""
    if listed.is_empty():
        return "Nothing is open under these filters"
    soon = worklist.narrowed(listed, "7", "")
    first = soon.head(1)
    text = f"{plural(soon.height, 'item changes', 'items change')} a legal right within 7 days if nothing is done"
    if first.height:
        days = int(first["days_to_consequence"][0])
        text += f"; the first {'today' if days == 0 else 'tomorrow' if days == 1 else f'in {days} days'}"
    lapsed = worklist.narrowed(listed, "lapsed", "").height
    return f"{text}; for {format.count(lapsed)} the date has passed" if lapsed else text


def shown(view: View, listed: pl.DataFrame) -> pl.DataFrame:
    """Write the list's codes as words; columns are those of `HEADS`."""
    names = {rule.id: rule.consequence for rule in clocks.RULES}
    words = {
        "work_type": codes.WORK_TYPES,
        "status": codes.REVIEW_STATUSES,
    }
    labelled = [
        pl.col(name).replace_strict(labels, default=pl.col(name), return_dtype=pl.String).alias(name) for name, labels in words.items()
    ]
    port = pl.col("port_code").replace_strict(dict(view.labels.get("port", {})), default=pl.col("port_code"), return_dtype=pl.String)
    consequence = pl.col("consequence_clock").replace_strict(names, default=None, return_dtype=pl.String)
    account = pl.coalesce("account_name", "account_id")
    listed = listed.with_columns(pl.col("entry_number", "team").fill_null(format.NONE))
    return listed.with_columns(*labelled, port=port, consequence=consequence.fill_null("No legal date"), account=account).select(
        list(HEADS)
    )


def draw(view: View, listed: pl.DataFrame, record: Callable[[str, str], None]) -> None:
    """Draw the list with its export; the row that the reader chooses is opened."""
    rows = shown(view, listed)
    if rows.is_empty():
        st.html(
            '<section class="cl-list"><p>No open item matches. Choose “Everything open”, or clear the search and the filters.</p></section>'
        )
        return
    caption = f"The first {format.count(SHOWN)} of {plural(rows.height, 'item')}" if rows.height > SHOWN else plural(rows.height, "item")
    stamp = view.stamp()
    with st.container(horizontal=True, key="worklist_head", vertical_alignment="center"):
        st.html(f'<p class="cl-caption">{escape(caption)}, the nearest consequence first. Choose a row to open it.</p>')
        lines = [sentence(view), f"As of {stamp.as_of}, data version {stamp.version}", *(["Synthetic data"] if stamp.synthetic else [])]
        st.download_button(
            "Download all as CSV",
            lambda: csv_of(rows, list(HEADS), lines),
            file_name=f"centerline-work-list-{view.as_of.isoformat()}.csv",
            mime="text/csv",
            key="worklist_csv",
            on_click=lambda: record("export", f"work_list {rows.height} rows {session.query()}"),
        )
    event = st.dataframe(
        rows.head(SHOWN),
        hide_index=True,
        column_config=_columns(),
        on_select="rerun",
        selection_mode="single-row",
        key="worklist_rows",
        height=460,
        alt=f"Work list: {caption}, the nearest consequence first.",
    )
    chosen = event["selection"]["rows"]
    if chosen:
        session.keep_own("review", str(rows["review_id"][chosen[0]]))


def _columns() -> dict[str, Any]:
    config = st.column_config
    special: dict[str, Any] = {
        "days_to_consequence": config.NumberColumn(
            HEADS["days_to_consequence"], help="Days until doing nothing changes a legal right", width="small"
        ),
        "age_days": config.NumberColumn(HEADS["age_days"], help="Days since it was opened; nothing stops or restarts it", width="small"),
        "controlled_age_days": config.NumberColumn(
            HEADS["controlled_age_days"], help="Gross age without the days on which the clock stood", width="small"
        ),
        "entry_value_usd": config.NumberColumn(HEADS["entry_value_usd"], format="dollar", width="small"),
        "entry_duty_usd": config.NumberColumn(HEADS["entry_duty_usd"], format="dollar", width="small"),
        "consequence_date": config.DateColumn(HEADS["consequence_date"], format="D MMM YYYY", width=100),
        "due_date": config.DateColumn(HEADS["due_date"], format="D MMM YYYY", width=100),
    }
    return {name: special.get(name, head) for name, head in HEADS.items()}


def detail(view: View, source: Records, listed: pl.DataFrame) -> None:
    """Draw the review that is open, if any: its facts, clocks, history, entry, lines, account and what was found for that account."""
    review_id = session.own("review")
    if not review_id:
        return
    around = source.item(review_id)
    if around is None:
        session.keep_own("review", "")
        st.html(f'<ul class="cl-notices" role="status"><li>There is no review “{escape(review_id[:40])}” that your role reaches.</li></ul>')
        return
    review = around.review.row(0, named=True)
    mine = listed.filter(pl.col("review_id") == review["review_id"])
    st.html(
        '<div class="cl-opened">'
        + _facts(view, review, mine.row(0, named=True) if mine.height else {})
        + _clocks(around.review, view.as_of)
        + _history(view, review, around)
        + _entry(view, around.entry)
        + _lines(around.lines)
        + _others(around.others)
        + "</div>"
    )


def _pairs(caption: str, pairs: Iterable[tuple[str, object]]) -> str:
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in pairs)
    return f'<section class="cl-list"><h2>{escape(caption)}</h2><dl class="cl-facts">{cells}</dl></section>'


def _facts(view: View, review: Mapping[str, Any], listed: Mapping[str, Any]) -> str:
    account = listed.get("account_name") or review["account_id"]
    ends = {rule.id: rule.consequence for rule in clocks.RULES}
    ahead = ends.get(str(listed.get("consequence_clock")), "")
    consequence = (
        f"{ahead}, {format.date(listed['consequence_date'])} ({_days_left(listed['days_to_consequence'])})" if ahead else "No legal date"
    )
    pairs = [
        ("If nothing is done", consequence if listed else "Completed: nothing is open"),
        ("Due", f"{format.date(review['due_date'])} · {codes.DUE_BASES.get(review['due_basis'] or '', 'no basis recorded')}"),
        ("Opened", format.date(review["opened_date"])),
        ("Gross age", format.days(listed.get("age_days"))),
        ("Center-controlled age", format.days(listed.get("controlled_age_days"))),
        ("Status", codes.REVIEW_STATUSES[review["status"]]),
        ("Why it was opened", codes.REVIEW_SOURCES[review["source"]]),
        ("Account", account),
        ("Program", codes.PROGRAMS[review["program"]]),
        ("Held by", view.label("center", review["center_code"])),
        ("Team", review["team"] or format.NONE),
        ("Port of entry", view.label("port", review["port_code"])),
        ("Industry", view.label("industry", review["industry_code"])),
    ]
    return _pairs(f"{codes.WORK_TYPES[review['work_type']]} {review['review_id']}", pairs)


def _days_left(days: int | None) -> str:
    if days is None:
        return format.NONE
    return f"{format.days(-days)} ago" if days < 0 else "today" if days == 0 else f"{format.days(days)} left"


def _clocks(review: pl.DataFrame, as_of: dt.date) -> str:
    running = clocks.clocks(review.lazy(), as_of).sort("date").collect()
    rules = {rule.id: rule for rule in clocks.RULES}
    rows = []
    for row in running.iter_rows(named=True):
        rule = rules[row["clock"]]
        rows.append((rule.name, format.date(row["date"]), _days_left(row["days"]), rule.duty, rule.consequence, rule.citation))
    heads = ("Clock", "Date", "", "Whose duty", "If nothing is done", "Source")
    return table("Clocks that run", heads, rows, empty="No clock runs: nothing is open, or the entry has liquidated.")


def _history(view: View, review: Mapping[str, Any], around: Around) -> str:
    events: list[tuple[dt.date, str, str]] = [(review["opened_date"], "Received", "")]
    for row in around.events.iter_rows(named=True):
        moved = row["event_type"] == "transfer"
        ends = [view.label("center", row[name] or codes.PORT_CODE) for name in ("from_center_code", "to_center_code")]
        events.append(
            (
                row["event_date"],
                codes.EVENT_TYPES[row["event_type"]],
                f"{ends[0]} to {ends[1]}: {row['reason'] or ''}" if moved else row["reason"] or "",
            )
        )
    if review["closed_date"]:
        events.append(
            (
                review["closed_date"],
                codes.REVIEW_STATUSES[review["status"]],
                codes.OUTCOMES.get(review["outcome"] or "", "no result recorded"),
            )
        )
    return table(
        "History",
        ("Day", "What", ""),
        [(format.date(day), what, more) for day, what, more in sorted(events, key=lambda event: event[0])],
        empty="",
    )


def _entry(view: View, entry: pl.DataFrame) -> str:
    if entry.is_empty():
        return table("Entry summary", (), [], empty="It concerns no single entry summary, or one that your role does not reach.")
    row = entry.row(0, named=True)
    held = f"from {format.date(row['suspended_date'])}" if row["suspended_date"] else "no"
    lifted = f", lifted {format.date(row['suspension_lifted_date'])}" if row["suspension_lifted_date"] else ""
    ended = (
        f"{format.date(row['liquidation_date'])}, {str(row['liquidation_type']).replace('_', ' ')}"
        if row["liquidation_date"]
        else "not yet"
    )
    return _pairs(
        f"Entry summary {row['entry_number']}",
        [
            ("Entry date", format.date(row["entry_date"])),
            ("Type", f"{row['entry_type_code']} {codes.ENTRY_TYPES[row['entry_type_code']]}"),
            ("Filer", row["filer_code"]),
            ("Entered value", format.usd_full(row["value_usd"])),
            ("Estimated duty", format.usd_full(row["duty_usd"])),
            ("Processed by", view.label("center", row["center_code"])),
            ("Scheduled liquidation", format.date(row["scheduled_liquidation_date"])),
            ("Extensions", format.count(row["extension_count"])),
            ("Suspended", held + lifted),
            ("Liquidated", ended),
        ],
    )


def _lines(lines: pl.DataFrame) -> str:
    rows = [
        (
            row["line_number"],
            row["hts_number"],
            row["origin_code"],
            format.usd_full(row["value_usd"]),
            format.usd_full(row["duty_usd"]),
            row["spi_code"] or "",
        )
        for row in lines.iter_rows(named=True)
    ]
    return table("Lines", ("Line", "Tariff number", "Origin", "Value", "Duty", "Preference"), rows, empty="No line is at hand.")


def _others(others: pl.DataFrame, most: int = 10) -> str:
    done = others.filter(pl.col("status") == "completed")
    found = int(done["severity"].is_in(["minor", "major"]).sum())
    waiting = others.filter(pl.col("closed_date").is_null()).height
    rows = [
        (
            row["review_id"],
            codes.WORK_TYPES[row["work_type"]],
            format.date(row["opened_date"]),
            format.date(row["closed_date"]),
            codes.OUTCOMES.get(row["outcome"] or "", ""),
            codes.FINDING_CATEGORIES.get(row["finding_category"] or "", ""),
            format.usd_full(row["revenue_change_usd"]),
        )
        for row in others.head(most).iter_rows(named=True)
    ]
    caption = f"The account’s other work: {format.count(waiting)} open, {format.count(found)} of {format.count(done.height)} completed found a discrepancy"
    return table(
        caption,
        ("Review", "Work type", "Opened", "Completed", "Result", "Found", "Revenue change"),
        rows,
        empty="Nothing else of this account.",
    )
