"""The four files of a card hold the screen's cells, one by one, and hide what it hides: every card of every page, for every role."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastexcel
import pytest

from analytics import format as fmt
from analytics.scope import ROLES
from tests.data.exported import Shown, of_role
from ui import exports
from ui.board import Card
from ui.board.shape import table_columns
from ui.exports.cells import NUMBERS
from ui.exports.native import Native, Plot, native

MARKING = exports.MARKING


@pytest.fixture(scope="module")
def pages(store: Path) -> dict[tuple[str, str], Shown]:
    """All pages of all roles; a card that two roles see alike is tried once."""
    found = {}
    seen: set[tuple[Any, ...]] = set()
    for role in ROLES:
        for page, shown in of_role(role).items():
            fresh = [card for card in shown.cards if (card.key, card.title, card.subtitle, card.table.height) not in seen]
            seen |= {(card.key, card.title, card.subtitle, card.table.height) for card in fresh}
            found[role, page] = shown._replace(cards=fresh)
    return found


def cards_of(pages: dict[tuple[str, str], Shown]) -> Iterator[tuple[Shown, Card]]:
    for shown in pages.values():
        yield from ((shown, card) for card in shown.cards)


def screen(card: Card, most: int = 5000) -> list[list[Any]]:
    """What the browser gets, row by row: no code of the exports takes part."""
    if not card.columns or card.table.is_empty():
        return []
    columns = table_columns(card.table.head(most), [column.name for column in card.columns])
    return [list(row) for row in zip(*columns, strict=True)]


def test_pages_give_cards_of_every_kind(pages: dict[tuple[str, str], Shown]) -> None:
    drawn = {getattr(card.chart, "chart", "") for _, card in cards_of(pages) if card.chart is not None}
    assert len(pages) > 25
    assert {role for role, _ in pages} == set(ROLES)
    assert {"bars", "dots_with_interval", "flow_lines", "process_chart", "small_multiples", "heat", "words", "fan", "spans"} <= drawn
    # Maps and ribbons have no native form: they are tables.
    without = {getattr(card.chart, "chart", "") for _, card in cards_of(pages) if card.chart is not None and native(card) is None}
    assert without <= {"", "ribbons"}


def test_csv_has_the_cells_of_the_screen(pages: dict[tuple[str, str], Shown]) -> None:
    for shown, card in cards_of(pages):
        text = exports.card_csv(card, shown.stamp, MARKING).decode().removeprefix("\ufeff")
        rows = [row for row in csv.reader(io.StringIO(text)) if not (len(row) == 1 and row[0].startswith("# "))]
        above = [line for line in text.splitlines() if line.lstrip('"').startswith("# ")]
        assert MARKING in above[3]
        assert any(f"View: {shown.stamp.role}" in line for line in above)
        compare(card, rows[0] if rows else [], rows[1:], screen(card))


def compare(card: Card, heads: list[str], rows: list[list[Any]], wanted: list[list[Any]]) -> None:
    """Compare written rows, with their columns of marks, to those of the screen."""
    assert len(rows) == len(wanted), card.key
    marked = [place for place, column in enumerate(card.columns) if column.kind in NUMBERS and any(row[place] is None for row in wanted)]
    assert len(heads) == len(card.columns if wanted else []) + len(marked) or not wanted, (card.key, heads)
    for written, row in zip(rows, wanted, strict=True):
        parts = iter(written)
        for place, (column, value) in enumerate(zip(card.columns, row, strict=True)):
            here = next(parts)
            mark = next(parts) if place in marked else ""
            if column.kind not in NUMBERS:
                text = "" if value is None else str(value)
                assert same_text(here, text), (card.key, column.name, here, text)
            elif value is None:
                assert (here or "", mark) in [("", mark) for mark in ("D", "S", fmt.NONE)], (card.key, column.name)
            else:
                assert float(here) == pytest.approx(float(value), rel=1e-12, abs=1e-12), (card.key, column.name)
                assert mark in ("", None)


def same_text(here: Any, text: str) -> bool:
    if isinstance(here, dt.date | dt.datetime):
        return here.isoformat()[:10] == (text if len(text) > 7 else f"{text}-01")
    return str(here or "") in (text, f"'{text}" if re.match(r"[=+\-@\t\r]", text) else text)


def test_workbooks_have_the_cells_of_the_screen(pages: dict[tuple[str, str], Shown]) -> None:
    for shown in pages.values():
        book = fastexcel.read_excel(exports.workbook(shown.title, shown.cards, shown.figures, shown.stamp, MARKING))
        assert book.sheet_names[0] == "Notes"
        notes = book.load_sheet("Notes").to_polars()
        assert {MARKING, shown.stamp.sentence, f"View: {shown.stamp.role}", f"Data version {shown.stamp.version}"} <= set(notes["Text"])
        assert len(book.sheet_names) == 1 + bool(shown.figures) + len(shown.cards)
        for card, name in zip(shown.cards, book.sheet_names[len(book.sheet_names) - len(shown.cards) :], strict=True):
            wanted = screen(card)
            if not wanted:
                continue
            frame = book.load_sheet(name).to_polars()
            compare(card, frame.columns, [list(row) for row in frame.rows()], wanted)


def test_briefs_have_the_cells_of_the_screen(pages: dict[tuple[str, str], Shown]) -> None:
    import pypdf

    for shown in pages.values():
        read = pypdf.PdfReader(io.BytesIO(exports.brief(shown.title, shown.cards, shown.figures, shown.stamp, MARKING)))
        assert read.metadata is not None
        assert read.metadata.title == shown.title.replace("◇", "◆")
        assert str(read.trailer["/Root"]["/Lang"]).startswith("en")
        texts = [page.extract_text() for page in read.pages]
        for number, text in enumerate(texts, 1):
            assert text.count(MARKING) == 2
            assert f"{number} of {len(texts)}" in text
            assert shown.stamp.version in text
            assert not shown.stamp.synthetic or "Synthetic data" in text
        words = "".join("".join(texts).split())
        for card in shown.cards:
            for row in screen(card, 40):
                cells = [squeezed(card, place, value) for place, value in enumerate(row)]
                assert all(cell in words for cell in cells), (card.key, cells)


def squeezed(card: Card, place: int, value: Any) -> str:
    """A cell as the screen writes it, without spaces: a PDF has lines, not paragraphs."""
    text = fmt.cell(value, card.columns[place].kind)
    return "" if text == fmt.NONE else "".join(text.replace("◇", "◆").split())


def test_slides_have_real_series_with_the_screens_numbers(pages: dict[tuple[str, str], Shown]) -> None:
    from pptx import Presentation

    charts = 0
    for shown in pages.values():
        show = Presentation(io.BytesIO(exports.deck(shown.title, shown.cards, shown.figures, shown.stamp, MARKING)))
        slides = list(show.slides)[len(show.slides) - len(shown.cards) :]
        for card, slide in zip(shown.cards, slides, strict=True):
            assert slide.shapes.title.text_frame.text == card.title or slide.shapes.title.text_frame.text.endswith("…")
            said = "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
            assert said.count(MARKING) == 2
            assert shown.stamp.version in said
            assert f"view: {shown.stamp.role}" in said
            assert "Synthetic data" in said or not shown.stamp.synthetic
            notes = slide.notes_slide.notes_text_frame.text
            assert card.empty or ("Definition" in notes or not card.metric_ids)
            charts += slide_is_as_on_screen(card, slide)
    assert charts > 100


def slide_is_as_on_screen(card: Card, slide: Any) -> int:
    found = native(card) if card.chart is not None else None
    frames = [shape for shape in slide.shapes if shape.has_chart or shape.has_table]
    for frame in frames:
        assert frame._element.nvGraphicFramePr.cNvPr.get("descr")
    if card.empty:
        assert not frames
        assert card.empty in "\n".join(s.text_frame.text for s in slide.shapes if s.has_text_frame)
        return 0
    if found is None:
        rows = [[cell.text for cell in row.cells] for row in frames[0].table.rows]
        for written, row in zip(rows[1:], screen(card), strict=False):
            assert written == [fmt.cell(v, c.kind) for v, c in zip(row, card.columns, strict=True)]
        return 0
    if found.words:
        rows = [[cell.text.replace("\u00a0", "") for cell in row.cells] for row in frames[0].table.rows]
        assert rows[0] == list(found.words.heads)
        assert rows[1:] == [list(row) for row in found.words.rows[: len(rows) - 1]]
        return 0
    assert len(frames) == len(found.plots)
    for frame, plot in zip(frames, found.plots, strict=True):
        holds(card, frame.chart, plot)
    return len(frames)


def holds(card: Card, chart: Any, plot: Plot) -> None:
    """Compare a chart's own series, and the workbook behind it, to what was drawn."""
    drawn = list(chart.plots[0].series)
    assert [series.name for series in drawn] == [each.name for each in plot.series]
    for series, each in zip(drawn, plot.series, strict=True):
        wanted = [v for v in each.values if v is not None] if plot.form == "curve" else list(each.values)
        assert list(series.values) == pytest.approx(wanted, nan_ok=True) if None not in wanted else same(list(series.values), wanted), (
            card.key
        )
    if plot.form != "curve":
        behind = fastexcel.read_excel(chart.part.chart_workbook.xlsx_part.blob).load_sheet(0).to_polars()
        for place, each in enumerate(plot.series, 1):
            column = behind[:, place].to_list()[: len(each.values)]
            assert same([None if v is None else float(v) for v in column] + [None] * (len(each.values) - len(column)), list(each.values))


