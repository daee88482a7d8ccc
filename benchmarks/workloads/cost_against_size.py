"""SIZE: what the random graph of W6 costs from 1,000 to 1,000,000 operations, eager and compiled: time and memory."""

import contextlib
import multiprocessing
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.measure import Contender, Missing, Workload
from benchmarks.workloads.w6_random_graph import stepgrad_eager, stepgrad_point

WAYS = {"stepgrad eager": stepgrad_eager, "stepgrad compiled": stepgrad_point}


def highest() -> int:
    """The most memory that this process has held, in bytes; 0 where the system does not say.

    Not `resource.getrusage`: Linux starts its figure at what the process held that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def held(name: str, size: int, answer: Connection) -> None:
    """In a process of its own: what a graph of `size` takes beyond one of 10 operations."""
    with contextlib.suppress(Missing):
        WAYS[name](10)[0]()
        before = highest()
        WAYS[name](size)[0]()
        answer.send(highest() - before)
    answer.close()


def memory(name: str, size: int) -> float | None:
    """Bytes a node at the highest point, compiling included."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=held, args=(name, size, theirs))
    process.start()
    theirs.close()
    try:
        return float(ours.recv()) / size
    except EOFError:
        return None
    finally:
        process.join()


def workloads(quick: bool) -> list[Workload]:
    """Memory from 10,000 nodes on: below, it fits what the interpreter holds anyway."""
    found = []
    for size in (100, 1_000) if quick else (1_000, 10_000, 100_000, 1_000_000):
        contenders = [Contender(name, partial(prepare, size), size) for name, prepare in WAYS.items()]
        figures = {f"bytes a node, {name}": memory(name, size) for name in WAYS} if size >= 10_000 else {}
        kept = {name: number for name, number in figures.items() if number is not None}
        title = f"a random graph of {size:,} operations, value and gradient, per operation"
        found.append(Workload("SIZE", title, "ns", contenders, kept, nodes=size))
    return found
