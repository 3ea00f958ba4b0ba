"""What adds up in a release, written down by hand a second time, for attackers who share no code with the audit."""

from __future__ import annotations

import datetime as dt

import polars as pl

from analytics import periods
from analytics.publication import SPLITS

KEYS = ["metric_id", "center_code", "district_code", "period"]


def equations(cells: pl.DataFrame) -> list[dict[int, float]]:
    """Write down what adds up, by hand: months, quarters, Centers, districts, and stocks with their flows."""
    at = {key: number for number, key in enumerate(cells.select(KEYS).iter_rows())}
    centers = sorted({key[1] for key in at} - {"ALL", "CENTERS", "PORT"})
    districts = sorted({key[2] for key in at} - {"ALL"})
    found: list[dict[int, float]] = []

    def add(whole: tuple[str, ...], pieces: list[tuple[str, ...]]) -> None:
        if whole in at and pieces and all(piece in at for piece in pieces):
            found.append({at[whole]: -1.0, **{at[piece]: 1.0 for piece in pieces}})

    for metric, center, district, period in list(at):
        level, day = period.split(" ")
        start = dt.date.fromisoformat(day)
        step = {"quarter": ("month", 1), "fiscal_year": ("quarter", 3)}.get(level)
        if step:
            days = [periods.months_back(start, -step[1] * count) for count in range(3 if level == "quarter" else 4)]
            add((metric, center, district, period), [(metric, center, district, f"{step[0]} {each}") for each in days])
        if center == "CENTERS":
            add((metric, center, district, period), [(metric, each, district, period) for each in centers])
        if center == "ALL":
            add((metric, center, district, period), [(metric, each, district, period) for each in ("CENTERS", "PORT")])
        if district == "ALL":
            add((metric, center, district, period), [(metric, center, each, period) for each in districts])
        if metric in SPLITS:
            add((metric, center, district, period), [(each, center, district, period) for each in SPLITS[metric]])
        if metric == "pending" and (metric, center, district, f"month {periods.months_back(start, 1)}") in at:
            tie = {at[key]: -1.0 for key in ((metric, center, district, period), ("completions", center, district, period))}
            before = (metric, center, district, f"month {periods.months_back(start, 1)}")
            found.append(tie | {at[before]: 1.0, at[("receipts", center, district, period)]: 1.0})
    return found
