"""Layout: operands come before what reads them, groups are contiguous, the order makes layers re-roll."""

import pytest

pytest.importorskip("numpy")

from autograd import Value
from autograd.compiler.fuse import CONSTANT, INPUT, TRAINABLE, Rows, fuse, tape_of
from autograd.compiler.layout import canonical, lay_out, reachable
from autograd.compiler.reverse import reverse


def laid_out(f, parameters, inputs, batched=True):
    ps, xs = [Value(0.1 * k) for k in range(parameters)], [Value(0.3 * k) for k in range(inputs)]
    rows = Rows()
    wanted = [rows.leaf(TRAINABLE) for _ in ps]
    leaves = [rows.leaf(INPUT, batched) for _ in xs]
    weight = rows.leaf(INPUT, batched)
    (root,) = fuse(tape_of(f(ps, xs), [*ps, *xs]), [*wanted, *leaves], rows)
    pairs, primal = reverse(rows, root, weight, wanted)
    roots = [root, weight, rows.zero, rows.one, *(x for found in pairs for x in found)]
    return rows, lay_out(rows, primal, roots), roots, primal, root


def two_layers(ps, xs):
    hidden = [sum((ps[5 * j + i] * xs[i] for i in range(4)), ps[5 * j + 4]).tanh() for j in range(6)]
    return sum((ps[30 + j] * hidden[j] for j in range(6)), ps[36]).tanh()


@pytest.mark.parametrize("batched", [True, False])
def test_addresses_are_distinct_and_steps_in_order(batched):
    rows, layout, roots, _, _ = laid_out(two_layers, 37, 4, batched)
    alive = reachable(rows, roots)
    placed = [(rows.batched[k], layout.address[k]) for k in range(len(rows)) if layout.address[k] >= 0]
    assert len(set(placed)) == len(placed)
    done = {k for k in range(len(rows)) if rows.kind[k] in (CONSTANT, TRAINABLE, INPUT)}
    for _, members in layout.steps:
        for row in members:
            assert done >= set(rows.pairs[row]) | set(rows.args[row])
        done |= set(members)
    assert done >= {k for k in range(len(rows)) if alive[k]}


def test_a_step_is_contiguous_in_its_order():
    _, layout, _, _, _ = laid_out(two_layers, 37, 4)
    for _, members in layout.steps:
        first = layout.address[members[0]]
        assert [layout.address[row] for row in members] == list(range(first, first + len(members)))


def test_adjoints_are_ordered_like_what_they_are_adjoints_of():
    _rows, layout, _, primal, _ = laid_out(two_layers, 37, 4)
    groups = [members for _, members in layout.steps if all(row in primal for row in members) and len(members) > 1]
    assert groups
    for members in groups:
        places = [layout.address[primal[row]] for row in members]
        assert places == sorted(places)


def test_parameters_come_first_and_in_order():
    rows, layout, _, _, _ = laid_out(two_layers, 37, 4)
    assert [layout.address[k] for k in range(len(rows)) if rows.kind[k] == TRAINABLE] == list(range(37))


def test_a_sum_over_one_number_stays_in_step():
    """Two softmax denominators, of one and of two terms: what follows them is of one level."""
    def f(ps, xs):
        one, two = ps[0].exp(), [ps[1].exp(), ps[2].exp()]
        return (one / one).tanh() + (two[0] / (two[0] + two[1])).tanh()

    rows, layout, _, _, _ = laid_out(f, 3, 0, False)
    levels = {layout.level[k] for k in range(len(rows)) if (x := rows.formula[k]) is not None and x.key == "tanh($0)"}
    assert len(levels) == 1


def test_pairs_are_canonical():
    """In a pair constants come before parameters before what depends on the sample; the pairs by address."""
    rows, layout, _, _, root = laid_out(lambda ps, xs: (xs[0] * ps[0] + ps[1] + xs[1] * ps[2]).tanh(), 3, 2)
    (row,) = [k for k in range(len(rows)) if len(rows.pairs[k]) == 6]
    matrix = canonical(rows, layout, [rows.pairs[row]])
    assert not matrix.a_batched.any()
    assert matrix.a.tolist() == [0, 2, layout.address[rows.one]]
    assert matrix.b_batched.tolist() == [True, True, False]
    assert root != row
