"""The calendar: fiscal years, month ends, federal holidays and business days."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from analytics import periods

D = dt.date


@pytest.mark.parametrize(("day", "year"), [(D(2012, 9, 30), 2012), (D(2012, 10, 1), 2013), (D(2013, 9, 30), 2013), (D(2013, 12, 31), 2014)])
def test_fiscal_year_runs_from_october(day: dt.date, year: int) -> None:
    assert periods.fiscal_year(day) == year
    assert periods.fiscal_year_start(year) <= day < periods.fiscal_year_start(year + 1)


def test_labels_of_time() -> None:
    frame = pl.DataFrame({"day": [D(2012, 10, 1), D(2013, 1, 31), D(2013, 9, 30)]})
    found = frame.select(
        q=periods.quarter_label(pl.col("day")), y=periods.fiscal_year_label(pl.col("day")), m=periods.month_label(pl.col("day"))
    )
    assert found.rows() == [("FY2013 Q1", "FY2013", "2012-10"), ("FY2013 Q2", "FY2013", "2013-01"), ("FY2013 Q4", "FY2013", "2013-09")]


@pytest.mark.parametrize(
    ("day", "back"),
    [
        (D(2012, 2, 29), D(2011, 2, 28)),
        (D(2013, 2, 28), D(2012, 2, 29)),
        (D(2013, 9, 30), D(2012, 9, 30)),
        (D(2013, 5, 17), D(2012, 5, 17)),
    ],
)
def test_year_back_keeps_the_calendar_day_and_a_months_end(day: dt.date, back: dt.date) -> None:
    assert periods.year_back(day) == back


def test_months_back_over_a_year_end() -> None:
    assert periods.months_back(D(2013, 1, 15), 2) == D(2012, 11, 1)
    assert periods.next_month(D(2012, 12, 31)) == D(2013, 1, 1)
    assert periods.month_end(D(2012, 2, 3)) == D(2012, 2, 29)


def test_federal_holidays_of_2012() -> None:
    assert periods.federal_holidays(2012) == {
        D(2012, 1, 2), D(2012, 1, 16), D(2012, 2, 20), D(2012, 5, 28), D(2012, 7, 4),
        D(2012, 9, 3), D(2012, 10, 8), D(2012, 11, 12), D(2012, 11, 22), D(2012, 12, 25),
    }  # fmt: skip


def test_new_year_on_a_saturday_is_observed_in_december() -> None:
    assert D(2010, 12, 31) in periods.holidays(2010, 2010)
    assert D(2021, 6, 18) in periods.federal_holidays(2021)


def test_business_days_of_a_month_with_a_holiday() -> None:
    assert periods.business_days(D(2012, 11, 1), D(2012, 11, 30)) == 20


def test_labels_of_a_column_that_is_one_value_repeated() -> None:
    """A cross join with one row makes such a column; Polars 2.1 panics when it is formatted."""
    days = pl.DataFrame({"day": [D(2012, 10, 1)] * 23}).join(pl.DataFrame({"end": [D(2013, 9, 30), D(2012, 12, 31)]}), how="cross")
    kept = days.filter(pl.col("end") < D(2013, 1, 1))
    for label in (periods.quarter_label, periods.fiscal_year_label, periods.month_label):
        assert kept.with_columns(x=label(pl.col("end")))["x"].n_unique() == 1
