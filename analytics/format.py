"""One way to write numbers, dates and changes: for titles, key figures, charts and tables.

The browser writes table cells by the same rules (`ui/board/board.js`, function `cell`). Both round half up with the
same arithmetic, so that a number in a title and the same number in a table never differ. Null is an en dash.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Final, Literal, NamedTuple

Kind = Literal["text", "count", "usd", "share", "days", "date", "month"]
Direction = Literal["up", "down", "flat"]
Meaning = Literal["good", "bad", "neutral"]

NONE: Final = "–"
MINUS: Final = "−"
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_USD_UNITS: Final = ((1e12, "T", "trillion"), (1e9, "B", "billion"), (1e6, "M", "million"), (1e3, "K", "thousand"))


class Change(NamedTuple):
    """A difference as a key figure shows it: its size, the arrow and what it means."""

    text: str
    direction: Direction
    meaning: Meaning


def rounded(value: float, digits: int = 0) -> float:
    """Round half away from zero, by the same arithmetic as the browser."""
    power = 10.0**digits
    return math.copysign(math.floor(abs(value) * power + 0.5) / power, value)


def fixed(value: float, digits: int = 0) -> str:
    """Write a number with thousands separators, fixed decimals and a true minus sign."""
    whole = rounded(value, digits)
    return f"{MINUS if whole < 0 else ''}{abs(whole):,.{digits}f}"


def missing(value: float | None) -> bool:
    """Say whether there is no number to write."""
    return value is None or not math.isfinite(value)


def count(value: float | None) -> str:
    """Write a count: 12480 -> "12,480"."""
    return NONE if value is None or missing(value) else fixed(value)


def usd(value: float | None, *, long: bool = False) -> str:
    """Write dollars to about three figures: 1.23e9 -> "$1.2B", long "$1.2 billion"."""
    if value is None or missing(value):
        return NONE
    sign, size = (MINUS if value < 0 else ""), abs(value)
    if rounded(size) < 1000:
        return f"{sign}${fixed(size)}"
    chosen = len(_USD_UNITS) - 1
    while chosen > 0 and rounded(size / _USD_UNITS[chosen][0]) >= 1000:
        chosen -= 1
    scale, short, name = _USD_UNITS[chosen]
    scaled = size / scale
    number = fixed(scaled, 1 if rounded(scaled, 1) < 100 else 0)
    return f"{sign}${number} {name}" if long else f"{sign}${number}{short}"


def usd_full(value: float | None) -> str:
    """Write dollars in full, as tables do: "$1,234,567"."""
    if value is None or missing(value):
        return NONE
    text = fixed(value)
    return f"{MINUS}${text[1:]}" if text.startswith(MINUS) else f"${text}"


def share(value: float | None, digits: int = 1) -> str:
    """Write a share of 0-1 as a percentage; never "100.0%" for less than all or "0.0%" for more than none."""
    if value is None or missing(value):
        return NONE
    percent, step = value * 100, 10.0**-digits
    text = fixed(percent, digits)
    if 0 < percent < 100:
        if rounded(percent, digits) >= 100:
            return f">{fixed(100 - step, digits)}%"
        if rounded(percent, digits) == 0:
            return f"<{fixed(step, digits)}%"
    return f"{text}%"


def points(value: float | None, digits: int = 1) -> str:
    """Write a difference of two shares in percentage points: 0.018 -> "1.8 pts"."""
    return NONE if value is None or missing(value) else f"{fixed(value * 100, digits)} pts"


def days(value: float | None) -> str:
    """Write a duration: 21 -> "21 days", 1 -> "1 day", 41.6 -> "41.6 days"."""
    if value is None or missing(value):
        return NONE
    tenth = rounded(value, 1)
    text = fixed(tenth, 0 if tenth == int(tenth) else 1)
    return f"{text} day" if tenth == 1 else f"{text} days"


def ratio(value: float | None) -> str:
    """Write any other number to two decimals: 0.97 -> "0.97"."""
    return NONE if value is None or missing(value) else fixed(value, 2)


def _as_date(value: dt.date | str) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, str):
        return dt.date.fromisoformat(value if len(value) > 7 else f"{value}-01")
    return value


def date(value: dt.date | str | None) -> str:
    """Write a date: 2013-09-30 -> "30 Sep 2013"."""
    if value is None:
        return NONE
    day = _as_date(value)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def month(value: dt.date | str | None) -> str:
    """Write a month, given as one of its days or as "2013-09": "Sep 2013"."""
    if value is None:
        return NONE
    day = _as_date(value)
    return f"{MONTHS[day.month - 1]} {day.year}"


def number(value: float | None, kind: str) -> str:
    """Write a number by its kind: count, usd (short), share, days or ratio."""
    writers = {"usd": usd, "share": share, "days": days, "ratio": ratio}
    return writers.get(kind, count)(value)


def cell(value: object, kind: str) -> str:
    """Write a table cell by its kind, as the browser does."""
    if value is None:
        return NONE
    if kind in ("date", "month") and isinstance(value, dt.date | str):
        return date(value) if kind == "date" else month(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return usd_full(value) if kind == "usd" else number(value, kind)
    return str(value)


def change(now: float | None, before: float | None, kind: str, *, better: str = "neither") -> Change | None:
    """Compare two values; `better` is "higher", "lower" or "neither". None when there is nothing to compare.

    A change too small to show at the kind's precision is flat and neutral.
    """
    if now is None or before is None or missing(now) or missing(before):
        return None
    gap = now - before
    text = points(abs(gap)) if kind == "share" else number(abs(gap), kind)
    if not any(digit in text for digit in "123456789"):
        return Change(text, "flat", "neutral")
    direction: Direction = "up" if gap > 0 else "down"
    wanted = {"higher": "up", "lower": "down"}.get(better)
    if wanted is None:
        return Change(text, direction, "neutral")
    return Change(text, direction, "good" if direction == wanted else "bad")


#: From more than so many times the earlier amount on, the amount itself is said. Per cent beyond 200 come from a base that was hardly
#: there, such as a Center in its first weeks: +4,312% says how small that was, and nothing of how large it is now.
GREATEST: Final = 3.0


def grown(now: float, before: float) -> bool:
    """Say whether an amount is more than `GREATEST` times an earlier one that was not zero: then per cent mislead."""
    return before > 0 and now > GREATEST * before


def relative_change(now: float | None, before: float | None, *, better: str = "neither", kind: str = "count") -> Change | None:
    """Compare two amounts in per cent of the earlier one, or name the earlier one where `grown`; None when that is zero or missing."""
    if now is None or before is None or missing(now) or missing(before) or before == 0:
        return None
    raw = change(now, before, "count", better=better)
    ratio = abs(now - before) / abs(before)
    if raw is None or rounded(ratio * 100, 1) == 0:
        return Change("0.0%", "flat", "neutral")
    direction: Direction = "up" if now > before else "down"
    wanted = {"higher": "up", "lower": "down"}.get(better)
    meaning: Meaning = "neutral" if wanted is None else "good" if wanted == direction else "bad"
    return Change(f"from {number(before, kind)}" if grown(now, before) else f"{fixed(ratio * 100, 1)}%", direction, meaning)


def interval(low: float | None, high: float | None, kind: str) -> str:
    """Write a 95 % interval: "95% interval 96.1–97.4%"; empty when it is not known."""
    if missing(low) or missing(high):
        return ""
    start, end = number(low, kind), number(high, kind)
    for unit in ("%", " days"):
        if start.endswith(unit) and end.endswith(unit):
            start = start.removesuffix(unit)
    return f"95% interval {start}–{end}"


def sample(n: float | None, noun: str = "") -> str:
    """Write a sample size: "n = 1,234 lines"."""
    return "" if missing(n) else f"n = {count(n)} {noun}".rstrip()
