"""Ribbons from where things come to where they go: each as thick as what it carries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.theme import ACCENT, ACCENT_DARK, GREY, INK, SECONDARY

_FAINT: Final = "rgba(61,134,198,0.16)"
_LIT: Final = "rgba(0,94,162,0.58)"
#: Width of a name's mark, as a share of the room between the labels: on a phone there is little.
_NODE: Final = 0.013
_NODE_PHONE: Final = 0.06
_GAP: Final = 9.0


@dataclass(frozen=True)
class _Node:
    """One side's name with its place in pixels; y runs downwards."""

    name: str
    value: float
    top: float
    tall: float
    lit: bool


@remembered
def ribbons(
    frame: pl.DataFrame,
    source: str,
    target: str,
    value: str,
    *,
    sources: Sequence[str],
    targets: Sequence[str],
    lit_sources: Collection[str] = (),
    lit_targets: Collection[str] = (),
    written: Mapping[str, str] | None = None,
    kind: str = "count",
    width: float = base.HALF,
    height: float = 380,
) -> Spec:
    """Draw a ribbon from each source at the left to each target at the right, names and sums outside of both.

    frame: `source`, `target`, `value`, one row for each pair that has any. `sources` and `targets` give the orders from the top.
    Ribbons of lit names are blue and lie on top, the others are faint. `written` gives names other words than their sums.
    """
    found = {(str(a), str(b)): float(v or 0) for a, b, v in frame.select(source, target, value).iter_rows() if v}
    sums = [
        {name: sum(v for pair, v in found.items() if pair[side] == name) for name in names} for side, names in enumerate((sources, targets))
    ]
    phone = width < base.HALF
    numbers = [{name: (written or {}).get(name, fmt.number(amount, kind)) for name, amount in side.items()} for side in sums]
    room = width * (0.33 if phone else 0.26)
    left, right = (max((_room(name, number, room, phone) for name, number in side.items()), default=20.0) + 10 for side in numbers)
    least = 34.0 if phone else 20.0
    lit = [set(lit_sources), set(lit_targets)]
    sides, tall = _sides(sums, lit, least, height)
    mark = _NODE_PHONE if phone else _NODE
    shapes, spots = _flows(found, sides, mark, kind)
    nodes = [_rectangle(node, x, mark) for side, x in zip(sides, (0.0, 1 - mark), strict=True) for node in side.values()]
    words = [
        *_labels(sides[0].values(), 0, "middle left", numbers[0], room, phone),
        *_labels(sides[1].values(), 1, "middle right", numbers[1], room, phone),
    ]
    # Labels stand in the margins, so that ribbons alone give way where the card is smaller than it was planned for.
    layout = base.layout(tall, (left, right, 0, 0), xaxis=base.hidden_axis(0, 1), yaxis=base.hidden_axis(tall, 0), shapes=[*shapes, *nodes])
    return {"data": [_answers(spots), *words], "layout": layout}


def _room(name: str, words: str, room: float, phone: bool) -> float:
    """Return the pixels that a name with its number takes, at most `room`."""
    number = base.text_width(words, base.SIZE, bold=True)
    text = base.text_width(name, base.SIZE)
    return min(max(text, number) if phone else text + number + 6, room)


def _sides(
    sums: Sequence[Mapping[str, float]], lit: Sequence[set[str]], least: float, height: float
) -> tuple[list[dict[str, _Node]], float]:
    """Place the names of both sides under each other, on one scale, each with room for its label; returns the height needed."""
    whole = max(*(sum(side.values()) for side in sums), 1e-9)
    most = max(*(len(side) for side in sums), 1)
    scale = max(height - most * _GAP, 40.0) / whole
    slots = [{name: max(amount * scale + _GAP, least) for name, amount in side.items()} for side in sums]
    tall = max(sum(side.values()) for side in slots) + 4
    sides = []
    for side, rooms, bright in zip(sums, slots, lit, strict=True):
        spare = (tall - 4 - sum(rooms.values())) / max(len(rooms), 1)
        placed, top = {}, 2.0
        for name, amount in side.items():
            room = rooms[name] + spare
            placed[name] = _Node(name, amount, top + (room - amount * scale) / 2, amount * scale, name in bright)
            top += room
        sides.append(placed)
    return sides, tall


