"""A published version is found and held: while somebody reads it, it is not deleted."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import weakref
from pathlib import Path
from typing import Any, Final

from analytics.exc import DataError
from data.publish import LAYOUT, LEASE, current_version, versions

#: How often the version in force is looked for when it is replaced while being opened.
_ATTEMPTS: Final = 20


def manifest_of(folder: Path) -> dict[str, Any]:
    """Read a version's manifest.

    Raises:
        DataError: it is gone, unreadable or of another layout.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        layout = manifest["layout"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"The published version “{folder.name}” cannot be read. Publish again: python -m data publish.") from error
    if layout != LAYOUT:
        raise DataError(f"The published version “{folder.name}” has layout {layout}, not {LAYOUT}. Publish again: python -m data publish.")
    return manifest


class Lease:
    """A shared lock on a version, given back when nobody holds it any more; while it lasts, the version is not deleted."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / LEASE, os.O_RDONLY)
        fcntl.flock(self._handle, fcntl.LOCK_SH)
        weakref.finalize(self, os.close, self._handle)
        if not (folder / LEASE).exists() or (folder / LEASE).stat().st_ino != os.fstat(self._handle).st_ino:
            raise FileNotFoundError(folder)


def opened(home: Path, version: str | None) -> tuple[Path, Lease]:
    """Find a version and hold it; the one in force may be replaced and deleted meanwhile, so it is looked for again."""
    for _ in range(_ATTEMPTS):
        chosen = version or current_version(home)
        if chosen is None:
            raise DataError(
                "Nothing is published yet: build the demonstration (python -m data demo) or load files (python -m data load FILE)."
            )
        folder = home / "versions" / Path(chosen).name
        with contextlib.suppress(OSError):
            return folder, Lease(folder)
        if version is not None:
            break
    kept = ", ".join(versions(home)) or "none"
    raise DataError(
        f"The published version “{chosen}” is not there or cannot be read; kept are {kept}. Publish again: python -m data publish."
    )
