"""The deck opens in LibreOffice without repair, all its slides are there, and no text of one is cut."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import office
from tests.data.exported import of_role
from ui import exports

OFFICE = shutil.which("soffice")
without = pytest.mark.skipif(not OFFICE, reason="There is no LibreOffice; apt-get install libreoffice-impress (Debian)")


@pytest.fixture(scope="module")
def deck(store: Path) -> bytes:
    """One deck of all findings that leadership sees: every kind of chart."""
    pages = list(of_role("leadership").values())
    cards = [card for page in pages for card in page.cards]
    figures = [figure for page in pages for figure in page.figures]
    return exports.deck("State of the Centers", cards, figures, pages[0].stamp, exports.MARKING)


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


def test_without_leave_to_install_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(office.shutil, "which", lambda _: None)
    assert office.main() == 0
    assert "apt-get install libreoffice-impress" in capsys.readouterr().err


def test_with_leave_the_operating_systems_package_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[list[str]] = []
    monkeypatch.setattr(office.shutil, "which", lambda name: "/usr/bin/x" if name == "apt-get" or len(installed) == 2 else None)
    monkeypatch.setattr(office.os, "geteuid", lambda: 0)
    monkeypatch.setattr(office.subprocess, "run", lambda command, **_: installed.append(command))
    assert office.main() == 0
    assert installed[1][-1] == "libreoffice-impress"
