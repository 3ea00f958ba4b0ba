"""What pages show as text and tables rather than charts: definitions, loads, what was said and done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from html import escape
from itertools import zip_longest
from typing import Any, Final, Protocol

import polars as pl
import streamlit as st

from analytics import clocks, codes, format
from analytics.assignment import CLOSE_MARGIN
from analytics.metrics import METRICS, Metric
from ui.frame import Source, View

_UNITS = {"count": "count", "usd": "U.S. dollars", "share": "share, 0–1, shown in per cent", "days": "days", "ratio": "number"}
_BETTER = {"higher": "higher is better", "lower": "lower is better", "neither": "neither way is better"}


class Dated(Source, Protocol):
    """A source that knows when it was published."""

    @property
    def manifest(self) -> dict[str, Any]:
        """Facts of the version."""


#: Most columns of a table whose rows a phone shows as blocks; more are mostly figures, which compare better side by side.
_BLOCK: Final = 8


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[object]], *, empty: str) -> str:
    """Write an accessible table; every cell is text, and names its column where a phone shows each row as a block."""
    heads = tuple(heads)
    names = [f' data-head="{escape(name)}"' if name and len(heads) <= _BLOCK else "" for name in heads]
    body = "".join(
        "<tr>" + "".join(f"<td{name}>{escape(str(cell))}</td>" for cell, name in zip_longest(row, names, fillvalue="")) + "</tr>"
        for row in rows
    )
    if not body:
        return f'<section class="cl-list"><h2>{escape(caption)}</h2><p>{escape(empty)}</p></section>'
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return (
        f'<section class="cl-list"><h2>{escape(caption)}</h2><div class="cl-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def definitions() -> None:
    """List every metric of the registry."""
    for kind in ("output", "efficiency", "outcome"):
        metrics = [metric for metric in METRICS.values() if metric.kind == kind]
        st.html(
            f'<section class="cl-list"><h2>{kind.capitalize()}</h2><dl class="cl-defs">{"".join(map(_definition, metrics))}</dl></section>'
        )


def _definition(metric: Metric) -> str:
    facts = f"{_UNITS[metric.unit]} · {_BETTER[metric.direction]} · {metric.basis} · by {', '.join(metric.dimensions)}, time"
    code = f"{metric.module}.{metric.answer.__name__}"
    return (
        f'<dt id="{metric.id}">{escape(metric.name)} <code>{metric.id}</code></dt><dd><p>{escape(metric.definition)}</p>'
        f"<p><strong>Formula</strong> {escape(metric.formula)}</p><p>{escape(facts)}</p><p><strong>Code</strong> <code>{code}</code></p></dd>"
    )


def clock_rules() -> None:
    """List the clocks that the law sets, with their citations and since when each holds."""
    rows = [
        (
            row["clock"],
            f"{row['work']}, {row['runs_while']}" if row["runs_while"] else row["work"],
            row["duty"],
            row["time"],
            row["consequence"],
            row["citation"],
            _in_force(row["in_force_from"], row["in_force_to"]),
        )
        for row in clocks.rules_table().iter_rows(named=True)
    ]
    heads = ("Clock", "Work", "Whose duty", "Last day", "If nothing is done", "Citation", "In force")
    st.html(table("Clocks that the law sets", heads, rows, empty=""))


def _in_force(start: dt.date | None, end: dt.date | None) -> str:
    if start is None and end is None:
        return "throughout"
    return " ".join([*(["from", format.date(start)] if start else []), *(["to", format.date(end)] if end else [])])


def versions(source: Dated) -> None:
    """Say which data these are."""
    manifest = source.manifest
    rows = [
        ("Data version", source.version),
        ("As of", format.date(source.as_of)),
        ("First day of the data", format.date(source.first_date)),
        ("Published", manifest["published_at"]),
        ("Entry summaries", format.count(manifest["rows"]["facts/entry"])),
        ("Entry lines", format.count(manifest["rows"]["facts/entry_line"])),
        ("Reviews", format.count(manifest["rows"]["facts/review"])),
        ("Months", f"{len(manifest['parts'])} parts, each made anew when its month changes"),
        ("Origin", "Synthetic data" if source.synthetic else "Loaded extracts"),
    ]
    st.html(table("The data in force", ("", ""), rows, empty=""))


def identities(frame: pl.DataFrame) -> None:
    """Show what must add up, broken ones first."""
    rows = frame.sort([pl.col("residual") == 0, "identity"]).iter_rows(named=True)
    cells = [
        (row["identity"], format.count(row["cells"]), format.count(row["residual"]), "holds" if row["residual"] == 0 else "BROKEN")
        for row in rows
    ]
    st.html(table("What must add up", ("Identity", "Places compared", "Difference", ""), cells, empty="Nothing was checked."))


def loads(ledger: pl.DataFrame) -> None:
    """Show what was loaded, read, accepted and refused."""
    read = [
        (
            row["file_name"],
            row["table_name"],
            f"{row['source']}{', full' if row['is_full'] else ''}",
            format.date(row["extract_date"]) if row["extract_date"] else "",
            format.count(row["read_count"]),
            format.count(row["accepted_count"]),
            format.count(row["rejected_count"]),
            format.count(row["replaced_count"]),
            f"{row['finished_at']:%Y-%m-%d %H:%M}",
        )
        for row in ledger.iter_rows(named=True)
    ]
    st.html(
        table(
            "Loads",
            ("File", "Table", "Source", "Drawn on", "Rows read", "Accepted", "Quarantined", "Corrected", "Loaded (UTC)"),
            read,
            empty="Nothing was loaded.",
        )
    )


def quarantine(rejects: pl.DataFrame | None) -> None:
    """Show what waits in quarantine and what to do about it; null when the role does not see rows."""
    if rejects is None:
        st.html('<section class="cl-list"><h2>Quarantine</h2><p>Single rows are shown to analysts; the counts stand above.</p></section>')
        return
    bad = [
        (row["file_name"], row["row_number"], row["column_name"], row["rule"], row["value"], row["message"])
        for row in rejects.head(200).iter_rows(named=True)
    ]
    st.html(table("Quarantine", ("File", "Row", "Column", "Rule", "Value", "What to do"), bad, empty="No row is in quarantine."))


def pending_accounts(view: View, accounts: pl.DataFrame, most: int = 15) -> None:
    """Show the accounts that wait for a Center, with the one their goods suggest and the margin to the next; most value first."""
    waiting = accounts.filter(pl.col("status").is_in(["PENDING", "APPEAL"])).sort(["value_usd", "account_id"], descending=[True, False])
    rows = [
        (
            row["account_name"],
            codes.ASSIGNMENT_STATUSES[row["status"]],
            view.label("center", row["suggested_center_code"]) if row["suggested_center_code"] else "No goods in 12 months",
            format.share(row["suggested_share"]),
            format.points(row["margin"]) + (" (close)" if (row["margin"] or 1) < CLOSE_MARGIN else ""),
            format.count(row["entries_count"]),
            format.usd(row["value_usd"]),
        )
        for row in waiting.head(most).iter_rows(named=True)
    ]
    heads = ("Account", "Status", "Goods suggest", "Share of lines", "Margin to the next", "Entry summaries", "Import value")
    title = "Accounts pending assignment" + (
        f": the {most} with most value of {format.count(waiting.height)}" if waiting.height > most else ""
    )
    st.html(table(title, heads, rows, empty="Every account has its assignment settled."))


def said_and_done(view: View, feedback: pl.DataFrame, most: int = 12) -> None:
    """Show, side by side, what was said and what was done about it, newest answers first."""
    days = pl.col("received_date").is_between(view.filters.from_date, view.filters.to_date)
    kept = feedback.filter(days & view.filters.only(["center"]).predicate(["center"]))
    done = kept.filter(pl.col("status").is_in(["implemented", "partly_implemented"]) & pl.col("response").is_not_null())
    rows = [
        (
            view.label("center", row["center_code"]),
            codes.FEEDBACK_TOPICS.get(row["topic"], row["topic"]),
            row["statement"],
            row["response"],
            f"{codes.FEEDBACK_STATUSES[row['status']]}, {format.date(row['responded_date'])}",
        )
        for row in done.sort("responded_date", descending=True).head(most).iter_rows(named=True)
    ]
    heads = ("Center", "Topic", "You said", "We did", "Status")
    title = f"You said, we did: {format.count(done.height)} answered by a change" + (
        f", the {most} latest shown" if done.height > most else ""
    )
    st.html(table(title, heads, rows, empty="Nothing received in this period has led to a change yet."))
