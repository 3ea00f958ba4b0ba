"""A map of ports that needs no network: states in an Albers projection with insets, bubbles placed and labelled here."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.theme import ACCENT, BAD, GREY, INK, LAND

Array = NDArray[np.float64]

#: The map's own units are thousandths of its width; its height follows from the land and the insets.
_UNITS: Final = 1000.0
_EARTH: Final = 1070.0
_ALASKA, _HAWAII, _PUERTO_RICO = "02", "15", "72"


@dataclass(frozen=True)
class _Projection:
    """Albers equal-area conic with two standard parallels, then a scale and a place on the sheet."""

    south: float
    north: float
    meridian: float
    parallel: float
    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def __call__(self, longitude: Array, latitude: Array) -> tuple[Array, Array]:
        """Project degrees to sheet units; y grows upwards."""
        south, north = math.radians(self.south), math.radians(self.north)
        n = (math.sin(south) + math.sin(north)) / 2
        c = math.cos(south) ** 2 + 2 * n * math.sin(south)
        rho = np.sqrt(np.maximum(c - 2 * n * np.sin(np.radians(latitude)), 0)) / n
        rho0 = math.sqrt(c - 2 * n * math.sin(math.radians(self.parallel))) / n
        theta = n * np.radians((longitude - self.meridian + 540) % 360 - 180)
        size = _EARTH * self.scale
        return self.x + size * rho * np.sin(theta), self.y + size * (rho0 - rho * np.cos(theta))


_MAINLAND: Final = _Projection(29.5, 45.5, -96.0, 38.0)
_INSETS: Final = {
    _ALASKA: _Projection(55.0, 65.0, -154.0, 50.0, 0.34, -378.0, -263.0),
    _HAWAII: _Projection(8.0, 18.0, -157.5, 20.5, 0.95, -215.0, -236.0),
    _PUERTO_RICO: _Projection(8.0, 18.0, -66.25, 18.2, 1.25, 380.0, -238.0),
}


def _inset_of(longitude: Array, latitude: Array) -> NDArray[np.str_]:
    """Name the sheet on which each place lies; an empty name is one that the map does not show (Guam, Saipan)."""
    sheet = np.full(longitude.shape, "mainland", dtype="<U8")
    sheet[(latitude > 50.5) & ((longitude < -129) | (longitude > 170))] = _ALASKA
    sheet[(latitude < 24) & (longitude < -150)] = _HAWAII
    sheet[(latitude < 20) & (longitude > -70)] = _PUERTO_RICO
    sheet[(latitude < 20) & ((longitude > 100) | (latitude < 0))] = ""
    return sheet


def project(longitude: Array, latitude: Array) -> tuple[Array, Array]:
    """Place longitudes and latitudes on the sheet; NaN where the sheet does not reach."""
    x, y = np.full(longitude.shape, np.nan), np.full(longitude.shape, np.nan)
    sheet = _inset_of(longitude, latitude)
    for name, projection in (("mainland", _MAINLAND), *_INSETS.items()):
        here = sheet == name
        x[here], y[here] = projection(longitude[here], latitude[here])
    return x, y


def _ring(coded: Sequence[int], steps: int) -> tuple[Array, Array]:
    """Read a delta-coded ring and add points on its long straight sides, which are curves on the sheet."""
    points = np.cumsum(np.asarray(coded, dtype=float).reshape(-1, 2), axis=0) / steps
    parts = [points[:1]]
    for start, end in pairwise(points):
        pieces = max(1, int(np.hypot(*(end - start)) // 2.0))
        parts.append(start + (end - start) * np.linspace(0, 1, pieces + 1)[1:, None])
    dense = np.concatenate(parts)
    return dense[:, 0], dense[:, 1]


@dataclass(frozen=True)
class _Outline:
    """The land as one path with gaps, and the box around it, in whole sheet units."""

    x: tuple[float | None, ...]
    y: tuple[float | None, ...]
    left: float
    right: float
    bottom: float
    top: float


@lru_cache(maxsize=1)
def outline() -> _Outline:
    """Read, project and join the outline of the states; once for each process."""
    source = json.loads((Path(__file__).parent / "assets" / "us_states.json").read_text(encoding="utf-8"))
    xs: list[float | None] = []
    ys: list[float | None] = []
    for state, rings in source["states"].items():
        projection = _INSETS.get(state, _MAINLAND)
        for coded in rings:
            x, y = projection(*_ring(coded, source["steps_per_degree"]))
            xs += [*(round(float(v), 1) for v in x), None]
            ys += [*(round(float(v), 1) for v in y), None]
    known_x, known_y = [v for v in xs if v is not None], [v for v in ys if v is not None]
    return _Outline(tuple(xs), tuple(ys), min(known_x), max(known_x), min(known_y), max(known_y))


@dataclass(frozen=True)
class _Box:
    """A rectangle in pixels of the reference width, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        """Say whether two rectangles overlap."""
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True)
class _Sheet:
    """How sheet units become pixels."""

    scale: float
    left: float
    top: float
    width: float
    height: float

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Return pixels from the left and from the top."""
        return (x - self.left) * self.scale, (self.top - y) * self.scale


def _sheet(width: float) -> _Sheet:
    land = outline()
    side = 10.0
    scale = (width - 2 * side) / (land.right - land.left)
    height = (land.top - land.bottom) * scale + 2 * side
    return _Sheet(scale, land.left - side / scale, land.top + side / scale, width, height)


_PLACES: Final = ("middle right", "middle left", "top center", "bottom center", "top right", "top left", "bottom right", "bottom left")


def _label_box(spot: tuple[float, float, float], width: float, height: float, place: str) -> _Box:
    """Return where Plotly writes a label of this size beside a marker."""
    x, y, radius = spot
    vertical, horizontal = place.split()
    gap = radius * (0.72 if vertical != "middle" and horizontal != "center" else 1) + 3
    left = {"right": x + gap, "left": x - gap - width, "center": x - width / 2}[horizontal]
    top = {"top": y - gap - height, "bottom": y + gap, "middle": y - height / 2}[vertical]
    return _Box(left, top, left + width, top + height)


def place_labels(
    spots: Sequence[tuple[float, float, float]],
    labels: Sequence[str],
    width: float,
    height: float,
    *,
    size: float = base.SMALL,
    most: int = 8,
) -> dict[int, tuple[str, _Box]]:
    """Place labels beside their bubbles, first come first served, without overlaps and inside the sheet.

    `spots` are x, y and radius in pixels; a label that fits nowhere is left out. Returns index -> place and its box.
    """
    bubbles = [_Box(x - r, y - r, x + r, y + r) for x, y, r in spots]
    taken: dict[int, tuple[str, _Box]] = {}
    for index, text in enumerate(labels):
        if len(taken) == most:
            break
        for place in _PLACES:
            box = _label_box(spots[index], base.text_width(text, size, bold=True) + 2, size * 1.3, place)
            inside = box.left >= 2 and box.right <= width - 2 and box.top >= 2 and box.bottom <= height - 2
            others = [bubble for other, bubble in enumerate(bubbles) if other != index]
            if inside and not any(box.meets(other) for other in (*others, *(placed for _, placed in taken.values()))):
                taken[index] = (place, box)
                break
    return taken


def port_map(
    frame: pl.DataFrame,
    label: str,
    longitude: str,
    latitude: str,
    value: str,
    *,
    kind: str = "count",
    rate: str | None = None,
    rate_kind: str = "share",
    bad: str | None = None,
    muted: str | None = None,
    labels: int | None = None,
    width: float = base.HALF,
) -> Spec:
    """Draw ports as bubbles whose area is `value`, the largest and the flagged ones named.

    frame: `label`, `longitude`, `latitude` in degrees, `value` (not negative), optional `rate` written after the name,
    `bad` bool (orange, named before others of its size), `muted` bool (grey: too few). Ports without a place are left out.
    """
    sheet = _sheet(width)
    kept = frame.filter(pl.col(longitude).is_not_null() & pl.col(latitude).is_not_null() & (pl.col(value) > 0))
    x, y = project(kept.get_column(longitude).cast(pl.Float64).to_numpy(), kept.get_column(latitude).cast(pl.Float64).to_numpy())
    top = kept.get_column(value).max()
    largest = max(width / 46, 9.0)
    radius = np.maximum(np.sqrt(kept.get_column(value).cast(pl.Float64).to_numpy() / (top or 1)) * largest, 2.6)
    rows = [
        _Port(*parts)
        for parts in zip(*_columns(kept, label, value, rate, bad, muted), x.tolist(), y.tolist(), radius.tolist(), strict=True)
    ]
    ports = sorted((port for port in rows if math.isfinite(port.x)), key=lambda port: -port.radius * (1.8 if port.bad else 1))
    pixels = [(*sheet.pixel(port.x, port.y), port.radius) for port in ports]
    words = [_port_words(port, rate_kind) for port in ports]
    placed = place_labels(pixels, words, sheet.width, sheet.height, most=labels or (10 if width >= base.HALF else 5))
    order = sorted(range(len(ports)), key=lambda index: -ports[index].radius)
    traces = [_land(), _bubbles([ports[index] for index in order], kind, rate_kind), _names(ports, words, placed, sheet)]
    return {"data": traces, "layout": _map_layout(sheet)}


@dataclass(frozen=True)
class _Port:
    """One bubble."""

    name: str
    value: float
    rate: float | None
    bad: bool
    muted: bool
    x: float
    y: float
    radius: float


def _columns(frame: pl.DataFrame, *names: str | None) -> list[list[object]]:
    blank: list[object] = [None] * frame.height
    return [blank if name is None else frame.get_column(name).to_list() for name in names]


def _port_words(port: _Port, rate_kind: str) -> str:
    return (
        port.name
        if port.rate is None
        else f"{port.name} {fmt.share(port.rate, 0) if rate_kind == 'share' else fmt.number(port.rate, rate_kind)}"
    )


def _color(port: _Port) -> str:
    return BAD if port.bad else GREY if port.muted else ACCENT


def _land() -> Spec:
    land = outline()
    line = {"color": "#ffffff", "width": 0.9}
    shape = {"x": land.x, "y": land.y, "fill": "toself", "fillcolor": LAND, "line": line}
    return {"type": "scatter", "mode": "lines", "hoverinfo": "skip", **shape}


def _bubbles(ports: Sequence[_Port], kind: str, rate_kind: str) -> Spec:
    tips = []
    for port in ports:
        rate = "" if port.rate is None else f"<br>{base.safe(fmt.number(port.rate, rate_kind))}"
        tips.append(f"<b>{base.safe(port.name)}</b><br>{base.safe(fmt.number(port.value, kind))}{rate}")
    marker = {
        "size": [round(port.radius * 2, 1) for port in ports],
        "color": [_color(port) for port in ports],
        "opacity": 0.88,
        "line": {"color": "#ffffff", "width": 1},
    }
    spots = {"x": [round(port.x, 1) for port in ports], "y": [round(port.y, 1) for port in ports]}
    return {
        "type": "scatter",
        "mode": "markers",
        **spots,
        "marker": marker,
        "customdata": tips,
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _names(ports: Sequence[_Port], words: Sequence[str], placed: dict[int, tuple[str, _Box]], sheet: _Sheet) -> Spec:
    boxes = [box for _, box in placed.values()]
    x = [round(sheet.left + (box.left + box.right) / 2 / sheet.scale, 1) for box in boxes]
    y = [round(sheet.top - (box.top + box.bottom) / 2 / sheet.scale, 1) for box in boxes]
    colors = [BAD if ports[index].bad else INK for index in placed]
    return base.texts(x, y, [base.safe(words[index]) for index in placed], "middle center", color=colors, weight=600)


def _map_layout(sheet: _Sheet) -> Spec:
    right, bottom = sheet.left + sheet.width / sheet.scale, sheet.top - sheet.height / sheet.scale
    xaxis = base.hidden_axis(sheet.left, right) | {"constrain": "domain"}
    yaxis = base.hidden_axis(bottom, sheet.top) | {"scaleanchor": "x", "scaleratio": 1, "constrain": "domain"}
    return base.layout(sheet.height, (0, 0, 0, 0), xaxis=xaxis, yaxis=yaxis)
