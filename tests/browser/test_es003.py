"""The path of a new user with an ACE Reports export, as docs/user-guide.md has it: load, see it on the volume page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT, Opener, serving

pytestmark = pytest.mark.browser

EXPORT = """\
Entry Summary Number,Entry Type Code,Importer Number,Port of Entry Code,Entry Date,Entry Summary Date,Entry Summary Line Number,Review Team Number,\
Country of Origin Code,Line SPI Code,Tariff Ordinal Number,HTS Number - Full,Line Tariff Goods Value Amount,Line Tariff Duty Amount
ABC-1234567-6,01,99-1234567AB,2704,03/14/2013,03/20/2013,1,711,CN,,1,8517.12.0050,"$12,500.00",$0.00
ABC-1234567-6,01,99-1234567AB,2704,03/14/2013,03/20/2013,2,711,CN,,1,8528.52.0000,"$1,500.50",$75.02
99999999990,01,000-12-3456,4601,2013-04-01,2013-04-09,1,711,MX,MX,1,87032300 44,"25,000",625.00
ABC-1234567-5,01,99-1234567AB,2704,03/14/2013,03/20/2013,1,711,CN,,1,8517.12.0050,1,0
"""


def guide_command() -> list[str]:
    """Take the command from the guide itself."""
    found = re.search(r"^python (-m data load) my-es003-export\.csv$", (ROOT / "docs/user-guide.md").read_text(), re.MULTILINE)
    assert found
    return [sys.executable, *found.group(1).split()]


def test_an_export_is_loaded_and_seen(tmp_path: Path, visit: Opener) -> None:
    export, home = tmp_path / "my-es003-export.csv", tmp_path / "my-store"
    export.write_text(EXPORT)
    environment = {**os.environ, "CENTERLINE_HOME": str(home)}
    done = subprocess.run([*guide_command(), str(export)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "4 rows read, 3 accepted" in done.stdout
    rejects = subprocess.run(
        [sys.executable, "-m", "data", "rejects"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert "row 5" in rejects.stdout
    assert "check digit" in rejects.stdout
    with serving(home, tmp_path / "log.txt") as server:
        seen = visit(f"{server.url}/overview?role=analyst")
        assert "2" in seen.page.locator("[data-metric=entry_summaries]").inner_text().split()
        assert "$39.0K" in seen.page.locator("[data-metric=import_value_usd]").inner_text()
        assert "Synthetic" not in seen.page.locator("body").inner_text()
        waiting = seen.page.get_by_role("region", name="Accounts pending assignment").inner_text()
        assert "Electronics" in waiting
        assert "100.0%" in waiting
        assert "000-12-3456" not in seen.page.content(), "a social security number is shown"
        health = visit(f"{server.url}/data_health?role=analyst", wait=".cl-list")
        assert "ABC-1234567-5" in health.page.locator("body").inner_text()
        workload = visit(f"{server.url}/workload?role=analyst")
        assert workload.page.locator("[role=dialog], .cl-problem").count() == 0
        assert workload.title() == "Nothing is waiting"
