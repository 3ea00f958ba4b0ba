"""Exports of a card made for the purpose: hidden cells, hostile texts, what a file says of itself, and what the room loads."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import Any

import fastexcel
import polars as pl
import pytest

from ui import charts, exports
from ui.board import Card, Column, KeyFigure, Stamp
from ui.exports.cells import counted, hidden, table
from ui.exports.native import native
from ui.sheet import harmless

STAMP = Stamp("1 Oct 2012 to 30 Sep 2013", "30 Sep 2013", "2013-09-30-abc", True, "Working group", "load 3 of 1 Oct 2013")
HOSTILE = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\r=1", '=HYPERLINK("http://x","y")']
FIGURE = KeyFigure("backlog", "=Backlog", "1,826", "4.1%", "up", "bad", "vs a year earlier", facts=(("n", "12"),))


def made(frame: pl.DataFrame, **more: Any) -> Card:
    columns = (
        Column("label", "Center", "text"),
        Column("value", "Rate", "share"),
        Column("n", "Lines", "count"),
        Column("quality", "Quality", "text"),
    )
    chart = charts.dots_with_interval(frame, "label", "value", "low", "high", n="n", quality="quality")
    return Card("rates", "=A title", "Subtitle", "What it says.", chart, frame, columns, ("compliance_rate_major",), **more)


#: The third row's number is in the frame although it must not be shown; the fourth has too few cases.
HIDDEN = made(
    pl.DataFrame(
        {
            "label": ["Electronics", "Agriculture", "Textiles", "Petroleum", "Zero"],
            "value": [0.97, None, 0.123456, None, 0.0],
            "low": [0.95, None, 0.1, None, 0.0],
            "high": [0.98, None, 0.2, None, 0.1],
            "n": [200, 2, 987654, 12, 40],
            "quality": ["ok", "suppressed", "suppressed", "too_few", "ok"],
        }
    )
)


def test_a_suppressed_row_hides_all_its_numbers_and_a_zero_is_a_zero() -> None:
    cells = table(HIDDEN)
    assert cells.rows[1:3] == (("Agriculture", None, None, "suppressed"), ("Textiles", None, None, "suppressed"))
    assert cells.marks[1:3] == (("", "D", "D", ""),) * 2
    assert cells.rows[3] == ("Petroleum", None, 12, "too_few")
    assert cells.marks[3] == ("", "S", "", "")
    assert cells.rows[4][1] == 0.0
    assert cells.marks[4][1] == ""
    assert cells.texts(4) == ["Zero", "0.0%", "40", "ok"]
    assert cells.texts(2) == ["Textiles", "D", "D", "suppressed"]


def test_the_words_of_a_release_are_its_marks() -> None:
    frame = pl.DataFrame(
        {"month": ["2013-01", "2013-02", "2013-03"], "came": [5, None, None], "came_words": ["", "withheld", "nothing to report"]}
    )
    columns = (Column("month", "Month", "month"), Column("came", "Receipts (rounded)", "count"), Column("came_words", "Mark", "text"))
    cells = table(Card("k", "T", "S", "A", None, frame, columns))
    assert [row[1] for row in cells.marks] == ["", "D", "–"]
    bars = charts.bars(frame, "month", "came", extra="came_words")
    found = native(Card("k", "T", "S", "A", bars, frame, columns))
    assert found is not None
    assert found.plots[0].categories == ("2013-01", "2013-02 (withheld)", "2013-03 (nothing to report)")


def said_on(card: Card) -> str:
    """All that stands on a card's slide, and no speaker's notes."""
    from pptx import Presentation

    slide = list(Presentation(io.BytesIO(exports.deck("Story", [card], [], STAMP))).slides)[-1]
    return "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def test_what_is_hidden_is_counted_as_a_reader_counts() -> None:
    assert hidden(HIDDEN) == {"D": "2 of 5 Centers", "S": "1 of 5 Centers"}
    frame = pl.DataFrame({"center": ["A", "A", "B", "B"], "value": [1, None, None, None], "n": [1, 2, None, None]})
    columns = [Column("value", "Value", "count"), Column("n", "Cases", "count")]
    rows = frame.with_columns(quality=pl.Series(["ok", "too_few", "suppressed", "suppressed"]))
    of_centers = Card("k", "T", "S", "A", None, rows, (Column("center", "Center", "text"), *columns))
    assert hidden(of_centers) == {"D": "2 of 4 rows, 1 of 2 Centers", "S": "1 of 4 rows, 1 of 2 Centers"}
    of_things = Card("k", "T", "S", "A", None, rows, (Column("center", "Thing", "text"), *columns))
    assert hidden(of_things)["D"] == "2 of 4 rows"
    assert (counted(1, 1, "Center"), counted(3, 7, "Industry"), counted(1, 4, "Quarter")) == (
        "1 of 1 Center",
        "3 of 7 industries",
        "1 of 4 quarters",
    )


def test_a_slide_says_what_its_marks_mean_and_of_how_many_cases_it_is() -> None:
    chart = said_on(HIDDEN)
    assert "2 of 5 Centers withheld so that no company's figures can be worked out." in chart
    assert "1 of 5 Centers with too few cases to be reliable." in chart
    assert "n by Center: 40 to 200 lines." in chart
    assert said_on(replace(HIDDEN, note="n by Center: 40 to 200 lines. More.")).count("n by Center") == 1
    told = said_on(replace(HIDDEN, note="Withheld: a company could be told."))
    assert "2 of 5 Centers withheld. " in told
    assert told.count("a company could be told") == 1
    letters = said_on(replace(HIDDEN, chart=None))
    assert "D: withheld so that no company's figures can be worked out (2 of 5 Centers)." in letters
    assert "S: too few cases to be reliable (1 of 5 Centers)." in letters
    assert "–:" not in letters


def test_what_no_line_reaches_has_a_dot() -> None:
    months = [dt.date(2013, month, 1) for month in range(1, 6)]
    frame = pl.DataFrame({"month": months, "came": [1, 2, 3, 4, 5], "went": [None, 7, None, 8, 9]})
    chart = charts.flow_lines(frame, "month", "came", "went")
    sizes = [trace["marker"]["size"] for trace in chart["data"] if "marker" in trace]
    assert sizes == [[0, 7, 0, 0, 0]]
    card = Card("k", "T", "S", "A", chart, frame, (Column("month", "Month", "date"), Column("went", "Went", "count")))
    parts = [text for text in unpacked(exports.deck("Story", [card], [], STAMP)) if "<c:chart" in text]
    dots = [re.findall(r'<c:dPt>\s*<c:idx val="(\d)"/>\s*<c:marker>\s*<c:symbol val="(\w+)"', text) for text in parts]
    assert [each for each in dots if each] == [[("1", "circle")]]
    assert exports.brief("Story", [card], [], STAMP)


def test_a_rate_alone_has_its_interval_at_its_dot() -> None:
    frame = pl.DataFrame({"start": [dt.date(2013, 7, 1)], "value": [1.0], "low": [0.91], "high": [1.0], "open": [True]})
    chart = charts.rate_with_interval(frame, "start", "value", "low", "high", provisional="open", target=0.98, quarters=True)
    found = native(Card("k", "T", "S", "A", chart, frame, (Column("value", "Rate", "share"),)))
    assert found is not None
    rate = found.plots[0].series[-1]
    assert (rate.name, rate.look, rate.low, rate.high) == ("Rate, provisional", "dots", (0.91,), (1.0,))
    assert found.plots[0].scale is not None
    assert found.plots[0].scale[0] <= 0.91


def test_a_key_figure_that_is_not_shown_is_explained() -> None:
    from pptx import Presentation

    hidden_ones = [FIGURE, replace(FIGURE, value="Withheld"), replace(FIGURE, value="–")]
    told = "–: nothing to report, or not reached. Withheld: so that no company's figures can be worked out."
    for figures, said in (([FIGURE], []), (hidden_ones, [told])):
        slide = Presentation(io.BytesIO(exports.deck("Story", [], figures, STAMP))).slides[1]
        assert [shape.text_frame.text for shape in slide.shapes if shape.name == "Note"] == said


def test_shares_of_a_stack_say_of_how_many() -> None:
    frame = pl.DataFrame({"label": ["A", "A", "B", "B"], "status": ["x", "y"] * 2, "count": [3, 1, 0, 1200]})
    columns = (Column("label", "Center", "text"), Column("status", "Status", "text"), Column("count", "Pieces", "count"))
    for as_share, names in ((True, ("A (n = 4)", "B (n = 1,200)")), (False, ("A", "B"))):
        chart = charts.stacked_status(frame, "label", "status", "count", as_share=as_share)
        found = native(Card("k", "T", "S", "A", chart, frame, columns))
        assert found is not None
        assert found.plots[0].categories == names


def test_a_page_of_a_brief_says_what_the_letters_on_it_mean() -> None:
    import pypdf

    rows = pl.concat([HIDDEN.table.with_columns(label=pl.format("{} {}", "label", pl.lit(at))) for at in range(8)])
    pages = pypdf.PdfReader(io.BytesIO(exports.brief("Story", [replace(HIDDEN, table=rows)] * 2, [], STAMP))).pages
    assert len(pages) > 2
    for page in pages:
        text = page.extract_text()
        assert "suppressed" not in text or -1 < text.find("D: withheld") < text.find("suppressed")


def test_quarters_are_named_on_their_axis_also_one_that_is_missing() -> None:
    days = [dt.date(2012, 4, 1), dt.date(2012, 7, 1), dt.date(2013, 1, 1)]
    frame = pl.DataFrame({"start": days, "value": [0.9, 0.91, 0.92], "low": [0.8, 0.81, 0.82], "high": [0.95, 0.96, 0.97]})
    columns = (Column("start", "Quarter", "date"), Column("value", "Rate", "share"))
    chart = charts.rate_with_interval(frame, "start", "value", "low", "high", quarters=True)
    card = Card("k", "T", "S", "A", chart, frame, columns)
    found = native(card)
    assert found is not None
    assert found.plots[0].categories == ("FY2012 Q3", "FY2012 Q4", "FY2013 Q1", "FY2013 Q2")
    assert found.plots[0].series[-1].values == (0.9, 0.91, None, 0.92)
    assert chart["layout"]["xaxis"]["ticktext"] == ["Q3<br>FY2012", "Q4", "Q2<br>FY2013"]
    slide = [text for text in unpacked(exports.deck("Story", [card], [], STAMP)) if "<c:chart" in text]
    assert any("FY2013 Q1" in text and "dateAx" not in text for text in slide)
    assert exports.brief("Story", [card], [], STAMP)


def test_no_file_holds_a_hidden_number_anywhere() -> None:
    files = {kind: getattr(exports, kind)("Story", [HIDDEN], [FIGURE], STAMP, exports.MARKING) for kind in ("deck", "workbook")}
    files["csv"] = exports.card_csv(HIDDEN, STAMP, exports.MARKING)
    for kind, data in files.items():
        for text in unpacked(data):
            assert not any(number in text for number in ("0.123456", "987654", "987,654", "12.3%", "0.0234", "0.0765")), kind


def unpacked(data: bytes) -> list[str]:
    """Every part of a file, and of the files inside it, as text."""
    if not data.startswith(b"PK"):
        return [data.decode("utf-8", errors="replace")]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [text for name in archive.namelist() for text in unpacked(archive.read(name))]


@pytest.mark.parametrize("draw", ["bars", "due_bars"])
def test_no_chart_of_a_file_draws_a_withheld_row(draw: str) -> None:
    chart = getattr(charts, draw)(HIDDEN.table, "label", "value", kind="share")
    found = native(Card("k", "T", "S", "A", chart, HIDDEN.table, HIDDEN.columns))
    assert found is not None
    assert found.plots[0].series[0].values == (0.97, None, None, None, 0.0)


def test_no_brief_holds_a_hidden_number() -> None:
    import pypdf

    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(exports.brief("Story", [HIDDEN], [], STAMP))).pages)
    assert "Textiles" in text
    assert "12.3%" not in text
    assert "987,654" not in text


def test_marks_stand_beside_empty_numbers() -> None:
    rows = list(csv.reader(io.StringIO(exports.card_csv(HIDDEN, STAMP).decode())))
    heads = next(row for row in rows if len(row) > 1)
    assert heads == ["Center", "Rate (0–1)", "Rate: mark", "Lines", "Lines: mark", "Quality"]
    body = rows[rows.index(heads) + 1 :]
    assert body[0] == ["Electronics", "0.97", "", "200", "", "ok"]
    assert body[2] == ["Textiles", "", "D", "", "D", "suppressed"]
    assert body[3] == ["Petroleum", "", "S", "12", "", "too_few"]
    sheet = fastexcel.read_excel(exports.workbook("Story", [HIDDEN], [], STAMP)).load_sheet("1 rates").to_polars()
    assert sheet.columns == ["Center", "Rate (%)", "Rate: mark", "Lines", "Lines: mark", "Quality"]
    assert sheet.row(2) == ("Textiles", None, "D", None, "D", "suppressed")
    assert sheet["Rate (%)"][0] == 0.97


@pytest.mark.parametrize("text", HOSTILE)
def test_a_formula_is_text_in_every_file(text: str) -> None:
    frame = pl.DataFrame({"label": [text], "value": [0.5], "low": [0.4], "high": [0.6], "n": [-3], "quality": ["ok"]})
    card = made(frame)
    rows = list(csv.reader(io.StringIO(exports.card_csv(card, STAMP).decode(), newline="")))
    assert rows[-1][0] == f"'{text}"
    assert rows[-1][2] == "-3"
    for data in (exports.workbook(text, [card], [FIGURE], STAMP, text), exports.deck(text, [card], [FIGURE], STAMP, text)):
        for part in unpacked(data):
            assert "<f>" not in part
            assert "<f " not in part
            assert "<hyperlink " not in part
    sheet = fastexcel.read_excel(exports.workbook("Story", [card], [], STAMP)).load_sheet("1 rates").to_polars()
    assert sheet["Center"][0].strip() == text.strip()


def test_a_text_that_is_edited_stays_a_text() -> None:
    data = exports.workbook(
        "Story",
        [made(pl.DataFrame({"label": ["=1+1"], "value": [0.1], "low": [0.1], "high": [0.1], "n": [1], "quality": ["ok"]}))],
        [],
        STAMP,
    )
    assert any('quotePrefix="1"' in part for part in unpacked(data))


@pytest.mark.parametrize(("text", "written"), [("=1", "'=1"), ("a=1", "a=1"), ("−5", "−5"), ("-5", "'-5"), ("", ""), (" =1", " =1")])
def test_only_what_a_spreadsheet_calculates_is_touched(text: str, written: str) -> None:
    assert harmless(text) == written


def test_a_workbook_has_one_table_a_sheet_no_merged_cells_and_says_what_it_is() -> None:
    cards = [HIDDEN, Card("none", "Nothing", "Sub", "No data.", None, pl.DataFrame(), (), empty="Loosen a filter.")]
    parts = {}
    with zipfile.ZipFile(io.BytesIO(exports.workbook("Story", cards, [FIGURE], STAMP, "FOR DISCUSSION & MORE"))) as archive:
        parts = {name: archive.read(name).decode("utf-8", errors="replace") for name in archive.namelist()}
    sheets = [text for name, text in parts.items() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 4
    assert all(text.count("<tablePart ") == 1 and "mergeCell" not in text for text in sheets)
    assert all("FOR DISCUSSION &amp;&amp; MORE" in text for text in sheets)
    assert "<dc:title>Story</dc:title>" in parts["docProps/core.xml"]
    assert "2013-09-30-abc" in parts["docProps/custom.xml"]
    assert any('altTextSummary="What it says."' in text for name, text in parts.items() if "tables/" in name)


def test_a_chart_that_no_reader_knows_is_a_table() -> None:
    plain = Card("x", "T", "S", "A", {"data": [], "layout": {}}, HIDDEN.table, HIDDEN.columns)
    assert native(plain) is None
    assert native(HIDDEN) is not None


def test_a_dot_that_the_screen_withholds_has_no_number_and_says_why() -> None:
    found = native(HIDDEN)
    assert found is not None
    assert found.plots[0].categories[1:4] == ("Agriculture (withheld)", "Textiles (withheld)", "Petroleum (too few)")
    assert found.plots[0].categories[0] == "Electronics (n\u00a0=\u00a0200)"
    assert [v for each in found.plots[0].series for v in each.values if v is not None] == [0.97, 0.0]


def test_what_writes_the_files_is_loaded_when_one_is_asked_for() -> None:
    code = "import sys; import ui.exports; print([m for m in ('pptx', 'reportlab', 'xlsxwriter', 'lxml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_shares_below_zero_do_not_break_an_axis() -> None:
    card = made(pl.DataFrame({"label": ["a"], "value": [-0.5], "low": [-0.6], "high": [-0.4], "n": [1], "quality": ["ok"]}))
    assert exports.deck("Story", [card], [], STAMP)
