"""gradcheck: the gradient that a backward pass gives, against references that read no derivative rule."""

import dataclasses
import inspect
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd.context import remember_lines
from autograd.func import gradients
from autograd.gradcheck.blame import culprits, excuse
from autograd.gradcheck.differences import EPSILON
from autograd.gradcheck.jitter import spread
from autograd.gradcheck.references import ORACLES, Slope, slopes
from autograd.gradcheck.report import Culprit, GradcheckReport, Row
from autograd.gradcheck.rounding import Rounded, rounding
from autograd.gradcheck.verdict import SAFETY, Verdict, judge
from autograd.graph import topological_order
from autograd.primitives import identity
from autograd.replay import Unsupported, replay
from autograd.tree import flatten
from autograd.value import Value

NUDGE = 2.0**-10
LOOSE = 1e-8  # of the gradient: half the digits


class GradcheckError(AssertionError):
    """A gradient is wrong; `report` tells which, and which operation is to blame."""

    def __init__(self, report: GradcheckReport) -> None:
        super().__init__(str(report))
        self.report = report


def gradcheck(
    f: Callable[..., Any], inputs: Any, *, raise_exception: bool = True, oracle: str | None = None
) -> GradcheckReport:
    """The verdict on the gradient of `f` at `inputs`, for each output and each input.

    Arguments: `f` makes Values, one or a nested list, tuple or dictionary of them, from its arguments; `inputs` is a
    tuple of those arguments, or the only one: numbers or Values, or nested structures of them. `oracle` insists on one
    reference: "mpmath", "complex step" or "differences"; otherwise the strongest that the graph allows is taken.
    Returns a report, true if every derivative passed. A derivative passes if it lies within the reference's own error
    and the rounding that a correct gradient may carry; at a kink, anywhere between the one-sided derivatives. It is
    INCONCLUSIVE where the reference is too uncertain to tell right from wrong: a pole, a point outside the domain.
    Raises GradcheckError (an AssertionError) if a derivative is wrong, unless `raise_exception` is False; ValueError
    if f gives two different values for the same inputs, or there is nothing to differentiate.

    >>> report = gradcheck(lambda x, w: (x * w).tanh(), (0.5, -2.0))
    >>> bool(report), report.verdict
    (True, <Verdict.PASS: 'PASS'>)
    """
    __tracebackhide__ = True  # pytest shows the line that asked for the check, not ours
    run = _Run(f, inputs)
    oracles = _oracles(oracle, run.leaves_graph)
    rows = tuple(row for i in range(len(run.xs)) for row in _column(run, i, oracles))
    blamed = tuple(culprits(run.outputs)) if _failed(rows) else ()
    if _failed(rows) and not blamed and not run.leaves_graph:
        rows = tuple(_excused(run, rows))
    report = GradcheckReport(rows, blamed, _notes(run, _failed(rows), blamed))
    if report.verdict is Verdict.FAIL and raise_exception:
        raise GradcheckError(report)
    return report


def gradgradcheck(
    f: Callable[..., Any], inputs: Any, *, raise_exception: bool = True, oracle: str | None = None
) -> GradcheckReport:
    """The same, one order up: the second derivatives, from the graph of the gradient.

    Several outputs are summed with fixed random weights first, as torch.autograd.gradgradcheck does.

    >>> gradgradcheck(lambda x, w: (x * w).tanh(), (0.5, -2.0)).headline()
    'gradcheck: 4 PASS'
    """
    __tracebackhide__ = True

    def gradient(*args: Any) -> Any:
        leaves, _ = flatten(args)
        outputs, _ = flatten(f(*args))
        chance = random.Random(0)
        weights = [1.0 if len(outputs) == 1 else chance.uniform(0.5, 2.0) for _ in outputs]
        slopes = gradients(outputs, leaves, weights, create_graph=True)
        return [_named(f"(d f / d {x.label})", slope) for x, slope in zip(leaves, slopes)]

    gradient.__signature__ = _signature(f)  # type: ignore[attr-defined]
    return gradcheck(gradient, inputs, raise_exception=raise_exception, oracle=oracle)


def _named(name: str, x: Any) -> Value:
    """A node of its own for an output, so that its name does not overwrite an input's."""
    output: Value = identity(x if isinstance(x, Value) else Value(x))
    output.label = name
    return output


