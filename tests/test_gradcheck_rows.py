"""Gradient checks of every row of the table, which a new row enters by itself, and of random graphs."""

import random
import re

import pytest

from autograd import GradcheckError, Value, gradcheck, gradgradcheck
from autograd.gradcheck import Verdict
from autograd.gradcheck.jitter import spread
from autograd.gradcheck.rounding import Rounded, rounding
from autograd.primitive import TABLE
from autograd.replay import Precise, replay
from tests import random_graphs
from tests.random_graphs import random_graph

BUILT_IN = [op for op in TABLE.values() if "example" not in op.name]


def points(op, count=6, reach=3.0):
    """Over the row's domain, away from its kinks and poles."""
    chance, found = random.Random(op.name), []
    while len(found) < count:
        point = []
        for low, high in op.domain * (4 if op.variadic else 1):
            low, high = max(low, -reach), min(high, max(low, -reach) + 2.0 * reach)
            point.append(chance.uniform(low, high))
        if all(column is None or abs(column(*point)) > 1e-2 for column in (op.kink, op.pole)):
            found.append(tuple(point))
    return found


def apply(op):
    return lambda *xs: op.apply(xs) * 1.0


@pytest.mark.parametrize("op", BUILT_IN, ids=lambda op: op.name)
class TestEveryRow:
    def test_first_and_second_order(self, op):
        for point in points(op):
            first, second = gradcheck(apply(op), point), gradgradcheck(apply(op), point)
            assert first, first
            assert second, second

    def test_by_differences_alone(self, op):
        for point in points(op, 2):
            first = gradcheck(apply(op), point, oracle="differences")
            second = gradgradcheck(apply(op), point, oracle="differences")
            assert first.verdict is not Verdict.FAIL
            assert second.verdict is not Verdict.FAIL

    def test_at_whole_numbers_nothing_is_wrong(self, op):
        """Kinks, edges and poles are there: never FAIL, and never an exception."""
        for x in (-1.0, 0.0, 1.0):
            for y in (-1.0, 0.0, 2.0):
                point = (x, y, 1.0, 2.0)[: len(op.operands) or 4]
                report = gradcheck(apply(op), point, raise_exception=False)
                assert report.verdict is not Verdict.FAIL, report

    def test_a_wrong_derivative_is_found_and_named(self, op, register):
        if not any(partial for partial in op.partials(*points(op)[0], op.forward(*points(op)[0]))):
            pytest.skip("its derivative is zero everywhere: the next test adds to it")
        wrong = _twin(op, register, lambda partials: tuple(-p for p in partials))
        report = gradcheck(apply(wrong), points(op)[0], raise_exception=False)
        assert report.verdict is Verdict.FAIL
        assert {culprit.op for culprit in report.culprits} == {wrong.name}

    def test_an_added_term_is_found_and_named(self, op, register):
        wrong = _twin(op, register, lambda partials: tuple(p + 1e-3 for p in partials))
        with pytest.raises(GradcheckError, match=f"`{wrong.name}`"):
            gradcheck(apply(wrong), points(op)[0])


def _twin(op, register, corrupt):
    """The same row with a corrupted rule."""
    rule = op.partials
    written = {  # the table counts the operands of a rule by its signature
        0: lambda *operands: corrupt(rule(*operands)),
        1: lambda x, z: corrupt(rule(x, z)),
        2: lambda x, y, z: corrupt(rule(x, y, z)),
        3: lambda x, y, w, z: corrupt(rule(x, y, w, z)),
    }[len(op.operands)]
    return register(f"wrong_{op.name}", op.forward, written, composite=op.composite, domain=op.domain, kink=op.kink)


@pytest.mark.parametrize("installed", [True, False])
def test_random_correct_graphs_never_fail(installed, capsys, request):
    if not installed:
        request.getfixturevalue("without_mpmath")
    assert random_graphs.main(["150"]) == 0
    told = capsys.readouterr().out
    decided = int(re.search(r"(\d+) PASS", told)[1])
    assert decided >= 0.95 * 150  # a reference that never decides would be no check


def test_the_bound_on_rounding_holds():
    """Of values, against 100 digits. To first order, so with the safety factor of a check."""
    pytest.importorskip("mpmath")
    for seed in range(200):
        f, xs = random_graph(seed)
        leaves = [Value(x) for x in xs]
        y = f(*leaves)
        exact, bounded = replay(y, Precise).value, replay(y, Rounded)
        assert bounded.value == y.data
        assert abs(float(exact - y.data)) <= 4.0 * bounded.error, seed


def test_the_measured_rounding_stays_within_the_bound():
    """Samples differ by two units up or down at every step: their spread is at most four times the bound."""
    for seed in range(50):
        f, xs = random_graph(seed)
        leaves = [Value(x) for x in xs]
        y = f(*leaves)
        for measured, (bound, _) in zip(spread(y, leaves), rounding(y, leaves)):
            assert measured <= 4.0 * bound + 1e-300, seed
