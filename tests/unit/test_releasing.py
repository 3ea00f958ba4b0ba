"""What a release brings along from those before it: nothing that an attacker is taken to know less of than he may."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from analytics import released, releasing
from analytics.filters import Filters
from analytics.publication import WITHIN


def row(metric_id: str, center: str, total: float, **more: object) -> dict[str, object]:
    owners = [{"account": "A1", "amount": total}]
    figures = {"total": total, "n_accounts": 2, "top1": 0.0, "top2": 0.0, "up": 1.0, "down": 1.0, "whole": True, "denominator": None}
    place = {"metric_id": metric_id, "center_code": center, "district_code": "ALL", "period": "month 2012-05-01"}
    state = {"linked": False, "applicable": True, "primary": True, "rule": "threshold", "mark": "D", "shown": False, "accounts": owners}
    return place | figures | state | more


def test_the_largest_of_what_is_within_the_standard_may_own_as_much_as_of_what_is_pending() -> None:
    ledger = pl.DataFrame(
        [
            row("pending", "AAA", 12.0, top1=7.0, top2=4.0),
            row("backlog", "AAA", 2.0, top1=1.0),
            row("pending", "BBB", 9.0, top1=8.0, top2=1.0),
            row("backlog", "BBB", 6.0, top1=6.0),
        ]
    )
    made = releasing.with_within(ledger).filter(metric_id=WITHIN).sort("center_code")
    # Of AAA 10 are within it, of which the largest account may own its 7; of BBB all 3, though the largest has 8 pending.
    assert made.select("total", "top1", "top2", "shown", "up").rows() == [(10.0, 7.0, 4.0, False, 0.0), (3.0, 3.0, 1.0, False, 0.0)]
    assert releasing.with_within(releasing.with_within(ledger)).height == 6


def test_a_center_that_comes_later_has_cells_of_nobody() -> None:
    ledger = pl.DataFrame([row("backlog", center, 5.0, denominator=9.0) for center in ("AAA", "CENTERS", "ALL")])
    new = releasing.with_new_codes(ledger, ["AAA", "DDD"], []).filter(center_code="DDD")
    assert new.select("total", "shown", "mark", "accounts", "rule", "denominator").rows() == [(0.0, True, "–", None, None, None)]


def cells(*rows: tuple[str, str, float | None, str]) -> pl.DataFrame:
    given = pl.DataFrame(rows, schema=["center_code", "month", "value", "mark"], orient="row")
    return given.select(
        "center_code", "value", "mark",
        metric_id=pl.lit("import_value_usd"), district_code=pl.lit("ALL"), level=pl.lit("month"), from_date=pl.col("month").str.to_date(),
    )  # fmt: skip


RELEASE = cells(
    ("ALL", "2012-05-01", 1000.0, ""), ("CENTERS", "2012-05-01", 600.0, ""), ("PORT", "2012-05-01", 400.0, ""),
    ("AAA", "2012-05-01", 450.0, ""), ("BBB", "2012-05-01", None, "D"),
    ("ALL", "2012-06-01", None, "D"), ("CENTERS", "2012-06-01", None, "D"), ("PORT", "2012-06-01", 7.0, ""),
    ("AAA", "2012-06-01", None, "D"), ("BBB", "2012-06-01", 3.0, ""),
)  # fmt: skip


def test_what_is_withheld_is_counted_by_what_is_shown() -> None:
    # Of May all is known but the 150 of BBB; June has no whole.
    assert released.counted(RELEASE).row(0) == (10, 4, pytest.approx(0.15))
    assert released.counted(RELEASE.filter(pl.col("mark") == "")).row(0) == (6, 0, 0.0)
    assert released.counted(RELEASE.filter(from_date=dt.date(2012, 6, 1))).row(0) == (5, 3, None)


def test_of_a_center_that_came_after_the_release_nothing_is_withheld() -> None:
    may = Filters(dt.date(2012, 5, 1), dt.date(2012, 5, 31), centers=("BBB", "DDD"))
    answered = released.answer(RELEASE, "import_value_usd", may, ["center"])
    assert answered.select("center", "value", "quality").rows() == [("BBB", None, "suppressed"), ("DDD", None, "none")]
