"""Hypothesis is an extra: what does not need it works without, and what does says so."""

import subprocess
import sys

WITHOUT = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "hypothesis" else find(name, *more)
sys.modules["hypothesis"] = None
"""


def run(code):
    return subprocess.run([sys.executable, "-c", WITHOUT + code], capture_output=True, text=True, check=False)


def test_gradcheck_and_numerical_gradients_work():
    done = run("""
from autograd import gradcheck
from autograd.testing import Expression, numerical_grad
assert gradcheck(lambda x: x.tanh(), (0.5,))
print(Expression(lambda x: x * x, (3.0,)))
""")
    assert (done.stdout, done.stderr) == ("Expression(lambda x0: x0 * x0, (3.0,))\n", "")


def test_a_strategy_says_what_to_install():
    done = run("from autograd.testing import expressions")
    assert "ImportError: autograd.testing.expressions needs Hypothesis: pip install hypothesis" in done.stderr


def test_other_names_are_unknown():
    done = run("import autograd.testing; autograd.testing.expresions")
    assert "module 'autograd.testing' has no attribute 'expresions'" in done.stderr
