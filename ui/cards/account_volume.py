"""Cards of what accounts bring: this month beside others, and what is not in a Center."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from analytics import assignment, format, periods
from analytics.metrics import METRICS
from ui import changes, charts
from ui.board import Card, Column
from ui.cards.shared import empty, plural, total, with_chart
from ui.figures import written
from ui.frame import View

#: What a Center processes in a month.
_MONTHLY: Final = ("entry_summaries", "entry_lines", "import_value_usd", "duty_usd", "participating_accounts")

#: Standings of accounts that no Center works.
_OUT: Final = tuple(name for name in assignment.STANDINGS if name != "participating")


def last_whole_month(view: View) -> dt.date:
    """Return the first day of the last month of the view that is over."""
    last = periods.month_start(view.end)
    return last if periods.month_end(view.end) == view.end else periods.months_back(last, 1)


def month(view: View) -> Card:
    """The last whole month beside the one before and the same month a year ago."""
    key, now = "month", last_whole_month(view)
    starts = {"now": now, "before": periods.months_back(now, 1), "year": periods.months_back(now, 12)}
    first = periods.month_start(view.source.first_date)
    known = {name: start for name, start in starts.items() if start >= first}
    answers = {name: {metric: _in_month(view, metric, start) for metric in _MONTHLY} for name, start in known.items()}
    if not any(answers.get("now", {}).values()):
        return empty(view, key, f"Nothing was processed in {format.month(now)}", "entry_summaries")
    rows = pl.DataFrame(
        [
            {"label": METRICS[metric].name, "unit": METRICS[metric].unit} | {name: answers.get(name, {}).get(metric) for name in starts}
            for metric in _MONTHLY
        ],
        schema={"label": pl.String, "unit": pl.String, **dict.fromkeys(starts, pl.Float64)},
    )
    said = rows.with_columns(
        pl.Series(name, [written(value, unit) for value, unit in rows.select(name, "unit").iter_rows()], pl.String) for name in starts
    )
    entries = {name: answer["entry_summaries"] or 0.0 for name, answer in answers.items()}
    title = f"{plural(int(entries['now']), 'entry summary', 'entry summaries')} in {format.month(now)}"
    against = [changes.beside(entries["now"], entries[name], format.month(starts[name])) for name in ("before", "year") if name in entries]
    heads = [(name, format.month(start)) for name, start in starts.items()]
    return with_chart(
        Card(
            key=key,
            title=f"{title}, {' and '.join(against)}" if against else title,
            subtitle=f"What was processed in the last whole month, the month before and a year ago · {', '.join(view.filters.narrowed(view.labels)) or 'all Centers and ports'}",
            alt=f"{title}.",
            chart=None,
            table=said,
            columns=(Column("label", "Number", "text"), *(Column(name, head, "text") for name, head in heads)),
            metric_ids=_MONTHLY,
            note="An account may hold several importer numbers; it counts once, when a Center processed an entry summary of it in the month.",
        ),
        charts.words,
        said,
        "label",
        heads,
    )


def _in_month(view: View, metric: str, start: dt.date) -> float | None:
    rows = view.ask(metric, filters=view.filters.between(start, periods.month_end(start)))
    value = rows["value"][0] if rows.height else None
    return None if value is None else float(value)


def outside(view: View, segments: pl.DataFrame) -> Card:
    """What no Center works, by why: pending, under appeal, not eligible, eligible and not applied, outside the programs."""
    key = "outside"
    kept = segments.filter(pl.col("center_code").is_in(view.filters.centers)) if view.filters.centers else segments
    sums = kept.group_by("standing").agg(pl.col("accounts_count", "entries_count", "value_usd").sum())
    order = pl.DataFrame({"standing": list(assignment.STANDINGS), "label": list(assignment.STANDINGS.values())})
    rows = order.join(sums, on="standing", how="inner", maintain_order="left")
    out = rows.filter(pl.col("standing").is_in(_OUT)).sort(["value_usd", "label"], descending=[True, False])
    subtitle = f"Import value of the 12 months to {format.date(view.as_of)}, each account whole, by where it stands now and the Center that its goods suggest · {', '.join(view.filters.narrowed(view.labels)) or 'all Centers'}"
    if out.is_empty() or total(out["value_usd"]) <= 0:
        text = "Every account that imported in the last 12 months participates, or none did."
        return Card(key, "No account is outside of the Centers", subtitle, text, None, pl.DataFrame(), (), empty=text)
    whole, left = total(rows["value_usd"]), total(out["value_usd"])
    eligible = out.filter(pl.col("standing").is_in(["assigned", "pending", "appeal", "eligible"]))
    title = f"{format.share(left / whole)} of import value is of accounts that no Center works; {format.usd(total(eligible['value_usd']), long=True)} of it could be: assigned, waiting or eligible"
    words = [plural(count, "account") for count in out["accounts_count"].to_list()]
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=subtitle,
            alt=f"{title}.",
            chart=None,
            table=rows.with_columns(share=pl.col("value_usd") / whole),
            columns=(
                Column("label", "Where accounts stand", "text"),
                Column("accounts_count", "Accounts", "count"),
                Column("entries_count", "Entry summaries", "count"),
                Column("value_usd", "Import value", "usd"),
                Column("share", "Share", "share"),
            ),
            metric_ids=("center_value_share",),
            note="An account without a Center counts under the one that most of its lines suggest. Eligible: a member of C-TPAT tier 2–3 or ISA. All goods of an account count as it stands now; Routing counts entries instead, each as it was processed, so that its eligible value at ports is another number.",
        ),
        charts.bars,
        out.with_columns(pl.Series("extra", words, pl.String)),
        "label",
        "value_usd",
        kind="usd",
        extra="extra",
    )