def same(here: list[Any], wanted: list[Any]) -> bool:
    pairs = zip(here, wanted, strict=True)
    return all(a == b if a is None or b is None else abs(a - b) <= 1e-9 * max(1, abs(b)) for a, b in pairs)


def test_series_hold_the_numbers_of_the_table(pages: dict[tuple[str, str], Shown]) -> None:
    """Bars and dots name their column: each number drawn is the table's, under its own label."""
    tried = 0
    for _, card in cards_of(pages):
        given = getattr(card.chart, "given", {})
        kind = getattr(card.chart, "chart", "")
        if kind not in ("bars", "dots_with_interval") or not {given["label"], given["value"]} <= set(card.table.columns):
            continue
        if card.table[given["label"]].n_unique() < card.table.height:
            continue  # its chart sums what its table tells apart
        found = native(card)
        assert found is not None
        table = dict(card.table.select(given["label"], given["value"]).iter_rows())
        plot = found.plots[0]
        for name, value in points(found):
            label = re.sub(r" \((withheld|no data|too few|n\u00a0=\u00a0[\d,]+)\)$", "", name)
            assert value is None or value == pytest.approx(table[label]), (card.key, name)
            tried += 1
        assert len(set(plot.categories)) == len(plot.categories)
    assert tried > 300


