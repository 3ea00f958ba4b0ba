"""The headline of each page, computed from the page's own numbers."""

from __future__ import annotations

import polars as pl

from analytics import format
from ui import changes, provisional, signals
from ui.cards.shared import plural
from ui.frame import View


def _value(view: View, metric_id: str, *, earlier: bool = False) -> float | None:
    if earlier and view.earlier is None:
        return None
    rows = view.ask(metric_id, filters=view.earlier if earlier else None)
    value = rows["value"][0] if rows.height else None
    return None if value is None else float(value)


def overview(view: View) -> str:
    """Say what share the Centers process and how the backlog moved."""
    share, backlog, before = _value(view, "center_value_share"), _value(view, "backlog"), _value(view, "backlog", earlier=True)
    chosen = [code for code in view.filters.centers if code != "PORT"]
    who = view.label("center", chosen[0]) if len(chosen) == 1 else "The chosen Centers" if chosen else "Centers"
    verb = "processes" if len(chosen) == 1 else "process"
    if share is None:
        return "No imports match these filters"
    title = f"{who} {verb} {format.share(share)} of import value"
    if view.filters.centers and not chosen:
        everyone = view.ask("center_value_share", filters=view.filters.keeping("center", ()))["value"][0]
        title = f"Ports process {format.share(None if everyone is None else 1 - everyone)} of import value"
    if backlog is None:
        return title
    if not before:
        counted = f"{title}; {plural(int(backlog), 'review is', 'reviews are')} backlog"
        return f"{counted}, with none {changes.YEAR}" if backlog and before is not None else counted
    return f"{title}; the backlog is {changes.words(view, 'backlog', backlog, before)}"


def workload(view: View) -> str:
    """Say how much is waiting, how it moved and how much of it is backlog."""
    pending, before, backlog = _value(view, "pending"), _value(view, "pending", earlier=True), _value(view, "backlog")
    if not pending:
        return "Nothing is waiting"
    late = provisional.of_metric(view, "pending")
    title = f"{plural(int(pending), 'review')} pending" + _unreported(late)
    if before is not None:
        title += f", {changes.words(view, 'pending', pending, before, late=late)}"
    return f"{title}; {format.share((backlog or 0) / pending)} of them are backlog"


def _unreported(late: provisional.Open) -> str:
    """Say how many of what is pending are done already, where their reports still arrive."""
    if not late.words:
        return ""
    done = "some" if late.rest is None else f"about {format.count(-late.rest)}"
    return f" ({done} of them completed, not yet reported)"


def compliance(view: View) -> str:
    """Say what the rate is and whether it clearly changed on a year earlier."""
    now = view.ask("compliance_rate_major").row(0, named=True)
    if now["value"] is None:
        return "Too few sampled lines to state a compliance rate"
    title = f"{format.share(now['value'])} of entry lines have no major discrepancy"
    before = view.ask("compliance_rate_major", filters=view.earlier).row(0, named=True) if view.earlier else {"value": None}
    if before["value"] is None:
        return title
    found = changes.judge(view, "compliance_rate_major", now, before)
    if found in (changes.LATE, changes.MEETS):
        usual = changes.unusual(signals.judged(view, ["compliance_rate_major"])["compliance_rate_major"][1])
        return f"{title}; not clearly different from {changes.YEAR}{f', but {usual}' if usual else ''}"
    more = now["value"] > before["value"]
    if found == changes.CLEAR:
        return f"{title}, clearly {'more' if more else 'fewer'} than {changes.YEAR}"
    title += f", {format.points(abs(now['value'] - before['value']))} {'above' if more else 'below'} {changes.YEAR}"
    return f"{title}, not a clear change" if found == changes.STEADY else title


def feedback(view: View) -> str:
    """Say how much was received, and how much waits at the end of the period, whenever it came in."""
    received, waiting = _value(view, "feedback_received"), _value(view, "feedback_open")
    if not received:
        return "No feedback was received in this period"
    public = "public " if view.source.scope.role.released else ""
    said = f"Working groups gave {plural(int(received), f'{public}piece')} of feedback"
    verb = "was" if waiting == 1 else "were"
    return f"{said}; {format.count(waiting)} {verb} not settled on {format.date(min(view.end, view.as_of))}, whenever received"


def data_health(checks: pl.DataFrame) -> str:
    """Say whether the data can be believed, and what comes first."""
    acts, looks = (checks.filter(state=state).height for state in ("act", "watch"))
    if acts:
        first = checks.filter(state="act")["found"][0]
        return f"{acts} of {checks.height} checks {'asks' if acts == 1 else 'ask'} for action: {first}"
    if looks:
        return f"Nothing asks for action; {looks} of {checks.height} checks {'wants' if looks == 1 else 'want'} a look"
    return f"All {checks.height} checks of the data are good"
