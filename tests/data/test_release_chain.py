"""Eight monthly releases in a row over revised data: an attacker who keeps them all tells nothing that was withheld in any."""

from __future__ import annotations

from pathlib import Path

import pytest

from data import release
from tests.data.release_chain import Attacker, make


@pytest.mark.parametrize("seed", [1, 2])
def test_who_keeps_every_release_tells_no_withheld_cell(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = make(seed, tmp_path, monkeypatch)
    print([c[release.SUMMARY].row(0) for c in chain.releases])
    attacker = Attacker(chain)
    import time

    t = time.time()
    told = [line for target in sorted(attacker.withheld) for line in attacker.told(target, chain)]
    print(len(attacker.withheld), len(attacker.cells), time.time() - t)
    print(told[:5], len(told))
    assert not told
