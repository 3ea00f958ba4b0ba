"""Rows of a benchmark's table: a measure, how often and how long, and the ratio to what it is held against in the same run."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any


def row(measure: str, times: Sequence[float], unit: str, **more: Any) -> dict[str, Any]:
    """Summarise measured values."""
    return {
        "measure": measure,
        "n": len(times),
        "p50": round(statistics.median(times), 3),
        "p95": round(p95(times), 3),
        "unit": unit,
        **more,
    }


def against(
    measure: str, times: Sequence[float], other: str, base: Sequence[float], reach: float | None = None, unit: str = "s", *, at: str = "p50"
) -> dict[str, Any]:
    """Hold measured values against others; `reach` is the most that the ratio may be."""
    ratio = round(_at(at, times) / _at(at, base), 4)
    words = f"{other} ({at} {_at(at, base):.3g} {unit})"
    met = {} if reach is None else {"reach": f"at most {reach:g}", "met": ratio <= reach}
    return row(measure, times, unit, against=words, ratio=ratio, **met)


def faster(
    measure: str, times: Sequence[float], other: str, base: Sequence[float], reach: float, unit: str = "ms", *, at: str = "p95"
) -> dict[str, Any]:
    """Say how many times faster measured values are than others; `reach` is the least that it may be."""
    ratio = round(_at(at, base) / _at(at, times), 2)
    words = f"{other} ({at} {_at(at, base):.3g} {unit})"
    return row(measure, times, unit, against=words, ratio=ratio, reach=f"at least {reach:g} times faster at {at}", met=ratio >= reach)


def p95(times: Sequence[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def _at(at: str, times: Sequence[float]) -> float:
    return p95(times) if at == "p95" else statistics.median(times)
