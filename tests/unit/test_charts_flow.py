"""Charts of the page Flow: plain, pure, safe, and true to what they are given."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.unit.test_charts import NAMES, WIDTHS, font_sizes
from ui import charts
from ui.charts import base
from ui.theme import ACCENT, BAD


def quantiles() -> pl.DataFrame:
    rows = [
        {
            "label": name,
            "median": 10 + 9 * i,
            "low": 8 + 8 * i,
            "high": 12 + 11 * i,
            "p80": 25 + 14 * i,
            "p90": 40 + 20 * i,
            "alone": 7 + 5 * i,
        }
        for i, name in enumerate(NAMES)
    ]
    rows[0] |= {"median": None, "high": None, "p80": None, "p90": None}
    rows[1] |= {"p90": None}
    return pl.DataFrame(rows)


def steps() -> pl.DataFrame:
    days = [2, 5, 9, 30, 90, 200]
    shares = [0.95, 0.8, 0.6, 0.4, 0.1, 0.0]
    frame = pl.DataFrame({"days": days, "all": shares, "alone": [0.9, 0.7, 0.45, 0.2, 0.03, 0.0]})
    return frame.with_columns(
        low=pl.when(pl.col("all") > 0).then(pl.col("all") * 0.9), high=pl.when(pl.col("all") > 0).then(pl.col("all") * 1.04)
    )


def chances() -> pl.DataFrame:
    frame = pl.DataFrame({"team": NAMES, "value": [0.61, *(0.5 - 0.01 * i for i in range(8))], "expected": [0.5] * 9})
    return frame.with_columns(low=pl.lit(0.45), high=pl.lit(0.55), skips=pl.col("value") > 0.55)


def spans(width: float) -> charts.Spec:
    return charts.spans(
        quantiles(), "label", median="median", low="low", high="high", far=("p80", "p90"), reference="alone",
        names=("Completed alone", "All", "80% and 90%"), width=width,
    )  # fmt: skip


def curves(width: float) -> charts.Spec:
    main = charts.Curve(steps().select("days", "low", "high", share="all"), "All", "low", "high")
    return charts.curves(
        main, charts.Curve(steps().select("days", share="alone"), "Completed alone"), x="days", y="share", mark=90, width=width
    )


def chance(width: float) -> charts.Spec:
    return charts.against_chance(
        chances(), "team", "value", "expected", "low", "high", bad="skips", names=("Older", "By chance"), width=width
    )


ALL = {"spans": spans, "curves": curves, "chance": chance}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ALL)
def test_every_chart_is_plain_json_with_one_look(name: str, width: float) -> None:
    spec = ALL[name](width)
    again = json.loads(json.dumps(spec, allow_nan=False))
    assert again["layout"]["height"] >= 100
    assert again["layout"]["showlegend"] is False
    assert min(font_sizes(again)) >= 11
    assert spec == ALL[name](width)
    texts = sum(len(trace.get("text", [])) for trace in spec["data"]) + len(spec["layout"].get("annotations", []))
    assert texts <= 40


@pytest.mark.parametrize("name", ["spans", "chance"])
def test_names_are_never_markup(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "NAMES", ["<a href='x'>y</a>", *NAMES[1:]])
    written = json.dumps(ALL[name](charts.WIDE))
    assert "<a href" not in written
    assert "&lt;a" in written


def test_what_was_not_reached_is_said_and_not_drawn() -> None:
    spec = spans(charts.HALF)
    median = spec["data"][-2]
    assert median["x"][0] is None
    assert median["marker"]["color"] == ACCENT
    assert "not reached" in spec["data"][-1]["text"][0]
    assert spec["data"][2]["x"] == [value for row in quantiles().rows() for value in row[4:6] if value is not None]


def test_curves_begin_with_all_and_bear_their_band_only_where_it_is_known() -> None:
    upper, lower, mark, alone, all_ = curves(charts.HALF)["data"]
    assert (all_["x"][0], all_["y"][0], alone["y"][0]) == (0, 1.0, 1.0)
    assert all_["line"]["shape"] == "hv"
    assert len(upper["x"]) == len(lower["x"]) == 5
    assert mark["x"] == [90, 90]


def test_a_mark_beyond_the_days_is_left_out_and_short_courses_have_ticks() -> None:
    short = steps().filter(pl.col("days") < 9)
    main, alone = (charts.Curve(short.select("days", share=name), name) for name in ("all", "alone"))
    spec = charts.curves(main, alone, x="days", y="share", mark=90)
    assert len(spec["data"]) == 2
    assert len(spec["layout"]["xaxis"]["tickvals"]) >= 3


def test_only_what_is_beyond_chance_is_orange() -> None:
    marker = chance(charts.HALF)["data"][1]["marker"]
    assert marker["color"] == [BAD] + [ACCENT] * 8
    assert marker["symbol"][0] == "diamond"


def test_empty_frames_draw_empty_charts() -> None:
    empty = steps().clear()
    assert charts.curves(charts.Curve(empty, "a"), charts.Curve(empty, "b"), x="days", y="all")["layout"]
    assert charts.against_chance(chances().clear(), "team", "value", "expected", "low", "high", bad="skips", names=("a", "b"))["layout"]
    names = ("a", "b", "c")
    assert charts.spans(
        quantiles().clear(), "label", median="median", low="low", high="high", far=("p80",), reference="alone", names=names
    )["layout"]  # fmt: skip


def test_cells_that_are_not_known_yet_can_be_blank() -> None:
    frame = pl.DataFrame({"row": ["a", "a"], "column": ["x", "y"], "value": [0.5, None]})
    written = [
        text for trace in charts.heat(frame, "row", "column", "value", kind="share", unknown="")["data"] for text in trace.get("text", [])
    ]
    assert written == ["50%", "x", "y"]


@pytest.mark.parametrize(
    ("ticks", "written"), [([1.0, 2.0], ["1", "2"]), ([0.5, 1.0, 1.5], ["0.5", "1.0", "1.5"]), ([0.75, 1.0], ["0.75", "1.00"])]
)
def test_ticks_of_a_ratio_differ_as_their_values_do(ticks: list[float], written: list[str]) -> None:
    assert [base.tick_text(tick, "ratio", ticks) for tick in ticks] == written
