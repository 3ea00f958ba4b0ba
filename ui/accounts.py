"""The accounts on screen: key figures, the list of them, and one account opened with all that is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

import polars as pl
import streamlit as st

from analytics import accounts, codes, drift, format
from analytics.filters import Filters
from analytics.scope import Scope
from ui import records, session
from ui.account import Around, sections
from ui.board import KeyFigure
from ui.cards.accounts import with_reasons
from ui.cards.shared import plural, total
from ui.figures import key_figure, said, with_signal
from ui.frame import Source, View
from ui.signals import of_series

#: Column of the list -> its heading.
HEADS: Final[dict[str, str]] = {
    "account_name": "Account",
    "reasons": "Why it stands out",
    "center": "Center",
    "status": "Assignment",
    "value_usd": "Value",
    "value_share": "Share",
    "entries_count": "Entry summaries",
    "pending": "Pending",
    "past_due": "Past due",
    "cf28_receipts": "CF-28s",
    "cf28_per_1000": "CF-28s per 1,000",
    "looked_count": "Reviews completed",
    "found_share": "Found something",
    "expected_share": "Expected",
    "off_lines_share": "Others’ goods",
    "margin": "Margin to the next",
    "account_id": "Number",
}


class Records(Source, Protocol):
    """A source that gives accounts."""

    def accounts(self) -> pl.DataFrame:
        """Return the account profiles that the reader may name."""

    def dimension(self, name: str) -> pl.DataFrame:
        """Return a dimension table."""

    def account(self, account_id: str) -> Around | None:
        """Return one account with what is around it."""


def own_view(view: View) -> View:
    """Narrow a view to whole months and, where the reader may name only the accounts of their Centers, to these."""
    own = records.own_centers(view, "Accounts")
    return replace(own, filters=accounts.whole_months(own.filters, own.as_of))


@st.cache_resource(max_entries=24, show_spinner=False)
def _made(version: str, scope: Scope, filters: Filters, _source: Records) -> pl.DataFrame:  # noqa: ARG001 - version and scope are the key
    return accounts.table(_source.frames, _source.accounts(), filters, _source.as_of)


def kept(view: View, source: Records) -> pl.DataFrame:
    """Return the accounts of a view; made once for a version, a scope and a choice of filters."""
    return _made(source.version, source.scope, view.filters, source)


def title(rows: pl.DataFrame) -> str:
    """Say how many accounts there are, how much lies with the largest, and how many stand out."""
    if rows.is_empty():
        return "No account has any work or imports under these filters"
    share, _ = accounts.concentration(rows)
    text = plural(rows.height, "account")
    if share is not None and rows.height > accounts.TOP:
        text += f"; the {accounts.TOP} largest bring {format.share(share)} of the value"
    standing = accounts.worst_first(rows).height
    return f"{text}; {'none' if not standing else format.count(standing)} {'stands' if standing < 2 else 'stand'} out"


def figures(view: View, rows: pl.DataFrame, profiles: pl.DataFrame, waiting: pl.DataFrame) -> list[KeyFigure]:
    """Say how many accounts there are, what they bring, and how many wait, appeal or drift."""
    if view.filters.centers:
        waiting = waiting.filter(pl.col("suggested_center_code").is_in(view.filters.centers))
    asked, appeals = (int(total(waiting.filter(status=name)["accounts_count"])) for name in ("PENDING", "APPEAL"))
    unassigned = KeyFigure(
        "participating_accounts",
        "Await assignment",
        format.count(asked + appeals),
        against=f"{format.count(appeals)} of them under appeal; as of {format.date(view.as_of)}",
        definition="Accounts pending assignment or under appeal whose goods of the last 12 months suggest the chosen Centers.",
    )
    return [
        key_figure(view, "participating_accounts"),
        key_figure(view, "import_value_usd"),
        _largest(view, rows, profiles),
        said(
            unassigned,
            "no trend kept",
            "not judged: an account’s goods suggest a Center by its last 12 months, and earlier ones were not kept",
        ),
        _drifting(rows),
    ]


def _largest(view: View, rows: pl.DataFrame, profiles: pl.DataFrame) -> KeyFigure:
    """Say how much the largest accounts bring, and whether that has changed."""
    share, half = accounts.concentration(rows)
    figure = KeyFigure(
        "import_value_usd",
        f"Share of the {accounts.TOP} largest",
        format.share(share),
        against=f"half of the value comes from {plural(half, 'account')}" if half else "",
        definition=f"Entered value of the {accounts.TOP} accounts with most of it, of all that is listed. Signal: each month’s own {accounts.TOP}, of at least {2 * accounts.TOP}.",
    )
    months = accounts.concentration_by_month(view.frames, profiles, view.filters, view.as_of)
    return with_signal(figure, view, of_series(months, "neither"), "share")


def _drifting(rows: pl.DataFrame) -> KeyFigure:
    """Count the accounts whose findings rise by more than chance."""
    tested, found = rows["q"].count(), int(total(rows["is_drifting"].cast(pl.Int64)))
    figure = KeyFigure(
        "past_due",
        "Accounts that drift",
        format.count(found) if tested else "Too few",
        meaning="bad" if found else "neutral",
        against=f"of {plural(tested, 'account')} compared with their past" if tested else "reviews to compare with the past",
        definition="Accounts whose reviews clearly find more in the last six months than in the twelve before.",
    )
    why = f"at most {format.share(drift.Q, 0)} of those named are expected to be so by chance"
    if not tested:
        return said(figure, "too few to say", why)
    return said(figure, "concern", why, "bad") if found else said(figure, "no clear change", why)


def controls() -> tuple[bool, str]:
    """Draw the search and the choice of those that stand out; both stay in the URL. Returns the choice and the search."""
    with st.container(horizontal=True, key="worklist_controls", vertical_alignment="bottom"):
        choice = st.segmented_control(
            "Show",
            ["all", "standing"],
            format_func=lambda name: {"all": "All accounts", "standing": "Those that stand out"}[name],
            default="standing" if session.own("show") == "standing" else "all",
            key="accounts_show",
        )
        search = st.text_input("Search name or number", value=session.own("find"), key="accounts_search", max_chars=80)
    session.keep_own("show", "standing" if choice == "standing" else "")
    session.keep_own("find", search.strip())
    return choice == "standing", search


def narrowed(rows: pl.DataFrame, search: str, *, standing: bool) -> pl.DataFrame:
    """Keep the accounts in whose name or number every word of a search occurs; of those that stand out the worst first."""
    chosen = accounts.worst_first(rows) if standing else rows
    text = pl.concat_str(["account_name", "account_id"], separator=" ").str.to_lowercase()
    return chosen.filter(text.str.contains(word, literal=True) for word in search.lower().split()) if search.strip() else chosen


def shown(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Write the list's codes as words; columns are those of `HEADS`."""
    centers = dict(view.labels["center"])
    words = {
        "center": pl.col("center_code").replace_strict(centers, default=pl.col("center_code"), return_dtype=pl.String),
        "status": pl.col("status").replace_strict(codes.ASSIGNMENT_STATUSES, default=None, return_dtype=pl.String),
    }
    return with_reasons(rows).with_columns(**words).select(list(HEADS))


