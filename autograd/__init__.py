"""Scalar reverse-mode automatic differentiation: every number is a node, every derivative can be seen.

>>> from autograd import Value
>>> x = Value(3.0)
>>> y = x * x + 1
>>> y.backward()
>>> x.grad
6.0
"""

from pathlib import Path

if (Path(__file__).parent / "tracer.py").exists():  # a file of HIPS autograd's, which has the same import name
    raise ImportError(
        "HIPS autograd and stepgrad are installed into one environment, and their files are mixed in "
        f"{Path(__file__).parent}: uninstall both `autograd` and `stepgrad`, then install one of them only"
    )

from autograd import func as func
from autograd.compiler import compile as compile
from autograd.compiler.guards import GuardError as GuardError
from autograd.compiler.guards import TraceError as TraceError
from autograd.compiler.trainer import Trainer as Trainer
from autograd.context import AnomalyError as AnomalyError
from autograd.context import detect_anomaly as detect_anomaly
from autograd.context import no_grad as no_grad
from autograd.context import scope as scope
from autograd.gradcheck import GradcheckError as GradcheckError
from autograd.gradcheck import gradcheck as gradcheck
from autograd.gradcheck import gradgradcheck as gradgradcheck
from autograd.primitives import *  # noqa: F403  (every operation, as a function)
from autograd.registry import register as register
from autograd.registry import unregister as unregister
from autograd.value import Value as Value

grad = func.derivative  # of Values that are there; func.grad is of a function
