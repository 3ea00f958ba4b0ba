"""Nothing overlaps and nothing is cut at three times the usual length of names: every chart drawn by a real browser, its texts measured."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import plotly
import polars as pl
import pytest
import streamlit
from playwright.sync_api import BrowserContext, Page

from tests.unit import test_charts as usual
from tests.unit import test_charts_flow as of_flow
from ui import charts

pytestmark = pytest.mark.browser

#: In the page: draw a chart, and give the boxes of its texts that are seen.
DRAW = """async ([spec, width]) => {
  const node = document.getElementById('chart');
  const wide = Math.max(width, spec.layout.width || 0);
  node.style.width = wide + 'px';
  await Plotly.newPlot(node, spec.data, {...spec.layout, width: wide}, {displayModeBar: false, staticPlot: true});
  const frame = node.getBoundingClientRect();
  const boxes = [];
  for (const text of node.querySelectorAll('svg text')) {
    const rows = text.querySelectorAll('tspan.line');
    for (const part of rows.length ? rows : [text]) {
      const box = part.getBoundingClientRect();
      if (part.textContent.trim() && box.width > 0 && getComputedStyle(part).visibility !== 'hidden')
        boxes.push([part.textContent.trim(), box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top,
                    Boolean(text.closest('[transform*="rotate(-40"]'))]);
    }
  }
  return [wide, frame.height, boxes];
}"""

#: Pixels that boxes of letters may share: their height is that of the tallest letter there is.
SLACK = 3.0

#: Of slanted heads (40 degrees): how far lines are apart for each pixel between their starts, and how high their letters are.
LEAN = math.sin(math.radians(40))
LETTERS = 11.0


@pytest.fixture(scope="module")
def canvas(context: BrowserContext) -> Any:
    page = context.new_page()
    page.set_viewport_size({"width": 1400, "height": 1200})
    # The app's own face, as Streamlit serves it: widths are planned for it.
    (face,) = (Path(streamlit.__file__).parent / "static/static/media").glob("SourceSansVF-Upright*.woff2")
    source = f"url(data:font/woff2;base64,{base64.b64encode(face.read_bytes()).decode()})"
    style = f"<style>@font-face {{ font-family: 'Source Sans'; src: {source}; font-weight: 200 900 }} body {{ margin: 0 }}</style>"
    page.set_content(f"<html><head>{style}</head><body><div id=chart></div></body></html>")
    assert page.evaluate("() => document.fonts.load('600 13px \\'Source Sans\\'').then((faces) => faces.length)") == 1
    page.add_script_tag(content=(Path(plotly.__file__).parent / "package_data/plotly.min.js").read_text())
    yield page
    page.close()


def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every name of the charts' test data three times as long, by words as names have them."""
    names = [" ".join([name] * 3) + f" {place}" for place, name in enumerate(usual.NAMES)]
    for module in (usual, of_flow):
        monkeypatch.setattr(module, "NAMES", names)


def _words(width: float) -> charts.Spec:
    frame = pl.DataFrame({"name": usual.NAMES, "now": ["12,345"] * 9, "before": ["$123.4M"] * 9, "year": ["–"] * 9})
    heads = [("now", "Week to 30 Sep 2013"), ("before", "Week to 23 Sep 2013"), ("year", "Week to 30 Sep 2012")]
    return charts.words(frame, "name", heads, bad=[(0, "now")], width=width)


EVERY = {**usual.ALL, **of_flow.ALL, "words": _words}


def _overlaps(boxes: list[list[Any]]) -> list[tuple[str, str]]:
    found = []
    for place, (text, left, top, right, bottom, leans) in enumerate(boxes):
        for other, left2, top2, right2, bottom2, leans2 in boxes[place + 1 :]:
            wide, high = min(right, right2) - max(left, left2), min(bottom, bottom2) - max(top, top2)
            # Slanted heads are parallel: what counts is how far their lines are from each other, not the boxes around them.
            apart = leans and leans2 and abs(left2 - left) * LEAN >= LETTERS
            if wide > SLACK and high > SLACK and not apart:
                found.append((text, other))
    return found


@pytest.mark.parametrize("width", [charts.HALF, charts.WIDE, charts.PHONE], ids=["half", "wide", "phone"])
@pytest.mark.parametrize("name", EVERY)
def test_labels_of_three_times_the_length_stay_apart(canvas: Page, monkeypatch: pytest.MonkeyPatch, name: str, width: float) -> None:
    _long(monkeypatch)
    spec = json.loads(json.dumps(EVERY[name](width), default=str))
    wide, _, boxes = canvas.evaluate(DRAW, [spec, width])
    assert boxes
    assert _overlaps(boxes) == []
    cut = [box[0] for box in boxes if box[1] < -SLACK or box[3] > wide + SLACK]
    assert cut == []
