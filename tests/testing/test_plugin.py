"""The pytest plugin: what it adds to the report of a failing test, and that it stays away from all others."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester, monkeypatch):
    """Run a test file in its own process, with the plugin, and give the lines of output."""
    monkeypatch.setenv("PYTHONPATH", str(Path(autograd.__file__).parent.parent), prepend=os.pathsep)  # if not installed
    installed = any(e.name == "stepgrad" for e in importlib.metadata.entry_points(group="pytest11"))

    def run(source, *options):
        pytester.makepyfile(test_it=source)
        loading = [] if installed else ["-p", "autograd.testing.plugin"]
        return pytester.runpytest_subprocess(*loading, *options)

    return run


def section(result):
    """The lines of the plugin's section."""
    text = result.stdout.str()
    found = re.search(r"-+ stepgrad: the graph of this failure -+\n(.*?)\n(?:=|-{10})", text, re.DOTALL)
    assert found, text
    return found[1]


def test_a_failing_property_shows_the_smallest_graph_and_its_drawing(run, pytester):
    result = run("""
        from hypothesis import given, settings
        from autograd.testing import expressions

        @settings(derandomize=True)
        @given(expressions(n_inputs=1, ops=["mul", "exp", "sin"]))
        def test_no_sine(e):
            assert "sin" not in repr(e)
    """)
    result.assert_outcomes(failed=1)
    text = section(result)
    assert "e = Expression(lambda x0: sin(x0), (0.0,))" in text
    (drawing,) = pytester.path.glob("**/stepgrad/*.svg")
    assert drawing.name == "test_it.py-test_no_sine.svg"
    assert str(drawing) in text
    assert "sin" in drawing.read_text()


def test_the_reproducer_runs(run):
    text = section(run("""
        from autograd import Value
        def test_it():
            x, y = Value(0.5), Value(2.0)
            z = (x * y).tanh() + x / y
            assert z.data > 5.0
    """))
    names = {}
    exec(text.partition("\ndrawing")[0], names)
    assert round(names["e"].root.data, 6) == 1.011594
    assert [round(x.grad, 6) for x in names["e"].values] == [1.339949, 0.084987]


def test_a_failing_gradcheck_shows_the_function_it_checked(run):
    result = run("""
        from autograd.primitive import TABLE
        from autograd.testing import gradient_property

        def test_wrong(monkeypatch):
            monkeypatch.setattr(TABLE["sinh"], "partials", lambda x, z: (z,))
            gradient_property(lambda x: TABLE["sinh"](x) * 2.0, domain=(-1.0, 1.0))()
    """)
    text = section(result)
    assert re.search(r"e = Expression\(lambda x0: \(v0 := sinh\(x0\), v0 \* 2.0\)\[-1\], \(.*,\)\)", text)


def test_many_failures_at_once(run):
    result = run("""
        from hypothesis import given, strategies as st
        from autograd import Value

        @given(st.integers(0, 10))
        def test_two(n):
            y = Value(n) * 3.0
            assert n != 2
            if n == 7:
                raise KeyError(n)
    """)
    assert "x0 * 3.0, (" in section(result)


def test_a_large_graph_is_counted_not_printed(run):
    text = section(run("""
        from autograd import Value
        def test_it():
            y = Value(0.5)
            for _ in range(1000):
                y = y + 1.0
            assert y.data < 0.0
    """))
    assert "a graph of 1000 operations" in text
    assert "Expression" not in text


def test_nothing_is_added_without_a_graph_or_a_failure(run):
    result = run("""
        from autograd import Value
        def test_plain():
            assert 1 == 2
        def test_passes():
            y = Value(1.0) * 2.0
            assert y.data == 2.0
    """)
    result.assert_outcomes(failed=1, passed=1)
    assert "stepgrad:" not in result.stdout.str()


def test_it_can_be_left_out(run):
    source = """
        from autograd import Value
        def test_it():
            y = Value(1.0) * 2.0
            assert y.data == 3.0
    """
    assert "stepgrad:" in run(source).stdout.str()
    assert "stepgrad:" not in run(source, "-p", "no:stepgrad", "-p", "no:autograd.testing.plugin").stdout.str()
    assert "drawing:" not in section(run(source, "-p", "no:cacheprovider"))


def test_loading_it_does_not_load_hypothesis():
    code = "import autograd.testing.plugin, sys; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
