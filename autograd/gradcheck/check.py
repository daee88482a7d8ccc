"""gradcheck: the gradient that a backward pass gives, against references that read no derivative rule."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd.func import gradients
from autograd.gradcheck.blame import culprits, excuse, is_inside, overflow
from autograd.gradcheck.chain import chained
from autograd.gradcheck.recording import Recording, parameters
from autograd.gradcheck.references import ORACLES, Slope, slopes
from autograd.gradcheck.report import Culprit, GradcheckReport, Row
from autograd.gradcheck.second import second_culprits
from autograd.gradcheck.verdict import SAFETY, Verdict, judge
from autograd.graph import topological_order
from autograd.primitives import identity
from autograd.replay import Unsupported
from autograd.tree import flatten
from autograd.value import Value

COUNTED = 1e-10  # of the sum of all paths: two orders of summation differ by far less, a lost share by more


class GradcheckError(AssertionError):
    """A gradient is wrong; `report` tells which, and which operation is to blame."""

    __module__ = "autograd"  # what a traceback calls it

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
    return _checked(Recording(f, inputs), [], _oracles(oracle), raise_exception)


def gradgradcheck(
    f: Callable[..., Any], inputs: Any, *, raise_exception: bool = True, oracle: str | None = None
) -> GradcheckReport:
    """The same, one order up: the second derivatives, from the graph of the gradient.

    Several outputs are summed with fixed random weights first, as torch.autograd.gradgradcheck does. The references
    are derivatives of the gradient that f's graph gives; whether that one is right, and whether every operation's rule
    has the right derivatives itself, is asked of each operation alone.

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

    gradient.operands = parameters(f)  # type: ignore[attr-defined]
    oracles, first = _oracles(oracle), Recording(f, inputs)
    blamed = list(culprits(first.outputs))
    wrong = {culprit.op for culprit in blamed}  # whose rules need not be differentiated
    blamed += [culprit for culprit in second_culprits(first.outputs) if culprit.op not in wrong]
    return _checked(Recording(gradient, inputs), blamed, oracles, raise_exception)


def _checked(
    run: Recording, known: Sequence[Culprit], oracles: Sequence[str], raise_exception: bool
) -> GradcheckReport:
    """The report on one recording; `known` are the culprits in the graph that it was derived from."""
    __tracebackhide__ = True
    told = {culprit.derivative for culprit in known}
    blamed = (*known, *[culprit for culprit in culprits(run.outputs) if culprit.derivative not in told])
    rows = tuple(_rows(run, oracles, proven=run.is_the_graph and not blamed))
    report = GradcheckReport(rows, blamed, _notes(run, rows, known, blamed))
    if report.verdict is Verdict.FAIL and raise_exception:
        raise GradcheckError(report)
    return report


def _named(name: str, x: Any) -> Value:
    """A node of its own for an output, so that its name does not overwrite an input's."""
    output: Value = identity(x if isinstance(x, Value) else Value(x))
    output.label = name
    return output


def _oracles(wanted: str | None) -> list[str]:
    if wanted is not None and wanted not in ORACLES:
        raise ValueError(f"there is no oracle {wanted!r}: choose from {', '.join(ORACLES)}")
    return [wanted] if wanted else list(ORACLES)


def _references(run: Recording, oracles: Sequence[str]) -> Iterator[list[Slope]]:
    """For each input, the reference derivatives of all outputs: of the whole graph at once where that can be done."""
    if not run.is_the_graph:
        oracles = [name for name in oracles if name == "differences"]
    told: list[dict[Value, Slope]] = [{} for _ in run.outputs]
    if oracles and oracles != ["differences"]:
        told = chained(run.outputs, dict(zip(run.leaves, run.xs)), oracles)
    for i, leaf in enumerate(run.leaves):
        found = [slopes_of[leaf].rounded() for slopes_of in told if leaf in slopes_of]
        yield found if len(found) == len(told) else _replays(run, i, oracles)


def _replays(run: Recording, i: int, oracles: Sequence[str]) -> list[Slope]:
    try:
        if not oracles:
            raise Unsupported("this oracle sees the recorded graph alone")
        return [slope.rounded() for slope in slopes(run.replayed, run.xs, i, oracles, run.numbers, run.noise)]
    except Unsupported as error:
        return [Slope(math.nan, math.nan, math.inf, "none", note=str(error))] * len(run.outputs)


def _rows(run: Recording, oracles: Sequence[str], proven: bool) -> Iterator[Row]:
    """The derivatives of all outputs with respect to each input in turn."""
    for i, references in enumerate(_references(run, oracles)):
        for k, reference in enumerate(references):
            analytic, (rounded, size) = run.gradients[k][i], run.rounding[k][i]
            tolerance = SAFETY * (rounded + reference.error)
            verdict, note = judge(analytic, reference, tolerance, size), ""
            if verdict is Verdict.FAIL and proven:
                verdict, note = _reconsidered(run, i, k, reference)
            elif verdict is Verdict.INCONCLUSIVE and math.isfinite(reference.error):
                note = (f"the reference is known to {reference.error:.1e}, and rounding alone may move a right gradient"
                        f" by {rounded:.1e}")  # fmt: skip
                if not math.isfinite(analytic):
                    note = excuse(run.outputs[k], run.leaves, topological_order(run.outputs)) or note
            yield Row(run.names[k], run.leaves[i].label, run.xs[i], analytic, reference, tolerance, verdict, note)


def _reconsidered(run: Recording, i: int, k: int, reference: Slope) -> tuple[Verdict, str]:
    """A FAIL although every local derivative is right: a lost share, a nan, a kink, or a hopeless point."""
    analytic, again, size = run.gradients[k][i], run.added_up(k)[i], run.rounding[k][i][1]
    if math.isfinite(again) and not abs(analytic - again) <= COUNTED * size:
        return Verdict.FAIL, "every local derivative is right: the chain rule lost or added a share"
    numbering = topological_order(run.outputs)
    reason = excuse(run.outputs[k], run.leaves, numbering)
    if not math.isfinite(analytic):
        reason = reason or overflow(run.outputs[k], numbering)
        if reference.settled and is_inside(run.outputs[k]):
            return Verdict.FAIL, f"its reference is finite, but {reason}"
    return Verdict.INCONCLUSIVE, reason or (
        "every local derivative is right, and every share is counted: the rounding inside f decides its derivative here"
    )


def _notes(
    run: Recording, rows: Sequence[Row], known: Sequence[Culprit], blamed: Sequence[Culprit]
) -> tuple[str, ...]:
    if not run.is_the_graph:
        return ("f leaves its graph: beside this point its value is not that of the recorded operations (`.data`,"
                " `float`, `detach`, an `if`), so the reference is f itself",)  # fmt: skip
    if known:
        return ("the references are derivatives of the gradient that the graph of f gives, by the wrong rule",)
    if blamed and not any(row.verdict is Verdict.FAIL for row in rows):
        return ("here the wrong local derivatives do not show: their shares are zero, or lost in a kink",)
    return ()
