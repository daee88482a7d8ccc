"""gradient_descent: its path, its ends, ascent, and what learning rates do on x^2."""

import math
import re

import pytest

from autograd import cos, log
from nn import gradient_descent


def square(x):
    return x**2


@pytest.mark.parametrize("lr", [0.1, 0.5, 0.9, 1.0, 1.1])
def test_a_step_on_a_square_multiplies_by_one_minus_twice_the_rate(lr):
    path = gradient_descent(square, 3.0, lr, num_iterations=20)
    assert len(path) == 21
    assert path.points == pytest.approx([3.0 * (1.0 - 2.0 * lr) ** k for k in range(21)], rel=1e-13, abs=1e-15)
    assert path.values == [x * x for x in path.points]
    assert path.gradients == [2.0 * x for x in path.points]


def test_rates_converge_oscillate_and_diverge():
    near, swinging, far = (gradient_descent(square, 3.0, lr, num_iterations=50) for lr in (0.3, 1.0, 1.05))
    assert abs(near.x) < 1e-15
    assert set(swinging.points) == {3.0, -3.0}
    assert abs(far.x) > 300.0
    assert all(x * y < 0.0 for x, y in zip(far.points, far.points[1:], strict=False))


def test_ascent_is_descent_on_the_negative():
    up = gradient_descent(lambda x: -square(x - 1.0), 3.0, 0.2, maximize=True)
    down = gradient_descent(lambda x: square(x - 1.0), 3.0, 0.2)
    assert up.points == down.points


def test_it_stops_when_steps_become_short():
    path = gradient_descent(cos, 2.0, 0.5, num_iterations=1000, tol=1e-8)
    assert path.converged
    assert path.x == pytest.approx(math.pi, abs=1e-7)
    assert len(path) < 60
    assert path.reason == "the next step is no longer than tol = 1e-08"


def test_it_stops_where_it_is_no_longer_finite_and_says_why():
    path = gradient_descent(square, 1.0, 1e200, num_iterations=50)
    assert not path.converged
    assert "no longer finite (f = inf): the learning rate 1e+200 is too large" in path.reason
    assert len(path) < 5
    assert "f = nan" in gradient_descent(log, -1.0, 0.1).reason


@pytest.mark.parametrize(("f", "x0", "said"), [
    (lambda x: x.log(), -1.0, r"f or its gradient is not finite at x0 \(f = nan\): start somewhere else"),
    (lambda x: x * x, float("nan"), r"not finite at x0 \(f = nan\)"),
    (lambda x: x.sqrt(), 0.0, r"not finite at x0 \(f = 0\.0\)"),
])
def test_a_start_that_is_no_good_is_not_the_rates_fault(f, x0, said):
    path = gradient_descent(f, x0, lr=0.1)
    assert re.search(said, path.reason)
    assert len(path) == 1


@pytest.mark.parametrize(("options", "message"), [
    ({"lr": "0.1"}, "gradient_descent needs a number for lr, got '0.1'"),
    ({"lr": 0.1, "num_iterations": 1.5}, "needs a whole number for num_iterations, got 1.5"),
    ({"lr": 0.1, "tol": None}, "needs a number for tol, got None"),
])
def test_options_of_another_type_are_named(options, message):
    with pytest.raises(TypeError, match=message):
        gradient_descent(lambda x: x * x, 1.0, **options)


def test_several_variables():
    path = gradient_descent(lambda p: (p[0] - 1.0) ** 2 + 2.0 * (p[1] + 2.0) ** 2, [0.0, 0.0], 0.2, 200)
    assert path.x == pytest.approx([1.0, -2.0], abs=1e-12)
    assert path.value == pytest.approx(0.0, abs=1e-24)
    assert path.points[1] == pytest.approx([0.4, -1.6])
    assert len(path.gradients[0]) == 2


def test_a_list_of_one_stays_a_list():
    assert gradient_descent(lambda p: p[0] ** 2, [1.0], 0.25, 1).points == [[1.0], [0.5]]


def test_no_iterations_and_the_minimum_itself():
    assert gradient_descent(square, 3.0, 0.1, 0).points == [3.0]
    path = gradient_descent(square, 0.0, 0.1)
    assert (path.converged, set(path.points)) == (True, {0.0})
    assert len(path) == 101


def test_a_path_reads_well():
    path = gradient_descent(square, 1.0, 0.25, num_iterations=2)
    assert repr(path) == "Path(2 steps to x=0.25, f(x)=0.0625: all 2 steps were taken)"
    assert list(path) == [(1.0, 1.0), (0.5, 0.25), (0.25, 0.0625)]


@pytest.mark.parametrize(("options", "message"), [
    ({"lr": -1.0}, "lr >= 0, got -1.0"),
    ({"lr": math.nan}, "lr >= 0, got nan"),
    ({"lr": 0.1, "num_iterations": -1}, "num_iterations >= 0, got -1"),
    ({"lr": 0.1, "tol": -1.0}, "tol >= 0, got -1.0"),
])
def test_impossible_options_are_named(options, message):
    with pytest.raises(ValueError, match=f"gradient_descent needs {message}"):
        gradient_descent(square, 1.0, **options)


def test_a_function_that_returns_no_number_is_named():
    with pytest.raises(TypeError, match="a function that returns one number"):
        gradient_descent(lambda x: [x, x], 1.0, 0.1)


@pytest.mark.parametrize("f", [lambda x: math.sin(x), lambda x: 3.0])
def test_a_function_that_leaves_the_graph_is_refused(f):
    with pytest.raises(TypeError, match=r"f returned .*, a plain number, so its derivative is lost: .*autograd\.sin"):
        gradient_descent(f, 1.0, lr=0.1)


def test_an_array_is_a_point():
    np = pytest.importorskip("numpy")
    f = lambda p: p[0] ** 2 + p[1] ** 2
    assert gradient_descent(f, np.array([1.0, 2.0]), 0.1, 3) == gradient_descent(f, [1.0, 2.0], 0.1, 3)
