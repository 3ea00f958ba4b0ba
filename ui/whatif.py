"""The controls of the forecast: the level of pending to reach and the what-if sliders, which stay in the URL."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from analytics import capacity, format, weekly
from analytics.capacity import WhatIf
from ui import session
from ui.forecasting import Plan, effect, filters_of, plan_of
from ui.frame import View

#: Level to reach -> how the reader chooses it.
LEVELS: Final[dict[str, str]] = {
    "standard": "No backlog",
    "receipts": "Receipts within the standards",
    "own": "A number of my own",
}
_WHAT_IFS: Final = ("people", "hours", "overtime", "psc_auto")
_MOST_OWN: Final = 1_000_000


def place() -> Any:
    """Keep the place of the headline, which is known once the controls below it are."""
    return st.container()


def chosen(view: View) -> Plan:
    """Draw the level to reach and the what-if sliders, which stay in the URL; returns the plan."""
    plan = plan_of(view)
    if not plan.ready:
        return plan
    _forget_of_others(plan)
    with st.container(horizontal=True, key="forecast_controls", vertical_alignment="bottom"):
        rule, own_level = _level_control(plan)
        what_if = WhatIf(_people(plan), _hours(plan), _share("overtime", "Overtime", 50), _auto(plan))
        if not what_if.nothing:
            st.button("Reset", key="forecast_reset", on_click=_reset)
    plan = plan_of(view, what_if, rule, own_level)
    st.html(f'<p class="cl-caption" role="status">{effect(plan) or _hint(plan)}</p>')
    return plan


def _hint(plan: Plan) -> str:
    """Say how capacity is worked out, and what is not known."""
    staffing = plan.learned.staffing
    words = (
        f"What if? Capacity is people × {format.count(capacity.PRODUCTIVE_HOURS_A_YEAR)} productive hours a year × (1 + overtime) ÷ hours for a "
        f"review; completions, {format.fixed(float(plan.history.pace.sum()), 1)} a week in the {weekly.PACE_WEEKS} weeks to "
        f"{format.date(plan.history.settled_to)}, move in proportion."
    )
    if staffing.people is None:
        words += " People are known for Centers alone: choose one or more Centers, without Port, to try other staffing."
    if not staffing.hours:
        words += " Hours were recorded for too few reviews to try others."
    return words


def _reset() -> None:
    for name in _WHAT_IFS:
        session.keep_own(name, "")
    for key in [key for key in st.session_state if str(key).startswith("forecast_what_")]:
        del st.session_state[key]


def _forget_of_others(plan: Plan) -> None:
    """Forget people and hours that were tried for other work: they mean nothing for this one."""
    basis = filters_of(plan.view)
    if st.session_state.get("forecast_basis", basis) != basis:
        for name in ("people", "hours"):
            session.keep_own(name, "")
        for key in [key for key in st.session_state if str(key).startswith(("forecast_what_people", "forecast_what_hours"))]:
            del st.session_state[key]
    st.session_state["forecast_basis"] = basis


def _number(name: str, low: float, high: float) -> float | None:
    """Read a number of this page from the URL; null when it is none or out of reach."""
    try:
        value = float(session.own(name))
    except ValueError:
        return None
    return value if low <= value <= high else None


def _level_control(plan: Plan) -> tuple[str, float | None]:
    own = _number("level", 0, _MOST_OWN)
    given = "own" if own is not None else session.own("level")
    names = list(LEVELS)
    rule = st.selectbox(
        "Level of pending to reach",
        names,
        index=names.index(given) if given in names else 0,
        format_func=LEVELS.__getitem__,
        key="forecast_level",
        help="No backlog: pending within the standard of its work type. Receipts within the standards: what comes in within them (USCIS).",
    )
    if rule != "own":
        session.keep_own("level", "" if rule == names[0] else rule)
        return rule, None
    start = own if own is not None else capacity.level(plan.history, "standard")
    number = st.number_input("Pending to reach", 0, _MOST_OWN, int(start), key="forecast_own_level")
    session.keep_own("level", str(int(number)))
    return rule, float(number)


def _people(plan: Plan) -> int | None:
    now = plan.learned.staffing.people
    if now is None:
        session.own("people")
        return None
    given = _number("people", 0, 2 * now)
    value = st.slider(
        f"People ({format.count(now)} on board)", 0, 2 * now, int(now if given is None else given), key=f"forecast_what_people_{now}"
    )
    session.keep_own("people", "" if value == now else str(value))
    return None if value == now else int(value)


def _hours(plan: Plan) -> float | None:
    mean = capacity.mean_hours(plan.history, plan.learned.staffing)
    if not mean:
        session.own("hours")
        return None
    now = format.rounded(mean, 1)
    low, high = format.rounded(max(now / 2, 0.1), 1), format.rounded(now * 2, 1)
    given = _number("hours", low, high)
    to = format.date(plan.history.settled_to)
    value = st.slider(
        f"Hours for a review ({format.fixed(now, 1)} in the year to {to})",
        low,
        high,
        now if given is None else given,
        step=0.1,
        format="%.1f",
        key=f"forecast_what_hours_{now}",
        help=f"Mean hours of each work type in the year to {to}, at the mix of the {weekly.PACE_WEEKS} weeks to then. People gives the mean of "
        "all reviews of its own period.",
    )
    same = abs(value - now) < 0.05
    session.keep_own("hours", "" if same else format.fixed(value, 1))
    return None if same else float(value)


def _share(name: str, label: str, most: int, words: str | None = None) -> float:
    given = _number(name, 0, most)
    value = st.slider(label, 0, most, int(given or 0), step=5, format="%d%%", key=f"forecast_what_{name}", help=words)
    session.keep_own(name, str(value) if value else "")
    return float(value) / 100


def _auto(plan: Plan) -> float:
    if capacity.PSC not in plan.history.types:
        session.own("psc_auto")
        return 0.0
    return _share("psc_auto", "PSCs accepted unreviewed", 100, "Post summary corrections accepted without a review, beyond today’s.")