def _flows(
    found: Mapping[tuple[str, str], float], sides: Sequence[dict[str, _Node]], mark: float, kind: str
) -> tuple[list[Spec], list[Spec]]:
    """Return the ribbons, faint ones first, and the spots that answer the pointer."""
    used = [{name: node.top for name, node in side.items()} for side in sides]
    faint: list[Spec] = []
    bright: list[Spec] = []
    spots: list[Spec] = []
    for source, a in sides[0].items():
        for target, b in sides[1].items():
            amount = found.get((source, target), 0.0)
            if not amount:
                continue
            thick = amount * a.tall / a.value
            y, z = used[0][source], used[1][target]
            used[0][source], used[1][target] = y + thick, z + thick
            lit = a.lit or b.lit
            (bright if lit else faint).append(_ribbon(y, z, thick, mark, _LIT if lit else _FAINT))
            tip = f"{base.safe(source)} → {base.safe(target)}<br><b>{base.safe(fmt.number(amount, kind))}</b>"
            spots += [{"x": mark + 0.02, "y": y + thick / 2, "tip": tip}, {"x": 1 - mark - 0.02, "y": z + thick / 2, "tip": tip}]
    return [*faint, *bright], spots


def _ribbon(y: float, z: float, thick: float, mark: float, color: str) -> Spec:
    a, b, middle = mark, round(1 - mark, 4), 0.5
    y0, y1, z0, z1 = (round(place, 2) for place in (y, y + thick, z, z + thick))
    path = f"M{a},{y0}C{middle},{y0} {middle},{z0} {b},{z0}L{b},{z1}C{middle},{z1} {middle},{y1} {a},{y1}Z"
    return {"type": "path", "path": path, "fillcolor": color, "line": {"width": 0}, "layer": "below"}


def _rectangle(node: _Node, x: float, mark: float) -> Spec:
    box = {"x0": round(x, 4), "x1": round(x + mark, 4), "y0": round(node.top, 2), "y1": round(node.top + max(node.tall, 1.0), 2)}
    return {"type": "rect", **box, "fillcolor": ACCENT_DARK if node.lit else GREY, "line": {"width": 0}, "layer": "below"}


def _labels(nodes: Collection[_Node], x: float, position: str, numbers: Mapping[str, str], room: float, phone: bool) -> list[Spec]:
    """Write names with their sums, one text for each."""
    groups: dict[bool, list[_Node]] = {}
    for node in nodes:
        groups.setdefault(node.lit, []).append(node)
    written = []
    for lit, mine in groups.items():
        words = [_label(node, position, numbers[node.name], room, phone) for node in mine]
        middles = [node.top + node.tall / 2 for node in mine]
        written.append(base.texts([x] * len(mine), middles, words, position, color=ACCENT if lit else INK, size=base.SIZE))
    return written


def _label(node: _Node, position: str, number: str, room: float, phone: bool) -> str:
    bold = f"<b>{base.safe(number)}</b>"
    if phone:
        rows = base.safe(base.shorten(node.name, room, base.SIZE)), bold
        return "<br>".join(f"{row}\u00a0" if position == "middle left" else f"\u00a0{row}" for row in rows)
    name = base.safe(base.shorten(node.name, room - base.text_width(number, base.SIZE, bold=True) - 6, base.SIZE))
    return f"{name} {bold}\u00a0" if position == "middle left" else f"\u00a0{bold} {name}"


def _answers(spots: Sequence[Spec]) -> Spec:
    """Return unseen marks at both ends of every ribbon that answer the pointer."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [round(spot["x"], 3) for spot in spots],
        "y": [round(spot["y"], 1) for spot in spots],
        "marker": {"size": 12, "opacity": 0, "color": SECONDARY},
        "customdata": [spot["tip"] for spot in spots],
        "hovertemplate": "%{customdata}<extra></extra>",
        "cliponaxis": False,
    }
