"""The work list on screen: what to act on first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

import polars as pl
import streamlit as st

from analytics import clocks, codes, format, worklist
from analytics.filters import Filters
from analytics.scope import Scope
from ui import records, session
from ui.board import KeyFigure
from ui.cards.shared import plural, total
from ui.figures import of_metric, said
from ui.frame import Source, View

#: Column of the list -> its heading.
HEADS: Final[dict[str, str]] = {
    "days_to_consequence": "Days left",
    "consequence": "If nothing is done",
    "consequence_date": "On",
    "duty": "Whose duty",
    "due_date": "Due",
    "work_type": "Work type",
    "account": "Account",
    "entry_number": "Entry",
    "age_days": "Gross age",
    "controlled_age_days": "Center age",
    "entry_value_usd": "Value",
    "entry_duty_usd": "Duty",
    "port": "Port of entry",
    "status": "Status",
    "team": "Team",
    "review_id": "Review",
}


class Records(Source, Protocol):
    """A source that gives single records."""

    def pending(self, predicate: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return open reviews and when their clocks stood."""

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
            "Show",
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


def figures(view: View, listed: pl.DataFrame) -> list[KeyFigure]:
    """Say how much must be acted on, what is at stake, and whether that is more than usual."""
    # The list is of today: a period that other pages keep must not choose the months that are judged.
    view = replace(view, filters=view.filters.between(None, None))
    windows = {name: _of_window(listed, name) for name in ("past_due", "lapsed", "7")}
    oldest = KeyFigure(
        "oldest_days",
        "Oldest open",
        format.days(_number(listed["age_days"].max())),
        definition="Gross age of the oldest item: nothing stops or restarts it.",
    )
    stands = KeyFigure(
        "clock_stopped",
        "Clock stands",
        format.count(int(listed["clock_stands"].sum())),
        against="CBP waits for others",
        definition="Items whose clock was stopped and not started again.",
    )
    judged = [of_metric(windows["past_due"], view, "past_due"), *(said(windows[name], "no trend kept", _TODAY) for name in ("lapsed", "7"))]
    return [*judged, of_metric(oldest, view), of_metric(stands, view)]


def _of_window(listed: pl.DataFrame, name: str) -> KeyFigure:
    """Count the items of a window, with what is at stake."""
    part = worklist.narrowed(listed, name, "")
    stake = f"{format.usd(total(part['entry_value_usd']))} of value, {format.usd(total(part['entry_duty_usd']))} of duty at stake"
    label = worklist.WINDOWS[name][0]
    return KeyFigure("pending", label, format.count(part.height), against=stake if part.height else "", definition=_WINDOW_WORDS[name])


_TODAY: Final = "not judged: the dates of the law are worked out for what is open today, and were not kept for earlier days"

_WINDOW_WORDS: Final = {
    "past_due": "The item's own due date has passed: that of its clock, or of the service standard where the law sets none.",
    "lapsed": "The last date on which doing nothing changed a legal right is over, and none lies ahead. Some bind the importer, not CBP: see “Whose duty”.",
    "7": "The next date on which doing nothing changes a legal right lies within 7 days. Some bind the importer, not CBP: see “Whose duty”.",
}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def sentence(view: View) -> str:
    """Say what the list shows."""
    return " · ".join([f"Open on {format.date(view.as_of)}", *view.filters.narrowed(view.labels)])


def title(listed: pl.DataFrame) -> str:
    """Say how many items lose a right soon, which is first, and how many of the dates bind CBP: the others wait for the importer."""
    if listed.is_empty():
        return "Nothing is open under these filters"
    soon, lapsed = (worklist.narrowed(listed, name, "") for name in ("7", "lapsed"))
    text = f"{plural(soon.height, 'item changes', 'items change')} a legal right within 7 days if nothing is done"
    if soon.height:
        days = int(soon["days_to_consequence"][0])
        text += f"{_of_cbp(soon)}; the first {'today' if days == 0 else 'tomorrow' if days == 1 else f'in {days} days'}"
    return f"{text}; for {format.count(lapsed.height)} the date has passed{_of_cbp(lapsed)}" if lapsed.height else text


#: Clock -> whose duty it is.
_DUTIES: Final = {rule.id: rule.duty for rule in clocks.RULES}


def _of_cbp(rows: pl.DataFrame) -> str:
    """Say of how many items the date binds CBP; nothing where it binds CBP in all."""
    mine = rows.filter(pl.col("consequence_clock").replace_strict(_DUTIES, default=None, return_dtype=pl.String) == "CBP").height
    if mine == rows.height:
        return ""
    return f", {format.count(mine)} of them CBP’s to keep" if mine else ", the importer’s to keep"


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
    duty = pl.col("consequence_clock").replace_strict(_DUTIES, default=None, return_dtype=pl.String).replace("importer", "Importer")
    account = pl.col("account_name").fill_null("Account of another Center")
    listed = listed.with_columns(pl.col("entry_number", "team").fill_null(format.NONE))
    return listed.with_columns(*labelled, port=port, consequence=consequence.fill_null("No legal date"), duty=duty, account=account).select(
        list(HEADS)
    )


def draw(view: View, listed: pl.DataFrame, record: Callable[[str, str], None]) -> None:
    """Draw the list with its export; the row that the reader chooses is opened."""
    rows = shown(view, listed)
    if rows.is_empty():
        records.nothing("No open item matches. Choose “Everything open”, or clear the search and the filters.")
        return
    records.listing(
        view,
        rows,
        HEADS,
        _columns(),
        name="work_list",
        noun="item",
        order="the nearest consequence first",
        sentence=sentence(view),
        opens=("review_id", "review"),
        record=record,
    )


def _columns() -> dict[str, Any]:
    config = st.column_config
    return {
        "days_to_consequence": config.NumberColumn(
            HEADS["days_to_consequence"],
            help="Days until doing nothing changes a legal right",
            width=records.head_width(HEADS["days_to_consequence"]),
        ),
        "age_days": config.NumberColumn(
            HEADS["age_days"], help="Days since it was opened; nothing stops or restarts it", width=records.head_width(HEADS["age_days"])
        ),
        "controlled_age_days": config.NumberColumn(
            HEADS["controlled_age_days"],
            help="Gross age without the days on which the clock stood",
            width=records.head_width(HEADS["controlled_age_days"]),
        ),
        "entry_value_usd": config.NumberColumn(
            HEADS["entry_value_usd"], format="dollar", width=records.head_width(HEADS["entry_value_usd"])
        ),
        "entry_duty_usd": config.NumberColumn(HEADS["entry_duty_usd"], format="dollar", width=records.head_width(HEADS["entry_duty_usd"])),
        "consequence_date": config.DateColumn(HEADS["consequence_date"], format="D MMM YYYY", width=100),
        "due_date": config.DateColumn(HEADS["due_date"], format="D MMM YYYY", width=100),
    }
