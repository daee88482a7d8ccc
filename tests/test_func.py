"""Derivatives as functions, of any order."""

import math

import pytest

import autograd
import nn
from autograd import Value, func
from autograd.graph import backpropagate


def rosenbrock(x):
    return sum((100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in zip(x, x[1:])), 0.0)


def test_grad_leaves_grad_alone():
    x = Value(2.0)
    x.grad = 7.0
    assert autograd.grad(x**3, x) == (12.0,)
    assert x.grad == 7.0


def test_grad_of_several_outputs_and_inputs():
    x, y, unused = Value(2.0), Value(3.0), Value(1.0)
    assert autograd.grad([x * y, x + y], [x, y, unused]) == (4.0, 3.0, 0.0)
    assert autograd.grad([x * y, x + y], [x, y], grad_outputs=[10.0, 1.0]) == (31.0, 21.0)
    assert autograd.grad(x * y, x, grad_outputs=2.0) == (6.0,)


def test_grad_of_an_interior_node():
    x = Value(2.0)
    h = x * x
    assert autograd.grad(h**3, [h, x]) == (48.0, 48.0 * 4.0)


def test_grad_refuses_what_it_cannot_do():
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"grad differentiates with respect to Values, not float \(1.0\)"):
        autograd.grad(x * 2.0, [1.0])
    with pytest.raises(ValueError, match="grad_outputs has 2 weights for 1 outputs"):
        autograd.grad(x * 2.0, x, grad_outputs=[1.0, 2.0])
    with pytest.raises(TypeError, match=r"grad needs a function that returns one number, not \[.*use jacobian"):
        func.grad(lambda x: [x, x])(1.0)
    with pytest.raises(ValueError, match="argnums=1, but the function was called with 1 arguments"):
        func.grad(lambda x: x, argnums=1)(1.0)


BY_A_MODULE = r"not MLP \(MLP\(\)  13 parameters\.\.\.\): call it, .* autograd\.grad\(loss, model\.parameters\(\)\)$"


@pytest.mark.parametrize("derivative", [
    func.grad, func.value_and_grad, func.jacobian, lambda f: lambda model: func.vjp(f, model),
    lambda f: lambda model: func.grad(lambda held: f(held["model"]))({"model": model}),
], ids=["grad", "value_and_grad", "jacobian", "vjp", "in a dictionary"])
def test_a_module_is_differentiated_by_its_parameters(derivative):
    model = nn.MLP(2, [3, 1], seed=1)
    derived = derivative(lambda model: model([1.0, 2.0]))
    with pytest.raises(TypeError, match=BY_A_MODULE):
        derived(model)
    with pytest.raises(TypeError, match=BY_A_MODULE):
        autograd.compile(derived)(model)


def test_the_way_to_differentiate_by_a_module():
    def slopes(model):
        return autograd.grad(model([1.0, 2.0]), model.parameters())

    model = nn.MLP(2, [3, 1], seed=1)
    assert autograd.compile(slopes)(model) == slopes(model)
    model([1.0, 2.0]).backward()
    assert slopes(model) == tuple(p.grad for p in model.parameters())
    for inputs in (model, [model], nn.Sequential(model)):
        with pytest.raises(TypeError, match=r"not MLP \(MLP\(\)  13 parameters\.\.\.\): pass model\.parameters\(\)$"):
            autograd.grad(model([1.0, 2.0]), inputs)


def test_third_derivative_of_tanh_against_its_closed_form():
    third = func.grad(func.grad(func.grad(autograd.tanh)))
    for x in (-1.7, -0.3, 0.0, 0.4, 2.1):
        t = math.tanh(x)
        exact = (1 - t * t) * (6 * t * t - 2)
        assert third(x) == pytest.approx(exact, rel=1e-13, abs=1e-15)  # a dozen roundings of terms of size 2


def test_hessian_of_rosenbrock_is_exact():
    x = [-1.25, 1.0, 0.5]  # binary fractions: every product below is exact
    H = func.hessian(rosenbrock)(x)
    exact = [[0.0] * 3 for _ in range(3)]
    for i in range(2):
        exact[i][i] += 1200 * x[i] ** 2 - 400 * x[i + 1] + 2
        exact[i][i + 1] = exact[i + 1][i] = -400 * x[i]
        exact[i + 1][i + 1] += 200
    assert H == exact


