"""Random graphs against other people's arithmetic: mpmath with many digits, PyTorch in float64."""

import pytest
from hypothesis import given, settings

from autograd import Value
from autograd.gradcheck import Verdict, gradcheck, gradgradcheck
from autograd.graph import topological_order
from autograd.primitive import TABLE
from autograd.testing import expressions
from tests.properties.sizes import sizes

GRAPHS = expressions(n_inputs=3, max_nodes=12)


@settings(max_examples=200)
@given(GRAPHS)
def test_first_derivatives_against_mpmath(e):
    assert gradcheck(e.f, e.inputs, oracle="mpmath").verdict is not Verdict.FAIL


@settings(max_examples=50)
@given(expressions(n_inputs=2, max_nodes=6))
def test_second_derivatives_against_mpmath(e):
    assert gradgradcheck(e.f, e.inputs, oracle="mpmath").verdict is not Verdict.FAIL


@settings(max_examples=100)
@given(expressions(n_inputs=2, max_nodes=8))
def test_first_derivatives_against_differences(e):
    assert gradcheck(e.f, e.inputs, oracle="differences").verdict is not Verdict.FAIL


def test_nearly_all_are_decided():
    """A checker that answers INCONCLUSIVE is never wrong: most graphs must get PASS."""
    verdicts = []

    @settings(max_examples=100)
    @given(GRAPHS)
    def check(e):
        verdicts.append(gradcheck(e.f, e.inputs).verdict)

    check()
    assert verdicts.count(Verdict.PASS) >= 0.95 * len(verdicts)


def in_torch(torch):
    """What PyTorch calls the rows, where it is not by the same name with the same operands."""

    def stacked(*xs):
        return torch.stack(xs)

    def cross_entropy(target, *xs):  # its own takes the number of a class
        highest = max(xs).detach()
        return torch.logsumexp(stacked(*xs) - highest, 0) - (target - highest)

    def number(comparison):
        return lambda x, y: comparison(x, y).to(torch.float64) + 0.0 * x * y

    return {
        "identity": torch.positive,
        "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1.0 / 3.0),
        "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),  # its own goes straight at 20: 2e-9 off
        "silu": torch.nn.functional.silu,
        "gelu": torch.nn.functional.gelu,
        "leaky_relu": lambda x, slope: torch.where(x > 0.0, x, slope * x),  # its slope is no tensor
        "elu": lambda x, alpha: torch.where(x > 0.0, x, alpha * torch.expm1(x)),
        "where": lambda condition, x, y: torch.where(condition != 0.0, x, y),
        "sum": lambda *xs: torch.sum(stacked(*xs)),
        "mean": lambda *xs: torch.mean(stacked(*xs)),
        "dot": lambda *xs: torch.dot(stacked(*xs[: len(xs) // 2]), stacked(*xs[len(xs) // 2 :])),
        "logsumexp": lambda *xs: torch.logsumexp(stacked(*xs), 0),
        "cross_entropy": cross_entropy,
        "greater": number(torch.gt),
        "greater_equal": number(torch.ge),
        "less": number(torch.lt),
        "less_equal": number(torch.le),
        "equal": number(torch.eq),
    }


def test_random_graphs_against_pytorch():
    """Value and gradient to 1e-12 of their condition.

    Both engines round each operation to some four units in the last place (2^-50, about 1e-15; cbrt as a power, more),
    and an error in an operand moves a local derivative by its own relative condition, which these small graphs keep
    below some hundreds. 1e-12 is a thousand such roundings of the largest terms; it would show a single wrong digit.
    """
    torch = pytest.importorskip("torch")
    names = in_torch(torch)

    @settings(max_examples=200)
    @given(GRAPHS)
    def check(e):
        inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in e.inputs]
        tensors = dict(zip(e.values, inputs, strict=True))
        for node in topological_order([e.root]):
            if node.op is not None:
                f = names.get(node.op.name) or getattr(torch, node.op.name)
                args = [tensors[a] if isinstance(a, Value) else torch.tensor(a, dtype=torch.float64) for a in node.args]
                tensors[node] = f(*args)
        e.root.backward()
        tensors[e.root].backward()
        for x, tensor, size in zip(e.values, inputs, sizes(e.root, e.values), strict=True):
            assert abs(x.grad - (0.0 if tensor.grad is None else tensor.grad.item())) <= 1e-12 * size

    check()
    assert set(names) <= set(TABLE)
