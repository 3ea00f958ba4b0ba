"""The fan says what is known, what is expected and what was expected before, without a legend."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest

from ui import charts
from ui.theme import ACCENT, GREY

D = dt.date(2013, 9, 8)


def past() -> pl.DataFrame:
    days = [D - dt.timedelta(weeks=back) for back in range(30, -4, -1)]
    return pl.DataFrame({"day": days, "value": [200.0 + i for i in range(34)], "provisional": [day > D for day in days]})


def ahead(drop: float = 0.0) -> pl.DataFrame:
    days = [D + dt.timedelta(weeks=step) for step in range(53)]
    mid = [230.0 - drop * step for step in range(53)]
    return pl.DataFrame({"day": days, "mid": mid}).with_columns(
        low=pl.col("mid") - 20, high=pl.col("mid") + 20, low95=pl.col("mid") - 35, high95=pl.col("mid") + 35
    )


def words(spec: charts.Spec) -> str:
    return " ".join(note["text"] for note in spec["layout"]["annotations"])


@pytest.mark.parametrize("width", [charts.PHONE, charts.HALF, charts.WIDE])
def test_the_fan_is_plain_json_and_names_its_ends(width: int) -> None:
    spec = charts.fan(past(), ahead(), target=(150.0, "to reach: <150>"), noun="pending", width=width)
    text = json.dumps(spec, allow_nan=False)
    assert "<150>" not in text
    assert "&lt;150&gt;" in text
    assert "<b>230</b>" in words(spec)
    assert "210–250" in words(spec)
    assert spec["layout"]["showlegend"] is False
    assert len(spec["layout"]["annotations"]) < 10


def test_what_was_expected_is_grey_beside_a_change() -> None:
    plain, changed = charts.fan(past(), ahead()), charts.fan(past(), ahead(), changed=ahead(2.0))

    def colors(spec: charts.Spec) -> list[str]:
        return [trace["line"]["color"] for trace in spec["data"] if trace.get("line", {}).get("width", 0) >= 2.0]

    assert colors(plain) == [ACCENT]
    assert colors(changed) == [GREY, ACCENT]
    assert "<b>126</b>" in words(changed)
    assert "<b>230</b>" in words(changed)


def test_provisional_weeks_are_dashed() -> None:
    dashed = [trace for trace in charts.fan(past(), ahead())["data"] if trace.get("line", {}).get("dash") == "3px,3px"]
    assert [sum(value is not None for value in trace["y"]) for trace in dashed] == [4]  # three weeks and the settled one before


def test_marks_are_written_at_their_day() -> None:
    day = D + dt.timedelta(weeks=20)
    spec = charts.fan(past(), ahead(2.0), target=(190.0, "to reach"), marks=[(day, "P50 26 Jan 2014")])
    (mark,) = [note for note in spec["layout"]["annotations"] if note["text"] == "P50 26 Jan 2014"]
    assert (mark["x"], mark["y"]) == (day.isoformat(), 190.0)


def test_a_forecast_without_a_range_has_no_bands() -> None:
    bare = ahead().with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("low", "high", "low95", "high95"))
    assert [trace for trace in charts.fan(past(), bare)["data"] if trace.get("fill")] == []
    assert "–" not in words(charts.fan(past(), bare))


def test_labels_of_two_fans_keep_apart() -> None:
    spec = charts.fan(past(), ahead(), changed=ahead(0.02), height=320)
    places = [note["y"] for note in spec["layout"]["annotations"] if note["text"].startswith("<b>")]
    low, high = spec["layout"]["yaxis"]["range"]
    assert abs(places[0] - places[1]) >= (high - low) * 36 / (320 - 52) - 1e-6


def test_empty_frames_draw_an_empty_chart() -> None:
    assert charts.fan(past().clear(), ahead().clear())["layout"]
