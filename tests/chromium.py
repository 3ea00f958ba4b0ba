"""Find the Chromium that the browser tests drive, or install the operating system's package when that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found() -> str | None:
    """Return the path of a Chromium on PATH, if there is one."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def main() -> int:
    """Make sure that there is one; 2 with what to do when there is none and none can be installed."""
    if found():
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium from the operating system's packages (once)", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, **quiet)
    if found():
        return 0
    print(
        "The browser tests need Chromium on PATH. Install it: apt-get install chromium (Debian), dnf install chromium (Fedora).",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
