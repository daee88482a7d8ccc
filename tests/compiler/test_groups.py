"""Groups of equal rows: whatever the tape, running them in order gives what running its rows gives."""

import pytest

from autograd import Value
from autograd.compiler.groups import grouped
from autograd.compiler.tape import evaluate, record
from tests.compiler.graphs import random_function, same


def run(groups, shared, samples):
    """All groups at one sample, in Python."""
    tables = [[*shared, *groups.constants], list(samples)]
    tables = [table + [None] * (size - len(table)) for table, size in zip(tables, groups.sizes)]
    for group in groups.groups:
        picked = [[tables[own][place] for place in places] for own, places in group.operands]
        found = [group.op.forward(*args) for args in zip(*picked)]
        tables[group.varies][group.first : group.first + len(found)] = found
    return [tables[own][place] for own, place in groups.outputs]


@pytest.mark.parametrize("seed", range(8))
def test_groups_compute_the_tape(seed):
    xs = [Value(0.3), Value(-0.6), Value(0.9)]
    root = random_function(seed, 40, 3)(xs)
    for kinds in (["parameter"] * 3, ["sample"] * 3, ["sample", "parameter", "sample"]):
        tape = record([root, xs[0], 2.5, -0.0], xs, kinds)
        groups = grouped(tape)
        point = [0.25, 1.5, -0.75]
        split = [[x for x, kind in zip(point, kinds) if kind == which] for which in ("parameter", "sample")]
        assert all(map(same, run(groups, *split), evaluate(tape, point)))
        assert sum(groups.sizes) == 3 + len(groups.constants) + len(tape.rows)


def test_equal_rows_of_one_depth_are_one_group_however_many():
    w, xs = Value(2.0), [Value(float(k)) for k in range(50)]
    tape = record([(w * x).tanh() for x in xs], [w, *xs], ["parameter", *["sample"] * 50])
    assert [(g.op.name, len(g.operands[0].places)) for g in grouped(tape).groups] == [("mul", 50), ("tanh", 50)]
