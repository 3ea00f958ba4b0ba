"""Tables of colour: age by row, any value by row and column."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.theme import BAD, SECONDARY, blend, ink_on

_EMPTY = "#f5f7f9"
#: Heads that do not fit level are slanted.
_TURN: Spec = {"textangle": -40, "xanchor": "left", "xshift": -6}


@dataclass(frozen=True)
class Cell:
    """One coloured cell."""

    row: int
    column: int
    fill: str
    text: str
    tip: str
    outlined: bool = False


@dataclass(frozen=True)
class Grid:
    """A table of colour: names of rows and columns, the cells, and each row's end in words."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[Cell, ...]
    ends: tuple[str, ...] = ()


@remembered
def stacked_ages(
    frame: pl.DataFrame,
    row: str,
    bucket: str,
    count: str,
    *,
    total: bool = True,
    outline: str | None = None,
    show_count: bool | None = None,
    width: float = base.HALF,
) -> Spec:
    """Draw how old each row's pending work is: share of the row in each age, the counts beside or in the tip.

    frame: `row` label, `bucket` label, `count`, one row for each pair, orders as given; optional `outline` bool marks
    cells to look at. The last column states the row's total. `show_count` writes counts under the shares.
    """
    with_count = width >= base.HALF if show_count is None else show_count
    grid = age_grid(frame, row, bucket, count, total=total, outline=outline, with_count=with_count)
    return _grid(grid, width=width, row_height=40 if with_count else 32)


def age_grid(frame: pl.DataFrame, row: str, bucket: str, count: str, *, total: bool, outline: str | None, with_count: bool) -> Grid:
    """Return the coloured cells of `stacked_ages`."""
    rows, columns = _orders(frame, row, bucket)
    found = {(str(a), str(b)): float(v or 0) for a, b, v in frame.select(row, bucket, count).iter_rows()}
    marked = _marked(frame, row, bucket, outline)
    totals = {name: sum(found.get((name, column), 0.0) for column in columns) for name in rows}
    shares = {(name, column): found.get((name, column), 0.0) / totals[name] for name in rows for column in columns if totals[name]}
    top = max(shares.values(), default=1.0) or 1.0
    cells = []
    for r, name in enumerate(rows):
        for c, column in enumerate(columns):
            part, number = shares.get((name, column)), found.get((name, column), 0.0)
            tip = f"{base.safe(name)}, {base.safe(column)}<br><b>{fmt.count(number)}</b> ({base.safe(fmt.share(part))})"
            text = _age_text(part, number, with_count)
            fill = _EMPTY if part is None or number == 0 else blend(part / top)
            cells.append(Cell(r, c, fill, text, tip, (name, column) in marked))
    return Grid(tuple(rows), tuple(columns), tuple(cells), tuple(fmt.count(totals[name]) for name in rows) if total else ())


def _age_text(part: float | None, number: float, with_count: bool) -> str:
    if part is None:
        return fmt.NONE
    written = base.safe(fmt.share(part, 0))
    return f"<b>{written}</b><br>{fmt.count(number)}" if with_count else written


@remembered
def heat(
    frame: pl.DataFrame,
    row: str,
    column: str,
    value: str,
    *,
    kind: str = "count",
    outline: str | None = None,
    low: float | None = None,
    high: float | None = None,
    unknown: str = fmt.NONE,
    width: float = base.HALF,
) -> Spec:
    """Draw a matrix: darker is more, every cell is written, no data is left pale with a dash.

    frame: `row`, `column`, `value` (null: no data), orders as given; optional `outline` bool marks cells. `low` and
    `high` fix the colour scale (a share from 0.8 to 1, say). `unknown` is written where there is no data (empty: nothing).
    """
    grid = heat_grid(frame, row, column, value, kind=kind, outline=outline, low=low, high=high, unknown=unknown)
    return _grid(grid, width=width, row_height=30)


def heat_grid(
    frame: pl.DataFrame,
    row: str,
    column: str,
    value: str,
    *,
    kind: str,
    outline: str | None,
    low: float | None,
    high: float | None,
    unknown: str,
) -> Grid:
    """Return the coloured cells of `heat`."""
    rows, columns = _orders(frame, row, column)
    found = {(str(a), str(b)): v for a, b, v in frame.select(row, column, value).iter_rows()}
    known = [v for v in found.values() if v is not None]
    start = min([*known, 0]) if low is None else low
    end = (max([*known, 0]) if high is None else high) or 1.0
    marked = _marked(frame, row, column, outline)
    cells = []
    for r, name in enumerate(rows):
        for c, head in enumerate(columns):
            v = found.get((name, head))
            fill = _EMPTY if v is None or (v == 0 and kind == "count") else blend((v - start) / ((end - start) or 1))
            tip = f"{base.safe(name)}<br>{base.safe(head)}: <b>{base.safe(fmt.number(v, kind))}</b>"
            cells.append(Cell(r, c, fill, base.safe(_heat_text(v, kind, unknown)), tip, (name, head) in marked))
    return Grid(tuple(rows), tuple(columns), tuple(cells))


def _heat_text(value: float | None, kind: str, unknown: str) -> str:
    if value is None:
        return unknown
    return fmt.share(value, 0) if kind == "share" else fmt.fixed(value) if kind == "days" else fmt.number(value, kind)


def _orders(frame: pl.DataFrame, row: str, column: str) -> tuple[list[str], list[str]]:
    return tuple([str(v) for v in frame.get_column(name).unique(maintain_order=True).to_list()] for name in (row, column))  # type: ignore[return-value]


