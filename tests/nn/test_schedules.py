"""Schedules: states, shapes, refusals; PyTorch's rates are elsewhere."""

import math

import pytest

from autograd import Value
from nn.optim import SGD
from nn.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LinearLR, LRScheduler, ReduceLROnPlateau, StepLR


def sgd(lr=0.1):
    return SGD([Value(1.0)], lr=lr)


BUILD = {
    "StepLR": lambda o: StepLR(o, 3), "ExponentialLR": lambda o: ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda o: CosineAnnealingLR(o, 5), "LinearLR": lambda o: LinearLR(o, 0.1, total_iters=8),
    "ReduceLROnPlateau": lambda o: ReduceLROnPlateau(o, patience=1),
}


def run(schedule, epochs):
    found = []
    for _ in range(epochs):
        schedule.step(*([1.0] if isinstance(schedule, ReduceLROnPlateau) else []))
        found += schedule.get_last_lr()
    return found


@pytest.mark.parametrize("name", BUILD)
def test_a_state_continues_the_schedule(name):
    whole = run(BUILD[name](sgd()), 14)
    optimizer = sgd()
    first = BUILD[name](optimizer)
    start = run(first, 6)
    saved, rates = first.state_dict(), optimizer.state_dict()
    other = sgd()
    second = BUILD[name](other)
    other.load_state_dict(rates)
    second.load_state_dict(saved)
    assert start + run(second, 8) == whole


def test_the_cosine_goes_down_to_its_end_and_comes_up_again():
    rates = run(CosineAnnealingLR(sgd(0.1), T_max=10, eta_min=0.02), 40)
    closed = [0.02 + 0.08 * (1.0 + math.cos(math.pi * t / 10)) / 2.0 for t in range(1, 41)]
    assert rates == pytest.approx(closed, rel=1e-12)  # each rate is made from the one before: 40 roundings


def test_a_warm_up_reaches_the_rate_and_stays():
    schedule = LinearLR(sgd(0.1), start_factor=0.25, total_iters=3)
    assert schedule.get_last_lr() == [0.025]
    assert run(schedule, 5) == pytest.approx([0.05, 0.075, 0.1, 0.1, 0.1], rel=1e-15)


def test_a_plateau_is_waited_for():
    schedule = ReduceLROnPlateau(sgd(1.0), factor=0.5, patience=2)
    rates = []
    for metric in (3.0, 2.0, 2.0, 2.0, 2.0, 1.0, Value(1.0)):
        schedule.step(metric)
        rates += schedule.get_last_lr()
    assert rates == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5]


def test_the_optimiser_uses_the_rate():
    x = Value(1.0)
    optimizer = SGD([x], lr=0.5)
    schedule = StepLR(optimizer, 1, gamma=0.5)
    for _ in range(2):
        x.grad = 1.0
        optimizer.step()
        schedule.step()
    assert x.data == 1.0 - 0.5 - 0.25


@pytest.mark.parametrize(("build", "message"), [
    (lambda o: StepLR(o, 0), "step_size is a number of epochs, at least 1, got 0"),
    (lambda o: CosineAnnealingLR(o, -3), "T_max is a number of epochs, at least 1, got -3"),
    (lambda o: LinearLR(o, total_iters=0), "total_iters is a number of epochs, at least 1, got 0"),
    (lambda o: LinearLR(o, start_factor=0.0), "0 < start_factor <= 1 .* got 0.0 and 1.0"),
    (lambda o: ReduceLROnPlateau(o, factor=1.0), "a factor below 1, got 1.0"),
    (lambda o: ReduceLROnPlateau(o, mode="up"), "mode 'min' or 'max' .* got 'up' and 'rel'"),
    (lambda o: StepLR(o, 2).load_state_dict({"gamma": 1.0}), "this state has gamma; StepLR has gamma, last_epoch"),
    (lambda o: StepLR("sgd", 2), "StepLR schedules an optimiser of nn.optim, not str"),
])
def test_what_cannot_be_scheduled_says_why(build, message):
    with pytest.raises((ValueError, TypeError), match=message):
        build(sgd())


def test_a_schedule_of_ones_own_is_one_method():
    class Inverse(LRScheduler):
        def next_rate(self, lr, initial_lr):
            return initial_lr / (1.0 + self.last_epoch)

    assert run(Inverse(sgd(1.0)), 3) == [1 / 2, 1 / 3, 1 / 4]
    with pytest.raises(NotImplementedError, match="LRScheduler needs a method next_rate"):
        LRScheduler(sgd()).step()
