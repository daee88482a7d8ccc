"""Optimisers: one rule for floats and Values, groups, states, refusals, Newton; PyTorch's paths are elsewhere."""

import math

import pytest

import nn
from autograd import AnomalyError, Value, no_grad
from nn.optim import SGD, Adagrad, Adam, AdamW, Newton, RMSprop, decay_groups
from tests.nn.against_pytorch import OPTIMISERS, START, bowl


def descend(optimizer, xs, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        bowl(*xs).backward()
        optimizer.step()
    return [x.data for x in xs]


@pytest.mark.parametrize(("name", "options"), OPTIMISERS)
def test_the_rule_is_the_same_text_on_values(name, options):
    optimizer = getattr(nn.optim, name)([Value(1.0)], **options)
    options = optimizer.options(optimizer.param_groups[0], Value(1.0))
    p, state = 0.7, optimizer.start(0.7, **options)
    q, states = Value(0.7), {key: Value(x) for key, x in state.items()}
    for g in (0.3, -1.2, 0.05):
        p, state = optimizer.rule(p, g, state, **options)
        q, states = optimizer.rule(q, Value(g), states, **options)
        assert q.data == p
        assert {key: x.data for key, x in states.items()} == state
    assert q.op is not None  # it was recorded


@pytest.mark.parametrize(("name", "options"), OPTIMISERS)
def test_a_state_continues_bit_by_bit(name, options):
    kind = getattr(nn.optim, name)
    xs = [Value(x) for x in START]
    whole = descend(kind(xs, **options), xs, 10)

    xs = [Value(x) for x in START]
    first = kind(xs, **options)
    descend(first, xs, 4)
    saved = first.state_dict()
    ys = [Value(x.data) for x in xs]
    second = kind(ys)
    second.load_state_dict(saved)
    descend(first, xs, 1)  # going on with the first does not disturb what was saved
    assert descend(second, ys, 6) == whole


def test_an_optimizer_shows_its_options():
    assert repr(SGD([Value(1.0), Value(2.0)], lr=0.1)) == (
        "SGD(2 parameters, lr=0.1, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False)")
    groups = [{"params": [Value(1.0)], "lr": 0.5}, {"params": [Value(1.0)]}]
    assert repr(SGD(groups, lr=0.1, momentum=0.9)).startswith("SGD(1 + 1 parameters, lr=0.1, momentum=0.9, ")


def test_updates_are_not_recorded_and_leave_gradients_alone():
    x = Value(1.0)
    (x * x).backward()
    SGD([x], lr=0.25).step()
    assert (x.data, x.grad, x.op) == (0.5, 2.0, None)


def test_a_parameter_without_gradient_is_left_alone():
    x, y = Value(1.0), Value(1.0)
    optimizer = AdamW([x, y], weight_decay=0.5)
    (x * x).backward()
    optimizer.step()
    assert y.data == 1.0
    assert y not in optimizer.state


def test_options_may_change_on_the_way():
    torch = pytest.importorskip("torch")
    ends = []
    for optim, xs in ((nn.optim, [Value(2.0)]), (torch.optim, [torch.tensor(2.0, dtype=torch.float64)])):
        optimizer = optim.SGD(xs, lr=0.1)
        for momentum in (0.0, 0.9, 0.9, 0.0, 0.5):
            optimizer.param_groups[0]["momentum"] = momentum
            xs[0].grad = 1.0 if optim is nn.optim else torch.tensor(1.0, dtype=torch.float64)
            optimizer.step()
        ends.append(float(xs[0].data))
    assert ends[0] == pytest.approx(ends[1], rel=1e-15)


def test_groups_have_their_own_options():
    x, y, z = Value(1.0), Value(1.0), Value(1.0)
    optimizer = SGD([{"params": [x], "weight_decay": 0.5}, {"params": y, "lr": 0.2}], lr=0.1)
    optimizer.add_param_group({"params": [z], "maximize": True})
    for p in (x, y, z):
        p.grad = 1.0
    optimizer.step()
    assert [round(p.data, 12) for p in (x, y, z)] == [0.85, 0.8, 1.1]


def test_biases_slopes_and_scales_are_not_decayed_in_decay_groups():
    model = nn.Sequential(nn.Linear(2, 3, seed=0), nn.BatchNorm1d(3), nn.PReLU(), nn.Linear(3, 1, seed=1))
    before = {name: p.data for name, p in model.named_parameters()}
    optimizer = SGD(decay_groups(model, 0.5), lr=1.0)
    for p in model.parameters():
        p.grad = 0.0
    optimizer.step()
    for name, p in model.named_parameters():
        shrunk = ".w." in name
        assert p.data == (0.5 if shrunk else 1.0) * before[name]
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(before)


@pytest.mark.parametrize("kind", [SGD, Adagrad, RMSprop, Adam, AdamW])
def test_prelus_slope_is_never_decayed(kind):
    f = nn.PReLU()
    optimizer = kind([*f.parameters(), p := Value(1.0)], lr=0.1, weight_decay=0.5)
    f.weight[0].grad = p.grad = 0.0
    optimizer.step()
    assert f.weight[0].data == 0.25
    assert p.data < 1.0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_named_and_nothing_moves(bad):
    model = nn.MLP(1, [1], seed=0)
    before = model.state_dict()
    for p in model.parameters():
        p.grad = 1.0
    model.layers[0].neurons[0].b.grad = bad
    with pytest.raises(AnomalyError, match=rf"SGD: the gradient of layer0/neuron0/b is {bad}, and nothing was updated"):
        SGD(model.parameters(), lr=0.1).step()
    assert model.state_dict() == before


@pytest.mark.parametrize("kind", [Adagrad, RMSprop, Adam, AdamW])
def test_a_step_that_would_do_harm_changes_nothing(kind):
    p, q = Value(1.0, label="p"), Value(2.0, label="q")
    optimizer = kind([p, q], eps=0.0)
    p.grad, q.grad = 1.0, 0.0
    with pytest.raises(AnomalyError, match=rf"{kind.__name__}: q would go from 2.0 to nan, and nothing .*: eps=0 div"):
        optimizer.step()
    assert (p.data, q.data, optimizer.state) == (1.0, 2.0, {})


def test_a_weight_never_becomes_infinite():
    p = Value(1e308, label="p")
    p.grad = -1e308
    with pytest.raises(AnomalyError, match=r"SGD: p would go from 1e.308 to inf, and nothing was updated: lr is t"):
        SGD([p], lr=10.0).step()
    assert p.data == 1e308


def test_a_gradient_without_a_name_is_told_by_its_number():
    x = Value(2.5)
    x.grad = math.nan
    with pytest.raises(AnomalyError, match=r"a parameter that is 2\.5 is nan"):
        Adam([x]).step()


@pytest.mark.parametrize(("build", "error", "message"), [
    (lambda x: SGD([], lr=0.1), ValueError, r"SGD got no parameters: pass model.parameters\(\)"),
    (lambda x: SGD([x, x]), ValueError, "got a parameter twice"),
    (lambda x: SGD([1.0]), TypeError, r"SGD updates Values, not float \(1.0\)"),
    (lambda x: SGD([x * x]), ValueError, "updates leaves, and this one was made by mul"),
    (lambda x: SGD([{"params": [x], "beta": 1.0}]), ValueError, "SGD has no option 'beta': it has lr, momentum"),
    (lambda x: SGD([{"lr": 1.0}]), ValueError, "a group of parameters needs 'params', got lr"),
    (lambda x: SGD([x], lr=-0.1), ValueError, "SGD needs lr >= 0, got -0.1"),
    (lambda x: SGD([x], lr=math.nan), ValueError, "SGD needs lr >= 0, got nan"),
    (lambda x: SGD([x], nesterov=True), ValueError, "nesterov needs a momentum above 0 and a dampening of 0"),
    (lambda x: Adam([x], betas=(0.9, 1.0)), ValueError, r"Adam needs two betas from 0 to below 1, got \(0.9, 1.0\)"),
    (lambda x: AdamW([x], eps=-1.0), ValueError, "AdamW needs eps >= 0, got -1.0"),
    (lambda x: Newton([{"params": [x]}, {"params": [Value(1.0)]}]), ValueError, "pass them as one group"),
])
def test_what_cannot_be_optimised_says_why(build, error, message):
    with pytest.raises(error, match=message):
        build(Value(1.0))


@pytest.mark.parametrize(("change", "message"), [
    (lambda s: s["param_groups"][0]["params"].append(1), r"groups of \[2\] parameters, and SGD has \[1\]"),
    (lambda s: s["param_groups"][0].pop("nesterov"), "not one of SGD: it has no 'nesterov'"),
])
def test_a_state_of_another_optimiser_is_refused(change, message):
    state = SGD([Value(1.0)]).state_dict()
    change(state)
    with pytest.raises(ValueError, match=message):
        SGD([Value(1.0)]).load_state_dict(state)


def test_options_are_pytorchs():
    torch = pytest.importorskip("torch")
    inputs = {"foreach", "capturable", "differentiable", "fused"}  # how, not what
    for name in "SGD", "Adagrad", "RMSprop", "Adam", "AdamW":
        theirs = getattr(torch.optim, name)([torch.zeros(1)]).defaults
        mine = getattr(nn.optim, name)([Value(0.0)]).defaults
        assert mine == {key: x for key, x in theirs.items() if key not in inputs}


# -------------------------------------------------------------------------------------------------- Newton


def test_newton_needs_one_step_on_a_quadratic():
    x, y, z = Value(5.0), Value(-3.0), Value(1.0)

    def quadratic():
        return 3.0 * x * x + 2.0 * x * y + 2.0 * y * y + 0.01 * (z - 4.0) ** 2 - x

    Newton([x, y, z]).step(quadratic)
    # The gradient 6x + 2y - 1, 2x + 4y, z - 4 vanishes at (0.2, -0.1, 4); solving leaves a few roundings.
    assert [x.data, y.data, z.data] == pytest.approx([0.2, -0.1, 4.0], abs=1e-13)


def test_newton_finds_the_valley_of_rosenbrock_from_a_hard_start():
    x, y = Value(-1.2), Value(1.0)
    newton = Newton([x, y])
    losses = [newton.step(lambda: 100.0 * (y - x * x) ** 2 + (1.0 - x) ** 2) for _ in range(25)]
    assert (x.data, y.data) == pytest.approx((1.0, 1.0), abs=1e-12)
    assert all(after <= before for before, after in zip(losses, losses[1:], strict=False))  # the line search's promise


def saddle(x, y):
    return x**4 / 4.0 - x * x / 2.0 + y * y  # a saddle at 0, minima at x = +-1


def test_bare_newton_goes_to_the_saddle_and_damped_newton_to_a_minimum():
    ends = []
    for damped in False, True:
        x, y = Value(0.3), Value(1.0)
        newton = Newton([x, y], damped=damped)
        for _ in range(30):
            newton.step(lambda x=x, y=y: saddle(x, y))
        ends.append((round(x.data, 9), round(y.data, 9)))
    assert ends == [(0.0, 0.0), (1.0, 0.0)]


def test_newton_climbs_too():
    x = Value(0.3)
    newton = Newton([x], maximize=True)
    assert newton.step(lambda: -((x - 2.0) ** 2)) == pytest.approx(-2.89)
    assert x.data == pytest.approx(2.0, abs=1e-15)


def test_newton_halves_steps_that_overshoot():
    x = Value(3.0)  # on sqrt(1 + x^2) the bare step goes to -x^3
    newton = Newton([x])
    for _ in range(10):
        newton.step(lambda: (1.0 + x * x).sqrt())
    assert x.data == pytest.approx(0.0, abs=1e-7)
    y = Value(3.0)
    Newton([y], damped=False).step(lambda: (1.0 + y * y).sqrt())
    assert y.data == pytest.approx(-27.0, rel=1e-12)


def test_newton_says_what_it_cannot_do():
    x, y = Value(1.0), Value(1.0)
    with pytest.raises(ValueError, match=r"the Hessian is singular, .* use damped=True"):
        Newton([x, y], damped=False).step(lambda: (x + y) ** 2)
    with pytest.raises(AnomalyError, match="Newton: the gradient of a parameter that is 0 is"):
        z = Value(0.0)
        Newton([z]).step(lambda: z.log())


def test_newton_trains_a_small_network():
    model = nn.MLP(1, [3, 1], activation="tanh", seed=1)
    X = [[k / 4.0] for k in range(-4, 5)]
    y = [math.sin(2.0 * x[0]) for x in X]
    newton = Newton(model.parameters())

    def loss():
        return nn.functional.mse_loss(model(X), y) + 1e-6 * nn.functional.l2_penalty(model.parameters())

    for _ in range(25):
        newton.step(loss)
    with no_grad():
        assert loss().data < 1e-3


# ------------------------------------------------------------------------------------------------ clipping


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.5, math.inf])
def test_clipping_the_norm_is_pytorchs(norm_type):
    torch = pytest.importorskip("torch")
    gradients = [3.0, -4.0, 0.5]
    for limit in 1.0, 100.0:
        mine = [Value(0.0) for _ in gradients]
        theirs = [torch.zeros((), dtype=torch.float64, requires_grad=True) for _ in gradients]
        for p, q, g in zip(mine, theirs, gradients, strict=True):
            p.grad, q.grad = g, torch.tensor(g, dtype=torch.float64)
        norm = nn.utils.clip_grad_norm_(mine, limit, norm_type)
        assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, limit, norm_type).item(), rel=1e-14)
        assert [p.grad for p in mine] == pytest.approx([q.grad.item() for q in theirs], rel=1e-14)


