"""A small table drawn as a chart: rows of written figures, the first column the one that counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.theme import BAD, GRID, INK, SECONDARY

_ROW = 34.0


@remembered
def words(
    frame: pl.DataFrame,
    label: str,
    columns: Sequence[tuple[str, str]],
    *,
    bad: Collection[tuple[int, str]] = (),
    width: float = base.HALF,
) -> Spec:
    """Draw written figures in columns, right-aligned under their heads.

    frame: `label` and text columns; `columns` are (column, head), the first one bold; `bad` marks (row number, column) orange.
    """
    names = [str(name) for name in frame.get_column(label).to_list()]
    labels, left = base.row_labels(names, width, most_share=0.36)
    # A phone's columns are narrow: there a head takes a line more rather than being cut.
    room, depth = (width - left) / max(len(columns), 1) - 10, 3 if width < base.HALF else 2
    heads = [base.wrap(head, room, base.SMALL, rows=depth) for _, head in columns]
    rows = list(range(len(names)))
    traces = []
    for place, (name, _) in enumerate(columns):
        colors = [BAD if (row, name) in bad else INK if place == 0 else SECONDARY for row in rows]
        texts = [base.safe(text) for text in frame.get_column(name).to_list()]
        traces.append(
            base.texts(
                [place + 0.96] * len(rows), rows, texts, "middle left", color=colors, size=base.SIZE, weight=600 if place == 0 else 400
            )
        )
    depth = max((len(head) for head in heads), default=1)
    notes = [
        base.note(base.lines(head), place + 0.96, 1, yref="paper", xanchor="right", yanchor="bottom", align="right", yshift=2)
        for place, head in enumerate(heads)
    ]
    lines = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": row - 0.5, "y1": row - 0.5, "line": {"color": GRID, "width": 1}}
        for row in rows
    ]
    height = base.label_height(labels, _ROW) * len(rows) + 16.0 * depth + 14
    layout = base.layout(
        height,
        (left, 4, 16.0 * depth + 8, 6),
        xaxis=base.hidden_axis(0, len(columns)),
        yaxis=base.category_axis(labels),
        annotations=notes,
        shapes=lines,
    )
    return {"data": traces, "layout": layout}
