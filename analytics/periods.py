"""Calendar of the field: fiscal years (October to September), months, federal holidays and business days."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Final

import polars as pl

#: A day after all days: the end of what still lasts.
FAR: Final = dt.date(9999, 12, 31)


def month_start(day: dt.date) -> dt.date:
    """Return the first day of the day's month."""
    return day.replace(day=1)


def next_month(day: dt.date) -> dt.date:
    """Return the first day of the month after the day's."""
    return dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)


def month_end(day: dt.date) -> dt.date:
    """Return the last day of the day's month."""
    return next_month(day) - dt.timedelta(days=1)


def months_back(day: dt.date, months: int) -> dt.date:
    """Return the first day of the month that lies `months` months before the day's."""
    index = day.year * 12 + day.month - 1 - months
    return dt.date(index // 12, index % 12 + 1, 1)


def whole_months(first: dt.date, last: dt.date) -> tuple[tuple[dt.date, dt.date] | None, list[tuple[dt.date, dt.date]]]:
    """Split a span of days into its whole months and what is left at its ends.

    Returns:
        First and last day of the whole months (null when there are none), and of each rest, which lies in one month.
    """
    if last < first:
        return None, []
    begin = first if first.day == 1 else next_month(first)
    end = last if last == month_end(last) else month_start(last) - dt.timedelta(days=1)
    if begin > end:
        middle = month_end(first)
        rests = [(first, last)] if last <= middle else [(first, middle), (month_start(last), last)]
        return None, rests
    rests = [(first, begin - dt.timedelta(days=1))] if begin > first else []
    return (begin, end), [*rests, *([(end + dt.timedelta(days=1), last)] if end < last else [])]


def whole_fiscal_years(first: dt.date, last: dt.date) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of the whole fiscal years in a span of days; null when it has none."""
    begin = fiscal_year_start(fiscal_year(first) + (first != fiscal_year_start(fiscal_year(first))))
    end = fiscal_year_start(fiscal_year(last + dt.timedelta(days=1))) - dt.timedelta(days=1)
    return (begin, end) if begin < end else None


def year_back(day: dt.date) -> dt.date:
    """Return the same calendar day a year earlier (28 February for 29 February; a month's end stays its end)."""
    if day == month_end(day):
        return month_end(months_back(day, 12))
    return day.replace(year=day.year - 1)


def fiscal_year(day: dt.date) -> int:
    """Return the federal fiscal year: October 2012 to September 2013 is 2013."""
    return day.year + (day.month >= 10)


def fiscal_year_start(year: int) -> dt.date:
    """Return the first day of a fiscal year."""
    return dt.date(year - 1, 10, 1)


def fiscal_quarter(day: dt.date) -> tuple[int, int]:
    """Return the fiscal year and quarter of a day: 1 October 2012 lies in the first of 2013."""
    return fiscal_year(day), (day.month + 2) // 3 % 4 + 1


def month_label(column: pl.Expr) -> pl.Expr:
    """Write a date's month as `YYYY-MM`."""
    return column.dt.strftime("%Y-%m")


def quarter_label(column: pl.Expr) -> pl.Expr:
    """Write a date's fiscal quarter as `FY2013 Q1`."""
    quarter = (column.dt.month().cast(pl.Int32) + 2) % 12 // 3 + 1
    return fiscal_year_label(column) + pl.lit(" Q") + quarter.cast(pl.String)


def fiscal_year_label(column: pl.Expr) -> pl.Expr:
    """Write a date's fiscal year as `FY2013`."""
    return fiscal_year_words(fiscal_year_of(column))


def fiscal_year_of(column: pl.Expr) -> pl.Expr:
    """Return a date's fiscal year as a number."""
    return column.dt.year() + (column.dt.month() >= 10).cast(pl.Int32)


def fiscal_year_words(year: pl.Expr) -> pl.Expr:
    """Write a fiscal year's number as `FY2013`."""
    # Joined, not `pl.format`: on a column of one repeated value, as a cross join makes, that panics in Polars 2.1.
    return pl.lit("FY") + year.cast(pl.String)


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> dt.date:
    """Return the nth given weekday (Monday is 0) of a month; nth -1 is the last."""
    if nth < 0:
        last = month_end(dt.date(year, month, 1))
        return last - dt.timedelta(days=(last.weekday() - weekday) % 7)
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _observed(day: dt.date) -> dt.date:
    """Move a Saturday holiday to Friday and a Sunday holiday to Monday (5 USC 6103(b))."""
    return day + dt.timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


@cache
def federal_holidays(year: int) -> frozenset[dt.date]:
    """Return the days on which the federal holidays of a year are observed (5 USC 6103; Juneteenth from 2021)."""
    fixed = [dt.date(year, 1, 1), dt.date(year, 7, 4), dt.date(year, 11, 11), dt.date(year, 12, 25)]
    if year >= 2021:
        fixed.append(dt.date(year, 6, 19))
    moving = [(1, 0, 3), (2, 0, 3), (5, 0, -1), (9, 0, 1), (10, 0, 2), (11, 3, 4)]
    return frozenset([_observed(day) for day in fixed] + [_nth_weekday(year, *rule) for rule in moving])


@cache
def holidays(first_year: int, last_year: int) -> tuple[dt.date, ...]:
    """Return the observed federal holidays of a span of years, in order; a New Year observed in December is included."""
    days = {day for year in range(first_year, last_year + 2) for day in federal_holidays(year)}
    return tuple(sorted(days))


def business_days(first: dt.date, last: dt.date) -> int:
    """Count business days from `first` to `last`, both counted."""
    days = (first + dt.timedelta(days=i) for i in range((last - first).days + 1))
    closed = set(holidays(first.year, last.year))
    return sum(day.weekday() < 5 and day not in closed for day in days)


#: Business days are listed for these years: more than any record or clock reaches.
_LISTED: Final = (dt.date(1970, 1, 1), dt.date(2099, 12, 31))


@cache
def _working_days() -> pl.Series:
    days = pl.date_range(*_LISTED, eager=True)
    return days.filter((days.dt.weekday() <= 5) & ~days.is_in(list(holidays(_LISTED[0].year, _LISTED[1].year))))


def working_days_after(column: pl.Expr, days: int) -> pl.Expr:
    """Return the business day that comes so many business days after a date.

    `dt.add_business_days` says the same, but goes through the holidays once a row: a hundred times slower.

    Args:
        column: Dates. The day itself is not counted, whatever weekday it is.
        days: Business days (no weekends, no federal holidays), at least one.

    Returns:
        Dates; null for null and outside 1970 to 2099.
    """
    listed = _working_days()
    place = pl.lit(listed).search_sorted(column, side="right").cast(pl.Int64) + days - 1
    known = column.is_between(*_LISTED) & (place < len(listed))
    return pl.when(known).then(pl.lit(listed).gather(place.clip(0, len(listed) - 1)))
