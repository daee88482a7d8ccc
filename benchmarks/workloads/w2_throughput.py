"""W2: eager throughput, a long chain of (mul, add, tanh) and a wide sum of products; build and backward, per node.

Each scalar engine works in a process of its own, as it does for its users: the collector goes through everything that
is there, and here that would be the modules of all the peers.
"""

import contextlib
import sys
import threading
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import autograd
from benchmarks.measure import Contender, Missing, Workload
from benchmarks.peers import micrograd, need, slots
from benchmarks.peers.hips import hips
from benchmarks.peers.remote import Remote, serve

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


def torch_scalars(build: Callable[..., Any], nodes: int) -> Prepared:
    torch = need("torch")
    answers: list[float] = []

    def run() -> None:
        root, leaves = build(lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True), nodes)
        root.backward()
        answers[:] = [root.item(), *(leaf.grad.item() for leaf in leaves)]

    return run, lambda: answers


def bytes_per_node(build: Callable[..., Any], make: Callable[[float], Any], nodes: int) -> float:
    """Memory that a graph holds after its backward pass.

    Of fewer nodes than are timed: at each allocation tracemalloc counts all the frames of a peer's recursion.
    """

    def work() -> float:
        tracemalloc.start()
        root, leaves = build(make, nodes)
        root.backward()
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        del root, leaves
        return held / nodes

    return float(deep(work))


ENGINES: dict[str, Callable[[], Any]] = {
    "micrograd": micrograd.engine,
    "slots and tuples": lambda: slots.Value,
    "stepgrad eager": lambda: autograd.Value,
}


BUILDS = {"chain": chain, "wide": wide}


def prepared(name: str, build: str, nodes: int) -> Prepared:
    return engine(BUILDS[build], ENGINES[name](), nodes, recursive=name != "stepgrad eager")


def alone(name: str, build: str, nodes: int) -> Prepared:
    ENGINES[name]()  # Missing, if it is not installed
    task = {"name": name, "build": build, "nodes": nodes}
    remote = Remote([sys.executable, "-m", "benchmarks.workloads.w2_throughput"], task)
    return remote, lambda: remote.answer


def memory(build: Callable[..., Any], nodes: int) -> dict[str, float]:
    found = {}
    for name, make in ENGINES.items():
        with contextlib.suppress(Missing):
            found[f"bytes a node, {name}"] = bytes_per_node(build, make(), nodes)
    return found


def workloads(quick: bool) -> list[Workload]:
    nodes = 3_000 if quick else 100_000
    few = 3_000  # for HIPS autograd, which is as slow a node with few
    found = []
    for title, build in (("a chain of (mul, add, tanh)", chain), ("a sum of products", wide)):
        contenders = [
            Contender(f"{name}, collector on", partial(alone, name, build.__name__, nodes), per=nodes)
            for name in ENGINES
        ]
        contenders += [
            Contender("PyTorch scalars", partial(torch_scalars, build, nodes), per=nodes),
            Contender(f"HIPS autograd scalars, {few:,} nodes",
                      partial(hips, "throughput", shape=build.__name__, nodes=few), per=few, compared=few == nodes),
        ]  # fmt: skip
        title = f"{title}, {nodes:,} nodes, build and backward, per node"
        found.append(Workload("W2", title, "ns", contenders, memory(build, min(nodes, 10_000))))
    return found


if __name__ == "__main__":
    serve(prepared)
