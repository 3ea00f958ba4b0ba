"""Stacks of a few statuses, named above the first row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    plot = width - left - right
    colors = status_colors(states, tones or {})
    traces: list[Spec] = []
    words: list[tuple[float, int, str, str]] = []
    starts = [0.0] * len(names)
    for state, color in zip(states, colors, strict=True):
        lengths = [found.get((name, state), 0.0) / ((total or 1) if as_share else 1) for name, total in zip(names, totals, strict=True)]
        tips = [_status_tip(name, state, found.get((name, state), 0.0), total, kind) for name, total in zip(names, totals, strict=True)]
        traces.append(bar_trace(lengths, range(len(names)), [color] * len(names), tips) | {"base": list(starts)})
        for row, (start, length, name) in enumerate(zip(starts, lengths, names, strict=True)):
            text = fmt.share(length, 0) if as_share else fmt.number(found.get((name, state), 0.0), kind)
            if not ends and base.text_width(text, base.SIZE, bold=True) + 8 < length / reach * plot:
                words.append((start + length / 2, row, base.safe(text), ink_on(color)))
        starts = [start + length for start, length in zip(starts, lengths, strict=True)]
    for ink in dict.fromkeys(word[3] for word in words):
        mine = [word for word in words if word[3] == ink]
        traces.append(
            base.texts(
                [w[0] for w in mine], [w[1] for w in mine], [w[2] for w in mine], "middle center", color=ink, size=base.SIZE, weight=600
            )
        )
    if ends:
        traces.append(
            base.texts(starts, range(len(names)), [f"\u00a0{base.safe(text)}" for text in sums], "middle right", size=base.SIZE, weight=600)
        )
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
