"""Stores for the measures at national scale: a year of many lines, a year of few, and a decade."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from data import publish
from data.demo.national import Nation
from data.parts import Part
from data.progress import Told


def year(home: Path, lines: int) -> Path:
    """Build a national store of one year, unless it is there already."""
    if publish.current_version(home) is None:
        publish.publish_source(Nation(lines), None, home, progress=Told())
    return home


def decade(home: Path, of: Path, years: int = 10) -> Path:
    """Make a store of several years from one of one year: its months again and again, on the dates of the years before.

    Its rollups are as large as those of so many years; its facts are those of the one year, whose dates are not moved.
    """
    if publish.current_version(home) is not None:
        return home
    version = str(publish.current_version(of))
    manifest = json.loads((of / "versions" / version / "manifest.json").read_text())
    shutil.copytree(of / "versions" / version, home / "versions" / version)
    records = [_again(record, of, home, back) for record in manifest["parts"] for back in range(years)]
    manifest["parts"] = sorted(records, key=lambda record: (record["kind"], record["month"]))
    manifest["first_date"] = min(record["first"] for record in records)
    publish.write_json(home / "versions" / version / "manifest.json", manifest)
    publish.write_json(home / "current.json", {"version": version})
    return home


def _again(record: Mapping[str, Any], of: Path, home: Path, back: int) -> dict[str, Any]:
    """Put a part into another store, so many years earlier."""
    first = dt.date.fromisoformat(f"{record['month']}-01")
    earlier = first.replace(year=first.year - back)
    moved = dict(record) | {"month": earlier.strftime("%Y-%m")}
    moved |= {name: (dt.date.fromisoformat(record[name]) - (first - earlier)).isoformat() for name in ("first", "latest")}
    source, target = Part(**record).folder(of), Part(**moved).folder(home)
    if not back:
        shutil.copytree(source, target, copy_function=os.link)
        return moved
    (target / "rollups").mkdir(parents=True)
    shutil.copy(source / "identities.parquet", target)
    shutil.copytree(source / "facts", target / "facts", copy_function=os.link)
    for path in (source / "rollups").glob("*.parquet"):
        frame = _earlier(pl.read_parquet(path), (first - earlier).days, back, by_month="_month_" in path.name)
        frame.write_parquet(target / "rollups" / path.name, compression="zstd", compression_level=1)
    return moved


def _earlier(frame: pl.DataFrame, days: int, years: int, *, by_month: bool) -> pl.DataFrame:
    """Move the dates of a rollup, and the sums of days that are counted from 1970."""
    dates = [name for name, kind in frame.schema.items() if kind == pl.Date]
    moved = frame.with_columns(
        (pl.col(name).dt.offset_by(f"-{years}y") if by_month else pl.col(name) - pl.duration(days=days)) for name in dates
    )
    if "opened_day_net" not in frame.columns:
        return moved
    return moved.with_columns(
        opened_day_net=pl.col("opened_day_net") - days * pl.col("pending_net"),
        stop_day_net=pl.col("stop_day_net") - days * pl.col("stopped_net"),
    )
