"""National scale on one small machine: the heavy stage, a refresh, and what the questions of a page cost.

Stores of a year of many lines, of few, and of a decade are built in a folder of their own; `CENTERLINE_SCALE` names one that
is kept, so that a second run finds them there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import questions, stores
from benchmarks.report import against, row
from data import publish
from data.demo.national import Nation

LINES = 100_000_000
FEW = 10_000_000

#: How often each way of the heavy stage runs, one after the other in turn.
TURNS = 3


def heavy(how: str, home: Path) -> dict[str, Any]:
    """Run the heavy stage in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.heavy", how, str(home)], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def of_the_heavy_stage(many: Path, few: Path) -> list[dict[str, Any]]:
    """Measure the making of rollups from facts on disk against the floor and DuckDB, which must come to the same rollups."""
    runs: dict[str, list[dict[str, Any]]] = {how: [] for how in ("build", "floor", "duckdb")}
    for _ in range(TURNS):
        for how, done in runs.items():
            done.append(heavy(how, many))
    small = [heavy("build", few) for _ in range(TURNS)]
    assert runs["build"][0]["checksum"] == runs["duckdb"][0]["checksum"], "the rollups of Centerline and DuckDB differ"
    used = {how: [run["cpu_s"] for run in done] for how, done in runs.items()}
    peak, peak_small = ([run["peak_mb"] for run in done] for done in (runs["build"], small))
    words = f"rollups from the facts of {LINES:,} lines, processor time"
    memory = against(f"memory of the same at its peak, {LINES:,} lines", peak, f"{FEW:,} lines", peak_small, unit="MB")
    return [
        against(words, used["build"], "reading and adding up the same columns", used["floor"], 4),
        against(words, used["build"], "DuckDB making the same rollups", used["duckdb"], 0.7),
        memory | {"reach": "under 1,000 MB, and much the same at both", "met": max(peak) < 1000 and memory["ratio"] < 1.5},
        row("lines a second of the same, clock time", [LINES / run["clock_s"] for run in runs["build"]], "lines/s"),
    ]


@dataclass(frozen=True)
class _NewDay(Nation):
    """A nation with the months of a store, of which the last has changed since its publish."""

    held: Mapping[str, list[str]] = field(default_factory=dict)

    def months(self, kind: str) -> list[str]:
        """List the months of the store."""
        return self.held[kind]

    def changed(self, since: Mapping[str, Any]) -> Mapping[str, Set[str]] | None:  # noqa: ARG002
        """Say that only the last month has changed."""
        return {kind: {months[-1]} for kind, months in self.held.items()}


def of_a_refresh(home: Path, decade: Path, whole: float | None, years: int = 10) -> list[dict[str, Any]]:
    """Measure a publish after one new day, which makes the last month of a decade anew, against making all of them."""
    manifest = json.loads((decade / "versions" / str(publish.current_version(decade)) / "manifest.json").read_text())
    held = {kind: [part["month"] for part in manifest["parts"] if part["kind"] == kind] for kind in ("entry", "review")}
    times = []
    for seed in range(TURNS):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(decade, home, copy_function=os.link)
        source = _NewDay(LINES * years, years, 2013 + seed, held)
        _ = source.models  # what is drawn from is not part of a refresh
        began = time.process_time()
        done = publish.publish_source(source, None, home)
        times.append(time.process_time() - began)
        assert (done.built, done.parts) == (2, 24 * years), done
    words = f"publish after one new day on {years} years, processor time"
    if whole is None:
        return [row(words, times, "s")]
    return [against(words, times, f"{years} times a full build of one year ({whole:.0f} s)", [whole * years], 0.01)]


def measures() -> list[dict[str, Any]]:
    """Measure all of it; a full build counts only in the run that makes it."""
    kept = os.environ.get("CENTERLINE_SCALE")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(kept or temporary)
        there, began = publish.current_version(folder / "year") is not None, time.process_time()
        many = stores.year(folder / "year", LINES)
        whole = None if there else time.process_time() - began
        few, decade = stores.year(folder / "few", FEW), stores.decade(folder / "decade", many)
        built = "facts and rollups drawn, checked and published, processor time"
        rows = [] if whole is None else [row(f"{built}, {LINES:,} lines", [whole], "s")]
        rows += of_the_heavy_stage(many, few)
        rows += of_a_refresh(folder / "refreshed", decade, whole)
        return rows + questions.measures(many, decade)


if __name__ == "__main__":
    for measured in measures():
        print(measured)
