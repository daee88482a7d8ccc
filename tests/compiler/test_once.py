"""What is made once: by one thread alone, whoever else asks meanwhile, and for as long as the process lives."""

import subprocess
import sys
import threading
import time

import pytest

from autograd.compiler.once import once


def at_once(count, work):
    """Run `work(k)` in so many threads that begin together; what they returned."""
    barrier, found = threading.Barrier(count), [None] * count

    def run(k):
        barrier.wait()
        found[k] = work(k)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    return found


def test_all_threads_get_the_same_thing():
    made = []

    @once
    def thing(key):
        time.sleep(0.01)
        made.append(key)
        return object()

    assert len(set(at_once(8, lambda k: thing(k % 2)))) == 2
    assert sorted(made) == [0, 1]


def test_one_may_ask_for_another_and_an_error_is_not_kept():
    tried = []

    @once
    def first():
        tried.append(1)
        return 1 / (len(tried) - 1)

    @once
    def second():
        return first() + 1

    with pytest.raises(ZeroDivisionError):
        second()
    assert second() == second() == 2
    assert len(tried) == 2


@pytest.mark.parametrize("what", [
    "calling._method()", "calling._library()", "batch_loop.block_loop('double', 64)",
    "vector_functions.vector_function((TABLE['tanh'],), 'double', 4, False)",
    "interpreter.at_points(((TABLE['tanh'],),))", "bound.fixed_kernels(4)",
    "mathematics.address(TABLE['tanh'])",
])  # fmt: skip
def test_code_whose_address_is_used_is_made_once(what, tmp_path):
    pytest.importorskip("llvmlite")
    fresh_process(f"""
from autograd.compiler import batch_loop, bound, calling, interpreter, mathematics, vector_functions
found = at_once(8, lambda k: {what})
assert all(x is found[0] for x in found)
""", tmp_path)


@pytest.mark.parametrize("attempt", range(4))
def test_the_first_compiled_calls_of_many_threads(attempt, tmp_path_factory):
    """Half of such processes ended in a segmentation fault: one thread's definition of the builtin was freed."""
    pytest.importorskip("llvmlite")
    fresh_process("""
def go(k):
    for i in range(20):
        c = i + 1000.0 * k
        assert autograd.compile(lambda x: x * c + 1.0)(2.0) == 2.0 * c + 1.0
    [y] = autograd.compile(lambda x: autograd.tanh(x) * c, in_axes=0, exact=True)([0.5])
    assert y == math.tanh(0.5) * c
    trainer = Trainer(lambda sample: (sample[0] - w[k]) ** 2, [w[k]], features=1)
    assert trainer.value_and_grad([[1.0], [2.0]])[0] == 0.5
w = [autograd.Value(1.0) for _ in range(8)]
at_once(8, go)
""", tmp_path_factory.getbasetemp() / "cache")


def fresh_process(work, folder):
    """Nothing is made yet there, and the threads change often."""
    import inspect
    import os

    head = "import math, sys, threading, autograd\nfrom autograd.compiler.trainer import Trainer\n" \
           "from autograd.primitive import TABLE\nsys.setswitchinterval(1e-5)\n"
    text = head + inspect.getsource(at_once) + work
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", text], capture_output=True, text=True,
                          env={**os.environ, "STEPGRAD_CACHE": str(folder)})
    assert done.returncode == 0, done.stderr
