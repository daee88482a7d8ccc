"""What a failing test shows runs in a new Python: own operations are found, and inf, nan and -0.0 are written."""

import importlib.util
import math
import struct
import subprocess
import sys

import pytest

import autograd
from autograd import Value
from autograd.graph import topological_order
from autograd.testing import Expression
from autograd.testing.reproducer import reproducer


def bits(x):
    return "nan" if x != x else struct.pack("<d", x)


def rerun(e):
    """The Expression that its program makes, in a namespace of its own."""
    names = {}
    exec(reproducer(e.root, e.values), names)
    return names["e"]


@pytest.mark.parametrize("inputs", [(math.inf, 1.0), (-math.inf, 2.0), (math.nan, 1.0), (-0.0, 3.0), (0.0, 1e-320)])
def test_special_numbers_are_written(inputs):
    e = Expression(lambda x, y: (x * -0.0) / y + x * math.inf - math.nan * y + abs(-math.inf * x), inputs)
    again = rerun(e)
    assert list(map(bits, again.inputs)) == list(map(bits, inputs))
    assert [bits(node.data) for node in topological_order([again.root])] == [
        bits(node.data) for node in topological_order([e.root])
    ]
    assert repr(again) == repr(e)


def test_constants_alone_divide_by_zero_as_the_graph_did():
    weight = Value(0.0)
    e = Expression(lambda x: x + Value(1.0) / weight + (Value(-8.0) ** (1.0 / 3.0)).relu(), (2.0,))
    assert bits(rerun(e).root.data) == bits(e.root.data) == "nan"
    e = Expression(lambda x: x - (Value(1.0) + weight) / (weight * 2.0), (2.0,))
    assert rerun(e).root.data == -math.inf


def test_a_graph_that_does_not_hold_its_inputs():
    assert rerun(Expression(lambda x: Value(3.0) * 2.0, (1.0,))).root == 6.0


OWN = """
import autograd
{name} = autograd.register("{name}", lambda x: x * x * x, lambda x, z: (3.0 * x * x,))
"""


@pytest.mark.parametrize("name", ["cubed", "x0", "v1"])
def test_an_operation_of_ones_own_is_found_by_the_file_that_registers_it(name, tmp_path):
    file = tmp_path / "ops.py"
    file.write_text(OWN.format(name=name))
    spec = importlib.util.spec_from_file_location("ops", file)
    spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    try:
        e = Expression(lambda x, y: getattr(module, name)(x * y + 1.0) + x, (0.5, 2.0))
        program = reproducer(e.root, e.values) + "\nprint(e.root.data, e.values[0].grad)"
    finally:
        autograd.unregister(name)
    assert f"run_path({str(file)!r})  # registers {name}" in program
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("8.5 25.0\n", "")


def test_one_that_a_package_registers_is_imported(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text("")
    (tmp_path / "mine" / "ops.py").write_text(OWN.format(name="cubed"))
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("mine.ops")
    e = Expression(lambda x: module.cubed(x), (2.0,))
    program = reproducer(e.root, e.values) + "\nprint(e.root.data)"
    autograd.unregister("cubed")
    assert "import mine.ops  # registers cubed" in program
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("8.0\n", "")


def test_one_that_a_function_registers_must_be_registered_again(register):
    cubed = register("cubed", lambda x: x * x * x, lambda x, z: (3.0 * x * x,))
    e = Expression(lambda x: cubed(x), (2.0,))
    program = reproducer(e.root, e.values)
    this = test_one_that_a_function_registers_must_be_registered_again
    where = f"{__file__}:{this.__code__.co_firstlineno + 1}"
    assert f"# first do as {this.__name__} did, at {where}:  # registers cubed" in program
    assert rerun(e).root.data == 8.0  # here it is registered
