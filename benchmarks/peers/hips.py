"""HIPS autograd, in a process and an environment of its own: its import name is ours, no environment can hold both.

    python3 -m venv DIR && DIR/bin/pip install autograd && HIPS_PYTHON=DIR/bin/python python -m benchmarks

The other process (`hips_process.py`) does the work and takes the time.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Missing
from benchmarks.peers.remote import Remote


def hips(workload: str, **arguments: Any) -> tuple[Callable[[], Any], Callable[[], Sequence[float]]]:
    python = os.environ.get("HIPS_PYTHON")
    if not python:
        raise Missing("HIPS_PYTHON is not set to the Python of an environment with HIPS autograd")
    script = Path(__file__).with_name("hips_process.py")
    remote = Remote([python, "-I", str(script)], {"workload": workload, "arguments": arguments})
    return remote, lambda: remote.answer
