"""Make `us_states.json` from the states of the npm package us-atlas (U.S. Census Bureau boundaries).

Run once, by hand: `python ui/assets/build_outline.py PATH_TO/states-10m.json`. The application never runs this.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

Point = tuple[float, float]

#: Largest distance, in degrees, that a simplified border may lie from the true one.
TOLERANCE = {"default": 0.035, "02": 0.12, "15": 0.03, "72": 0.012}
#: Smallest island kept, in square degrees.
SMALLEST = {"default": 0.012, "02": 0.12, "15": 0.004, "72": 0.01}
LEFT_OUT = {"60", "66", "69", "78"}  # territories too small or too far to draw; their ports are listed, not mapped
STEPS_PER_DEGREE = 100


def decode_arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """Turn the delta-coded integer arcs of a TopoJSON file into longitudes and latitudes."""
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale_x + shift_x, y * scale_y + shift_y))
        arcs.append(points)
    return arcs


def distance(point: Point, start: Point, end: Point) -> float:
    """Distance of a point from a segment."""
    (px, py), (ax, ay), (bx, by) = point, start, end
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else max(0.0, min(1.0, ((px - ax) * dx + (py - ay) * dy) / length))
    return float(((px - ax - share * dx) ** 2 + (py - ay - share * dy) ** 2) ** 0.5)


def simplify(points: list[Point], tolerance: float) -> list[Point]:
    """Douglas-Peucker; a closed ring is cut at its far point first so that it keeps an area."""
    if len(points) < 3:
        return points
    if points[0] == points[-1]:
        far = max(range(len(points)), key=lambda i: (points[i][0] - points[0][0]) ** 2 + (points[i][1] - points[0][1]) ** 2)
        if far in (0, len(points) - 1):
            return points
        return simplify(points[: far + 1], tolerance)[:-1] + simplify(points[far:], tolerance)
    worst = max(range(1, len(points) - 1), key=lambda i: distance(points[i], points[0], points[-1]))
    if distance(points[worst], points[0], points[-1]) <= tolerance:
        return [points[0], points[-1]]
    return simplify(points[: worst + 1], tolerance)[:-1] + simplify(points[worst:], tolerance)


def stitch(indices: list[int], arcs: list[list[Point]]) -> list[Point]:
    """Join arcs into one ring; a negative index means the arc is walked backwards."""
    ring: list[Point] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring += arc[1:] if ring else arc
    return ring


def area(ring: list[Point]) -> float:
    """Area of a ring in square degrees."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))) / 2


def deltas(ring: list[Point]) -> list[int]:
    """First point, then steps, in hundredths of a degree."""
    whole = [(round(x * STEPS_PER_DEGREE), round(y * STEPS_PER_DEGREE)) for x, y in ring]
    coded = list(whole[0])
    for (ax, ay), (bx, by) in pairwise(whole):
        if (ax, ay) != (bx, by):
            coded += [bx - ax, by - ay]
    return coded


def rings_of(geometry: dict[str, Any], arcs: dict[str, list[list[Point]]]) -> list[list[int]]:
    """Outer rings of one state, islands below the smallest size left out."""
    key = geometry["id"] if geometry["id"] in TOLERANCE else "default"
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    rings = sorted((stitch(polygon[0], arcs[key]) for polygon in polygons), key=area, reverse=True)
    kept = [ring for ring in rings if area(ring) >= SMALLEST[key]] or rings[:1]
    return [deltas(ring) for ring in kept]


def main(source: Path) -> None:
    """Write the outline beside this file."""
    topology = json.loads(source.read_text(encoding="utf-8"))
    raw = decode_arcs(topology)
    arcs = {key: [simplify(arc, tolerance) for arc in raw] for key, tolerance in TOLERANCE.items()}
    states = {
        geometry["id"]: rings_of(geometry, arcs)
        for geometry in topology["objects"]["states"]["geometries"]
        if geometry["id"] not in LEFT_OUT
    }
    outline = {"steps_per_degree": STEPS_PER_DEGREE, "states": dict(sorted(states.items()))}
    Path(__file__).with_name("us_states.json").write_text(json.dumps(outline, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
