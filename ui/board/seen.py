"""What boards were sent for questions that were asked before: a version never changes, so neither does its answer.

Readers of one view ask the same questions: the page as it opens, a fiscal year, a Center. The key holds the reader's scope,
so nobody gets what was made for another scope.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

Part = tuple[bytes, tuple[str, ...]]

#: Bytes of all that is kept, in the whole process; the longest unused goes first.
ROOM: Final = 24_000_000


class Seen:
    """Parts of boards by their question, up to a total size."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._kept: OrderedDict[Hashable, Part] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, question: Hashable | None, make: Callable[[], Part]) -> Part:
        """Return what was made for a question, or make it; without a question nothing is kept."""
        if question is None:
            return make()
        with self._lock:
            if question in self._kept:
                self._kept.move_to_end(question)
                return self._kept[question]
        made = make()
        with self._lock:
            if question not in self._kept:
                self._kept[question] = made
                self._size += len(made[0])
            while self._size > self._room:
                self._size -= len(self._kept.popitem(last=False)[1][0])
        return made

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._size = 0


SEEN: Final = Seen()
