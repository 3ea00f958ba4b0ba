"""Many people at once: WebSocket clients that speak Streamlit's own messages, each choosing another period every two seconds.

The clients draw nothing, so what is measured is the server's part: from the choice sent to the end of its answer. Twenty
browsers on the cores that serve them would measure Chromium. All choose among the same few periods, as readers of one page do,
so most answers are kept ones.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks import report

SECONDS = 2.0
CLICKS = 15
PERIODS = ("Last 3 months", "Fiscal year 2013", "Fiscal year 2012", "Fiscal year 2011", "All dates")


class Person:
    """One reader's session."""

    def __init__(self, url: str, seed: int) -> None:
        self.url, self.draw = url.replace("http", "ws") + "/_stcore/stream", random.Random(seed)
        self.socket: Any = None
        self.states: dict[str, str] = {}
        self.options: tuple[str, list[str]] = ("", [])
        self.page_hash = ""
        self.errors = 0
        self.received = 0

    async def open(self) -> None:
        """Connect and run the page once."""
        import websockets

        # Streamlit's own page sends its address as the origin, and a reader who is new has no earlier session.
        origin: Any = self.url.replace("ws://", "http://").removesuffix("/_stcore/stream")
        protocols: Any = ["streamlit", "PLACEHOLDER_AUTH_TOKEN"]
        self.socket = await websockets.connect(self.url, subprotocols=protocols, origin=origin, max_size=None, compression=None)
        await self.run()

    async def run(self) -> float:
        """Ask for a run and read its answer; returns seconds."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        message = BackMsg()
        message.rerun_script.query_string = "role=analyst"
        message.rerun_script.page_name = "" if self.page_hash else "overview"
        message.rerun_script.page_script_hash = self.page_hash
        for key, value in self.states.items():
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.string_value = key, value
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while True:
            data = await asyncio.wait_for(self.socket.recv(), 60)
            self.received += len(data)
            answer = ForwardMsg()
            answer.ParseFromString(data)
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.page_hash = answer.new_session.page_script_hash
            if kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                self.note(answer.delta.new_element)
            if kind == "script_finished" and answer.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            ):
                self.errors += answer.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY
                return time.perf_counter() - start

    def note(self, element: Any) -> None:
        """Keep the filter's id; count a failed page."""
        kind = element.WhichOneof("type")
        if kind == "selectbox" and element.selectbox.label == "Period":
            self.options = (element.selectbox.id, list(element.selectbox.options))
        self.errors += kind == "exception" or (kind == "html" and 'class="cl-problem"' in element.html.body)

    async def click(self) -> float:
        """Choose another period."""
        key, options = self.options
        known = [name for name in options if name.startswith(PERIODS) and name != self.states.get(key)]
        self.states[key] = self.draw.choice(known)
        return await self.run()


def resident(process: int) -> float:
    """Megabytes that a process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def _clicking(person: Person, clicks: int, wait: float) -> list[float]:
    await asyncio.sleep(wait)
    times = []
    for _ in range(clicks):
        begun = time.perf_counter()
        times.append(await person.click() * 1000)
        await asyncio.sleep(max(0.0, SECONDS - (time.perf_counter() - begun)))
    return times


async def _measure(url: str, process: int, people: int) -> list[dict[str, Any]]:
    one = Person(url, 0)
    await one.open()
    await _clicking(one, 5, 0)
    alone = await _clicking(one, CLICKS, 0)
    before = resident(process)
    others = [Person(url, seed) for seed in range(1, people)]
    for person in others:
        await person.open()
    held = resident(process)
    group = [one, *others]
    found = await asyncio.gather(*(_clicking(person, CLICKS, SECONDS * place / people) for place, person in enumerate(group)))
    after = resident(process)
    times = [value for each in found for value in each]
    ratio = report.p95(times) / report.p95(alone)
    each = (after - before) / max(people - 1, 1)
    errors = sum(person.errors for person in group)
    base = f"one person: p50 {statistics.median(alone):.0f} ms, p95 {report.p95(alone):.0f} ms"
    words = f"WebSocket clients, {people} people choosing every {SECONDS:.0f} s among {len(PERIODS)} periods, {errors} errors"
    growth = f"memory a session ({held - before:.0f} MB more after opening, {after - before:.0f} MB after clicking)"
    reached = {"ratio": round(ratio, 2), "reach": "at most 5 at p95, no error", "met": ratio <= 5 and errors == 0}
    return [
        report.row(f"server's answer to a filter: {words}", times, "ms", against=base, **reached),
        report.row(growth, [each], "MB", reach="at most 20", met=each < 20),
    ]


def measures(url: str, process: int, people: int = 20) -> list[dict[str, Any]]:
    """Measure one person, then all of them."""
    return asyncio.run(_measure(url, process, people))
