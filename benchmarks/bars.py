"""What stepgrad is to reach: each bar beside the ratio that this run measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.report import short

Record = dict[str, Any]


@dataclass(frozen=True)
class Bar:
    """`measured(tables)` finds the ratio among this run's tables of a workload, or None where a row is missing.

    `least` is what it must be at the least; a time or a growth, where less is better, is given by `most`.
    """

    workload: str
    what: str
    measured: Callable[[list[Record]], float | None]
    least: float | None = None
    most: float | None = None

    def met(self, found: float) -> bool:
        return found >= self.least if self.least is not None else found <= (self.most or 0.0)

    def needed(self) -> str:
        return f"at least {short(self.least)}x" if self.least is not None else f"at most {short(self.most or 0.0)}"


def row(tables: list[Record], title: str, name: str) -> Record | None:
    """The fastest row whose name begins so, in the tables whose title contains `title`."""
    rows = [
        result
        for record in tables
        if title in record["title"]
        for result in record["results"]
        if result["name"].startswith(name) and result["median"]
    ]
    return min(rows, key=lambda result: float(result["median"]), default=None)


def faster(title: str, peer: str, ours: str = "stepgrad compiled", peers_title: str | None = None) -> Any:
    """The peer's time over ours; `peers_title` where the peer is in another table, of as much work a unit."""

    def measured(tables: list[Record]) -> float | None:
        theirs, own = row(tables, peers_title or title, peer), row(tables, title, ours)
        return theirs["median"] / own["median"] if theirs and own else None

    return measured


def ready(title: str, which: str, name: str = "stepgrad compiled") -> Any:
    """Processor time until ready: `which` is "ready", the first of its kind in this run, or "again", a further one."""

    def measured(tables: list[Record]) -> float | None:
        found = row(tables, title, name)
        return found[f"{which}_processor"] if found else None

    return measured


def smaller(title: str, peer: str, ours: str) -> Any:
    """The peer's figure over ours."""

    def measured(tables: list[Record]) -> float | None:
        for record in tables:
            if title in record["title"] and peer in record["figures"] and ours in record["figures"]:
                return float(record["figures"][peer] / record["figures"][ours])
        return None

    return measured


def growth(name: str, key: str) -> Any:
    """How far a number per node rises from a size to a greater one, at the most."""

    def measured(tables: list[Record]) -> float | None:
        if key == "figures":
            found = [record["figures"][name] for record in tables if name in record["figures"]]
        else:
            rows = [(record, row([record], "", name)) for record in tables]
            found = [r[key] / (record["nodes"] if key == "ready" else 1.0) for record, r in rows if r]
        rises = [later / found[k] for k in range(len(found)) for later in found[k + 1 :]]
        return max(rises, default=None)

    return measured


EPOCH = "batches of 32, one epoch, float64"
DIGITS = "the scalar engines"
# A thousandfold size may cost 8 times as much a node, for what leaves the caches: the exponent is then 1.3, not 2.
LINEAR = 8.0

