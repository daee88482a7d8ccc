"""NumPy on Values: its functions find the rows of the table, arrays of Values behave as arrays."""

import pytest

import autograd
from autograd import Value
from autograd.primitive import TABLE

np = pytest.importorskip("numpy")


def test_numpy_scalars_are_numbers():
    v = Value(3.0)
    for two in (np.float64(2), np.float32(2), np.int64(2)):
        for product in (two * v, v * two):
            assert type(product) is Value and product.data == 6.0
            assert all(isinstance(arg, Value) or type(arg) is float for arg in product.args)


@pytest.mark.parametrize("use", [lambda v: np.isclose(v, 1.0), lambda v: np.True_ & v, lambda v: np.float64(2) // v])
def test_what_a_value_cannot_be_asked_is_a_type_error(use):
    with pytest.raises(TypeError, match="unsupported operand"):
        use(Value(3.0))


def test_every_row_that_numpy_has_is_dispatched():
    found = 0
    for op in TABLE.values():
        ufunc = getattr(np, op.numpy or op.name, None)
        if isinstance(ufunc, np.ufunc) and ufunc.nin == len(op.operands):
            operands = [Value(0.5 + k) if op.domain[0][1] > 1 else Value(0.5) for k in range(ufunc.nin)]
            if op.domain[0][0] == 1.0:
                operands = [Value(1.5)]
            y = ufunc(*operands)
            assert type(y) is Value and y.op is op, op
            assert y.data == pytest.approx(float(ufunc(*(v.data for v in operands))), rel=1e-15)  # libm against NumPy
            found += 1
    assert found >= 35


def test_arrays_of_values():
    w = np.array([Value(1.0), Value(2.0)])
    x = np.array([3.0, 4.0])
    y = w @ x
    assert type(y) is Value and y.data == 11.0
    y.backward()
    assert [v.grad for v in w] == [3.0, 4.0]
    assert [v.data for v in np.exp(w)] == [v.exp().data for v in w]
    assert [v.data for v in np.arctan(w)] == [v.atan().data for v in w]
    assert w.sum().data == 3.0
    assert [float(v) for v in np.maximum(w, 1.5)] == [1.5, 2.0]


def test_an_array_times_a_value_is_an_array_of_values():
    v = Value(2.0)
    for y in (np.array([1.0, 2.0]) * v, v * np.array([1.0, 2.0])):
        assert isinstance(y, np.ndarray) and [element.data for element in y] == [2.0, 4.0]


def test_an_array_where_a_number_belongs_is_refused():
    with pytest.raises(TypeError, match="apply the operation to each of its elements"):
        Value(np.array([1.0, 2.0]))
    with pytest.raises(TypeError, match="apply the operation to each of its elements"):
        autograd.tanh(np.array([1.0, 2.0]))


def test_comparisons_with_numpy_scalars_are_of_numbers():
    v = Value(2.0)
    assert np.float64(1.0) < v and np.float64(2.0) <= v and np.float64(3.0) > v
    assert not np.float64(3.0) < v
    assert v != np.float64(2.0)  # equality is identity
    assert (np.array(2.0) * v).data == 4.0
