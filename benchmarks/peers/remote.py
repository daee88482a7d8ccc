"""A contender in a process of its own: here is the telephone, and what answers it at the other end.

Lines of JSON. The first question says what to do and is answered by its numbers; each later one asks for a count of
runs and is answered by the seconds they took.
"""

import gc
import json
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.measure import Missing

Prepared = tuple[Callable[[], Any], Callable[[], Sequence[float]]]


class Remote:
    """Called, it works once; `times(count)` has the other process work and gives the seconds.

    Arguments: `command` starts the other process; `task` is the first question.
    """

    def __init__(self, command: list[str], task: Any) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        weakref.finalize(self, hang_up, self.process)
        self.answer: list[float] = self.ask(task)

    def ask(self, question: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Missing(f"its process ended with code {self.process.wait()}")
        return json.loads(line)

    def times(self, count: int) -> float:
        return float(self.ask({"count": count}))

    def __call__(self) -> None:
        self.times(1)


def hang_up(process: "subprocess.Popen[str]") -> None:
    """No further question: the other process ends by itself."""
    process.communicate()


def serve(prepare: Callable[..., Prepared]) -> None:
    """The other end: `prepare` is called with the task."""
    run, answer = prepare(**json.loads(sys.stdin.readline()))
    run()
    print(json.dumps(list(answer())), flush=True)
    for line in sys.stdin:
        count = json.loads(line)["count"]
        gc.collect()
        started = time.perf_counter()
        for _ in range(count):
            run()
        print(json.dumps(time.perf_counter() - started), flush=True)