class _Run:
    """f, its inputs by name, and its recorded graph."""

    def __init__(self, f: Callable[..., Any], inputs: Any) -> None:
        self.f = f
        args = inputs if isinstance(inputs, tuple) and not hasattr(inputs, "_fields") else (inputs,)
        given, self.rebuild = flatten(args)
        self.xs = [float(x) for x in given]
        names = [getattr(x, "label", "") or name for x, name in zip(given, _names(f, args))]
        self.leaves = [Value(x, label=name) for x, name in zip(self.xs, names)]
        with remember_lines():
            output = f(*self.rebuild(self.leaves))
        self.outputs, _ = flatten(output)
        self.names = [getattr(y, "label", "") or name for y, name in zip(self.outputs, _paths("f", output))]
        if not self.leaves or not any(isinstance(y, Value) for y in self.outputs):
            raise ValueError(f"gradcheck found nothing to differentiate: {len(self.leaves)} inputs, f gave {output!r}")
        once, again = [float(y) for y in self.outputs], self.numbers(self.xs)
        if not same(once, again):
            raise ValueError(
                f"f gave {once} and then {again} for the same inputs: seed its random numbers, or turn its dropout off"
            )
        self.leaves_graph = not self._is_replayed()
        rounded = replay(self.outputs, Rounded)
        self.precision = [EPSILON + (y.error / abs(y.value) if y.value else 0.0) for y in rounded]
        self.analytic, self.rounding = [], []
        for y in self.outputs:
            self.analytic.append(self._backward(y))
            self.rounding.append(_rounding(y, self.leaves, self.analytic[-1]))

    def numbers(self, xs: Sequence[float]) -> list[float]:
        """f itself, on numbers."""
        leaves = [Value(x, leaf.label) for x, leaf in zip(xs, self.leaves)]
        outputs, _ = flatten(self.f(*self.rebuild(leaves)))
        return [float(y) for y in outputs]

    def replayed(self, numbers: list[Any]) -> list[Any]:
        """The recorded graph, on numbers of any system."""
        found: list[Any] = replay(self.outputs, type(numbers[0]), dict(zip(self.leaves, numbers)))
        return found

    def _is_replayed(self) -> bool:
        """Whether the graph is all of f: beside the point, do both give the same bits?"""
        chance = random.Random(0)
        beside = [x + NUDGE * (abs(x) or 1.0) * chance.uniform(0.5, 1.0) for x in self.xs]
        return same(self.numbers(beside), self.replayed(beside))

    def _backward(self, output: Any) -> list[float]:
        """What `backward` leaves on the inputs; every `.grad`, the parameters' that f closes over too, is put back."""
        if not isinstance(output, Value):
            return [0.0] * len(self.leaves)
        order = topological_order([output])
        before = {node: node.grad for node in order if node.has_grad}
        for node in order:
            node.zero_grad()
        try:
            output.backward()
            return [x.grad for x in self.leaves]
        finally:
            for node in order:
                node.zero_grad()
            for node, grad in before.items():
                node.grad = grad


def same(xs: Sequence[float], ys: Sequence[float]) -> bool:
    return len(xs) == len(ys) and all(x == y or (x != x and y != y) for x, y in zip(xs, ys))


def _oracles(wanted: str | None, leaves_graph: bool) -> list[str]:
    if wanted is not None and wanted not in ORACLES:
        raise ValueError(f"there is no oracle {wanted!r}: choose from {', '.join(ORACLES)}")
    return [wanted] if wanted else ["differences"] if leaves_graph else list(ORACLES)


def _column(run: _Run, i: int, oracles: Sequence[str]) -> Iterator[Row]:
    """The derivatives of all outputs with respect to one input."""
    try:
        references = slopes(run.replayed, run.xs, i, oracles, run.numbers, run.precision)
    except Unsupported as error:
        references = [Slope(float("nan"), float("nan"), float("inf"), "none", note=str(error))] * len(run.outputs)
    for k, reference in enumerate(references):
        analytic = run.analytic[k][i]
        rounded, size = run.rounding[k][i]
        tolerance = SAFETY * (rounded + reference.error)
        verdict = judge(analytic, reference, tolerance, size)
        yield Row(run.names[k], run.leaves[i].label, run.xs[i], analytic, reference, tolerance, verdict)


def _rounding(output: Any, leaves: Sequence[Value], gradient: Sequence[float]) -> list[tuple[float, float]]:
    """Per input the rounding in its gradient, and its condition: bounded, or measured where the bound is loose."""
    if not isinstance(output, Value):  # a number depends on nothing
        return [(0.0, 0.0)] * len(leaves)
    bounds = rounding(output, leaves)
    if all(bound <= LOOSE * abs(g) for g, (bound, _) in zip(gradient, bounds)):
        return bounds
    return [(min(bound, measured), size) for (bound, size), measured in zip(bounds, spread(output, leaves))]


def _excused(run: _Run, rows: Sequence[Row]) -> Iterator[Row]:
    """The failures, where every rule is right, that a kink explains become INCONCLUSIVE."""
    numbering = topological_order([y for y in run.outputs if isinstance(y, Value)])
    notes = {name: excuse(y, numbering) for name, y in zip(run.names, run.outputs) if isinstance(y, Value)}
    for row in rows:
        note = notes.get(row.output, "")
        excused = row.verdict is Verdict.FAIL and note
        yield dataclasses.replace(row, verdict=Verdict.INCONCLUSIVE, note=note) if excused else row


def _failed(rows: Sequence[Row]) -> bool:
    return any(row.verdict is Verdict.FAIL for row in rows)


def _notes(run: _Run, failed: bool, blamed: Sequence[Culprit]) -> tuple[str, ...]:
    if run.leaves_graph:
        return ("f leaves its graph: beside this point its value is not that of the recorded operations (`.data`,"
                " `float`, `detach`, an `if`), so the reference is f itself",)  # fmt: skip
    if failed and not blamed:
        return ("every local derivative is right: the chain rule lost or added a share",)
    return ()


def _signature(f: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(f)
    except (TypeError, ValueError):  # a function of C
        return inspect.Signature()


def _names(f: Callable[..., Any], args: tuple[Any, ...]) -> Iterator[str]:
    """x, w[0], p['bias']: the inputs as the reader wrote them."""
    parameters = _signature(f).parameters.values()
    known = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for k, arg in enumerate(args):
        yield from _paths(known[k] if k < len(known) else f"inputs[{k}]", arg)


def _paths(name: str, tree: Any) -> Iterator[str]:
    if hasattr(tree, "tolist") and getattr(tree, "shape", ()) != ():
        tree = tree.tolist()
    if isinstance(tree, dict):
        for key, branch in tree.items():
            yield from _paths(f"{name}[{key!r}]", branch)
    elif isinstance(tree, (list, tuple)):
        for k, branch in enumerate(tree):
            yield from _paths(f"{name}[{k}]", branch)
    else:
        yield name
