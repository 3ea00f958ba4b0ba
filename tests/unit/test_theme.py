"""Colours in use can be read, and the style sheets fetch nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ui import theme

UI = Path(theme.__file__).parent


def test_contrast_of_black_on_white():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("text", "background"), theme.TEXT_PAIRS)
def test_text_reads(text, background):
    assert theme.contrast(text, background) >= 4.5


@pytest.mark.parametrize(("graphic", "background"), theme.GRAPHIC_PAIRS)
def test_graphics_show(graphic, background):
    assert theme.contrast(graphic, background) >= 3


@pytest.mark.parametrize("step", range(101))
def test_text_on_every_shade_of_the_heat_scale_reads(step):
    shade = theme.blend(step / 100)
    assert theme.contrast(theme.ink_on(shade), shade) >= 4.5


def test_scale_is_ordered_and_bounded():
    shades = [theme.luminance(theme.blend(step / 50)) for step in range(51)]
    assert shades == sorted(shades, reverse=True)
    assert theme.blend(-1) == theme.blend(0) == theme.BLUES[0]
    assert theme.blend(2) == theme.BLUES[-1]


@pytest.mark.parametrize("name", ["page.css", "board/board.css", "board/board.js"])
def test_nothing_is_fetched_from_elsewhere(name):
    text = (UI / name).read_text(encoding="utf-8")
    addresses = [part for part in text.replace("http://www.w3.org/2000/svg", "").split() if "http://" in part or "https://" in part]
    assert addresses == []
    assert "@import" not in text
    assert "innerHTML" not in text


def test_page_css_is_one_style_element():
    css = theme.page_css()
    assert css.startswith("<style>")
    assert css.count("</style>") == 1
