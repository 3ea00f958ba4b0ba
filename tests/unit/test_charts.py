"""Charts are plain, safe dictionaries whose words fit."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import format
from ui import board, charts
from ui.charts import base, text
from ui.theme import ACCENT, BAD, CONTEXT, GREY

NAMES = [
    "Pharmaceutical, Health & Chemicals",
    "Textiles, Wearing Apparel & Footwear",
    "Base Metals",
    "Industrial & Manufacturing Materials",
    "Machinery",
    "Consumer Products & Mass Merchandising",
    "Automotive & Aerospace",
    "Agriculture & Prepared Products",
    "Electronics",
]
MONTHS = [dt.date(2012 + (9 + i) // 12, (9 + i) % 12 + 1, 1) for i in range(12)]
WIDTHS = [charts.PHONE, charts.HALF, charts.WIDE]


def series():
    rows = [
        {"center": name, "month": month, "value": 0.70 + 0.03 * index + 0.001 * step, "open": step == 11}
        for index, name in enumerate(NAMES)
        for step, month in enumerate(MONTHS)
        if not (index == 4 and step < 5)
    ]
    return pl.DataFrame(rows)


def ranked():
    low = [0.90, 0.93, 0.95, 0.97, 0.5]
    frame = pl.DataFrame({"center": NAMES[:5], "value": [0.92, 0.95, 0.96, 0.98, 0.7], "low": low, "n": [400, 1234, 310, 92, 3]})
    return frame.with_columns(high=2 * pl.col("value") - pl.col("low"), quality=pl.Series(["ok"] * 4 + ["too_few"]))


def pairs():
    return pl.DataFrame(
        [
            {"center": n, "age": a, "count": i * j, "mark": j == 2}
            for i, n in enumerate(NAMES)
            for j, a in enumerate(["0–15 days", "16–30", "Over 30"])
        ]
    )


def flows():
    return pl.DataFrame(
        {"month": MONTHS, "receipts": [100 + 5 * (i % 4) for i in range(12)], "completions": [104] * 12, "open": [i > 9 for i in range(12)]}
    )


def due():
    return pl.DataFrame({"w": ["Past due", "Within 7 days"], "v": [3, 9], "b": [True, False]})


def rates():
    frame = pl.DataFrame({"month": MONTHS, "value": [0.95 + 0.002 * i for i in range(12)], "open": [i == 11 for i in range(12)]})
    return frame.with_columns(
        low=pl.col("value") - 0.01, high=pl.col("value") + 0.01, mid=pl.lit(0.961), lower=pl.lit(0.95), upper=pl.lit(0.97)
    )


def links():
    rows = [{"port": f"Port {i}", "center": n, "count": (i + 1) * (j + 1) % 7} for i in range(6) for j, n in enumerate(NAMES)]
    return pl.DataFrame(rows)


def ribbons(frame, width, **more):
    return charts.ribbons(frame, "port", "center", "count", sources=[f"Port {i}" for i in range(6)], targets=NAMES, width=width, **more)


def judged():
    meanings = [None, "concern", "concern", None, "improvement", "up", "down", None, None, None, "concern", None]
    rules = [
        None,
        "above the upper limit",
        "7 months rising",
        None,
        *["below the lower limit"] * 3,
        None,
        None,
        None,
        "7 months above the average",
        None,
    ]
    return (
        rates()
        .select("month", value="value", provisional="open", centre="mid", lower="lower", upper=pl.lit(0.976))
        .with_columns(rule=pl.Series(rules), meaning=pl.Series(meanings))
    )


ALL = {
    "ribbons": lambda width: ribbons(links(), width, lit_targets=NAMES[:1]),
    "sums": lambda width: charts.stacked_status(pairs(), "center", "age", "count", as_share=False, ends=True, width=width),
    "process": lambda width: charts.process_chart(judged(), kind="share", target=0.99, width=width),
    "small_multiples": lambda width: charts.small_multiples(
        series(), "center", "month", "value", target=0.85, provisional="open", width=width
    ),
    "bars": lambda width: charts.bars(ranked(), "center", "n", previous="n", previous_label="FY 2012", low="low", high="n", width=width),
    "dots": lambda width: charts.dots_with_interval(
        ranked(), "center", "value", "low", "high", target=0.96, n="n", quality="quality", width=width
    ),
    "ages": lambda width: charts.stacked_ages(pairs(), "center", "age", "count", outline="mark", width=width),
    "heat": lambda width: charts.heat(pairs(), "age", "center", "count", width=width),
    "flow": lambda width: charts.flow_lines(flows(), "month", "receipts", "completions", provisional="open", width=width),
    "rate": lambda width: charts.rate_with_interval(
        rates(), "month", "value", "low", "high", target=0.96, provisional="open", centre="mid", limits=("lower", "upper"), width=width
    ),
    "due": lambda width: charts.due_bars(due(), "w", "v", bad="b", width=width),
    "status": lambda width: charts.stacked_status(pairs(), "center", "age", "count", width=width),
}


def font_sizes(part):
    if isinstance(part, list):
        return [size for item in part for size in font_sizes(item)]
    if not isinstance(part, dict):
        return []
    own = [part["size"]] if "family" in part and "size" in part else []
    return own + [size for item in part.values() for size in font_sizes(item)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ALL)
def test_every_chart_is_plain_json_with_one_look(name, width):
    spec = ALL[name](width)
    again = json.loads(json.dumps(spec, allow_nan=False))
    assert again["layout"]["height"] >= 100
    assert again["layout"]["showlegend"] is False
    assert again["layout"]["font"]["family"].startswith('"Source Sans"')
    assert min(font_sizes(again)) >= 11


@pytest.mark.parametrize("name", ALL)
def test_charts_are_pure(name):
    assert ALL[name](charts.HALF) == ALL[name](charts.HALF)


@pytest.mark.parametrize("name", ["small_multiples", "bars", "dots", "ages", "heat", "status", "ribbons", "sums"])
def test_names_are_never_markup(name, monkeypatch):
    monkeypatch.setitem(globals(), "NAMES", ["<a href='x'>y</a>", *NAMES[1:]])
    written = json.dumps(ALL[name](charts.WIDE))
    assert "<a href" not in written
    assert "&lt;a" in written


def test_empty_frames_draw_empty_charts():
    assert charts.bars(ranked().clear(), "center", "value")["data"]
    assert charts.small_multiples(series().clear(), "center", "month", "value", target=0.85)["layout"]
    assert charts.flow_lines(flows().clear(), "month", "receipts", "completions")["layout"]
    assert charts.rate_with_interval(rates().clear(), "month", "value", "low", "high", target=0.9)["layout"]
    assert charts.dots_with_interval(ranked().clear(), "center", "value", "low", "high")["layout"]
    assert charts.heat(pairs().clear(), "center", "age", "count")["layout"]
    assert charts.stacked_ages(pairs().clear(), "center", "age", "count")["layout"]
    assert charts.stacked_status(pairs().clear(), "center", "age", "count")["layout"]
    assert charts.ribbons(links().clear(), "port", "center", "count", sources=[], targets=[])["layout"]
    assert charts.process_chart(judged().clear(), target=3)["layout"]


def test_the_line_of_a_late_center_starts_late():
    spec = charts.small_multiples(series(), "center", "month", "value")
    names = next(trace for trace in spec["data"] if trace.get("text") and "Machinery" in trace["text"])
    left = names["x"][names["text"].index("Machinery")]
    line = next(trace for trace in spec["data"] if trace.get("customdata"))
    gaps = [index for index, x in enumerate(line["x"]) if x is None]
    assert line["x"][gaps[3] + 1] > left + 30


def test_the_last_settled_value_is_written_at_its_point_and_the_provisional_one_is_called_so():
    frame = pl.DataFrame(
        {
            "month": [dt.date(2013, month, 1) for month in (1, 4, 7)],
            "value": [0.95, 0.966, 0.982],
            "open": [False, False, True],
        }
    )
    notes = charts.rate_with_interval(frame, "month", "value", provisional="open")["layout"]["annotations"]
    settled = next(note for note in notes if note["text"] == "96.6%")
    assert (settled["x"], settled["y"], settled["yanchor"]) == ("2013-04-01", 0.966, "top")
    end = next(note for note in notes if "provisional" in note["text"])
    assert (end["text"], end["x"], end["y"]) == ("98.2%<br>provisional", 1, 0.982)
    closed = charts.rate_with_interval(frame.with_columns(open=False), "month", "value", provisional="open")["layout"]["annotations"]
    assert [(note["text"], note["x"], note["y"]) for note in closed] == [("98.2%", 1, 0.982)]
    falling = frame.with_columns(value=pl.Series([0.95, 0.982, 0.966]))
    notes = charts.rate_with_interval(falling, "month", "value", provisional="open")["layout"]["annotations"]
    assert next(note for note in notes if note["text"] == "98.2%")["yanchor"] == "bottom"
    alone = charts.rate_with_interval(frame.with_columns(open=True), "month", "value", provisional="open")["layout"]["annotations"]
    assert [note["text"] for note in alone] == ["98.2%<br>provisional"]


def test_dots_judge_by_the_whole_interval():
    spec = charts.dots_with_interval(ranked(), "center", "value", "low", "high", target=0.96, n="n", quality="quality")
    marker = spec["data"][-1]["marker"]
    assert marker["line"]["color"][:4] == [BAD, GREY, GREY, ACCENT]
    assert marker["symbol"][0] == "diamond"
    assert spec["data"][-1]["x"][4] is None
    assert any("too few, n = 3" in str(word) for trace in spec["data"] for word in trace.get("text", []))


def test_a_process_chart_tells_signals_by_shape_colour_and_word():
    spec = charts.process_chart(judged(), kind="share", target=0.99)
    points = next(trace for trace in spec["data"] if trace["mode"] == "markers")
    assert points["marker"]["symbol"][1:7] == ["diamond", "diamond", "circle", "square", "triangle-up", "triangle-down"]
    assert points["marker"]["color"][1] == BAD
    assert points["marker"]["color"][4] == ACCENT
    assert points["marker"]["color"][11] == "#ffffff", "a provisional point is hollow"
    words = [note["text"] for note in spec["layout"]["annotations"]]
    # The last of the settled points is the present; what was better long before it need not have been improving.
    assert "improving" not in words
    assert {"concern", "better", "higher", "lower", "average", "upper limit", "lower limit", "target 99%"} <= set(words)
    assert "97.0%" in words, "the last settled value is named, not the provisional one"
    assert words[words.index("97.0%") + 1] == format.month(MONTHS[10]), "and its month, since another one is shown after it"
    assert [trace["line"]["dash"] for trace in spec["data"][:4]] == ["solid", "2px,3px", "2px,3px", "10px,5px"]


@pytest.mark.parametrize(("ticks", "words"), [([0.9, 1.0, 1.1], "0.9 1.0 1.1"), ([0, 1, 2], "0 1 2"), ([0.95, 1.0], "0.95 1.00")])
def test_ticks_of_a_ratio_differ(ticks, words):
    assert " ".join(base.tick_text(tick, "ratio", ticks) for tick in ticks) == words


@pytest.mark.parametrize(
    ("ticks", "words"),
    [
        ([0.925, 0.95, 0.975, 1.0], "92.5% 95.0% 97.5% 100.0%"),
        ([0.0, 0.05, 0.1], "0% 5% 10%"),
        ([0.96, 0.97, 0.98, 0.99, 1.0], "96% 97% 98% 99% 100%"),
        ([0.07, 0.14, 0.21, 0.28, 0.29], "7% 14% 21% 28% 29%"),
        ([0.99, 0.992, 0.994], "99.0% 99.2% 99.4%"),
    ],
)
def test_ticks_of_a_share_are_written_as_they_stand(ticks, words):
    assert " ".join(base.tick_text(tick, "share", ticks) for tick in ticks) == words


@pytest.mark.parametrize(("low", "high"), [(0.93, 0.99), (0.915, 1.0), (0.2, 0.9), (0.0, 0.011), (0.5, 0.51)])
def test_written_ticks_of_a_share_axis_lie_at_equal_steps(low, high):
    _, _, ticks = base.scale([low, high], zero=False, kind="share")
    written = [float(base.tick_text(tick, "share", ticks).removesuffix("%")) for tick in ticks]
    assert len({round(after - before, 6) for before, after in pairwise(written)}) == 1
    assert written == pytest.approx([tick * 100 for tick in ticks])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("before", [[5, 90, 0, None], [40, 200, 41, 3], [None] * 4])
def test_a_value_beside_marks_stands_where_no_mark_can_be_taken_for_its_own(width, before):
    frame = pl.DataFrame({"label": NAMES[:4], "n": [100, 60, 40, 0], "before": before}, schema_overrides={"before": pl.Int64})
    spec = charts.bars(frame, "label", "n", previous="before", previous_label="a year earlier", width=width)
    words = next(trace for trace in spec["data"] if trace.get("mode") == "text")
    known = [value for value in before if value is not None]
    if not known:
        assert words["x"] == [100, 60, 40, 0]
        return
    margin = spec["layout"]["margin"]
    pixels = (width - margin["l"] - margin["r"]) / spec["layout"]["xaxis"]["range"][1]
    assert len(set(words["x"])) == 1
    assert (words["x"][0] - max(100, *known)) * pixels > 4


def test_highlight_leaves_one_colour():
    colors = charts.bars(ranked(), "center", "n", highlight=("Machinery",))["data"][0]["marker"]["color"]
    assert colors == [CONTEXT] * 4 + [ACCENT]


def test_flow_shades_only_where_more_came_in():
    frame = pl.DataFrame({"month": MONTHS[:3], "receipts": [10.0, 20.0, 10.0], "completions": [15.0, 15.0, 15.0]})
    shade = charts.flow_lines(frame, "month", "receipts", "completions")["data"][0]
    known = [value for value in shade["y"] if value is not None]
    assert min(known) == 15
    assert max(known) == 20


@given(st.floats(-1e9, 1e9), st.floats(0.001, 1e9), st.integers(2, 8))
def test_ticks_cover_and_are_few(low, span, most):
    ticks = base.nice_ticks(low, low + span, most)
    hair = span * 1e-6 + abs(low) * 1e-12
    assert ticks[0] <= low + hair
    assert ticks[-1] >= low + span - hair
    assert ticks == sorted(ticks)
    assert len(ticks) <= max(most, 3) + 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_share_axis_stays_between_none_and_all(values):
    low, high, ticks = base.scale(values, zero=False, kind="share")
    assert 0 <= low < high <= 1
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)


@pytest.mark.parametrize(
    ("first", "last"),
    [(dt.date(2012, 10, 1), dt.date(2013, 9, 1)), (dt.date(2003, 1, 1), dt.date(2013, 9, 1)), (dt.date(2013, 9, 1), dt.date(2013, 9, 1))],
)
def test_month_ticks_lie_inside_and_name_the_year(first, last):
    ticks = base.month_ticks(first, last, 6)
    assert 1 <= len(ticks) <= 7
    assert all(first <= day <= last for day, _ in ticks)
    assert str(ticks[0][0].year) in ticks[0][1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("room", [60, 90, 125, 200])
def test_wrapped_lines_fit(name, room):
    rows = text.wrap(name, room, 13, bold=True)
    assert len(rows) <= 2
    assert all(text.text_width(row, 13, bold=True) <= room or " " not in row for row in rows)
    assert not any(row.endswith("&") for row in rows)


def test_shorten_marks_the_cut():
    assert text.shorten("Base Metals", 500) == "Base Metals"
    cut = text.shorten("Pharmaceutical, Health & Chemicals", 80)
    assert cut.endswith("…")
    assert text.text_width(cut) <= 80


CARD = board.Card(
    "k",
    "<b>Title</b>",
    "Sub",
    "Alt",
    {"data": [{"y": [1.0, float("nan")], "x": [dt.date(2013, 9, 1)]}], "layout": {"height": 222}},
    pl.DataFrame({"name": ["=x"], "day": [dt.date(2013, 9, 30)], "v": [float("inf")]}),
    (board.Column("name", "Name", "text"), board.Column("day", "Day", "date"), board.Column("v", "Value", "share")),
    chart_narrow={"data": [{"x": [1]}], "layout": {}},
)
STAMP = board.Stamp("All", "30 Sep 2013", "v1", True, "Leadership")


def sent(*cards, **more):
    return json.loads(board.payload([], cards, STAMP, can_export=True, plotly_url="/p.js", **more))


def test_payload_is_strict_json():
    card = sent(CARD)["cards"][0]
    assert card["chart"]["data"][0] == {"y": [1.0, None], "x": ["2013-09-01"]}
    assert card["rows"] == [["=x"], ["2013-09-30"], [None]]
    assert (card["height"], card["heightNarrow"], card["title"]) == (222, 320, "<b>Title</b>")


def test_hash_changes_with_a_card_and_only_its_own():
    other = board.Card("o", "Other", "", "", None, CARD.table, CARD.columns, empty="Nothing here.")
    before = sent(CARD, other)
    after = sent(CARD, board.Card("o", "Other title", "", "", None, CARD.table, CARD.columns, empty="Nothing here."))
    assert before["hash"] != after["hash"]
    assert [a["hash"] == b["hash"] for a, b in zip(before["cards"], after["cards"], strict=True)] == [True, False]
    assert sent(CARD, other)["hash"] == before["hash"]


def test_a_trace_of_both_charts_is_sent_once():
    shared = {"x": list(range(50))}
    card = board.Card(
        "k",
        "",
        "",
        "",
        {"data": [shared, {"x": [1]}], "layout": {}},
        CARD.table,
        (),
        chart_narrow={"data": [dict(shared), {"x": [2]}], "layout": {}},
    )
    assert sent(card)["cards"][0]["narrow"]["data"] == [0, {"x": [2]}]


def test_long_tables_are_capped():
    table = pl.DataFrame({"v": range(board.ROWS_SENT + 5)})
    card = sent(board.Card("k", "", "", "", None, table, (board.Column("v", "V", "count"),)))["cards"][0]
    assert len(card["rows"][0]) == board.ROWS_SENT
    assert card["total"] == board.ROWS_SENT + 5


@pytest.mark.parametrize(
    ("value", "card"),
    [
        ({"card": "k", "format": "csv"}, "k"),
        ({"card": "k", "format": "png"}, "k"),
        ({"card": "other", "format": "csv"}, None),
        ({"card": "k", "format": "exe"}, None),
        ({"card": ["k"], "format": "csv"}, None),
        ("k", None),
        (None, None),
    ],
)
def test_only_drawn_cards_are_reported(value, card):
    assert board.exported_card(value, frozenset({"k"})) == card


def test_ticks_of_a_ratio_keep_the_decimals_that_tell_them_apart() -> None:
    assert [base.tick_text(tick, "ratio", [0.0, 2.5, 5.0]) for tick in (0.0, 2.5, 5.0)] == ["0.0", "2.5", "5.0"]
    assert [base.tick_text(tick, "ratio", [0.0, 20.0]) for tick in (0.0, 20.0)] == ["0", "20"]
    assert base.tick_text(0.25, "ratio", [0.0, 0.25, 0.5]) == "0.25"


@pytest.mark.parametrize("width", WIDTHS)
def test_ribbons_are_as_thick_as_what_they_carry(width):
    spec = ribbons(links(), width, lit_sources=["Port 2"])
    paths = [shape for shape in spec["layout"]["shapes"] if shape["type"] == "path"]
    boxes = [shape for shape in spec["layout"]["shapes"] if shape["type"] == "rect"]
    frame = links().filter(pl.col("count") > 0)
    assert len(paths) == frame.height
    scale = (boxes[0]["y1"] - boxes[0]["y0"]) / frame.filter(port="Port 0")["count"].sum()
    drawn = []
    for path in paths:
        first, after = path["path"].removeprefix("M").removesuffix("Z").split("L")
        top, right_top = float(first.split("C")[0].split(",")[1]), float(first.split(",")[-1])
        right_bottom, bottom = float(after.split("C")[0].split(",")[1]), float(after.split(",")[-1])
        assert bottom - top == pytest.approx(right_bottom - right_top, abs=0.03)
        drawn.append((bottom - top) / scale)
    assert sorted(drawn) == pytest.approx(sorted(frame["count"].to_list()), abs=0.05)
    for left, right in ((0, 6), (6, 15)):
        column = boxes[left:right]
        assert all(above["y1"] < below["y0"] for above, below in pairwise(column))
    lit = [shape["fillcolor"] for shape in paths]
    assert len(set(lit)) == 2
    assert lit.count(lit[-1]) == frame.filter(port="Port 2").height


@pytest.mark.parametrize("width", WIDTHS)
def test_names_of_ribbons_fit_their_margins_at_three_times_the_length(width):
    frame = links().with_columns(pl.col("center", "port") + pl.lit(" and much more of it than anyone would ever write"))
    spec = charts.ribbons(
        frame, "port", "center", "count", sources=frame["port"].unique(maintain_order=True).to_list(),
        targets=frame["center"].unique(maintain_order=True).to_list(), width=width,
    )  # fmt: skip
    sides = (("middle left", spec["layout"]["margin"]["l"]), ("middle right", spec["layout"]["margin"]["r"]))
    for position, room in sides:
        words = [word for trace in spec["data"] if trace.get("textposition") == position for word in trace["text"]]
        assert words
        assert room < width * 0.38
        for word in words:
            for row in word.replace("<b>", "").replace("</b>", "").replace("&amp;", "&").split("<br>"):
                assert text.text_width(row.replace("\u00a0", " "), 13) <= room + 2