def points(found: Native) -> Iterator[tuple[str, float | None]]:
    for each in found.plots[0].series:
        if each.label == "all":
            yield from zip((str(c) for c in found.plots[0].categories), each.values, strict=True)


# --- The deck opens in LibreOffice without repair, all its slides are there, and no text of one is cut. ---

OFFICE = shutil.which("soffice")
without = pytest.mark.skipif(not OFFICE, reason="There is no LibreOffice; apt-get install libreoffice-impress (Debian)")


@pytest.fixture(scope="module")
def deck(pages: dict[tuple[str, str], Shown]) -> bytes:
    """One deck of all findings that leadership sees: every kind of chart."""
    own = [shown for (role, _), shown in pages.items() if role == "leadership"]
    cards = [card for shown in own for card in shown.cards]
    figures = [figure for shown in own for figure in shown.figures]
    return exports.deck("State of the Centers", cards, figures, own[0].stamp, MARKING)


@pytest.fixture(scope="module")
def printed(deck: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as LibreOffice lays it out."""
    home = tmp_path_factory.mktemp("office")
    (home / "deck.pptx").write_bytes(deck)
    profile = f"-env:UserInstallation=file://{home}/profile"
    command = [str(OFFICE), "--headless", profile, "--convert-to", "pdf", "--outdir", str(home), str(home / "deck.pptx")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return home / "deck.pdf"


def words(text: str) -> str:
    return re.sub(r"\s+", "", text)


def texts(slide: Any) -> list[str]:
    """Every text of a slide that is not a chart's."""
    found = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    for shape in slide.shapes:
        if shape.has_table:
            found += [cell.text for row in shape.table.rows for cell in row.cells]
    return [text for text in found if text.strip("\u00a0 ")]


@without
def test_libreoffice_shows_every_slide_with_all_its_words_on_it(deck: bytes, printed: Path) -> None:
    import pypdf
    from pptx import Presentation

    slides = list(Presentation(io.BytesIO(deck)).slides)
    pages = pypdf.PdfReader(printed).pages
    assert len(pages) == len(slides) > 50
    for slide, page in zip(slides, pages, strict=True):
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        outside: list[str] = []

        def keep(text: str, _cm: Any, tm: Any, _font: Any, _size: Any, outside: list[str] = outside, size: Any = (width, height)) -> None:
            if text.strip() and not (-1 <= tm[4] <= size[0] and -1 <= tm[5] <= size[1]):
                outside.append(text)

        laid = words(page.extract_text(visitor_text=keep))
        assert not outside
        for text in texts(slide):
            assert words(text) in laid, text


def test_boxes_are_as_tall_as_their_texts(deck: bytes) -> None:
    """Measured with the widths of Source Sans and the slack for a wider face: what fits here is cut nowhere."""
    from pptx import Presentation
    from pptx.util import Pt

    from ui.exports.fitting import LINE, rows_of

    tried = 0
    for slide in Presentation(io.BytesIO(deck)).slides:
        boxes = [shape for shape in slide.shapes if shape.has_text_frame and shape.text_frame.text]
        for shape in boxes:
            run = shape.text_frame.paragraphs[0].runs[0]
            size = run.font.size / Pt(1)
            rows = rows_of(shape.text_frame.text, shape.width / Pt(1), size, bold=bool(run.font.bold))
            assert rows * size * LINE <= shape.height / Pt(1) + 0.5, (shape.name, shape.text_frame.text)
            tried += 1
        apart(boxes)
    assert tried > 400


def apart(boxes: list[Any]) -> None:
    """No box of text lies on another one."""
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
            down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
            assert across <= 0 or down <= 20_000, (one.name, one.text_frame.text, other.name, other.text_frame.text)