def _marked(frame: pl.DataFrame, row: str, column: str, outline: str | None) -> set[tuple[str, str]]:
    if outline is None:
        return set()
    return {(str(a), str(b)) for a, b, flag in frame.select(row, column, outline).iter_rows() if flag}


def _grid(grid: Grid, *, width: float, row_height: float) -> Spec:
    rows, columns, cells, ends = grid.rows, grid.columns, grid.cells, grid.ends
    asked = width
    labels, left = base.row_labels(rows, width, most_share=0.32)
    right = max((base.text_width(text, base.SIZE) for text in [*ends, "Total"]), default=0) + 14 if ends else 4.0
    heads, top, lean = _heads(columns, (width - left - right) / max(len(columns), 1))
    if lean > right:
        # The room at the right makes the columns narrower, and the last head begins further left by half of that.
        right = lean + (lean - right) / max(len(columns), 1) / 2
    least = max((base.text_width(_widest(cell.text), 11) + 4 for cell in cells), default=30.0)
    width = max(width, left + right + max(least, 22.0) * len(columns))
    row_height = base.label_height(labels, row_height)
    cell_width = (width - left - right) / max(len(columns), 1)
    size = base.SIZE if all(base.text_width(_widest(cell.text), base.SIZE) + 6 < cell_width for cell in cells) else 11
    traces = [_colors(rows, columns, cells), *_words(cells, size)]
    shapes = [_box(cell) for cell in cells if cell.outlined]
    edge = len(columns) - 0.5 + ((right - 2) / cell_width if ends else 0.0)
    notes: list[Spec] = []
    if lean:
        notes = [base.note(head, index, 1, yref="paper", yanchor="bottom", yshift=4, **_TURN) for index, head in enumerate(heads)]
    else:
        spots = [*range(len(columns)), *([edge] if ends else [])]
        sides = ["top center"] * len(columns) + ["top left"] * bool(ends)
        traces.append(base.texts(spots, [-0.5] * len(spots), [*heads, *(["Total"] if ends else [])], sides, color=SECONDARY))
    if ends:
        traces.append(base.texts([edge] * len(ends), range(len(ends)), ends, "middle left", size=base.SIZE, weight=600))
    axis = base.hidden_axis(-0.5, edge)
    layout = base.layout(
        len(rows) * row_height + top + 6,
        (left, 2.0 if ends else right, top, 4),
        xaxis=axis,
        yaxis=base.category_axis(labels),
        annotations=notes,
        shapes=shapes,
    )
    if width > asked:  # a card narrower than this slides sideways
        layout["width"] = round(width)
    return {"data": traces, "layout": layout}


def plain(text: str) -> str:
    """Return a cell's text without Plotly's tags."""
    return html.unescape(text.replace("<b>", "").replace("</b>", "").replace("<br>", "\n"))


def _widest(text: str) -> str:
    return max(plain(text).split("\n"), key=len)


def _heads(columns: Sequence[str], slot: float) -> tuple[list[str], float, float]:
    """Return column heads, the room above the cells and how far slanted heads reach to the right (0: they are level)."""
    wrapped = [base.wrap(name, slot - 4, base.SMALL) for name in columns]
    if not any(row.endswith("…") for rows in wrapped for row in rows):
        return [base.lines(rows) for rows in wrapped], max((len(rows) for rows in wrapped), default=1) * 15 + 8.0, 0.0
    short = [base.shorten(name, 185, base.SMALL) for name in columns]
    longest = max(base.text_width(name, base.SMALL) for name in short)
    last = base.text_width(short[-1], base.SMALL)
    angle = math.radians(40)
    return [base.safe(name) for name in short], longest * math.sin(angle) + 18, max(last * math.cos(angle) - slot / 2 + 10, 6.0)


def _colors(rows: Sequence[str], columns: Sequence[str], cells: Sequence[Cell]) -> Spec:
    """Return one heat map whose scale maps each cell to its own colour."""
    fills = list(dict.fromkeys(cell.fill for cell in cells)) or [_EMPTY]
    place = {fill: index for index, fill in enumerate(fills)}
    count = len(fills)
    steps = [[edge, fill] for index, fill in enumerate(fills) for edge in (index / count, (index + 1) / count)]
    z = [[0] * len(columns) for _ in rows]
    tips = [[""] * len(columns) for _ in rows]
    for cell in cells:
        z[cell.row][cell.column] = place[cell.fill]
        tips[cell.row][cell.column] = cell.tip
    return {
        "type": "heatmap",
        "z": z,
        "x": list(range(len(columns))),
        "y": list(range(len(rows))),
        "zmin": -0.5,
        "zmax": count - 0.5,
        "colorscale": steps,
        "showscale": False,
        "xgap": 3,
        "ygap": 3,
        "customdata": tips,
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _words(cells: Sequence[Cell], size: float) -> list[Spec]:
    traces = []
    for ink in dict.fromkeys(_ink(cell) for cell in cells):
        mine = [cell for cell in cells if _ink(cell) == ink and cell.text]
        x, y, text = [cell.column for cell in mine], [cell.row for cell in mine], [cell.text for cell in mine]
        traces.append(base.texts(x, y, text, "middle center", color=ink, size=size))
    return traces


def _ink(cell: Cell) -> str:
    return SECONDARY if cell.text == fmt.NONE or cell.fill == _EMPTY else ink_on(cell.fill)


def _box(cell: Cell) -> Spec:
    edge = 0.47
    box = {"x0": cell.column - edge, "x1": cell.column + edge, "y0": cell.row - edge, "y1": cell.row + edge}
    return {"type": "rect", **box, "line": {"color": BAD, "width": 2}, "fillcolor": "rgba(0,0,0,0)", "layer": "above"}
