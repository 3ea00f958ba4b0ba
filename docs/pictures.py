"""Take the pictures of the README anew, from a fresh demonstration (`make pictures`)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, serving
from tests.chromium import found

TARGET = Path(__file__).parent / "images"

#: File name -> address of the page.
PICTURES = {"overview": "overview?role=leadership", "workload": "workload?role=director-ELE&center=ELE"}


def main() -> None:
    """Build a store, open each page and save its first screen."""
    import os

    from data import build

    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        os.environ["CENTERLINE_HOME"] = home
        build.demonstration(progress=print)
        chromium = playwright.chromium.launch(executable_path=found(), args=FLAGS)
        with serving(Path(home), Path(home) / "log.txt") as server:
            for name, address in PICTURES.items():
                page = chromium.new_page(viewport={"width": 1440, "height": 900})
                page.goto(f"{server.url}/{address}")
                page.wait_for_function(
                    "() => { const b = document.querySelector('[data-hash]'); return b && b.dataset.hash === b.dataset.drawn }"
                )
                page.screenshot(path=TARGET / f"{name}.png")
                page.close()
        chromium.close()


if __name__ == "__main__":
    main()
