"""Charts remember what they were drawn from, so that an export draws the same numbers natively instead of a picture."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec

Arguments = ParamSpec("Arguments")


class Drawing(dict[str, Any]):
    """A plain Plotly dictionary with the name of its chart function and the arguments by name; JSON writes the dictionary alone."""

    def __init__(self, spec: Mapping[str, Any], chart: str = "", given: Mapping[str, Any] | None = None) -> None:
        super().__init__(spec)
        self.chart = chart
        self.given = dict(given or {})


def remembered(draw: Callable[Arguments, dict[str, Any]]) -> Callable[Arguments, dict[str, Any]]:
    """Make a chart function remember its arguments, with those that were left out."""
    signature = inspect.signature(draw)

    @wraps(draw)
    def drawn(*arguments: Arguments.args, **options: Arguments.kwargs) -> dict[str, Any]:
        bound = signature.bind(*arguments, **options)
        bound.apply_defaults()
        return Drawing(draw(*arguments, **options), draw.__name__, bound.arguments)

    return drawn
