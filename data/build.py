"""From nothing to a published demonstration: generate extracts, load them as a user's files are, publish."""

from __future__ import annotations

from sqlalchemy import Engine

from analytics.exc import DataError
from data import database
from data.load import load_files
from data.progress import Progress, Silent
from data.publish import Published, current_version, publish, publish_source
from data.settings import settings

SEED: int = 2013


def demonstration(
    *, entries: int | None = None, seed: int = SEED, engine: Engine | None = None, progress: Progress | None = None
) -> Published:
    """Build the demonstration store.

    Raises:
        DataError: the database already holds data that are not of a demonstration.
    """
    from data import demo
    from data.demo import extracts

    told = progress or Silent()
    target = engine or database.engine(settings().url)
    if not database.is_empty(target):
        raise DataError(
            "The database already holds data, and the demonstration is built into an empty one. Choose another home "
            "(CENTERLINE_HOME=other-folder) or another database (CENTERLINE_DATABASE_URL)."
        )
    with told.during("Generating entry summaries, reviews and feedback (synthetic)"):
        frames = demo.generate(entries or settings().demo_entries, seed)
    with told.during("Writing extracts"):
        written = extracts.write(extracts.extracts(frames, seed), settings().home / "demo")
    for paths in written:
        load_files(paths, engine=target, progress=told)
    return publish(engine=target, renew=True, progress=told)


def national(lines: int, years: int = 1, *, seed: int = SEED, progress: Progress | None = None) -> Published:
    """Build a national store: facts and rollups of so many lines over so many fiscal years, without the database.

    Raises:
        DataError: something is published here already.
    """
    from data.demo.national import Nation

    home = settings().published
    if current_version(home) is not None:
        raise DataError(
            f"{home} holds a published version already, and facts alone are built into an empty place. "
            "Choose another home: CENTERLINE_HOME=other-folder."
        )
    return publish_source(Nation(lines, years, seed), None, home, progress=progress)
