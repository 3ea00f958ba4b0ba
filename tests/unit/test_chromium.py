"""The set-up of the browser tests: uses what is there, and says what to install when nothing is and nothing can be."""

from __future__ import annotations

import pytest

from tests import chromium


def test_a_chromium_on_the_path_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium.shutil, "which", lambda name: "/opt/google-chrome" if name == "google-chrome" else None)
    assert chromium.found() == "/opt/google-chrome"
    assert chromium.main() == 0


def test_without_one_and_without_leave_to_install_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium.shutil, "which", lambda _: None)
    assert chromium.main() == 2
    assert "apt-get install chromium" in capsys.readouterr().err


def test_with_leave_the_operating_systems_package_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[list[str]] = []

    def which(name: str) -> str | None:
        return f"/usr/bin/{name}" if name == "apt-get" or (name == "chromium" and len(installed) == 2) else None

    monkeypatch.setattr(chromium.shutil, "which", which)
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 0)
    monkeypatch.setattr(chromium.subprocess, "run", lambda command, **_: installed.append(command))
    assert chromium.main() == 0
    assert installed[1][:2] == ["apt-get", "install"]