def test_clipping_leaves_what_is_small_and_what_has_no_gradient():
    p, q = Value(1.0), Value(1.0)
    p.grad = 0.5
    assert nn.utils.clip_grad_norm_([p, q], 1.0) == 0.5
    nn.utils.clip_grad_value_([p, q], 0.6)
    assert (p.grad, q.has_grad) == (0.5, False)
    nn.utils.clip_grad_value_(p, 0.25)
    assert p.grad == 0.25


def test_clipping_shows_a_nan_or_refuses_it():
    p, q = Value(1.0), Value(1.0)
    p.grad, q.grad = math.nan, 1.0
    with pytest.raises(AnomalyError, match="a norm of nan, and cannot be clipped"):
        nn.utils.clip_grad_norm_([p, q], 1.0, error_if_nonfinite=True)
    assert q.grad == 1.0
    nn.utils.clip_grad_norm_([p, q], 1.0)
    assert math.isnan(q.grad)


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: nn.optim.SGD(nn.Linear(1, 1)), TypeError, r"SGD takes Values, not a Linear: pass model.parameters\(\)"),
    (lambda: nn.optim.SGD([Value(0.0)], lr="0.1"), TypeError, "SGD needs a number for lr, got '0.1'"),
    (lambda: nn.optim.Adam([Value(0.0)], betas=0.9), ValueError, "Adam needs two betas from 0 to below 1, got 0.9"),
    (lambda: nn.utils.clip_grad_norm_(nn.Linear(1, 1), 1.0), TypeError, r"clipping takes Values, .*parameters\(\)"),
])
def test_what_is_no_option_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
