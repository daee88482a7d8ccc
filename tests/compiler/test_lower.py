"""Rows as instructions: the example at the head of lower.py, and rows that are all alike."""

import pytest

pytest.importorskip("llvmlite")
np = pytest.importorskip("numpy")

from autograd import Trainer, Value, dot, func  # noqa: E402
from autograd.compiler.fuse import INPUT, TRAINABLE, Rows, fuse, tape_of  # noqa: E402
from autograd.compiler.instructions import Memory  # noqa: E402
from autograd.compiler.layout import canonical, lay_out  # noqa: E402
from autograd.compiler.lower import Lowering  # noqa: E402
from autograd.compiler.program import Program  # noqa: E402
from autograd.compiler.reroll import affine, segments  # noqa: E402


def test_one_layer_from_rows_to_words():
    w, b, x = ([Value(0.1) for _ in range(n)] for n in (6, 2, 3))
    y = [b[0] + dot(w[:3], x), b[1] + dot(w[3:], x)]
    tape = tape_of(y[0], [*w, *b, *x], y[1:])

    rows = Rows()
    leaves = [rows.leaf(TRAINABLE) for _ in range(8)] + [rows.leaf(INPUT, batched=True) for _ in range(3)]
    out = fuse(tape, leaves, rows)
    assert [len(rows.pairs[row]) for row in out] == [8, 8]  # four pairs each

    layout = lay_out(rows, {}, [*out, rows.zero, rows.one])
    at = layout.address
    assert [at[row] for row in leaves] == [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2]
    assert (at[rows.one], [at[row] for row in out]) == (9, [3, 4])

    ((_, found, starts),) = segments(canonical(rows, layout, [rows.pairs[row] for row in out]))
    assert [(s.length, s.a, s.b) for s in found] == [(3, 1, 1), (1, 0, 0)]
    (nest,) = affine(np.concatenate([np.array([[at[row]] for row in out]), starts], axis=1))
    assert (nest.n0, nest.n1, nest.base, nest.inner) == (1, 2, [3, 0, 0, 9, 6], [1, 3, 0, 0, 1])

    memory = Memory(lambda a: 8 * a, lambda a: 1000 + 64 * a, row=64, scratch=lambda pitch, n: 0, width=8, unit=8)
    lowering = Lowering(rows, layout, memory)
    lowering.steps()
    assert lowering.body.instructions == [("contract_sv", [
        0,                        # the kernel's address, when it is known
        1, 2, 3, -1,              # i, r, k, c: SAMPLES
        1000 + 64 * 3, 0, 64, 8,  # y: address, strides of i, r, c
        8 * 0, 0, 24, 8, 0,       # w: address, strides of i, r, k, c
        1000, 0, 0, 64, 8,        # x
        8 * 6, 0, 8, 0,           # b: address, strides of i, r, c
    ])]  # fmt: skip


@pytest.mark.parametrize("batched", [False, True])
def test_rows_that_are_all_alike(batched):
    """Every product three times, and three of each kind: no level tells one factor from the other."""
    v, x = [Value(0.1 * k) for k in range(1, 5)], [[Value(0.3 * k - i) for k in range(4)] for i in range(3)]
    parameters = [*v, *(p for row in x for p in row)]

    def loss(parameters):
        v, x = parameters[:4], [parameters[4 * i:4 * i + 4] for i in range(1, 4)]
        return sum((dot(v, row) * (k + 1.0)).tanh() for row in x for k in range(3) for _ in range(3))

    program = Program(tape_of(loss(parameters), parameters), len(parameters), batched=batched)
    program.parameters[:] = [p.data for p in parameters]
    value, gradient = program.value_and_grad(np.zeros((2, 0)))
    want, slopes = func.value_and_grad(loss)([p.data for p in parameters])
    assert value == pytest.approx(want, rel=1e-14)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-13, atol=1e-14)


def test_weights_transposed_after_the_samples_are_transposed_before_them_too():
    """Both codes multiply by V; the one that is written first, on the way back to A, is the one that runs last."""
    n, draw = 4, np.random.default_rng(0)
    start = draw.uniform(-1.0, 1.0, 3 * n * n).tolist()
    parameters, samples = [Value(x) for x in start], draw.uniform(-1.0, 1.0, (9, n))

    def loss(parameters, sample):
        A, V, D = ([parameters[n * (n * m + i):][:n] for i in range(n)] for m in range(3))
        A = [[x.tanh() for x in row] for row in A]
        for _ in range(12):
            D = [[x.tanh() for x in row] for row in D]
        M = [[dot(row, column) for column in zip(*V)] for row in A]
        E = [dot(left, right) for right in D for left in V]
        return sum(dot(row, sample).tanh() for row in M) + sum(x.tanh() for x in E)

    found, gradient = Trainer(lambda sample: loss(parameters, sample), parameters, n).value_and_grad(samples)
    each = [func.value_and_grad(loss)(start, sample) for sample in samples.tolist()]
    assert found == pytest.approx(np.mean([value for value, _ in each]), rel=1e-13)
    np.testing.assert_allclose(gradient, np.mean([slopes for _, slopes in each], axis=0), rtol=1e-12, atol=1e-14)
