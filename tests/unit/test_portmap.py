"""The port map: projection, outline, labels that neither overlap nor leave the sheet."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import charts, portmap


def place(longitude, latitude):
    x, y = portmap.project(np.array([float(longitude)]), np.array([float(latitude)]))
    return float(x[0]), float(y[0])


def test_albers_against_snyder():
    # Snyder 1987, Map Projections: A Working Manual, p. 291: unit sphere, parallels 29.5 and 45.5, origin 23 N 96 W, point 35 N 75 W.
    projection = portmap._Projection(29.5, 45.5, -96.0, 23.0, 1 / portmap._EARTH)
    x, y = projection(np.array([-75.0]), np.array([35.0]))
    assert float(x[0]) == pytest.approx(0.2952720, abs=1e-7)
    assert float(y[0]) == pytest.approx(0.2416774, abs=1e-7)


def test_the_meridian_is_vertical_and_north_is_up():
    assert place(-96, 30)[0] == pytest.approx(0)
    assert place(-96, 45)[1] > place(-96, 30)[1]


@pytest.mark.parametrize(
    "spot", [(-149.9, 61.2), (-157.9, 21.3), (-66.1, 18.45), (-118.2, 33.8), (-67.0, 44.9), (-131.6, 55.3), (-64.9, 18.3)]
)
def test_every_port_lies_on_the_sheet(spot):
    land = portmap.outline()
    x, y = place(*spot)
    assert land.left - 20 <= x <= land.right + 20
    assert land.bottom - 20 <= y <= land.top + 20


def test_the_far_pacific_is_not_drawn():
    assert all(math.isnan(part) for part in place(144.8, 13.5))


def test_outline_is_compact_and_closed():
    land = portmap.outline()
    assert 3000 < len(land.x) < 6000
    assert land.x.count(None) == land.y.count(None) > 50
    ratio = (land.right - land.left) / (land.top - land.bottom)
    assert 1.5 < ratio < 1.9


def ports(n, seed=0):
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "name": [f"Port of <Somewhere> {i}" for i in range(n)],
            "lon": rng.uniform(-124, -68, n),
            "lat": rng.uniform(26, 48, n),
            "value": rng.pareto(1, n) * 100,
            "rate": rng.uniform(0.7, 1, n),
            "bad": rng.uniform(0, 1, n) > 0.8,
        }
    )


@given(st.integers(1, 60), st.integers(0, 50))
def test_labels_do_not_overlap_and_stay_inside(n, seed):
    rng = np.random.default_rng(seed)
    spots = [(float(rng.uniform(0, 600)), float(rng.uniform(0, 350)), float(rng.uniform(3, 13))) for _ in range(n)]
    placed = portmap.place_labels(spots, [f"Los Angeles–Long Beach {i}%" for i in range(n)], 600, 350)
    boxes = [box for _, box in placed.values()]
    assert len(boxes) <= 8
    assert all(box.left >= 0 and box.right <= 600 and box.top >= 0 and box.bottom <= 350 for box in boxes)
    assert not any(one.meets(other) for i, one in enumerate(boxes) for other in boxes[i + 1 :])


@pytest.mark.parametrize("width", [charts.PHONE, charts.HALF, charts.WIDE])
def test_map_is_complete(width):
    spec = portmap.port_map(ports(40), "name", "lon", "lat", "value", rate="rate", bad="bad", width=width)
    land, bubbles, names = spec["data"]
    assert land["fill"] == "toself"
    assert len(bubbles["x"]) == 40
    assert bubbles["marker"]["size"] == sorted(bubbles["marker"]["size"], reverse=True)
    assert all("<Somewhere>" not in text for text in names["text"])
    assert spec["layout"]["height"] > width / 2


def test_area_is_the_value():
    frame = pl.DataFrame({"name": ["a", "b"], "lon": [-90.0, -100.0], "lat": [40.0, 40.0], "value": [100.0, 25.0]})
    sizes = portmap.port_map(frame, "name", "lon", "lat", "value")["data"][1]["marker"]["size"]
    assert sizes[0] == pytest.approx(2 * sizes[1], abs=0.2)


def test_a_port_without_a_place_or_value_is_left_out():
    frame = pl.DataFrame({"name": ["a", "b", "c"], "lon": [-90.0, None, -91.0], "lat": [40.0, 41.0, 40.0], "value": [1.0, 2.0, 0.0]})
    assert len(portmap.port_map(frame, "name", "lon", "lat", "value")["data"][1]["x"]) == 1


def test_no_ports_at_all():
    frame = ports(1).clear()
    assert portmap.port_map(frame, "name", "lon", "lat", "value")["data"][1]["x"] == []
