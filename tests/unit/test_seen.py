"""What was made for a question is made once, for that question alone, and not without end."""

from __future__ import annotations

from ui.board.seen import Seen


def part(size: int) -> tuple[bytes, tuple[str, ...]]:
    return b"x" * size, ("card",)


def test_a_question_is_worked_out_once_and_for_itself_alone() -> None:
    seen, made = Seen(), []

    def make(name: str) -> tuple[bytes, tuple[str, ...]]:
        made.append(name)
        return name.encode(), (name,)

    for scope in ("analyst", "director", "analyst"):
        assert seen.get(("v1", scope), lambda scope=scope: make(scope)) == (scope.encode(), (scope,))
    assert made == ["analyst", "director"]


def test_without_a_question_nothing_is_kept() -> None:
    seen, made = Seen(), []
    for _ in range(2):
        seen.get(None, lambda: made.append(1) or part(1))
    assert len(made) == 2


def test_the_longest_unused_goes_first() -> None:
    seen, made = Seen(room=100), []

    def ask(name: str) -> None:
        seen.get(name, lambda: made.append(name) or part(40))

    for name in ("a", "b", "a", "c", "a", "b"):
        ask(name)
    assert made == ["a", "b", "c", "b"]
