"""No false alarm: gradient checks of random graphs of the whole table, all of them correct.

    python -m tests.random_graphs [COUNT] [--second] [--without-mpmath] [--first SEED]

The score is how many of COUNT graphs (1000) passed, were not decided, and failed. Each failure is printed with its
seed, and the exit status is 1 if there is one. `--second` checks the second derivatives, too.
"""

import argparse
import collections
import importlib.util
import random
import sys
import time

from autograd import Value, gradcheck, gradgradcheck
from autograd.gradcheck import Verdict
from autograd.primitive import TABLE


def random_graph(seed):
    """A function of some numbers, made of random rows with sharing, and a point inside all its domains."""
    chance, rows = random.Random(seed), [op for op in TABLE.values() if op.partials.__module__ == "autograd.primitives"]
    xs = [chance.uniform(-3.0, 3.0) for _ in range(chance.randint(1, 3))]
    values, plan = [Value(x) for x in xs], []
    for _ in range(60):
        op = chance.choice(rows)
        picks = [chance.randrange(len(values)) for _ in range(len(op.operands) or 4)]
        data = [values[i].data for i in picks]
        if any(not low < x < high for x, (low, high) in zip(data, op.domain * (4 if op.variadic else 1))):
            continue
        if any(column is not None and column(*data) == 0.0 for column in (op.kink, op.pole)):
            continue
        node = op.apply(tuple(values[i] for i in picks))
        if all(abs(x) < 1e6 for x in (node.data, *node.partials)):
            plan.append((op, picks))
            values.append(node)
        if len(plan) == 10:
            break

    def f(*leaves):
        nodes = list(leaves)
        for op, picks in plan:
            nodes.append(op.apply(tuple(nodes[i] for i in picks)))
        return nodes[-1] * 1.0

    return f, tuple(xs)


def main(arguments: list[str]) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.random_graphs")
    asked.add_argument("count", type=int, nargs="?", default=1000)
    asked.add_argument("--second", action="store_true")
    asked.add_argument("--without-mpmath", action="store_true")
    asked.add_argument("--first", type=int, default=0)
    told = asked.parse_args(arguments)
    if told.without_mpmath:
        hide_mpmath()
    begun, verdicts, oracles = time.time(), collections.Counter[str](), collections.Counter[str]()
    for seed in range(told.first, told.first + told.count):
        f, xs = random_graph(seed)
        for check in (gradcheck, gradgradcheck) if told.second else (gradcheck,):
            report = check(f, xs, raise_exception=False)
            verdicts[str(report.verdict)] += 1
            oracles.update(row.reference.oracle for row in report.rows)
            if report.verdict is Verdict.FAIL:
                print(f"seed {seed}, {check.__name__}:\n{report}\n")
    print(f"{told.count} random graphs in {time.time() - begun:.0f} s, references by "
          + ", ".join(f"{oracle} ({count})" for oracle, count in oracles.most_common()))  # fmt: skip
    print("score: " + ", ".join(f"{verdicts[str(verdict)]} {verdict}" for verdict in Verdict))
    return 1 if verdicts[str(Verdict.FAIL)] or not verdicts[str(Verdict.PASS)] else 0


def hide_mpmath() -> None:
    """As if it were not installed."""
    find = importlib.util.find_spec
    importlib.util.find_spec = lambda name, *package: None if name == "mpmath" else find(name, *package)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
