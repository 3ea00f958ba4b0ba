"""What boards were sent for questions that were asked before: a version never changes, so neither does its answer.

Readers of one view ask the same questions: the page as it opens, a fiscal year, a Center. The threat: a reader gets what was
made for another one. So a question cannot be written without the whole scope of who asks.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from analytics.filters import Filters
from analytics.scope import Scope

#: A part of a board as it is sent, and the keys of its cards.
Part = tuple[bytes, tuple[str, ...]]

#: Bytes of all that is kept, in the whole process; the longest unused goes first.
ROOM: Final = 24_000_000


@dataclass(frozen=True)
class Question:
    """All that a page's numbers depend on: the same question has the same answer for as long as the process lives."""

    version: str
    scope: Scope
    filters: Filters
    #: What else the reader chose on the page: the answers to two choices never stand for each other.
    more: Hashable = ()


class Seen:
    """Parts of boards by what was asked, up to a total size."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._kept: OrderedDict[Hashable, tuple[int, Part]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Part]) -> Part:
        """Return what was made for a key, or make it; two readers who ask at once may both make it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][1]
        made = make()
        # What was asked takes room as well: a filter may name hundreds of ports.
        size = len(made[0]) + len(repr(key))
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (size, made)
                self._size += size
            while self._size > self._room:
                self._size -= self._kept.popitem(last=False)[1][0]
        return made


SEEN: Final = Seen()
