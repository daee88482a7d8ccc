"""The pytest plugin: what it adds to the report of a failing test, and that it stays away from all others."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd
from autograd import Value
from autograd.testing import Expression
from autograd.testing.plugin import file_name, find_graph

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

        @settings(derandomize=True, deadline=None)
        @given(expressions(n_inputs=1, ops=["mul", "exp", "sin"]))
        def test_no_sine(e):
            assert "sin" not in repr(e)
    """)
    result.assert_outcomes(failed=1)
    text = section(result)
    assert "e = Expression(lambda x0: sin(x0), (0.0,))" in text
    (drawing,) = pytester.path.glob("**/stepgrad/*.svg")
    assert re.fullmatch(r"test_it.py-test_no_sine-\w{8}\.svg", drawing.name)
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


def test_a_wrong_operation_of_ones_own_fails_with_its_name_its_place_and_a_program_that_runs(run):
    result = run("""
        import autograd
        from autograd.testing import gradient_property

        cubed = autograd.register("cubed", lambda x: x * x * x, lambda x, z: (2.0 * x * x,))
        test_cubed = gradient_property(lambda x: cubed(x) + x, domain=(1.0, 4.0))
    """)
    told = result.stdout.str()
    assert re.search(r"E +autograd\.GradcheckError: gradcheck: 1 FAIL, 1 wrong local derivative\n", told)
    assert "d cubed / d x at (1): recorded 2, reference 3" in told
    assert "test_it.py:5: GradcheckError" in told  # the user's line, and none of ours
    assert "__tracebackhide__" not in told
    text = section(result)
    program = text.partition("\ndrawing")[0] + "\nprint(e, e.root.data, e.values[0].grad)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    told = "Expression(lambda x0: (v0 := cubed(x0), v0 + x0)[-1], (1.0,)) 2.0 3.0\n"
    assert (done.stdout, done.stderr) == (told, "")


def test_names_of_drawings_are_short_and_all_different():
    long = "t.py::t[" + 300 * "x"
    ids = ["t.py::t[a/b]", "t.py::t[a:b]", "u/t.py::t[a:b]", long + "1]", long + "2]"]
    names = {file_name(nodeid) for nodeid in ids}
    assert len(names) == len(ids)
    assert all(len(name) < 100 and name.isascii() and name.startswith("t.py-t-") for name in names)


class Stranger:
    """A local variable that minds being looked at."""

    asked = 0

    def __getattr__(self, name):
        Stranger.asked += 1
        raise RuntimeError(name)

    @property
    def __class__(self):
        Stranger.asked += 1
        raise RuntimeError("__class__")


def test_nothing_is_asked_of_other_peoples_objects():
    stranger, y = Stranger(), Value(2.0) * 3.0
    failing = Expression(lambda x: 1 / 0, (1.0,))
    try:
        assert [stranger, failing] and y is None
    except AssertionError as error:
        graph = find_graph(error)
    assert graph.root is y
    assert Stranger.asked == 0


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


def test_no_frame_of_the_library_is_shown(run):
    result = run("""
        from autograd import gradcheck
        from autograd.testing import gradient_property, numerical_grad

        def test_numerical():
            numerical_grad(lambda x: x * [][0], 0.5)

        def test_nothing():
            gradcheck(lambda x: 3.0, 0.5)

        @gradient_property
        def test_raising(x):
            return x * [][0]
    """)
    result.assert_outcomes(failed=3)
    told = result.stdout.str()
    assert re.search(r"^\S*autograd/\S+\.py:\d+", told, re.MULTILINE) is None
    for line in ("test_it.py:5: IndexError", "test_it.py:8: ValueError", "test_it.py:12: IndexError"):
        assert line in told


def test_a_property_that_pytest_would_not_run_is_noticed(run):
    result = run("""
        from autograd.testing import gradient_property

        @gradient_property
        def swish(x):
            return x * x.sigmoid()

        test_fine = gradient_property(lambda x: x * x)
    """)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*swish is a gradient_property that pytest does not run: call it test_swish"])


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
