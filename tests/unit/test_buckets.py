"""The last day of a bucket of time, as an expression for rows and as a list for the axis."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from analytics.cube import TIMES, Span, bucket_end, bucket_ends

SPANS = [
    Span(dt.date(2012, 10, 1), dt.date(2013, 9, 30)),
    Span(dt.date(2011, 11, 17), dt.date(2013, 2, 28)),
    Span(dt.date(2013, 9, 30), dt.date(2013, 10, 1)),
    Span(dt.date(2012, 2, 29), dt.date(2012, 2, 29)),
]


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("name", TIMES)
def test_a_day_lies_in_the_first_bucket_that_ends_on_or_after_it(name: str, span: Span) -> None:
    ends = bucket_ends(name, span, span.start)
    days = pl.date_range(span.start, span.end, eager=True)
    found = pl.select(bucket_end(name, pl.lit(days), span)).to_series().to_list()
    assert found == [min(end for end in ends if end >= day) for day in days]
    assert sorted(set(found)) == ends


@pytest.mark.parametrize("name", TIMES)
def test_what_was_before_the_span_lies_in_its_first_bucket(name: str) -> None:
    span = SPANS[1]
    found = pl.select(bucket_end(name, pl.lit(dt.date(1, 10, 1)), span)).item()
    assert found == bucket_ends(name, span, span.start)[0]
