"""Several threads on one step: the numbers of one to rounding, the same in every run, and an end in every case."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd  # noqa: E402
from autograd import Trainer, Value  # noqa: E402
from autograd.compiler import program as program_module  # noqa: E402
from autograd.compiler import run as run_module  # noqa: E402
from autograd.compiler.fuse import tape_of  # noqa: E402
from autograd.compiler.program import Program  # noqa: E402
from autograd.compiler.run import shares  # noqa: E402
from autograd.compiler.update import Update  # noqa: E402

RNG = random.Random(0)
SAMPLES = np.array([[RNG.gauss(0.0, 1.0) for _ in range(3)] for _ in range(101)])
START = [RNG.gauss(0.0, 0.5) for _ in range(12)]
# A sum of n terms in another order: sqrt(n) units of 2**-53 and 2**-24 relative to its terms, times a few operations.
PRECISION = {"float64": 1e-13, "float32": 5e-5}


@pytest.fixture(autouse=True)
def small_steps_are_shared(monkeypatch):
    monkeypatch.setattr(program_module, "WORTH_SHARING", 0)
    monkeypatch.setattr(program_module, "WORTH_WAKING", 0)


def network(p, x):
    hidden = [autograd.tanh(p[3 * k] * x[0] + p[3 * k + 1] * x[1] + p[3 * k + 2]) for k in range(3)]
    return (sum(w * h for w, h in zip(p[9:], hidden)) - x[2]) ** 2


def decayed(p, x):
    """With a part that no sample enters: its derivative is added once, not by every thread."""
    return network(p, x) + 0.1 * sum(w * w for w in p)


def transformed(p, x):
    """Of functions of the parameters: what is summed over the samples is read again after the last of them."""
    return network([w.exp() * w.sin() for w in p], x)


def only_parameters(p, x):
    return sum(w ** 4 for w in p)


def program(f, threads, dtype="float64", batched=True):
    ps, xs = [Value(p) for p in START], [Value(0.5) for _ in range(3)]
    made = Program(tape_of(f(ps, xs), [*ps, *xs]), len(ps), batched, dtype=dtype, threads=threads)
    made.parameters[:] = START
    return made


def trained(f, threads, batches, dtype="float64"):
    """Losses and parameters after a step of momentum for each batch."""
    made = program(f, threads, dtype)
    rule = lambda p, g, v, lr: (p - lr * (0.5 * v + g), 0.5 * v + g)
    update = Update(rule, [[0.1 / (1 + k)] for k in range(len(batches))], [made.room(len(START))])
    return [*made.run(SAMPLES, batches, [update]).tolist(), *made.parameters.tolist()]


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("threads", [2, 3, 5])
@pytest.mark.parametrize("f", [network, decayed, transformed, only_parameters])
def test_threads_give_the_numbers_of_one(f, threads, dtype):
    """Batches of all sizes, also of fewer samples than threads."""
    order = np.random.default_rng(1).permutation(len(SAMPLES))
    batches = [order[:n] for n in (101, 64, 17, 1, 2, 40, 8, 101)]
    expected = trained(f, 1, batches, dtype)
    assert np.allclose(trained(f, threads, batches, dtype), expected, rtol=PRECISION[dtype], atol=PRECISION[dtype])


def test_the_same_numbers_in_every_run():
    batches = [np.arange(101), np.arange(50, 90)] * 20
    assert len({tuple(trained(transformed, 3, batches)) for _ in range(8)}) == 1


def test_one_call_after_another():
    """A step a call: a thread may still be on its way out of the call before."""
    made, alone = program(decayed, 2), program(decayed, 1)
    loss, gradient = alone.value_and_grad(SAMPLES)
    step = made.prepare(SAMPLES, [np.arange(101)])
    first, slopes = step()[0], made.gradient[:len(START)].tolist()
    assert first == pytest.approx(loss, rel=1e-13)
    assert slopes == pytest.approx(gradient.tolist(), rel=1e-12)
    for _ in range(300):
        assert (step()[0], made.gradient[:len(START)].tolist()) == (first, slopes)


@pytest.mark.parametrize("bad", [0, 100])
def test_a_loss_that_is_not_finite_ends_the_run_in_every_thread(bad):
    samples = SAMPLES.copy()
    samples[bad] = np.nan
    made = program(network, 3)
    batches = [np.arange(1, 100)] * 3 + [np.arange(101)] + [np.arange(1, 100)] * 50
    losses = made.run(samples, batches)
    assert (len(losses), made.done, np.isnan(losses).tolist()) == (4, 3, [False] * 3 + [True])
    assert made.run(samples, batches[4:]).tolist() == [losses[0]] * 50


def test_a_thread_that_cannot_be_started_leaves_none_waiting(monkeypatch):
    class Exhausted(ThreadPoolExecutor):
        def submit(self, *args):
            if started:
                raise RuntimeError("can't start new thread")
            started.append(super().submit(*args))
            return started[0]

    started = []
    made = program(network, 3)
    step = made.prepare(SAMPLES, [np.arange(101)] * 4)
    pool = Exhausted(2)
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "helpers", lambda program: pool)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            step()
    assert started[0].result(timeout=60) is None
    assert len(step()) == 4


def test_programs_of_several_threads_side_by_side():
    batches = [np.arange(101)] * 50
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: tuple(trained(network, 3, batches)), range(3)))
    assert len(set(found)) == 1


def test_a_trainer_of_several_threads():
    weights = [Value(p) for p in START]
    (loss, slopes), (expected, exact) = (
        Trainer(lambda x: network(weights, x), weights, 3, threads=threads).value_and_grad(SAMPLES)
        for threads in (3, 1))
    assert (loss, slopes) == (pytest.approx(expected, rel=1e-13), pytest.approx(exact, rel=1e-12, abs=1e-14))


def test_where_one_thread_is_enough(monkeypatch):
    batch_mean = Trainer.batch_mean
    w = Value(2.0)
    assert Trainer(lambda x: (x[0] * w - batch_mean(x[0])) ** 2, [w], 1, threads=2).program.threads == 1
    assert program(network, 2, batched=False).threads == 1
    made = program(network, 2)
    monkeypatch.setattr(program_module, "WORTH_SHARING", 50 * made.products)
    monkeypatch.setattr(program_module, "WORTH_WAKING", 150 * made.products)
    for sizes, plans in (([49] * 4, 1), ([50] * 2, 1), ([50] * 3, 2), ([1, 149], 2), ([149], 1), ([150], 2)):
        assert len(made.prepare(SAMPLES, [np.zeros(size, int) for size in sizes]).plans) == plans


def test_no_threads_is_an_error():
    with pytest.raises(ValueError, match="a program needs one thread or more, got threads=0"):
        program(network, 0)


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_shares_cover_every_sample_once(threads):
    sizes = np.array([1, 7, 8, 9, 100, 64])
    ends = np.cumsum(sizes)
    parts = shares(sizes, threads, 8)
    for k, size in enumerate(sizes):
        taken = [range(part.begin[k], part.end[k]) for part in parts if part.weights[k]]
        assert [x for span in taken for x in span] == list(range(ends[k] - size, ends[k]))
        assert all(len(span) % 8 == 0 for span in taken[:-1])
        assert all(part.end[k] - part.begin[k] == 1 for part in parts if not part.weights[k])
