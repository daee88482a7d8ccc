"""W2: eager throughput, a long chain of (mul, add, tanh) and a wide sum of products; build and backward, per node."""

import math
import sys
import threading
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import autograd
from benchmarks.measure import Contender, Missing, Workload
from benchmarks.peers import micrograd, slots

Prepared = tuple[Callable[[], Any], Callable[[], Sequence[float]]]


def chain(make: Callable[[float], Any], nodes: int) -> tuple[Any, list[Any]]:
    x, w, b = make(0.5), make(0.9), make(0.1)
    h = x
    for _ in range(nodes // 3):
        h = (h * w + b).tanh()
    return h, [x, w, b]


def wide(make: Callable[[float], Any], nodes: int) -> tuple[Any, list[Any]]:
    leaves = [make(0.1 * k) for k in range(10)]
    total = make(0.0)
    for k in range(nodes // 2):
        total = total + leaves[k % 10] * leaves[(k + 3) % 10]
    return total, leaves


def deep(work: Callable[[], Any]) -> Any:
    """Run on a thread with room for recursion: the peers recurse once per node."""
    result: list[Any] = []
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000_000)
    threading.stack_size(1 << 30)
    thread = threading.Thread(target=lambda: result.append(work()))
    thread.start()
    thread.join()
    threading.stack_size(0)
    sys.setrecursionlimit(limit)
    if not result:
        raise RuntimeError("the graph was too deep for this engine even with a stack of a gigabyte")
    return result[0]


def engine(build: Callable[..., Any], make: Callable[[float], Any], nodes: int, recursive: bool) -> Prepared:
    answers: list[float] = []

    def once() -> bool:
        root, leaves = build(make, nodes)
        root.backward()
        answers[:] = [root.data, *(leaf.grad for leaf in leaves)]
        return True

    return (lambda: deep(once)) if recursive else once, lambda: answers


def bytes_per_node(build: Callable[..., Any], make: Callable[[float], Any], nodes: int) -> float:
    """Memory that a graph holds after its backward pass."""

    def work() -> float:
        tracemalloc.start()
        root, leaves = build(make, nodes)
        root.backward()
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        del root, leaves
        return held / nodes

    return float(deep(work))


def workloads(quick: bool) -> list[Workload]:
    nodes = 3_000 if quick else 100_000
    found = []
    for title, build in (("a chain of (mul, add, tanh)", chain), ("a sum of products", wide)):
        makers: dict[str, Callable[[], Any]] = {
            "micrograd, collector on": micrograd.engine,
            "slots and tuples, collector on": lambda: slots.Value,
            "stepgrad eager, collector on": lambda: autograd.Value,
        }

        def prepare(maker: Callable[[], Any], recursive: bool, build: Callable[..., Any] = build) -> Prepared:
            return engine(build, maker(), nodes, recursive)

        contenders = [
            Contender(name, lambda m=maker, n=name: prepare(m, "stepgrad" not in n), per=nodes)  # type: ignore[misc]
            for name, maker in makers.items()
        ]
        memory = {}
        for name, maker in makers.items():
            try:
                memory[name.partition(",")[0]] = bytes_per_node(build, maker(), nodes)
            except Missing:
                memory[name.partition(",")[0]] = math.nan
        note = "Bytes per node after the backward pass: " + ", ".join(f"{k} {v:.0f}" for k, v in memory.items()) + "."
        found.append(Workload("W2", f"{title}, {nodes:,} nodes, build and backward, per node", "ns", contenders, note))
    return found
