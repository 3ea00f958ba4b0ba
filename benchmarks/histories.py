"""Many histories of a store (`tests/property/histories.py`), other ones in each process: `python -m benchmarks.histories`.

Prints progress, the first histories that went wrong, and at the end one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing as mp
import os
import queue
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

#: The frames of a history are tiny; more threads only get into each other's way.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

#: Examples of one seed; then the next one follows.
BATCH = 200

#: Violations that are told in full.
SHOWN = 5


def play(process: int, examples: int, seed: int, steps: int, publishing: int, told: Any) -> None:
    """Play histories and tell of each whether it went wrong, and at the end what they came by."""
    from tests.property.histories import TALLY
    from tests.property.stage import sqlite_store

    try:
        # Histories are about order and not about disks: they run in memory where there is room.
        memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
        with tempfile.TemporaryDirectory(dir=memory) as folder, sqlite_store(Path(folder)) as store:
            for first in range(0, examples, BATCH):
                play_batch(store, min(BATCH, examples - first), seed + 1_000_000 * process + first, steps, publishing, told)
    finally:
        told.put(dict(TALLY))


def play_batch(store: Any, examples: int, seed: int, steps: int, publishing: int, told: Any) -> None:
    """Play the histories of one seed; one that goes wrong is told, and the next follows."""
    import hypothesis
    from hypothesis import strategies as st

    from tests.property.histories import Run

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        derandomize=False,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(data=st.data())
    def example(data: st.DataObject) -> None:
        wrong = None
        try:
            Run(data, store).play(most=steps, publishing=publishing)
        except Exception as error:  # noqa: BLE001 (told and counted; the next history follows)
            wrong = f"seed {seed}: {''.join(traceback.format_exception(error))}"
        told.put(wrong)

    example()


def summary(wrong: str) -> str:
    """Shorten what is told of a violation to its error."""
    lines = [line for line in wrong.splitlines() if line[:1].strip()]
    return " ".join([wrong.split(":", maxsplit=1)[0], *lines[1:2]])[:400]


def main() -> None:
    """Share the examples among processes and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10, help="most steps of a history")
    parser.add_argument("--publishing", type=int, default=100, metavar="PERCENT", help="histories that publish; others only load")
    asked = parser.parse_args()
    context, started = mp.get_context("spawn"), time.monotonic()
    told = context.Queue()
    share = -(-asked.examples // asked.processes)
    running = [
        context.Process(target=play, args=(i, share, asked.seed, asked.steps, asked.publishing, told)) for i in range(asked.processes)
    ]
    for process in running:
        process.start()
    count = violations = ended = 0
    tally: Counter[str] = Counter()
    while ended < len(running):
        try:
            wrong = told.get(timeout=60)
        except queue.Empty:
            if not any(process.is_alive() for process in running):
                sys.exit("The processes ended before their examples did.")
            continue
        if isinstance(wrong, dict):
            ended += 1
            tally.update(wrong)
            continue
        count += 1
        if wrong:
            violations += 1
            print(wrong if violations <= SHOWN else summary(wrong), flush=True)
        if count % 100 == 0:
            print(f"{count:,} examples, {violations} violations, {time.monotonic() - started:,.0f} s", flush=True)
    for process in running:
        process.join()
    print(json.dumps({"examples": count, "violations": violations, "seconds": round(time.monotonic() - started, 1), "of them": tally}))


if __name__ == "__main__":
    main()
