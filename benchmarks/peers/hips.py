"""HIPS autograd, in a process and an environment of its own: its import name is ours, no environment can hold both.

    python3 -m venv DIR && DIR/bin/pip install autograd && HIPS_PYTHON=DIR/bin/python python -m benchmarks

The other process (`hips_process.py`) does the work and takes the time; here is only the telephone.
"""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Missing


class Remote:
    """A contender in the other process: called it works once; `times(count)` has it work and gives the seconds."""

    def __init__(self, workload: str, arguments: dict[str, Any]) -> None:
        python = os.environ.get("HIPS_PYTHON")
        if not python:
            raise Missing("HIPS_PYTHON is not set to the Python of an environment with HIPS autograd")
        script = Path(__file__).with_name("hips_process.py")
        self.process = subprocess.Popen(
            [python, "-I", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.answer: list[float] = self.ask({"workload": workload, "arguments": arguments})

    def ask(self, question: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Missing(f"HIPS autograd's process ended with code {self.process.wait()}")
        return json.loads(line)

    def times(self, count: int) -> float:
        return float(self.ask({"count": count}))

    def __call__(self) -> None:
        self.times(1)


def hips(workload: str, **arguments: Any) -> tuple[Callable[[], Any], Callable[[], Sequence[float]]]:
    remote = Remote(workload, arguments)
    return remote, lambda: remote.answer