def draw(view: View, rows: pl.DataFrame, record: Callable[[str, str], None]) -> None:
    """Draw the list with its export; the row that the reader chooses is opened."""
    listed = shown(view, rows)
    if listed.is_empty():
        records.nothing("No account matches. Choose “All accounts”, or clear the search and the filters.")
        return
    records.listing(
        view,
        listed,
        HEADS,
        _columns(),
        name="accounts",
        noun="account",
        order="",
        sentence=view.sentence,
        opens=("account_id", "account"),
        record=record,
    )


def _columns() -> dict[str, Any]:
    config = st.column_config
    percent = {
        name: config.NumberColumn(HEADS[name], format="percent", width=records.head_width(HEADS[name]))
        for name in ("value_share", "found_share", "expected_share", "off_lines_share", "margin")
    }
    return percent | {
        "value_usd": config.NumberColumn(HEADS["value_usd"], format="dollar", width=130),
        "account_name": config.TextColumn(HEADS["account_name"], width=210),
        "reasons": config.TextColumn(HEADS["reasons"], width=220),
        "cf28_per_1000": config.NumberColumn(
            HEADS["cf28_per_1000"], format="%.1f", width=records.head_width(HEADS["cf28_per_1000"]), help="A dash: too few entry summaries"
        ),
        "found_share": config.NumberColumn(
            HEADS["found_share"],
            format="percent",
            width=records.head_width(HEADS["found_share"]),
            help="A yield of reviews, not a compliance rate. A dash: too few reviews",
        ),
        "expected_share": config.NumberColumn(
            HEADS["expected_share"],
            format="percent",
            width=records.head_width(HEADS["expected_share"]),
            help="What reviews opened for the same reasons find over all listed",
        ),
    }


def detail(view: View, source: Records) -> None:
    """Draw the account that is open, if any: its facts, months, pending items, findings, notices, goods and assignments."""
    account_id = session.own("account")
    if not account_id:
        return
    around = source.account(account_id)
    if around is None:
        session.keep_own("account", "")
        records.not_there("account", account_id)
        return
    st.html('<div class="cl-opened">' + "".join(sections(view, around, source.dimension("industry"))) + "</div>")
