"""LibreOffice is found, or installed where that is allowed."""

from __future__ import annotations

import pytest

from tests import office


def test_without_leave_to_install_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(office.shutil, "which", lambda _: None)
    assert office.main() == 0
    assert "apt-get install libreoffice-impress" in capsys.readouterr().err


def test_with_leave_the_operating_systems_package_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[list[str]] = []
    monkeypatch.setattr(office.shutil, "which", lambda name: "/usr/bin/x" if name == "apt-get" or len(installed) == 2 else None)
    monkeypatch.setattr(office.os, "geteuid", lambda: 0)
    monkeypatch.setattr(office.subprocess, "run", lambda command, **_: installed.append(command))
    assert office.main() == 0
    assert installed[1][-1] == "libreoffice-impress"
