"""The numbers of the eight charts and five figures in plain Polars, from the facts in memory: what the Dash app asks."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import polars as pl

from analytics import standards
from benchmarks.apps import plain


@cache
def facts(name: str) -> pl.DataFrame:
    """Read a table once."""
    return pl.read_parquet(plain.home() / f"{name}.parquet")


def _there(day: dt.date) -> pl.Expr:
    return (pl.col("from_date") <= day) & (pl.col("to_date").is_null() | (pl.col("to_date") > day))


def _late(day: dt.date) -> pl.Expr:
    return (pl.lit(day) - pl.col("opened_date")).dt.total_days() > standards.standard_days(pl.col("work_type"))


def _value(by: str, start: dt.date, end: dt.date, name: str) -> pl.DataFrame:
    return (
        facts("entry_line")
        .filter(pl.col("entry_date").is_between(start, end))
        .group_by(by)
        .agg(pl.col("value_usd").sum().round(2).alias(name))
    )


def _pending(day: dt.date, name: str) -> pl.DataFrame:
    return facts("stay").filter(_there(day)).group_by("center_code").agg(pl.len().alias(name))


def answer(year: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the key figures and the chart's tables of a fiscal year."""
    (start, end), (start_before, end_before) = plain.span(year), plain.span(year - 1)
    stay = facts("stay")
    at_end = stay.filter(_there(end)).with_columns(age=(pl.lit(end) - pl.col("opened_date")).dt.total_days())
    numbers: dict[str, float] = {}
    for first, last, prefix in ((start, end, ""), (start_before, end_before, "earlier_")):
        value = _value("center_code", first, last, "value")
        whole = value["value"].sum()
        then = stay.filter(_there(last))
        numbers[f"{prefix}entry_summaries"] = facts("entry").filter(pl.col("entry_date").is_between(first, last)).height
        numbers[f"{prefix}import_value_usd"] = whole
        numbers[f"{prefix}center_value_share"] = value.filter(pl.col("center_code") != "PORT")["value"].sum() / (whole or 1)
        numbers[f"{prefix}backlog"] = then.filter(_late(last)).height
        numbers[f"{prefix}past_due"] = then.filter(pl.col("due_date") < last).height
    months = [
        stay.filter(_there(day)).group_by(center="center_code").agg(share=_late(day).mean()).with_columns(month=pl.lit(day))
        for day in plain.month_ends(end)
    ]
    shares = [
        _value("center_code", first, last, name).with_columns(pl.col(name) / pl.col(name).sum())
        for first, last, name in ((start, end, "value"), (start_before, end_before, "earlier"))
    ]
    month = pl.col("day").dt.strftime("%Y-%m")
    first_month = plain.month_ends(end)[0].replace(day=1)
    came = stay.filter(pl.col("is_first"), pl.col("from_date").is_between(first_month, end)).select(day="from_date")
    went = stay.filter(pl.col("is_last"), pl.col("to_date").is_between(first_month, end)).select(day="to_date")
    ahead = (pl.col("due_date") - pl.lit(end)).dt.total_days()
    window = pl.when(ahead < 0).then(0).when(ahead <= 7).then(1).when(ahead <= 14).then(2).otherwise(3)
    tables = {
        "backlog_centers": pl.concat(months).filter(pl.col("center") != "PORT").sort("center", "month"),
        "ports": _value("port_code", start, end, "value").join(facts("port"), on="port_code").sort("value", descending=True),
        "center_share": shares[0]
        .join(shares[1], on="center_code", how="left")
        .filter(pl.col("center_code") != "PORT")
        .rename({"center_code": "center"})
        .sort("value"),
        "industries": _value("industry_code", start, end, "value")
        .join(_value("industry_code", start_before, end_before, "earlier"), on="industry_code", how="left")
        .rename({"industry_code": "industry"})
        .sort("value")
        .tail(10),
        "flow": came.group_by(month=month)
        .agg(receipts=pl.len())
        .join(went.group_by(month=month).agg(completions=pl.len()), on="month", how="full", coalesce=True)
        .sort("month"),
        "ages": at_end.with_columns(age=pl.col("age").cut([30, 90, 180, 270, 314, 365], labels=plain.AGES).cast(pl.String))
        .group_by("work_type", "age")
        .agg(count=pl.len())
        .sort("work_type", "age"),
        "due": at_end.filter(ahead <= 30)
        .group_by(order=window)
        .agg(count=pl.len())
        .sort("order")
        .with_columns(window=pl.col("order").replace_strict(dict(enumerate(plain.WINDOWS)), return_dtype=pl.String)),
        "pending_center": _pending(end, "value")
        .join(_pending(end_before, "earlier"), on="center_code", how="left")
        .rename({"center_code": "center"})
        .sort("value"),
    }
    return numbers, tables