BARS = [
    Bar("W1", "eager over micrograd", faster("", "micrograd", "stepgrad eager"), 2.0),
    Bar("W1", "compiled call over JAX's warm call", faster("", "JAX jit"), 1.0),
    Bar("W2", "chain, a node, over micrograd with its collector", faster("chain", "micrograd", "stepgrad eager"), 5.0),
    Bar("W2", "sum, a node, over micrograd with its collector", faster("sum", "micrograd", "stepgrad eager"), 5.0),
    Bar("W2", "memory a node, micrograd over stepgrad",
        smaller("chain", "bytes a node, micrograd", "bytes a node, stepgrad eager"), 4.0),
    Bar("W3", "n=100 over micrograd", faster("n=100,", "micrograd"), 50_000.0),
    Bar("W3", "n=100 over JAX's jitted step", faster("n=100,", "JAX jit"), 4.0),
    Bar("W3", "n=100 over PyTorch eager", faster("n=100,", "PyTorch eager"), 20.0),
    Bar("W3", "n=10,000, float64, over JAX", faster("n=10,000, one training step, float64", "JAX"), 1.0),
    Bar("W3", "n=10,000, float32, over JAX", faster("n=10,000, one training step, float32", "JAX"), 1.0),
    Bar("W4", "epoch over micrograd", faster(EPOCH, "micrograd", peers_title=DIGITS), 200_000.0),
    Bar("W4", "epoch over JAX's lax.scan", faster(EPOCH, "JAX, "), 2.0),
    Bar("W4", "epoch over PyTorch eager", faster(EPOCH, "PyTorch eager"), 10.0),
    Bar("W4", "epoch over scikit-learn", faster(EPOCH, "scikit-learn"), 5.0),
    Bar("W5", "over microgpt's kind of Value", faster("", "slots and tuples"), 4_000.0),
    Bar("W5", "over JAX's lax.scan", faster("", "JAX, "), 1.0),
    Bar("W5", "over PyTorch", faster("", "PyTorch eager"), 20.0),
    Bar("W6", "one point, 1,000 operations, over CasADi's machine",
        faster(" 1,000 operations, value and gradient at one", "CasADi"), 1.0),
    Bar("W6", "one point, 10,000 operations, over CasADi's machine",
        faster("10,000 operations, value and gradient at one", "CasADi"), 1.0),
    Bar("W6", "1,024 points, 1,000 operations, over CasADi's map",
        faster(" 1,000 operations, value and gradient at 1,024", "CasADi"), 15.0),
    Bar("W6", "1,024 points, 10,000 operations, over CasADi's map",
        faster("10,000 operations, value and gradient at 1,024", "CasADi"), 15.0),
    Bar("W6", "processor seconds until ready, 10,000 operations, the first such graph",
        ready(" 10,000 operations, value and gradient at one", "ready"), most=0.3),
    Bar("W6", "processor seconds until ready, 10,000 operations, a further one",
        ready(" 10,000 operations, value and gradient at one", "again"), most=0.3),
    Bar("W6", "processor seconds until ready, 10,000 operations at 1,024 points, the first such graph",
        ready(" 10,000 operations, value and gradient at 1,024", "ready"), most=0.3),
    Bar("W6", "processor seconds until ready, 10,000 operations at 1,024 points, a further one",
        ready(" 10,000 operations, value and gradient at 1,024", "again"), most=0.3),
    Bar("W6", "processor seconds until ready, 100,000 operations",
        ready("100,000 operations, value and gradient at one", "ready"), most=10.0),
    Bar("W7", "over JAX from the scalar loop", faster("", "JAX jit, scalar"), 1.0),
    Bar("W7", "processor seconds until ready", ready("", "ready"), most=0.3),
    Bar("SIZE", "eager, rise of the time a node", growth("stepgrad eager", "median"), most=LINEAR),
    Bar("SIZE", "eager, rise of the memory a node", growth("bytes a node, stepgrad eager", "figures"), most=LINEAR),
    Bar("SIZE", "compiled, rise of the time a node", growth("stepgrad compiled", "median"), most=LINEAR),
    Bar("SIZE", "compiled, rise of the time until ready a node", growth("stepgrad compiled", "ready"), most=LINEAR),
    Bar("SIZE", "compiled, rise of the memory a node", growth("bytes a node, stepgrad compiled", "figures"),
        most=LINEAR),
]  # fmt: skip


def reached(records: list[Record]) -> str:
    """Markdown: every bar of the workloads that ran."""
    ran = {record["workload"] for record in records}
    lines = ["### What to reach", "", "| | | needed | measured | |", "|---|---|---:|---:|---|"]
    for bar in BARS:
        if bar.workload not in ran:
            continue
        found = bar.measured([record for record in records if record["workload"] == bar.workload])
        said = "a row is missing" if found is None else "met" if bar.met(found) else "**not met**"
        shown = "" if found is None else short(found) + ("x" if bar.least is not None else "")
        lines.append(f"| {bar.workload} | {bar.what} | {bar.needed()} | {shown} | {said} |")
    return "\n".join(lines) + "\n"
