"""Find the LibreOffice that opens the decks, or install the operating system's package when that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def main() -> int:
    """Make sure that there is one; without it the test that opens decks is skipped, and a sentence says so."""
    if not shutil.which("soffice") and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing LibreOffice Impress from the operating system's packages (once)", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "libreoffice-impress"], check=False, **quiet)
    if not shutil.which("soffice"):
        print("There is no LibreOffice: decks are not opened. Install it: apt-get install libreoffice-impress (Debian).", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
