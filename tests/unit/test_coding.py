"""Codes and cents: what is written as small whole numbers comes back as it was."""

from __future__ import annotations

import polars as pl
import pytest

from analytics import coding
from analytics.exc import DataError

LISTS = coding.code_lists(["ELE", "AUT"], ["ELE_COMP"], ["2704", "0101"])


def test_every_amount_of_cents_comes_back_to_the_last_digit() -> None:
    dollars = pl.Series("value_usd", [cents / 100 for cents in range(-150_000, 150_000)])
    assert coding.in_dollars(coding.in_cents(dollars.to_frame()))["value_usd"].equals(dollars)


def test_no_amount_stays_no_amount() -> None:
    frame = pl.DataFrame({"fees_usd": [None, 15.62]})
    assert coding.in_dollars(coding.in_cents(frame)).equals(frame)


def test_codes_come_back_as_the_words_they_stand_for() -> None:
    frame = pl.DataFrame({"center_code": ["ELE", "PORT", None], "port_code": ["2704", "0101", None]})
    coded = coding.encode(frame, LISTS)
    assert coded["center_code"].to_list() == [2, coding.PORT, None]
    assert coding.in_words(coded, LISTS).equals(frame)


def test_a_value_without_a_code_is_named_with_what_to_do() -> None:
    with pytest.raises(DataError, match="“9999” is not a known port_code; load the table that lists it"):
        coding.encode(pl.DataFrame({"port_code": ["2704", "9999"]}), LISTS)
