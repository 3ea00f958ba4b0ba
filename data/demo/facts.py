"""The reference tables as arrays, positions instead of codes, for drawing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from data.demo.draws import Floats, Ints, day_of
from data.reference import read


@dataclass(frozen=True)
class Facts:
    """What the generator knows of the world; a position in `centers`, `industries`, `ports` or `headings` is its code."""

    centers: list[str]
    opened: Ints  # day of opening, by Center
    value_share: Floats  # share 0-1 of national value, by Center
    duty_rate: Floats  # duty over value, by Center
    season: Floats  # 9 x 12, calendar month factor around 1
    industries: list[str]
    industry_center: Ints
    industry_weight: Floats  # share 0-1 of its Center's value
    headings: list[str]
    heading_industry: Ints
    heading_weight: Floats  # 26 x 1226, weight of a heading within each industry
    heading_duty: Floats  # duty over value
    ports: list[str]
    port_kind: Ints  # 0 air, 1 sea, 2 land north, 3 land south
    port_arrival: Floats  # 350 x 3: by air, by sea, by land
    port_mix: Floats  # 9 x 350, share of a Center's value by port
    origins: list[str]
    origin_mix: Floats  # 9 x countries, share of a Center's value by origin


PORT_KIND_ORDER = ["air", "sea", "land_north", "land_south"]


def _positions(column: pl.Series, codes: list[str]) -> Ints:
    table = {code: place for place, code in enumerate(codes)}
    return np.array([table[code] for code in column], dtype=np.int64)


def _origin_mix(centers: list[str]) -> tuple[list[str], Floats]:
    rows = read("origins")
    wide = rows.pivot(on="center_code", index="origin_code", values="weight_permyriad").fill_null(0).sort("origin_code")
    return wide["origin_code"].to_list(), wide.select(centers).to_numpy().T.astype(np.float64)


def _by_center(name: str, unit: str, centers: list[str]) -> Floats:
    columns = [f"{code.lower()}_{unit}" for code in centers]
    return read(name).select(columns).to_numpy().T.astype(np.float64)


@cache
def facts() -> Facts:
    """Read the reference tables once."""
    centers, industries, ports = read("centers"), read("industries"), read("ports")
    headings = read("headings")
    codes: list[str] = centers["center_code"].to_list()
    industry_codes: list[str] = industries["industry_code"].to_list()
    economy = centers.select("center_code").join(read("center_economy"), on="center_code", maintain_order="left")
    industry_center = _positions(industries["center_code"], codes)
    heading_industry = _positions(headings["industry_code"], industry_codes)
    weight = headings["weight_ppm"].to_numpy().astype(np.float64)
    table = np.zeros((len(industry_codes), headings.height))
    table[heading_industry, np.arange(headings.height)] = weight
    of_center = np.bincount(industry_center[heading_industry], weights=weight)
    origins, origin_mix = _origin_mix(codes)
    return Facts(
        centers=codes,
        opened=np.array([day_of(day) for day in centers["opened_date"]], dtype=np.int64),
        value_share=economy["value_share_pct"].to_numpy() / economy["value_share_pct"].sum(),
        duty_rate=economy["duty_rate_pct"].to_numpy() / 100,
        season=_by_center("seasons", "permille", codes) * 12 / 1000,
        industries=industry_codes,
        industry_center=industry_center,
        industry_weight=table.sum(axis=1) / of_center[industry_center],
        headings=headings["heading"].to_list(),
        heading_industry=heading_industry,
        heading_weight=table,
        heading_duty=headings["duty_pct"].to_numpy() / 100,
        ports=ports["port_code"].to_list(),
        port_kind=_positions(ports["kind"], PORT_KIND_ORDER),
        port_arrival=ports.select("air_pct", "sea_pct", "land_pct").to_numpy() / 100,
        port_mix=_by_center("port_mix", "ppm", codes),
        origins=origins,
        origin_mix=origin_mix,
    )
