"""All back ends against the eager engine, on random graphs: value, gradient, Hessian; and llvmlite missing."""

import importlib.util
import warnings

import pytest
from hypothesis import given, settings

import autograd
from autograd import Value, func
from autograd.compiler import backends, batch, native, point
from autograd.compiler.guards import GuardError
from autograd.testing import expressions
from tests.compiler.graphs import same

llvmlite = pytest.importorskip("llvmlite.binding")
np = pytest.importorskip("numpy")


def flat(tree):
    if isinstance(tree, (list, tuple)):
        return [x for branch in tree for x in flat(branch)]
    return [tree.data if isinstance(tree, Value) else tree]


def everything(f):
    """Value, gradient and Hessian of a function of a list."""

    def all_of_it(xs):
        return func.value_and_grad(f)(xs), func.hessian(f)(xs)

    return all_of_it


def nearby(inputs):
    """The drawn point and some around it, inside the neighbourhood where the expression is defined."""
    offsets = np.linspace(-1.0, 1.0, 9)[:, None] * np.array([1.0, -0.7]) / 128.0
    return np.array(inputs) + offsets


@settings(max_examples=60)
@given(expressions(n_inputs=2, max_nodes=10))
def test_every_back_end_gives_the_eager_numbers(expression):
    whole = everything(lambda xs: expression.f(*xs))
    where = nearby(expression.inputs)
    eager = [flat(whole([Value(x) for x in p])) for p in where.tolist()]
    for p, want in zip(where.tolist(), eager, strict=True):
        assert all(map(same, flat(whole(p)), want)), ("eager, of plain numbers", p)
    for backend in ("python", "llvm"):
        one = autograd.compile(whole, backend=backend)
        for p, want in zip(where.tolist(), eager, strict=True):
            assert all(map(same, flat(one(p)), want)), (backend, p)
        many = autograd.compile(whole, backend=backend, in_axes=0, exact=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(batch, "CALLS", 1.0)  # translated, however many functions it calls
            columns = flat_columns(many(where))
        for k, want in enumerate(eager):
            assert all(same(float(column[k]), x) for column, x in zip(columns, want, strict=True)), (backend, k)


def flat_columns(tree):
    if isinstance(tree, (list, tuple)):
        return [x for branch in tree for x in flat_columns(branch)]
    return [tree]


@settings(max_examples=30)
@given(expressions(n_inputs=2, max_nodes=10))
def test_the_interpreter_gives_the_eager_numbers(expression):
    whole = everything(lambda xs: expression.f(*xs))
    where = nearby(expression.inputs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(point, "LONG", 0)
        patch.setattr(batch, "LONG", 0)
        one = autograd.compile(whole, backend="llvm")
        for p in where.tolist():
            want = flat(whole([Value(x) for x in p]))
            assert all(map(same, flat(one(p)), want)), p
            assert all(map(same, flat(one(p)), want)), p  # and by the native fast path


@settings(max_examples=30)
@given(expressions(n_inputs=2, max_nodes=6))
def test_reduced_values_and_gradients(expression):
    first = func.value_and_grad(lambda xs: expression.f(*xs))
    where = nearby(expression.inputs)
    each = np.array([flat(first(p)) for p in where.tolist()])
    for reduce in ("sum", "mean"):
        found = flat(autograd.compile(first, in_axes=0, reduce=reduce, exact=True)(where))
        # nine terms in any order, and one division
        bound = 16 * 2.0**-53 * np.abs(each).sum(axis=0)
        assert (np.abs(np.array(found) - getattr(each, reduce)(axis=0)) <= bound).all()


def test_a_guard_holds_for_more_samples_than_single_precision_can_count():
    f = autograd.compile(lambda x: x * 2.0 if x > 0.0 else -x, in_axes=0, reduce="mean", dtype="float32")
    samples = np.ones(2**24 + 1, np.float32)
    assert f(samples) == 2.0
    samples[5] = -1.0
    with pytest.raises(GuardError, match="sample 5"):
        f(samples)


# ----------------------------------------------------------------------------------------------- without llvmlite


@pytest.fixture
def looked_for_again():
    """What is installed is found out once."""

    def forget():
        native.lacking.cache_clear()
        native.host.cache_clear()
        backends.with_llvm.cache_clear()

    forget()
    yield
    forget()


@pytest.fixture
def without_llvmlite(monkeypatch, looked_for_again):
    find = importlib.util.find_spec
    without = lambda name, *rest: None if name == "llvmlite" else find(name, *rest)
    monkeypatch.setattr(importlib.util, "find_spec", without)


def test_everything_works_without_llvmlite_and_one_line_says_so(without_llvmlite):
    f = autograd.compile(func.value_and_grad(lambda x: x * x))
    with pytest.warns(RuntimeWarning, match=r"llvmlite not installed: compiled functions run as Python, slower.*pip"):
        assert f(3.0) == (9.0, 6.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert autograd.compile(lambda x: x * x, in_axes=0)([1.0, 2.0]).tolist() == [1.0, 4.0]
        assert autograd.compile(lambda x: x / 3.0, dtype="float32")(1.0) == float(np.float32(1.0) / np.float32(3.0))


def test_asking_for_llvm_without_it_is_an_error(without_llvmlite):
    with pytest.raises(ImportError, match=r"backend=.llvm.: llvmlite not installed \(pip install .stepgrad"):
        autograd.compile(lambda x: x, backend="llvm")(1.0)
    with pytest.raises(ImportError, match="llvmlite not installed"):
        autograd.Trainer(lambda sample: sample[0], [], features=1)


def test_an_llvmlite_that_cannot_be_loaded_is_as_good_as_none(monkeypatch, looked_for_again):
    def broken():
        raise OSError("libz.so.1: no such file")

    monkeypatch.setattr(llvmlite, "initialize_native_target", broken)
    f = autograd.compile(lambda x: x * x)
    with pytest.warns(RuntimeWarning, match=r"cannot be loaded \(OSError: libz.so.1: no such file\): comp") as told:
        assert f(3.0) == 9.0
    assert [warning.filename for warning in told] == [__file__]
    with pytest.raises(ImportError, match="OSError"):
        autograd.Trainer(lambda sample: sample[0], [], features=1)


def test_asking_for_jax_without_it_is_an_error(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None)
    with pytest.raises(ImportError, match=r"backend='jax' needs jax: pip install 'stepgrad\[jax\]'"):
        autograd.compile(lambda x: x, backend="jax")(1.0)
