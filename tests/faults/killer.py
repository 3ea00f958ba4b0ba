"""Runs loads and publishes in processes of their own that can be made to die, or to run out of room.

`python -m tests.faults.killer` reads a task a line (JSON) and answers each with a line. It forks a child for each task, so
the imports are paid for once. It does no work with Polars itself: what is forked has none of its threads.

A child that is to die at step `n` sends itself SIGKILL at the n-th event of Python's profiler (a call or return of a
function, in Python or C) within the load or the publish.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from analytics.exc import DataError
from data import database, load, publish
from data import reference as _reference  # noqa: F401 (imported here, it is not imported in every child)
from data.marks import Marks
from data.settings import settings

#: The method of either driver, and the functions of the operating system, that put something in force.
_SWITCHES: Final = ("commit", "replace", "rename")

Task = dict[str, Any]
Answer = dict[str, Any]


class Steps:
    """Counts the steps of a run, notes at which of them something is put in force, and dies at a chosen one."""

    def __init__(self, last: int | None) -> None:
        self.count = 0
        self.switches: dict[str, list[int]] = {name: [] for name in _SWITCHES}
        self._last = last

    def __enter__(self) -> Steps:
        sys.setprofile(self._step)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _step(self, frame: Any, event: str, function: Any) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        name = function.__name__ if event == "c_call" else frame.f_code.co_name if event == "call" else ""
        if name in self.switches and (name == "commit" or getattr(function, "__module__", None) == "posix"):
            self.switches[name].append(self.count)


class Runner:
    """A process that runs tasks, as its user sees it."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CENTERLINE_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.killer"],
            cwd=Path(__file__).parents[2],
            env=environment | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, **task: Any) -> None:
        """Begin a task (see `_run`) without waiting for it."""
        self._stdin.write(json.dumps(task, default=str) + "\n")

    def answer(self) -> Answer:
        """Wait for the answer to the task begun."""
        answer: Answer = json.loads(self._stdout.readline())
        return answer

    def run(self, **task: Any) -> Answer:
        """Run a task."""
        self.start(**task)
        return self.answer()

    def close(self) -> None:
        """End the process."""
        self._stdin.close()
        self._process.wait(timeout=30)
        self._stdout.close()

    @property
    def _stdin(self) -> Any:
        return self._process.stdin

    @property
    def _stdout(self) -> Any:
        return self._process.stdout


def main() -> None:
    """Answer tasks until there are no more."""
    for line in sys.stdin:
        print(json.dumps(_in_child(json.loads(line))), flush=True)


def _in_child(task: Task) -> Answer:
    """Run a task in a child; `killed` is what it is when it says nothing."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        os.write(target, json.dumps(_run(task)).encode())
        os._exit(0)
    os.close(target)
    if task.get("after") is not None:
        time.sleep(task["after"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(source, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(said) if said else {"status": "killed" if os.waitstatus_to_exitcode(status) == -signal.SIGKILL else "crashed"}


def _run(task: Task) -> Answer:
    """Run a task in this process.

    Its parts: `do` (`load` or `publish`), `home`, `url`; `files`, `table` and `full` of a load, `days` of several publishes; `at` (the
    step at which to die; null counts them), `after` (the second after which to be killed), `room` (bytes that a file may have), `settings`.
    """
    os.environ |= {"CENTERLINE_HOME": task["home"], "CENTERLINE_DATABASE_URL": task["url"], **task.get("settings", {})}
    settings.cache_clear()
    try:
        engine = database.engine(task["url"])
        if task.get("room") is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (task["room"], task["room"]))
        began = time.perf_counter()
        with Steps(task.get("at")) if "at" in task else contextlib.nullcontext(Steps(None)) as steps:
            said = _load(engine, task) if task["do"] == "load" else _publish(engine, task)
        seconds = time.perf_counter() - began
        return {"status": "done", "said": said, "steps": steps.count, "switches": steps.switches, "seconds": seconds}
    except DataError as error:
        return {"status": "refused", "said": str(error)}
    except BaseException as error:  # noqa: BLE001 (the test is told of it)
        return {"status": "broken", "said": repr(error)}


def _load(engine: Any, task: Task) -> list[int]:
    given = Marks(full=task.get("full", False))
    results = load.load_files([Path(path) for path in task["files"]], engine=engine, table=task.get("table", "entry"), given=given)
    return [result.accepted for result in results]


def _publish(engine: Any, task: Task) -> list[str]:
    days = [day and dt.date.fromisoformat(day) for day in task.get("days", [None])]
    return [publish.publish(engine=engine, as_of=day).version for day in days]


if __name__ == "__main__":
    main()
