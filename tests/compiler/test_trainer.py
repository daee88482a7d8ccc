"""Trainer: means over the batch inside a loss, buffers that follow them, rates of each step."""

import random

import pytest

pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import TraceError, Trainer, Value

RNG = random.Random(0)
ROWS = [[RNG.gauss(0.0, 1.0) for _ in range(3)] for _ in range(11)]
START = [RNG.gauss(0.0, 1.0) for _ in range(20)]


def normalised(rows, batch_mean):
    """Each column with mean 0 and variance 1 over the rows, and the means; `batch_mean` takes a column."""
    columns = list(zip(*rows))
    means = [batch_mean(column) for column in columns]
    variances = [batch_mean([(x - m) ** 2 for x in column]) for column, m in zip(columns, means)]
    return [[(x - m) / (v + 1e-3).sqrt() for x, m, v in zip(row, means, variances)] for row in rows], means


def two_layers(weights, rows, batch_mean):
    """The loss of every row, normalised after each layer, and a penalty; and the first layer's means."""
    rows = [[autograd.dot(weights[3 * k:3 * k + 3], row) for k in range(4)] for row in rows]
    rows, means = normalised(rows, batch_mean)
    rows = [[autograd.dot(weights[12 + 4 * k:16 + 4 * k], [x.tanh() for x in row]) for k in range(2)] for row in rows]
    rows, _ = normalised(rows, batch_mean)
    penalty = 0.1 * weights[0] ** 2 + weights[1] * means[0]
    return [((row[0] - 1.0) * row[1]).tanh() + penalty for row in rows], means


def of_one(column):
    """The mean over a batch for which one row stands."""
    (x,) = column
    return Trainer.batch_mean(x)


@pytest.mark.parametrize("count", [2, 7, 8, 11])
def test_a_loss_with_means_over_the_batch(count):
    """Loss, gradient and what is observed, as the eager engine finds them from all rows at once; to rounding."""
    weights, buffers = [Value(w) for w in START], [Value(0.0) for _ in range(4)]
    losses, means = two_layers(weights, ROWS[:count], autograd.mean)
    expected = autograd.mean(losses)

    def loss(sample):
        (found,), observed = two_layers(weights, [sample], of_one)
        return found, dict(zip(buffers, observed))

    trainer = Trainer(loss, weights, 3)
    assert trainer.joint
    found, slopes = trainer.value_and_grad(ROWS[:count])
    assert found == pytest.approx(expected.data, rel=1e-12)
    assert slopes == pytest.approx(list(autograd.grad(expected, weights)), rel=1e-9, abs=1e-13)
    copying = Trainer.group(buffers, lambda p, g, state, lr: (g, state), "copy", 0.0, {})
    trainer.run(ROWS, [range(count)], [copying], {})
    assert [b.data for b in buffers] == pytest.approx([m.data for m in means], rel=1e-12)


def test_batches_of_several_sizes_in_one_run():
    weights = [Value(w) for w in START]
    trainer = Trainer(lambda sample: two_layers(weights, [sample], of_one)[0][0], weights, 3)
    batches = [[0, 1, 2, 3, 4], [5, 6], list(range(11))]
    losses, done = trainer.run(ROWS, batches, [], {})
    assert done == 3
    for batch, loss in zip(batches, losses):
        assert loss == pytest.approx(trainer.value_and_grad([ROWS[i] for i in batch])[0], rel=1e-14)


def test_observing_what_is_not_the_same_for_all_samples_takes_its_mean():
    w, seen = Value(2.0), Value(0.0)
    trainer = Trainer(lambda sample: (w * sample[0], {seen: sample[0]}), [w], 1)
    copying = Trainer.group([seen], lambda p, g, state, lr: (g, state), "copy", 0.0, {})
    trainer.run([[1.0], [2.0], [6.0]], [[0, 1, 2]], [copying], {})
    assert (seen.data, w.data, w.grad) == (3.0, 2.0, 3.0)


def test_rates_of_each_step():
    w = Value(0.0)
    trainer = Trainer(lambda sample: w * sample[0], [w], 1)
    group = Trainer.group([w], lambda p, g, s, lr, more: (p - lr * g * more, s), "", [1.0, 10.0, 100.0], {}, more=2.0)
    trainer.run([[1.0]], [[0]] * 3, [group], {})
    assert w.data == -222.0


def test_a_batch_mean_elsewhere_is_an_error():
    with pytest.raises(TraceError, match="batch_mean is for the loss of a Trainer"):
        Trainer.batch_mean(1.0)
    with pytest.raises(TraceError, match="batch_mean is for the loss of a Trainer"):
        autograd.compile(lambda x: Trainer.batch_mean(x))(1.0)
    w = Value(1.0)
    with pytest.raises(TraceError, match="cannot pass through batch_mean"):
        Trainer(lambda sample: autograd.grad(Trainer.batch_mean(w * sample[0]), [w])[0], [w], 1)


def test_an_update_that_would_do_harm_is_not_taken():
    def descent(rates):
        w, v = Value(1.0), Value(3.0)
        trainer = Trainer(lambda sample: (w * sample[0] - v * sample[1]) ** 2, [w, v], features=2)
        group = Trainer.group([w, v], lambda p, g, state, lr: (p - lr * g, state), "descent", rates, {})
        losses, done = trainer.run([[200.0, 1.0], [1.0, 3.0]], [[k % 2] for k in range(len(rates))], [group], {})
        return losses[:done], done, (w.data, v.data)

    assert descent([1e-5, 1e-5, 1e308, 1e-5]) == descent([1e-5, 1e-5])
    assert descent([1e308]) == ([], 0, (1.0, 3.0))
