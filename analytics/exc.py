"""The errors that Centerline raises on purpose; every message says what to do."""

from __future__ import annotations


class CenterlineError(Exception):
    """Base of all errors whose message is meant for a reader."""


class DataError(CenterlineError):
    """The data given cannot be used as it is."""


class ChangedError(DataError):
    """Somebody else has saved a record since it was read."""


class ScopeError(CenterlineError):
    """The reader's role does not reach what was asked for."""


class ConfigError(CenterlineError):
    """A setting is missing or wrong."""


class QueryError(CenterlineError):
    """A metric was asked for in a way it cannot be answered."""


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, to be quoted in a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
