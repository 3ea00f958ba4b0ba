"""A real server over the tests' store, and a real Chromium that may talk to it alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.chromium import found

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: Set once everything of a page's board is drawn.
DRAWN = "[data-drawn]"

#: In the page: the script has ended (a headline comes before its figures) and all that it sent is drawn.
SETTLED = """() => {
  const board = document.querySelector('[data-hash]');
  const state = document.querySelector('[data-testid=stApp]')?.dataset.testScriptState;
  return board && board.dataset.hash === board.dataset.drawn && state === 'notRunning';
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running app."""

    url: str
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)


@contextmanager
def serving(home: Path, log: Path, **settings: str) -> Iterator[Server]:
    """Run the app over a store as a user does, until the block ends."""
    port = free_port()
    environment = {**os.environ, "CENTERLINE_HOME": str(home), **settings}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url + "/_stcore/health")
        yield Server(url, log, process)
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(address: str, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.15)


@pytest.fixture(scope="session")
def server(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(store, tmp_path_factory.mktemp("server") / "log.txt") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = found()
    assert path, "Chromium is missing: python -m tests.chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One profile for all tests, so that the browser keeps what it has loaded; the app itself keeps nothing there."""
    made = browser.new_context(accept_downloads=True)
    yield made
    made.close()


@dataclass
class Visit:
    """An open page with what it asked for and complained about."""

    page: Page
    requests: list[str]
    complaints: list[str]

    def settle(self) -> None:
        """Wait until the newest data are drawn and nothing runs any more."""
        self.page.wait_for_function(SETTLED, timeout=30_000)

    def go(self, page: str) -> None:
        """Follow the link to another page and wait until it is there: much sooner than to open it anew."""
        self.page.locator(f"a[href*='/{page}']").first.click()
        self.page.wait_for_function("page => location.pathname.endsWith('/' + page)", arg=page)
        self.page.locator(f".cl-board[data-board={page}], .cl-list").first.wait_for(timeout=30_000)
        self.page.wait_for_function("() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'")
        if self.page.locator(DRAWN).count():
            self.settle()

    def title(self) -> str:
        return self.page.locator("h1").first.inner_text()


Opener = Callable[..., Visit]


@pytest.fixture
def visit(context: BrowserContext) -> Iterator[Opener]:
    """Open pages, which close with the test."""
    pages = []

    def open_page(url: str, *, width: int = 1440, height: int = 900, wait: str = DRAWN) -> Visit:
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        seen = Visit(page, [], [])

        def note(request: Request) -> None:
            seen.requests.append(request.url)

        page.on("request", note)
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.goto(url)
        page.locator(wait).first.wait_for(timeout=30_000)
        if wait == DRAWN:
            seen.settle()
        return seen

    yield open_page
    for page in pages:
        page.close()
