"""Gradient checks that choose their reference, know its error, and name the operation to blame.

Read `check.py` first. `recording.py` calls f and keeps its graph; `references.py` and `differences.py` find the right
derivative without any rule, `noise.py` how far values can be trusted for that, and `chain.py` that of a whole graph at
once; `rounding.py` bounds how far a correct one may be off, and `jitter.py` measures it where that bound is loose;
`verdict.py` judges, `blame.py` finds the operation, `second.py` does so for second derivatives, `report.py` tells it.
"""

from autograd.gradcheck.check import GradcheckError as GradcheckError
from autograd.gradcheck.check import gradcheck as gradcheck
from autograd.gradcheck.check import gradgradcheck as gradgradcheck
from autograd.gradcheck.references import Slope as Slope
from autograd.gradcheck.report import Culprit as Culprit
from autograd.gradcheck.report import GradcheckReport as GradcheckReport
from autograd.gradcheck.verdict import Verdict as Verdict