def test_create_graph_gives_values_also_for_constants():
    x = Value(2.0)
    (slope,) = autograd.grad(3.0 * x, x, create_graph=True)
    assert isinstance(slope, Value) and slope.data == 3.0
    assert autograd.grad(slope, x) == (0.0,)


def test_create_graph_notices_changed_data():
    x, w = Value(2.0), Value(3.0)
    y = x * w
    w.data = 5.0
    with pytest.raises(RuntimeError, match=r"the derivative of mul was 3.0 when it was recorded and is 5.0 now"):
        autograd.grad(y, x, create_graph=True)


def test_nested_differentiation_does_not_confuse_its_variables():
    # d/dy (x + y) is 1 whatever x is, also where both are the same number
    f = func.grad(lambda x: x * func.grad(lambda y: x + y)(x))
    assert f(3.0) == 1.0


def test_every_mode_agrees():
    def f(x):
        return [autograd.sin(x[0]) * x[1], x[0] / x[1], autograd.exp(x[0] * x[1])]

    x, v, u = [0.7, -1.3], [0.3, 0.4], [1.0, -2.0, 0.5]
    J = func.jacobian(f)(x)
    Jv = [sum(a * b for a, b in zip(row, v)) for row in J]
    uJ = [sum(u[k] * J[k][i] for k in range(3)) for i in range(2)]
    _, forward = func.jvp(f, (x,), (v,))
    _, pull = func.vjp(f, x)
    assert forward == pytest.approx(Jv, rel=1e-14)  # a sum of two products, added in another order
    assert pull(u)[0] == pytest.approx(uJ, rel=1e-14)


def test_sparse_derivatives_are_those_that_a_path_leads_to():
    x = [-1.2, 1.0, 0.5, -0.75]
    whole, sparse = func.hessian(rosenbrock)(x), func.hessian(rosenbrock, sparse=True)(x)
    places = list(zip(sparse.pattern.rows, sparse.pattern.columns))
    assert places == [(i, j) for i in range(4) for j in range(4) if abs(i - j) <= 1]
    assert sparse.values == [whole[i][j] for i, j in places]
    assert sparse.dense() == whole
    assert repr(sparse.pattern) == "Pattern(10 of 4 x 4)"


def test_sparse_jacobian_of_trees_numbers_their_leaves():
    f = lambda p: {"sum": p["a"][0] + p["b"], "rest": (p["a"][1] * 3.0, 7.0)}
    found = func.jacobian(f, sparse=True)({"a": [1.0, 2.0], "b": 5.0})
    assert found.dense() == [[1.0, 0.0, 1.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]]
    nothing = func.jacobian(lambda x: [1.0, 2.0], sparse=True)([3.0])
    assert (nothing.values, nothing.dense()) == ([], [[0.0], [0.0]])


def test_sparse_second_derivatives_can_be_differentiated():
    f = lambda x: x[0] ** 3 * x[1]
    third = func.grad(lambda x: autograd.sum(func.hessian(f, sparse=True)(x).values))([2.0, 3.0])
    assert third == func.grad(lambda x: autograd.sum(h for row in func.hessian(f)(x) for h in row))([2.0, 3.0])


def test_hessian_vector_product_agrees_with_the_hessian():
    x, v = [-1.2, 1.0, 0.7], [1.0, -2.0, 0.5]
    H = func.hessian(rosenbrock)(x)
    value, Hv = func.hvp(rosenbrock, x, v)
    assert value == rosenbrock(x)
    assert Hv == pytest.approx([sum(a * b for a, b in zip(row, v)) for row in H], rel=1e-13)  # sums of terms near 1e3


def test_the_two_statements_of_the_chain_rule_agree_bit_for_bit():
    a, b = Value(0.7), Value(-1.1)
    y = (a * b + autograd.exp(a)) / (b * b + 1.0) + autograd.hypot(a, b) * a
    backpropagate(y, 1.0)
    assert autograd.grad(y, [a, b]) == (a.grad, b.grad)


