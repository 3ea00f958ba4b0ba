"""Progress: a line a step, and on a terminal a bar or a clock for what takes long."""

from __future__ import annotations

import io
import sys
import time

import pytest

from data import progress
from data.progress import Silent, Told


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short one."""
    monkeypatch.setattr(progress, "_DELAY", 0.05)
    monkeypatch.setattr(progress, "_TICK", 0.05)


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize(("seconds", "drawn"), [(0.3, True), (0.0, False)])
def test_a_long_step_has_a_clock(monkeypatch: pytest.MonkeyPatch, seconds: float, drawn: bool) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Told().during("Reading many.csv"):
        time.sleep(seconds)
    assert "s  Reading many.csv\n" in sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert ("so far" in sys.stderr.getvalue()) is drawn  # type: ignore[attr-defined]


@pytest.mark.usefixtures("patience")
def test_a_step_of_known_length_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    for _ in Told().over(range(4), "Building 4 months", 4):
        time.sleep(0.1)
    assert "Building 4 months" in sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "/4 [" in sys.stderr.getvalue()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("patience")
def test_nothing_is_drawn_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    with Told().during("Reading many.csv"):
        time.sleep(0.2)
    assert list(Told().over(range(2), "Building", 2)) == [0, 1]
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("s  ")[1] for line in lines] == ["Reading many.csv", "Building"]


def test_a_failure_passes_through_and_ends_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(ValueError, match="broken"), Told().during("Reading"):
        raise ValueError("broken")
    said: list[str] = []
    with Silent(said.append).during("Reading"):
        said.append("inside")
    assert said == ["Reading", "inside"]
