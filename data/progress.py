"""Telling an operator how far a long step is: one line a step, and a bar where the step has a length.

On a terminal, whatever takes more than two seconds is drawn: steps of known length as bars, the others as a running clock.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Final, Protocol, TypeVar

from tqdm import tqdm

T = TypeVar("T")

#: Seconds after which a step is drawn, and between two drawings of a clock.
_DELAY: Final = 2.0
_TICK: Final = 0.5


class Progress(Protocol):
    """What long functions report to."""

    def step(self, words: str) -> None:
        """Say what begins now."""

    def during(self, words: str) -> AbstractContextManager[None]:
        """Say what is done within the block; nobody knows how long it will take."""

    def over(self, items: Iterable[T], words: str, total: int) -> Iterable[T]:
        """Give the items on, one after the other, and say how many are done."""


class Silent:
    """Reports to nobody, or its steps to a function."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self._say = say or (lambda _: None)

    def step(self, words: str) -> None:
        """Say what begins now."""
        self._say(words)

    @contextlib.contextmanager
    def during(self, words: str) -> Iterator[None]:
        """Say what begins now."""
        self._say(words)
        yield

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

    @contextlib.contextmanager
    def during(self, words: str) -> Iterator[None]:
        """Print a step, and draw a clock while it lasts where a terminal shows it and it takes more than two seconds."""
        self.step(words)
        done = threading.Event()
        clock = threading.Thread(target=_clock, args=(done, words), daemon=True)
        clock.start()
        try:
            yield
        finally:
            done.set()
            clock.join()

    def over(self, items: Iterable[T], words: str, total: int) -> Iterator[T]:
        """Print a step, and draw its bar where a terminal shows it and it takes more than two seconds."""
        if not total:
            return
        self.step(words)
        yield from tqdm(items, total=total, delay=_DELAY, disable=None, leave=False, file=sys.stderr, desc=_indented(words), unit="")


def _clock(done: threading.Event, words: str) -> None:
    """Draw the time that a step has taken until it is done."""
    if done.wait(_DELAY):
        return
    with tqdm(bar_format="{desc}: {elapsed} so far", disable=None, leave=False, file=sys.stderr, desc=_indented(words)) as drawn:
        while not done.wait(_TICK):
            drawn.refresh()


def _indented(words: str) -> str:
    return f"           {words}"
