"""The themes of feedback beside a version: looked for when its statements have changed, else taken over from the last version."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import polars as pl

from analytics import themes
from data import parts

#: Files beside a version that say what its statements have in common.
FILES: Final = tuple(themes.SCHEMAS)


def write(folder: Path, previous: Path | None) -> None:
    """Write the themes of a version's feedback.

    Args:
        folder: Facts of the version that is being built; its `feedback` is there.
        previous: Facts of the version in force; null when there is none.
    """
    if previous is not None and _same(folder, previous):
        for name in FILES:
            shutil.copyfile(previous / f"{name}.parquet", folder / f"{name}.parquet")
        return
    for name, frame in themes.find(_statements(folder)).items():
        parts.write(frame, folder / f"{name}.parquet")


def _statements(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "feedback.parquet", columns=["feedback_id", "statement"]).sort("feedback_id")


def _same(folder: Path, previous: Path) -> bool:
    if not all((previous / f"{name}.parquet").exists() for name in (*FILES, "feedback")):
        return False
    return _statements(folder).equals(_statements(previous))
