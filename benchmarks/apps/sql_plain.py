"""The numbers of the eight charts and five figures in SQL on SQLite, read into pandas chart by chart: what the naive app asks."""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import Any

import pandas as pd

from analytics import standards
from benchmarks.apps import plain

LATE = "julianday(:day) - julianday(opened_date) > CASE work_type {} END".format(
    " ".join(f"WHEN '{name}' THEN {days}" for name, days in standards.STANDARD_DAYS.items())
)
THERE = "from_date <= :day AND (to_date IS NULL OR to_date > :day)"
AGE = (
    "CASE "
    + " ".join(
        f"WHEN julianday(:day) - julianday(opened_date) < {mark} THEN '{label}'"
        for mark, label in zip(standards.AGE_MARKS[1:], plain.AGES[:-1], strict=True)
    )
    + f" ELSE '{plain.AGES[-1]}' END"
)
AHEAD = "julianday(due_date) - julianday(:day)"
WINDOW = f"CASE WHEN {AHEAD} < 0 THEN 0 WHEN {AHEAD} <= 7 THEN 1 WHEN {AHEAD} <= 14 THEN 2 ELSE 3 END"


def ask(sql: str, **values: Any) -> pd.DataFrame:
    """Ask the database; every chart opens it, as the plain examples do."""
    with sqlite3.connect(plain.home() / "plain.sqlite") as connection:
        return pd.read_sql_query(sql, connection, params={name: str(value) for name, value in values.items()})


def figures(first: dt.date, last: dt.date) -> list[float]:
    """The five key figures of a period."""
    lines = "FROM entry_line WHERE entry_date BETWEEN :first AND :last"
    return [
        float(ask(sql, first=first, last=last, day=last).iloc[0, 0])
        for sql in (
            "SELECT COUNT(*) FROM entry WHERE entry_date BETWEEN :first AND :last",
            f"SELECT COALESCE(SUM(value_usd), 0) {lines}",
            f"SELECT COALESCE(SUM(CASE WHEN center_code <> 'PORT' THEN value_usd END) / SUM(value_usd), 0) {lines}",
            f"SELECT COUNT(*) FROM stay WHERE {THERE} AND {LATE}",
            f"SELECT COUNT(*) FROM stay WHERE {THERE} AND due_date < :day",
        )
    ]


def _value(by: str, first: dt.date, last: dt.date, name: str) -> pd.DataFrame:
    return ask(
        f"SELECT {by}, SUM(value_usd) AS {name} FROM entry_line WHERE entry_date BETWEEN :first AND :last GROUP BY {by}",
        first=first,
        last=last,
    )


def _pending(day: dt.date, name: str) -> pd.DataFrame:
    return ask(f"SELECT center_code, COUNT(*) AS {name} FROM stay WHERE {THERE} GROUP BY center_code", day=day)


def answer(year: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the key figures and the charts' tables of a fiscal year."""
    (start, end), (start_before, end_before) = plain.span(year), plain.span(year - 1)
    numbers = dict(zip(plain.FIGURES, figures(start, end), strict=True))
    numbers |= {f"earlier_{name}": value for name, value in zip(plain.FIGURES, figures(start_before, end_before), strict=True)}
    months = [
        ask(
            f"SELECT center_code AS center, AVG({LATE}) AS share FROM stay WHERE {THERE} AND center_code <> 'PORT' GROUP BY 1", day=day
        ).assign(month=day)
        for day in plain.month_ends(end)
    ]
    shares = _value("center_code", start, end, "value").merge(_value("center_code", start_before, end_before, "earlier"), how="left")
    shares[["value", "earlier"]] /= shares[["value", "earlier"]].sum()
    first_month = plain.month_ends(end)[0].replace(day=1)
    came, went = (
        ask(
            f"SELECT strftime('%Y-%m', {day}) AS month, COUNT(*) AS {name} FROM stay WHERE {flag} AND {day} BETWEEN :a AND :b GROUP BY 1",
            a=first_month,
            b=end,
        )
        for day, name, flag in (("from_date", "receipts", "is_first"), ("to_date", "completions", "is_last"))
    )
    industries = _value("industry_code", start, end, "value").merge(
        _value("industry_code", start_before, end_before, "earlier"), how="left"
    )
    pending = _pending(end, "value").merge(_pending(end_before, "earlier"), how="left")
    due = ask(f'SELECT {WINDOW} AS "order", COUNT(*) AS count FROM stay WHERE {THERE} AND {AHEAD} <= 30 GROUP BY 1', day=end)
    ports = ask("SELECT * FROM port").merge(_value("port_code", start, end, "value"))
    tables = {
        "backlog_centers": pd.concat(months).sort_values(["center", "month"]),
        "ports": ports.sort_values("value", ascending=False),
        "center_share": shares[shares["center_code"] != "PORT"].rename(columns={"center_code": "center"}).sort_values("value"),
        "industries": industries.rename(columns={"industry_code": "industry"}).sort_values("value").tail(10),
        "flow": came.merge(went, how="outer").sort_values("month"),
        "ages": ask(f"SELECT work_type, {AGE} AS age, COUNT(*) AS count FROM stay WHERE {THERE} GROUP BY 1, 2 ORDER BY 1, 2", day=end),
        "due": due.assign(window=[plain.WINDOWS[order] for order in due["order"]]),
        "pending_center": pending.rename(columns={"center_code": "center"}).sort_values("value"),
    }
    return numbers, tables
