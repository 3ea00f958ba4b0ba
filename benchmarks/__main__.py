"""`make bench`: how fast this is on this machine, each measure beside what it is held against in the same run.

`python -m benchmarks [loading] [scale] [pages] [desk] [disclosure]` runs some parts (without names: all). What they find replaces what is said of
them in `benchmarks/results/latest.json`, from which `make docs` writes docs/performance.md. Nothing is asserted about time.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

RESULTS = Path(__file__).parent / "results" / "latest.json"

#: Parts in the order in which they run; each is a module with `measures()`, and with `ready()` where it needs what may be missing.
PARTS = ("loading", "scale", "pages", "desk", "disclosure")

#: Packages whose versions go with every figure.
_PACKAGES = ("polars", "narwhals", "duckdb", "streamlit", "plotly")


def machine() -> str:
    """Say what the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores {platform.machine()}, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}"


def main(chosen: list[str]) -> None:
    """Measure the parts, keep what was found, and print it."""
    rows: list[dict[str, Any]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    for part in chosen:
        print(f"{part}:", flush=True)
        module = importlib.import_module(f"benchmarks.{part}")
        if not getattr(module, "ready", lambda: True)():
            continue
        found = [{"part": part} | row | {"machine": machine(), "versions": versions} for row in module.measures()]
        rows = sorted([*(row for row in rows if row["part"] != part), *found], key=lambda row: PARTS.index(row["part"]))
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
        with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=220, fmt_str_lengths=80, tbl_hide_column_data_types=True):
            print(pl.DataFrame(found, infer_schema_length=None).drop("part", "machine", "versions"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}")
    named = parser.parse_args().parts
    if unknown := [part for part in named if part not in PARTS]:
        parser.error(f"there is no part “{unknown[0]}”; choose among {', '.join(PARTS)}")
    main(named or list(PARTS))
