"""A plot as vector shapes of a PDF: the same series, labels and colours as on a slide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from analytics import format as fmt
from ui.charts import base
from ui.charts.text import shorten
from ui.charts.times import alone
from ui.exports import chartxml
from ui.exports.fonts import BOLD, REGULAR, plain, wide
from ui.exports.native import Native, Number, Plot, Series
from ui.theme import CONTEXT, GRID, INK, SECONDARY, ink_on

_SMALL: Final = 7.5
_ROW: Final = 15.0
_TALL: Final = 150.0


def drawing(found: Native, width: float) -> Any:
    """Return a native chart as one drawing of so many points; several panels stand beside each other."""
    from reportlab.graphics.shapes import Drawing

    plots = found.plots
    across = 1 if len(plots) == 1 else 3
    down = -(-len(plots) // across)
    each = width / across
    tall = max(_height(plot) for plot in plots) if across == 1 else 82.0
    key = 14.0 if found.key else 0.0
    sheet = Drawing(width, tall * down + key)
    if found.key:
        _key(sheet, found.key, tall * down + 4, width)
    for at, plot in enumerate(plots):
        row, column = divmod(at, across)
        box = (column * each, tall * (down - 1 - row), each - (10 if across > 1 else 0), tall)
        _Pen(sheet, plot, box).draw()
    return sheet


def _height(plot: Plot) -> float:
    rows = len(plot.categories)
    if plot.form not in ("bars", "stack"):
        return _TALL
    return rows * _ROW * (1.3 if len(plot.series) > 1 and plot.form == "bars" else 1.0) + 8


def _color(text: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(text)


def _key(sheet: Any, parts: Sequence[tuple[str, str]], y: float, width: float) -> None:
    from reportlab.graphics.shapes import Rect, String

    x = 0.0
    for words, color in parts:
        text = plain(words)
        length = wide(text, 8)
        if x + length + 14 > width:
            return
        sheet.add(Rect(x, y - 1, 7, 7, fillColor=_color(color), strokeColor=None))
        sheet.add(String(x + 11, y, text, fontName=REGULAR, fontSize=8, fillColor=_color(INK)))
        x += length + 28


class _Pen:
    """One plot on a sheet, in points from the lower left."""

    def __init__(self, sheet: Any, plot: Plot, box: tuple[float, float, float, float]) -> None:
        self.sheet, self.plot = sheet, plot
        self.left, self.bottom, self.width, self.tall = box

    def draw(self) -> None:
        """Draw the plot in its form."""
        if self.plot.title:
            size = 8.0
            room = self.width
            title = shorten(plain(self.plot.title), room * 0.92, size, bold=True)
            self.text(
                self.left,
                self.bottom + self.tall - 10,
                title,
                bold=True,
                color=SECONDARY if self.plot.color == CONTEXT else self.plot.color,
            )
            self.tall -= 14
        if self.plot.form in ("bars", "stack"):
            self.rows()
        elif self.plot.form == "columns":
            self.columns()
        else:
            self.field()

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "start", bold: bool = False, color: str = INK, size: float = 8.0
    ) -> None:
        """Write one line."""
        from reportlab.graphics.shapes import String

        font = BOLD if bold else REGULAR
        self.sheet.add(String(x, y, plain(words), fontName=font, fontSize=size, fillColor=_color(color), textAnchor=anchor))

    def block(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """Fill a rectangle."""
        from reportlab.graphics.shapes import Rect

        self.sheet.add(Rect(x, y, width, height, fillColor=_color(color), strokeColor=None))

    def line(self, points: Sequence[float], color: str, width: float, dash: Sequence[float] | None = None) -> None:
        """Draw a line through points, x and y in turn."""
        from reportlab.graphics.shapes import PolyLine

        self.sheet.add(PolyLine(list(points), strokeColor=_color(color), strokeWidth=width, strokeDashArray=list(dash) if dash else None))

    def rows(self) -> None:
        """Draw bars in rows, the first on top, or stacks of parts."""
        plot = self.plot
        labels = [shorten(plain(str(c)), self.width * 0.34, 8) for c in plot.categories]
        names = max((wide(label, 8) for label in labels), default=0.0) + 6
        ends = [self.end_words(at) for at in range(len(labels))]
        room = self.width - names - max((wide(text, 8, bold=True) for text in ends), default=0.0) - 8
        sums = [sum(s.values[at] or 0 for s in plot.series) for at in range(len(labels))] if plot.form == "stack" else [0.0]
        top = max([*sums, *(abs(v) for s in plot.series for v in (*s.values, *s.high) if v is not None)], default=1.0) or 1.0
        step = (self.tall - 4) / max(len(labels), 1)
        for at, label in enumerate(labels):
            y = self.bottom + self.tall - (at + 1) * step
            self.text(self.left + names - 6, y + step / 2 - 3, label, anchor="end")
            start = self.left + names
            if plot.form == "stack":
                self.stack(at, start, y, step, room / top)
            else:
                self.bar(at, start, y, step, room / top, ends[at])

    def end_words(self, at: int) -> str:
        """Return what is written at the end of a row."""
        if self.plot.form == "stack":
            return ""
        main = self.plot.series[0]
        more = f"  {main.extra[at]}" if main.extra and main.extra[at] else ""
        return fmt.number(main.values[at], self.plot.kind) + more

    def stack(self, at: int, start: float, y: float, step: float, scale: float) -> None:
        """Draw one row of parts, each with its number where it fits."""
        for each in self.plot.series:
            length = (each.values[at] or 0.0) * scale
            self.block(start, y + 2, length, step - 4, each.color)
            words = fmt.share(each.values[at], 0) if self.plot.kind == "share" else fmt.number(each.values[at], self.plot.kind)
            if wide(words, _SMALL, bold=True) + 4 < length:
                self.text(start + length / 2, y + step / 2 - 3, words, anchor="middle", bold=True, color=ink_on(each.color), size=_SMALL)
            start += length

    def bar(self, at: int, start: float, y: float, step: float, scale: float, words: str) -> None:
        """Draw one row's bars, the first with its number."""
        part = (step - 4) / len(self.plot.series)
        for place, each in enumerate(self.plot.series):
            value = each.values[at]
            color = each.points[at] if each.points else each.color
            low = y + 2 + (len(self.plot.series) - 1 - place) * part
            self.block(start, low, max(value or 0.0, 0.0) * scale, part, color)
            if place == 0:
                reach = max([v for v in (value, each.high[at] if each.high else None) if v is not None] + [0.0])
                if each.low and each.low[at] is not None and each.high[at] is not None:
                    self.line(
                        [start + (each.low[at] or 0) * scale, low + part / 2, start + (each.high[at] or 0) * scale, low + part / 2],
                        INK,
                        0.8,
                    )
                self.text(start + reach * scale + 4, low + part / 2 - 3, words, bold=True)

    def columns(self) -> None:
        """Draw columns with their numbers on top."""
        plot, each = self.plot, self.plot.series[0]
        slot = self.width / max(len(plot.categories), 1)
        top = max([v for v in each.values if v is not None] + [0.0]) or 1.0
        for at, (name, value) in enumerate(zip(plot.categories, each.values, strict=True)):
            tall = (value or 0.0) / top * (self.tall - 34)
            middle = self.left + (at + 0.5) * slot
            self.block(middle - slot * 0.32, self.bottom + 16, slot * 0.64, tall, each.points[at] if each.points else each.color)
            self.text(middle, self.bottom + 19 + tall, fmt.number(value, plot.kind), anchor="middle", bold=True)
            self.text(middle, self.bottom + 5, shorten(plain(str(name)), slot * 0.95, _SMALL), anchor="middle", size=_SMALL)

    def field(self) -> None:
        """Draw lines, curves or dots over an axis of values."""
        plot = self.plot
        low, high, step = plot.scale or base_scale(plot)
        count = round((high - low) / step)
        ticks = [low + step * at for at in range(count + 1)]
        words = [base.tick_text(tick, plot.kind, ticks) for tick in ticks]
        ends = self.ends()
        left = max(wide(text, _SMALL) for text in words) + 6
        right = max((wide(text, 8, bold=True) for text, _, _ in ends), default=0.0) + 6
        x0, x1 = self.left + left, self.left + self.width - right
        foot = 6.0 + 8 * max((len(rows) for rows in self.names(x1 - x0)), default=1) if plot.form == "dots" else 14.0
        y0, y1 = self.bottom + foot, self.bottom + self.tall - 8
        for tick, text in zip(ticks, words, strict=True):
            y = y0 + (tick - low) / ((high - low) or 1) * (y1 - y0)
            self.line([x0, y, x1, y], GRID, 0.5)
            self.text(x0 - 4, y - 2.5, text, anchor="end", size=_SMALL, color=SECONDARY)
        places = self.places(x0, x1)
        height = [(y0, y1, low, high)]
        for each in plot.series:
            self.series(each, places, height[0])
        self.feet(places, x0, x1, y0)
        self.name(ends, x1, height[0])

    def places(self, x0: float, x1: float) -> list[float]:
        """Place each category on the way from left to right: dates by their day, names in slots."""
        plot = self.plot
        if plot.form == "dots":
            slot = (x1 - x0) / max(len(plot.categories), 1)
            return [x0 + (at + 0.5) * slot for at in range(len(plot.categories))]
        spots = list(plot.places) or [float(c.toordinal()) if isinstance(c, dt.date) else at for at, c in enumerate(plot.categories)]
        first, last = (spots[0], spots[-1]) if spots else (0.0, 1.0)
        # Names below the ends must not reach the numbers at the side.
        edge = wide(str(plot.categories[0]), _SMALL) / 2 if spots and not plot.places and isinstance(plot.categories[0], str) else 3
        return [x0 + edge + (spot - first) / ((last - first) or 1) * (x1 - x0 - 2 * edge) for spot in spots]

    def series(self, each: Series, places: Sequence[float], field: tuple[float, float, float, float]) -> None:
        """Draw one series: its intervals, its line where it has one, its dots."""
        from reportlab.graphics.shapes import Circle

        run: list[float] = []
        for at, value in enumerate([*each.values, None]):
            if value is not None:
                run += [places[at], _up(value, field)]
                continue
            if len(run) > 2 and each.look in ("line", "dash", "rule"):
                dash = {"dash": (3, 2), "rule": (1, 1.5)}.get(each.look)
                self.line(run, each.color, 0.7 if each.look == "rule" else 1.5, dash)
            run = []
        single = alone(each.values)
        for at, value in enumerate(each.values):
            if each.low and each.low[at] is not None and each.high[at] is not None:
                ends = [places[at], _up(each.low[at] or 0.0, field), places[at], _up(each.high[at] or 0.0, field)]
                self.line(ends, CONTEXT if each.look == "faint" else each.color, 4 if each.look == "faint" else 1)
            if value is not None and (each.look == "dots" or (at in single and each.look != "rule")):
                self.sheet.add(Circle(places[at], _up(value, field), 2.6, fillColor=_color(each.color), strokeColor=None))
            if value is not None and each.label == "all":
                self.text(places[at] + 5, _up(value, field) - 2.5, fmt.number(value, self.plot.kind), bold=True, size=_SMALL)

    def ends(self) -> list[tuple[str, float, str]]:
        """List what is written at the right ends of lines: words, value, colour."""
        found = []
        for each in self.plot.series:
            value: Number = next((v for v in reversed(each.values) if v is not None), None)
            if each.label == "last" and value is not None:
                found.append((plain(chartxml.said(each, value, self.plot.kind)), value, each.color))
        return found

    def name(self, ends: Sequence[tuple[str, float, str]], x: float, field: tuple[float, float, float, float]) -> None:
        """Write the words at the lines' ends, kept apart."""
        spots = sorted((_up(value, field), words, color) for words, value, color in ends)
        y = -1e9
        for spot, words, color in spots:
            y = max(spot, y + 10)
            ink = SECONDARY if color == CONTEXT else color
            self.text(x + 3, y - 2.5, words, bold=True, color=ink)

    def names(self, room: float) -> list[tuple[str, ...]]:
        """Break the names below dots into lines, each in its slot of so much room."""
        slot = room / max(len(self.plot.categories), 1)
        return [base.wrap(plain(str(name)), slot * 0.94, 7, rows=5) for name in self.plot.categories]

    def feet(self, places: Sequence[float], x0: float, x1: float, y0: float) -> None:
        """Write the names or dates below the axis."""
        plot = self.plot
        self.line([x0, y0, x1, y0], CONTEXT, 0.7)
        if plot.form == "dots":
            for rows, x in zip(self.names(x1 - x0), places, strict=True):
                for row, text in enumerate(rows):
                    self.text(x, y0 - 8 - 8 * row, text, anchor="middle", size=7)
            return
        room = 46.0
        last = -1e9
        for category, x in zip(plot.categories, places, strict=True):
            text = fmt.month(category) if isinstance(category, dt.date) else f"{category} days" if plot.places else category
            half = wide(text, _SMALL) / 2
            if x - half - last > 8 and x - half >= x0 - room / 2 and x + half <= x1 + 20:
                self.text(x, y0 - 9, text, anchor="middle", size=_SMALL, color=SECONDARY)
                last = x + half


def _up(value: float, field: tuple[float, float, float, float]) -> float:
    y0, y1, low, high = field
    return y0 + (value - low) / ((high - low) or 1) * (y1 - y0)


def base_scale(plot: Plot) -> tuple[float, float, float]:
    """Return an axis for a plot that states none."""
    values = [v for each in plot.series for v in each.values if v is not None] or [0.0, 1.0]
    low, high, ticks = base.scale(values, zero=True, kind=plot.kind)
    return low, high, (ticks[1] - ticks[0]) if len(ticks) > 1 else (high - low) or 1.0
