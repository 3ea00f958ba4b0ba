"""Stacks of a few statuses, named above the first row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.charts.ranked import bar_trace, row_height
from ui.theme import ACCENT, ACCENT_DARK, BAD, CONTEXT, GREY, INK, ink_on

#: Looks of statuses: accent, dark, bad, grey, context.
TONES: Final[Mapping[str, str]] = {"accent": ACCENT, "dark": ACCENT_DARK, "bad": BAD, "grey": GREY, "context": CONTEXT, "faint": "#d3e6f4"}


@remembered
def stacked_status(
    frame: pl.DataFrame,
    label: str,
    status: str,
    value: str,
    *,
    tones: Mapping[str, str] | None = None,
    as_share: bool = True,
    kind: str = "count",
    ends: bool = False,
    width: float = base.HALF,
) -> Spec:
    """Draw one horizontal stack for each row, its parts named above the first row and written inside where they fit.

    frame: `label`, `status`, `value`, one row for each pair; orders as given. `tones` gives each status one of accent,
    dark, bad, grey, context, faint. Few statuses: five at most. `ends` writes each row's sum at its end instead of the parts inside.
    """
    names = [str(name) for name in frame.get_column(label).unique(maintain_order=True).to_list()]
    states = [str(name) for name in frame.get_column(status).unique(maintain_order=True).to_list()]
    found = {(str(a), str(b)): float(v or 0) for a, b, v in frame.select(label, status, value).iter_rows()}
    totals = [sum(found.get((name, state), 0.0) for state in states) for name in names]
    labels, left = base.row_labels(names, width, most_share=0.34)
    reach = 1.0 if as_share else max([*totals, 1e-9])
    sums = [fmt.number(total, kind) for total in totals] if ends else []
    right = max((base.text_width(text, base.SIZE, bold=True) for text in sums), default=-8.0) + 12
    colors = status_colors(states, tones or {})
    rows = [[found.get((name, state), 0.0) for state in states] for name in names]
    lengths = [[value / ((total or 1) if as_share else 1) for value in row] for row, total in zip(rows, totals, strict=True)]
    starts = [list(accumulate(row, initial=0.0)) for row in lengths]
    traces: list[Spec] = []
    for place, (state, color) in enumerate(zip(states, colors, strict=True)):
        tips = [_status_tip(name, state, row[place], total, kind) for name, row, total in zip(names, rows, totals, strict=True)]
        bar = bar_trace([row[place] for row in lengths], range(len(names)), [color] * len(names), tips)
        traces.append(bar | {"base": [row[place] for row in starts]})
    if ends:
        words = [f"\u00a0{base.safe(text)}" for text in sums]
        last = [row[-1] for row in starts]
        traces.append(base.texts(last, range(len(names)), words, "middle right", size=base.SIZE, weight=600))
    else:
        written = lengths if as_share else rows
        texts = [[fmt.share(value, 0) if as_share else fmt.number(value, kind) for value in row] for row in written]
        traces += _inside(texts, lengths, starts, colors, (width - left - right) / reach)
    heads, levels = status_heads(states, colors, width)
    layout = base.layout(
        len(names) * row_height(labels, 32) + levels * 20 + 16,
        (left, right, levels * 20 + 8, 6),
        xaxis=base.hidden_axis(0, reach),
        yaxis=base.category_axis(labels),
        bargap=0.28 if len(names) > 2 else 0.6,  # a card may be taller than one or two bars need
        barmode="overlay",
        annotations=[head | {"xshift": head["xshift"] - left} for head in heads],
    )
    return {"data": traces, "layout": layout}


def _inside(
    texts: Sequence[Sequence[str]],
    lengths: Sequence[Sequence[float]],
    starts: Sequence[Sequence[float]],
    colors: Sequence[str],
    scale: float,
) -> list[Spec]:
    """Write the parts of stacks inside them where they fit, one trace for each ink.

    Args:
        texts: What is written, by row and part.
        lengths: How long each part is.
        starts: Where it begins.
        colors: Colour of each part.
        scale: Pixels of a length of one.
    """
    words: list[tuple[float, int, str, str]] = []
    for part, color in enumerate(colors):
        for row, text in enumerate(each[part] for each in texts):
            length = lengths[row][part]
            if base.text_width(text, base.SIZE, bold=True) + 8 < length * scale:
                words.append((starts[row][part] + length / 2, row, base.safe(text), ink_on(color)))
    traces = []
    for ink in dict.fromkeys(word[3] for word in words):
        x, y, written, _ = zip(*(word for word in words if word[3] == ink), strict=True)
        traces.append(base.texts(x, y, written, "middle center", color=ink, size=base.SIZE, weight=600))
    return traces


def status_colors(states: Sequence[str], tones: Mapping[str, str]) -> list[str]:
    """Return the colour of each status."""
    spare = iter([ACCENT, "#73b3e7", "#d3e6f4", CONTEXT, GREY] * 3)
    return [TONES[tones[state]] if state in tones else next(spare) for state in states]


def _status_tip(name: str, state: str, value: float, total: float, kind: str) -> str:
    part = f" ({fmt.share(value / total)})" if total else ""
    return f"{base.safe(name)}<br>{base.safe(state)}: <b>{base.safe(fmt.number(value, kind))}</b>{base.safe(part)}"


def status_heads(states: Sequence[str], colors: Sequence[str], width: float) -> tuple[list[Spec], int]:
    """Name the parts once above the first row, each with its colour, in as many lines as they need."""
    place, level, notes = 0.0, 0, []
    for state, color in zip(states, colors, strict=True):
        length = base.text_width(state, base.SIZE) + 34
        if place and place + length > width:
            place, level = 0.0, level + 1
        text = f"<span style='color:{color}'>■</span> {base.safe(state)}"
        notes.append(
            base.note(
                text,
                0,
                1,
                xref="paper",
                yref="paper",
                xanchor="left",
                yanchor="bottom",
                xshift=place,
                yshift=level,
                color=INK,
                size=base.SIZE,
            )
        )
        place += length
    for item in notes:
        item["yshift"] = (level - item["yshift"]) * 20 + 4
    return notes, level + 1
