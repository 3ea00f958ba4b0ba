"""What all tests share: a small demonstration store, built once by the code that a user runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from analytics.scope import Scope
from data import build
from data.settings import settings
from data.store import Snapshot

#: Entry summaries of the tests' demonstration: enough for every Center, month and work type.
ENTRIES = 24_000


# The same examples in every run: a failure is found where it was made, not in somebody else's change.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.load_profile("same")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Build a demonstration store and point the settings at it for the whole run."""
    home = tmp_path_factory.mktemp("demonstration")
    before = os.environ.get("CENTERLINE_HOME")
    os.environ["CENTERLINE_HOME"] = str(home)
    settings.cache_clear()
    build.demonstration(entries=ENTRIES, seed=7)
    yield home
    if before is None:
        del os.environ["CENTERLINE_HOME"]
    else:
        os.environ["CENTERLINE_HOME"] = before
    settings.cache_clear()


@pytest.fixture(scope="session")
def analyst(store: Path) -> Snapshot:
    """Read the store as an analyst does."""
    return Snapshot(Scope("analyst"), home=store / "published")