def test_structures_keep_their_shape():
    f = lambda w: w["a"] * w["b"][0] + w["b"][1][0] ** 2
    assert func.grad(f)({"a": 2.0, "b": [3.0, (4.0,)]}) == {"a": 3.0, "b": [2.0, (8.0,)]}
    with pytest.raises(ValueError, match="jvp got 1 tangents for 2 primals"):
        func.jvp(lambda a, b: a * b, (1.0, 2.0), (1.0,))
    with pytest.raises(ValueError, match="hvp got a direction of 1 for 2 inputs"):
        func.hvp(rosenbrock, [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="vjp got 2 cotangents for 1 outputs"):
        func.vjp(lambda a: a, 1.0)[1]([1.0, 2.0])


def test_graph_derivatives_through_a_constant_zero_are_ieee():
    x = Value(2.0)
    for y in (x / 0.0, autograd.hypot(x * 0.0, 0.0), x ** autograd.log(0.0)):
        eager = autograd.grad(y, x)
        (graph,) = autograd.grad(y, x, create_graph=True)
        assert str(graph.data) == str(eager[0])
    assert func.grad(lambda x: x / 0.0)(2.0) == math.inf
    assert func.grad(func.grad(lambda x: x * x / 0.0))(1.0) == math.inf


def test_structures_are_paired_by_key_and_refused_when_they_differ():
    f = lambda d: d["a"] * d["b"]
    assert func.jvp(f, ({"a": 2.0, "b": 3.0},), ({"b": 1.0, "a": 0.0},)) == (6.0, 2.0)
    g = lambda x: x["a"] ** 2 * x["b"]
    assert func.hvp(g, {"a": 1.0, "b": 2.0}, {"b": 1.0, "a": 0.0})[1] == {"a": 2.0, "b": 0.0}
    _, pull = func.vjp(lambda x: {"u": x, "v": 10.0 * x}, 1.0)
    assert pull({"v": 1.0, "u": 0.0}) == (10.0,)
    with pytest.raises(ValueError, match=r"the keys \['b'\] where \['a'\] were expected"):
        func.jvp(lambda d: d["a"], ({"a": 1.0},), ({"b": 1.0},))


@pytest.mark.parametrize(("returned", "shown"), [(None, "return statement"), ("a", "str"), (1j, "complex")])
def test_a_function_that_returns_no_number_is_refused(returned, shown):
    for transform in (func.grad, func.value_and_grad, func.jacobian):
        with pytest.raises(TypeError, match=shown):
            transform(lambda x: returned)(1.0)
    assert func.grad(lambda x: 3)(1.0) == 0.0


def test_an_array_of_one_value_is_not_one_number():
    np = pytest.importorskip("numpy")
    with pytest.raises(TypeError, match="use jacobian"):
        func.grad(lambda x: np.array([x]))(1.0)


def test_a_forward_derivative_can_be_differentiated():
    assert func.grad(lambda t: func.jvp(lambda a: a**3, (t,), (1.0,))[1])(2.0) == 12.0
    assert func.grad(lambda t: func.jvp(lambda a: a**3, (2.0,), (t,))[1])(1.0) == 12.0


def test_derivatives_are_taken_under_no_grad_too():
    with autograd.no_grad():
        assert func.grad(lambda v: v * v)(3.0) == 6.0
        assert func.grad(func.grad(lambda v: v**3))(2.0) == 12.0
        assert func.jvp(lambda v: v * v, (3.0,), (1.0,)) == (9.0, 6.0)
        assert (Value(1.0) * 2.0).args == ()


def test_named_arguments_and_several_argnums():
    f = lambda x, y, k=1.0: k * x * y
    assert func.grad(f)(2.0, 3.0, k=5.0) == 15.0
    assert func.grad(f, argnums=(0, 1))(2.0, 3.0) == (3.0, 2.0)
    assert func.value_and_grad(f, argnums=(1,))(2.0, 3.0) == (6.0, (2.0,))
    assert func.hessian(f, argnums=(0, 1))(2.0, 3.0) == ((0.0, 1.0), (1.0, 0.0))
