"""Find the Java that Spark runs on, or install the operating system's package when that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def main() -> int:
    """Make sure that there is one; without it the tests of Spark are skipped, and a sentence says so."""
    if not shutil.which("java") and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Java from the operating system's packages (once)", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "openjdk-17-jre-headless"], check=False, **quiet)
    if not shutil.which("java"):
        print("There is no Java: Spark is not tried. Install it: apt-get install openjdk-17-jre-headless (Debian).", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
