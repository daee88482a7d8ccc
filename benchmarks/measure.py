"""One measurement: check that all contenders compute the same, then time them in turns."""

import contextlib
import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

SOON = 2.0  # seconds: what is ready sooner is made ready twice more


class Missing(Exception):
    """A peer that is not installed, or cannot do this workload; the message says which and why."""


@dataclass
class Contender:
    """One way to do a workload.

    `prepare()` returns `(run, answer)`: `run()` does the work once and is what is timed; `answer()` gives the numbers
    (loss, gradients ...) by which contenders are compared. What `prepare` does (compiling, warming up) is timed apart.
    A `run` with a method `times(count)`, which works in another process, takes its own time.
    `per` divides the time of one `run()`: steps, nodes, samples in it.
    """

    name: str
    prepare: Callable[[], tuple[Callable[[], Any], Callable[[], Sequence[float]]]]
    per: float = 1.0
    tolerance: float = 1e-9  # relative: another order of summation, a few thousand terms
    compared: bool = True  # False only for a peer that does not let its numbers be set or read
    quick: bool = True  # False for a peer that takes minutes to prepare: a run with --quick does without


@dataclass
class Workload:
    """A table of `benchmarks`: its contenders are compared with the first one that has an answer."""

    name: str
    title: str
    unit: str
    contenders: list[Contender]
    figures: dict[str, float] = field(default_factory=dict)  # what is no time: bytes a node, rows of a tape
    nodes: int = 0  # the size of the graph, where cost against size is the question
    note: str = ""


class Ready(NamedTuple):
    """Seconds until the first result was there: by the clock, and of this process's own work.

    The two differ on a busy machine, and where a peer compiles on several threads or in another process.
    """

    clock: float = math.nan
    processor: float = math.nan


UNKNOWN = Ready()


@dataclass
class Result:
    name: str
    median: float = math.nan  # seconds
    spread: float = math.nan  # half the distance between the quartiles, over the median
    ready: Ready = UNKNOWN  # for the first of its kind in this run: what is made once for all such is included
    again: Ready = UNKNOWN  # for a further one: the best of two, where that takes little time
    said: str = ""  # why there is no number, or why it was not compared
    times: list[float] = field(default_factory=list)


def measure(workload: Workload, seconds: float, rounds: int = 9) -> list[Result]:
    """Time every contender of a workload, about `seconds` each, in turns so that a busy moment hits all alike.

    A contender whose single run takes longer than that has two turns, not `rounds`.
    """
    results, runs, reference = [], [], None
    for contender in workload.contenders:
        result = Result(contender.name)
        results.append(result)
        try:
            run, answer, result.ready = prepared(contender)
            found = [float(x) for x in answer()]
        except Missing as missing:
            result.said = str(missing)
            continue
        if reference is None:
            reference = (contender.name, found)
        disagreement = difference(reference[1], found) if contender.compared else 0.0
        if not contender.compared:
            result.said = "timed only"
        if disagreement > contender.tolerance:
            result.said = f"differs from {reference[0]} by {disagreement:.1e}: not timed"
            continue
        if result.ready.clock < SOON and not hasattr(run, "times"):
            result.again = Ready(*map(min, zip(*(prepared(contender)[2] for _ in range(2)))))
        runs.append((result, contender, run, repetitions(run, seconds / rounds)))
    with nothing_else_to_collect():
        for turn in range(rounds):
            for result, contender, run, count in runs:
                if turn >= 2 and sum(result.times) * contender.per * count > 2 * seconds:
                    continue  # one run of it takes longer than its share of the time
                gc.collect()
                result.times.append(taken(run, count) / count / contender.per)
    for result, *_ in runs:
        low, result.median, high = statistics.quantiles(result.times, n=4)
        result.spread = (high - low) / 2 / result.median
    return results


def prepared(contender: Contender) -> tuple[Callable[[], Any], Callable[[], Sequence[float]], Ready]:
    """`run` and `answer`, run once, and what that took."""
    with nothing_else_to_collect():
        started, before = time.perf_counter(), time.process_time()
        run, answer = contender.prepare()
        run()
        return run, answer, Ready(time.perf_counter() - started, time.process_time() - before)


@contextlib.contextmanager
def nothing_else_to_collect() -> Iterator[None]:
    """What is there already is hidden from the collector.

    A contender's own user has one library imported. Here the collector, which comes again and again while an engine
    makes its objects, would go each time through the 200,000 of PyTorch's and JAX's modules.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def difference(expected: Sequence[float], found: Sequence[float]) -> float:
    """The largest difference, relative to the largest number; inf where the lengths differ or a nan turns up."""
    if len(expected) != len(found) or any(map(math.isnan, (*expected, *found))):
        return math.inf
    scale = max(map(abs, expected), default=1.0) or 1.0
    return max((abs(a - b) / scale for a, b in zip(expected, found)), default=0.0)


def repetitions(run: Callable[[], Any], seconds: float) -> int:
    """How many runs fill about `seconds`, at least one."""
    count = 1
    while True:
        elapsed = taken(run, count)
        if elapsed >= seconds / 4 or count >= 1_000_000:
            return max(1, round(count * seconds / max(elapsed, 1e-9)))
        count *= 4


def taken(run: Callable[[], Any], count: int) -> float:
    """Seconds for so many runs."""
    if hasattr(run, "times"):
        return float(run.times(count))
    started = time.perf_counter()
    for _ in range(count):
        run()
    return time.perf_counter() - started
