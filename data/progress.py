"""Telling an operator how far a long step is: one line a step, and a bar where the step has a length."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from tqdm import tqdm

T = TypeVar("T")


class Progress(Protocol):
    """What long functions report to."""

    def step(self, words: str) -> None:
        """Say what begins now."""

    def over(self, items: Iterable[T], words: str, total: int) -> Iterable[T]:
        """Give the items on, one after the other, and say how many are done."""


class Silent:
    """Reports to nobody, or its steps to a function."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self._say = say or (lambda _: None)

    def step(self, words: str) -> None:
        """Say what begins now."""
        self._say(words)

    def over(self, items: Iterable[T], words: str, total: int) -> Iterable[T]:
        """Give the items on."""
        if total:
            self._say(words)
        yield from items


class Told:
    """Prints each step with the seconds since the start, and bars on a terminal."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def step(self, words: str) -> None:
        """Print a step."""
        print(f"  {time.monotonic() - self._start:5.1f} s  {words}", file=sys.stderr, flush=True)

    def over(self, items: Iterable[T], words: str, total: int) -> Iterator[T]:
        """Print a step, and draw its bar where a terminal shows it and it takes more than two seconds."""
        if not total:
            return
        self.step(words)
        yield from tqdm(items, total=total, delay=2, disable=None, leave=False, file=sys.stderr, desc=f"           {words}", unit="")
