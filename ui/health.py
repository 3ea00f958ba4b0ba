"""What the page Data health shows: checks with who should do what, how months moved, what is complete, and the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from html import escape
from typing import Final

import polars as pl
import streamlit as st

from analytics import format, periods
from ui.lists import table

_STATES: Final = {"act": ("▲", "Act"), "watch": ("●", "Look"), "good": ("✓", "Good")}

#: Months of the revision tables, ports of the completeness grid.
_MONTHS: Final = 8
_PORTS: Final = 12


def checks(frame: pl.DataFrame) -> None:
    """Show each check: its state in a mark and a word, what was found, and who should do what."""
    items = "".join(_check(row) for row in frame.to_dicts())
    st.html(f'<section class="cl-list cl-checks"><h2>Can these data be believed?</h2><ul>{items}</ul></section>')


def _check(row: Mapping[str, str]) -> str:
    mark, word = _STATES[row["state"]]
    todo = f'<p class="cl-todo"><strong>{escape(row["who"])}</strong> {escape(row["todo"])}</p>' if row["todo"] else ""
    return (
        f'<li class="cl-check cl-{row["state"]}"><span class="cl-state"><span aria-hidden="true">{mark}</span> {word}</span>'
        f"<div><h3>{escape(row['check'])}</h3><p>{escape(row['found'][:1].upper() + row['found'][1:])}</p>{todo}</div></li>"
    )


def revisions(known: pl.DataFrame) -> None:
    """Show how the latest months were known on each day that a load changed them: entries that came, and reviews that were closed."""
    left, right = st.columns(2)
    with left:
        st.html(_known_table(known.filter(table_name="entry"), "rows", "Entry summaries", "entry summaries"))
    with right:
        st.html(_known_table(known.filter(table_name="review"), "closed", "Reviews opened in the month and closed", "closed reviews"))


def _known_table(known: pl.DataFrame, measure: str, noun: str, unit: str) -> str:
    """Write months down and days of knowledge across; a cell that changed says by how much."""
    months = sorted(known["month"].unique())[-_MONTHS:]
    rows = known.filter(pl.col("month").is_in(months))
    days = sorted(day for day in rows["known_date"].unique() if day is not None)[-5:]
    at = {(row["month"], row["known_date"]): row[measure] for row in rows.iter_rows(named=True)}
    lines = [[f"{month}-01", *_known_line(at, month, days)] for month in reversed(months)]
    heads = ("Month", *(f"Known {format.date(day)}" for day in days))
    caption = f"{noun}, as known then"
    cells = [[format.month(line[0]), *line[1:]] for line in lines]
    return table(f"{caption}: {_moved(at, months, days, unit)}", heads, cells, empty="Nothing was loaded by month yet.")


def _known_line(at: Mapping[tuple[str, dt.date | None], int], month: str, days: list[dt.date]) -> list[str]:
    last = at.get((month, None))
    cells = []
    for day in days:
        now = at.get((month, day), last)
        change = "" if now is None or last is None or now == last else f" ({now - last:+,})".replace("-", "−")
        cells.append("" if now is None else f"{format.count(now)}{change}")
        last = now
    return cells


def _moved(at: Mapping[tuple[str, dt.date | None], int], months: list[str], days: list[dt.date], unit: str) -> str:
    """Say which month has moved most since it ended."""
    spans = []
    for month in months:
        end = periods.month_end(dt.date.fromisoformat(f"{month}-01"))
        values = [at[month, day] for day in days if (month, day) in at and day >= end]
        if len(values) > 1 and values[-1] != values[0]:
            spans.append((abs(values[-1] - values[0]), month, values[0], values[-1]))
    if not spans:
        return "no month has moved"
    _, month, first, last = max(spans)
    return f"{format.month(f'{month}-01')} was {format.count(first)} {unit} when it had ended, {format.count(last)} now"


def completeness(cells: pl.DataFrame, ports: Mapping[str, str]) -> None:
    """Show what the ports report in each month against what they usually do, the emptiest first."""
    if cells.is_empty():
        st.html(
            table("Completeness by month and port", (), (), empty="Too few entry summaries a port and month to expect any number of them.")
        )
        return
    share = (pl.col("entries_count") / pl.col("expected")).alias("share")
    worst = cells.with_columns(share).group_by("port_code").agg(pl.col("share").min()).sort("share", "port_code").head(_PORTS)["port_code"]
    months = sorted(cells["month"].unique())
    at = {(row["port_code"], row["month"]): row for row in cells.with_columns(share).iter_rows(named=True)}
    odd = cells.filter(pl.col("state") != "ok").height
    finding = "every port reports at least half of its usual" if not odd else f"{odd} months of a port are under half of its usual"
    head = "".join(f'<th scope="col">{escape(format.month(f"{month}-01"))}</th>' for month in months)
    body = "".join(
        f'<tr><th scope="row">{escape(ports.get(port, port))}</th>{"".join(_share_cell(at.get((port, month))) for month in months)}</tr>'
        for port in worst
    )
    st.html(
        f'<section class="cl-list cl-grid"><h2>Completeness by month and port: {escape(finding)}</h2>'
        f"<p>Entry summaries of the month in per cent of the port's median of the twelve months before; the {len(worst)} emptiest of "
        f'{cells["port_code"].n_unique()} ports with at least 30 expected.</p><div class="cl-scroll" tabindex="0" role="region" '
        f'aria-label="Completeness by month and port"><table><thead><tr><th scope="col">Port of entry</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _share_cell(row: Mapping[str, object] | None) -> str:
    if row is None:
        return '<td class="cl-none">–</td>'
    share = float(str(row["share"]))
    return f'<td class="cl-{row["state"]}">{share * 100:.0f}{"" if row["state"] == "ok" else " ▼"}</td>'


def vanished(missing: pl.DataFrame | None) -> None:
    """List the records that a full extract no longer has; null when the role does not see records."""
    if missing is None:
        return
    rows = [
        (
            row["table_name"],
            row["row_key"],
            row["source"],
            f"load {row['seen_load_id']}",
            f"load {row['missed_load_id']}, {format.date(row['missed_date'])}",
        )
        for row in missing.head(100).iter_rows(named=True)
    ]
    heads = ("Table", "Record", "Source", "Last in", "Missing in")
    title = f"Vanished records: {format.count(missing.height)} that a full extract no longer has, with nothing that closed them"
    st.html(table(title if rows else "Vanished records", heads, rows, empty="No record has vanished from a full extract."))
