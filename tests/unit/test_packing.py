"""Packed sums are the sums by their columns, nulls and far dates included, and every code has its room."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics import coding, packing
from analytics.coding import CODED
from analytics.exc import DataError

GROUP = ("date", "center_code", "port_code", "mode_code", "account_key")
SCHEMA = {"date": pl.Date, **{name: CODED[name] for name in GROUP[1:4]}, "account_key": pl.UInt32, "count": pl.Int64}


def highest(name: str) -> int:
    """The highest code a column can hold."""
    return (1 << coding.BITS[name]) - 2


ROWS = st.lists(
    st.tuples(
        st.none() | st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31)),
        *(st.none() | st.sampled_from([0, 1, highest(name)]) for name in GROUP[1:4]),
        st.integers(0, 3),
        st.integers(-5, 5),
    ),
    max_size=30,
)


@given(ROWS)
def test_packed_sums_are_the_sums_by_columns(rows: list[tuple[object, ...]]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    plain = frame.group_by(GROUP).agg(pl.col("count").sum()).sort(GROUP, nulls_last=True)
    assert_frame_equal(packing.summed(frame.lazy(), GROUP, ["count"]).collect(), plain)


@given(ROWS)
def test_days_that_are_packed_with_the_codes_are_taken_out_again(rows: list[tuple[object, ...]]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    numbered = frame.lazy().with_columns(day=pl.col("date").cast(pl.Int32))
    by_number = numbered.select(packing.packed(GROUP[1:4], day="day"), "account_key", "count")
    plain = frame.group_by(GROUP).agg(pl.col("count").sum()).sort(GROUP, nulls_last=True)
    assert_frame_equal(packing.summed(by_number, GROUP, ["count"]).collect(), plain)


def test_streaming_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"date": [dt.date(2013, 1, 1 + i % 28) for i in range(500)], "count": range(500)}).with_columns(
        center_code=pl.int_range(500).mod(9).cast(pl.UInt8)
    )
    lazy = packing.summed(frame.lazy(), ["date", "center_code"], ["count"])
    once = packing.collected(lazy, frame.height)
    monkeypatch.setattr(packing, "_MANY_ROWS", 10)
    assert_frame_equal(packing.collected(lazy, frame.height), once)


def test_a_list_that_is_too_long_is_refused() -> None:
    most = (1 << coding.BITS["center_code"]) - 2
    assert len(coding.code_lists(map(str, range(most)), (), ())["center_code"]) == most + 1
    with pytest.raises(DataError, match="65 values of center_code, and a version can hold 63"):
        coding.code_lists(map(str, range(64)), (), ())


def test_every_code_fits_its_type() -> None:
    assert set(coding.BITS) == set(CODED)
    for name, bits in coding.BITS.items():
        assert bits <= (8 if CODED[name] == pl.UInt8 else 16)
