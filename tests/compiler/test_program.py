"""Programs against the eager engine and NumPy: losses, gradients, whole training runs, and the traps on the way."""

import math
import random

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd  # noqa: E402
from autograd import Value  # noqa: E402
from autograd.compiler import lower  # noqa: E402
from autograd.compiler import program as program_module  # noqa: E402
from autograd.compiler.arrays import aligned  # noqa: E402
from autograd.compiler.fuse import tape_of  # noqa: E402
from autograd.compiler.program import Program  # noqa: E402
from autograd.compiler.update import Update  # noqa: E402
from autograd.primitive import TABLE, Primitive  # noqa: E402
from tests.compiler.graphs import random_function, random_layers  # noqa: E402


def program(f, parameters, sample, batched=True, dtype="float64"):
    """The program of f(parameters, sample), both lists of numbers."""
    ps, xs = [Value(p) for p in parameters], [Value(x) for x in sample]
    made = Program(tape_of(f(ps, xs), [*ps, *xs]), len(ps), batched, dtype=dtype)
    made.parameters[:] = parameters
    return made


def eager(f, parameters, samples):
    """Mean loss and gradient by the eager engine."""
    ps = [Value(p) for p in parameters]
    losses = [f(ps, [Value(x) for x in sample]) for sample in samples]
    loss = sum(losses) / len(losses)
    return loss.data, [float(g) for g in autograd.grad(loss, ps)]


def agree(f, parameters, samples, batched=True, rel=1e-12, dtype="float64"):
    loss, gradient = program(f, parameters, samples[0], batched, dtype).value_and_grad(np.array(samples))
    expected, slopes = eager(f, parameters, samples if batched else samples[:1])
    assert loss == pytest.approx(expected, rel=rel, abs=1e-300)
    # Sums are taken in another order: an error is relative to the largest term, not to a sum that cancels.
    assert np.allclose(gradient, slopes, rtol=rel, atol=rel * max(1e-300, *map(abs, slopes)))


def mlp(shape, activation):
    """loss(parameters, [inputs..., targets...]) of a plain scalar network, squared error."""

    def loss(parameters, sample):
        weights = iter(parameters)
        values = sample[:shape[0]]
        for fan_in, fan_out in zip(shape, shape[1:]):
            rows = [[next(weights) for _ in range(fan_in + 1)] for _ in range(fan_out)]
            values = [activation(sum((w * x for w, x in zip(row, values)), row[-1])) for row in rows]
        return sum((y - t) ** 2 for y, t in zip(values, sample[shape[0]:]))

    return loss


def numbers(count, seed, scale=1.0):
    rng = random.Random(seed)
    return [rng.gauss(0.0, scale) for _ in range(count)]


def size(shape):
    return sum((a + 1) * b for a, b in zip(shape, shape[1:]))


# Single precision carries 24 bits and double 53; the networks' sums and functions cost a few of them.
PRECISION = {"float64": 1e-12, "float32": 1e-5}


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize(("shape", "activation"), [
    ((1, 1), "tanh"), ((2, 3, 1), "relu"), ((5, 17, 4), "sigmoid"), ((9, 8, 8, 2), "tanh"), ((3, 4, 4, 2), "gelu"),
    ((2, 5, 3), "sin"), ((33, 10, 3), "tanh"), ((4, 6, 2), "expm1")], ids=str)
def test_networks(shape, activation, batched, dtype):
    samples = [numbers(shape[0] + shape[-1], k) for k in range(5)]
    agree(mlp(shape, getattr(autograd, activation)), numbers(size(shape), 99, 0.5), samples, batched,
          PRECISION[dtype], dtype)


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("seed", range(25))
def test_random_graphs(seed, batched):
    f = random_function(seed, 15, 5)
    samples = [[abs(x) + 0.1 for x in numbers(2, 7 * seed + k)] for k in range(3)]
    agree(lambda ps, xs: f([*ps, *xs]), numbers(3, seed), samples, batched, rel=1e-9)  # ill-conditioned ones among them


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("seed", [*range(20), 234])  # 234: rows that are all alike
def test_random_layers(seed, batched):
    draw = random.Random(seed)
    start = [draw.uniform(-0.7, 0.7) for _ in range(40)]
    samples = [[draw.uniform(-1.0, 1.0) for _ in range(3)] for _ in range(9)]
    agree(random_layers(seed, 40, 3), start, samples, batched, rel=1e-10)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 63, 64, 65, 200])
def test_any_number_of_samples(count, dtype):
    """Blocks of 64 and a last short one; what fills it up weighs nothing."""
    agree(mlp((3, 4, 1), autograd.tanh), numbers(size((3, 4, 1)), 1), [numbers(4, k) for k in range(count)],
          rel=PRECISION[dtype], dtype=dtype)


def test_softmax_cross_entropy_by_logsumexp():
    def loss(ps, xs):
        logits = [autograd.dot(ps[4 * k:4 * k + 4], xs[:4]) for k in range(3)]
        return autograd.logsumexp(logits) - autograd.dot(xs[4:], logits)

    samples = [[*numbers(4, k), *(1.0 if j == k % 3 else 0.0 for j in range(3))] for k in range(9)]
    agree(loss, numbers(12, 5), samples)


def test_a_penalty_on_parameters_is_computed_once_for_all_samples():
    def loss(ps, xs):
        penalty = sum(p * p for p in ps).sqrt()
        return (ps[0] * xs[0] + ps[1] - xs[1]) ** 2 + 0.1 * penalty

    agree(loss, [0.3, -0.4], [numbers(2, k) for k in range(11)])


def test_products_of_parameters_alone_inside_a_sum():
    agree(lambda ps, xs: (ps[0] * xs[0] + ps[1] * ps[2] + ps[2] * 2.0).tanh(), [0.3, -0.4, 0.9], [[0.5], [-1.5]])


def test_a_short_sum_alone_is_a_formula_and_agrees():
    """One or two products of single rows are computed element by element; a layer's rows stay a contraction."""
    def loss(ps, xs):
        hidden = [autograd.dot(ps[4 * k:4 * k + 4], xs).tanh() for k in range(6)]
        return autograd.sum(hidden) * xs[1] - ps[24] * xs[0]

    samples = [numbers(4, k) for k in range(20)]
    agree(loss, numbers(25, 5), samples)
    made = program(loss, numbers(25, 5), samples[0])
    kernels = [name for name, _ in made.bound(made.capacity(20)).codes["body"].instructions]
    assert any(name.startswith("add(mul($0, $1), mul($2, $3))") for name in kernels)
    assert "contract_sv" in kernels


def test_a_weight_shared_by_many_places():
    """A convolution: three weights slide over eight numbers."""
    def loss(ps, xs):
        return sum(autograd.tanh(sum(ps[j] * xs[k + j] for j in range(3))) for k in range(6))

    agree(loss, [0.5, -0.2, 0.8], [numbers(8, k) for k in range(20)])


@pytest.mark.parametrize("sorting", [0, 16])
def test_two_convolutions_without_a_batch(sorting, monkeypatch):
    """Adjoints of overlapping windows: their products meet in one result."""
    monkeypatch.setattr(lower, "WORTH_SORTING", sorting)

    def loss(ps, xs):
        inner = [autograd.tanh(sum(ps[j] * xs[k + j] for j in range(3))) for k in range(20)]
        outer = [sum(ps[3 + j] * inner[k + j] for j in range(5)) for k in range(16)]
        return sum(x * x for x in outer)

    agree(loss, numbers(8, 3), [numbers(22, 0)], batched=False)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("sorting", [0, 16])
def test_causal_attention(sorting, dtype, monkeypatch):
    """Sums of ragged lengths, forward over the earlier positions and backward over the later ones."""
    monkeypatch.setattr(lower, "WORTH_SORTING", sorting)
    positions, width, heads = 6, 8, 2
    head = width // heads

    def loss(ps, xs):
        def linear(x, at):
            return [autograd.dot(ps[at + width * j:at + width * j + width], x) for j in range(width)]

        total, keys, values = 0.0, [], []
        for t in range(positions):
            x = xs[width * t:width * t + width]
            query = linear(x, 0)
            keys.append(linear(x, width**2))
            values.append(linear(x, 2 * width**2))
            for h in range(0, width, head):
                weights = [autograd.exp(autograd.dot(query[h:h + head], key[h:h + head]) / 2.0) for key in keys]
                share = [w / sum(weights) for w in weights]
                out = [sum(s * v[h + d] for s, v in zip(share, values)) for d in range(head)]
                total = total + sum(y * y for y in out)
        return total

    agree(loss, numbers(3 * width**2, 2, 0.3), [numbers(positions * width, 1)], False, PRECISION[dtype], dtype)


@pytest.mark.parametrize("seed", range(15))
def test_random_graphs_product_by_product(seed, monkeypatch):
    monkeypatch.setattr(lower, "WORTH_SORTING", 0)
    f = random_function(seed, 60, 5)
    agree(lambda ps, xs: f([*ps, *xs]), numbers(3, seed), [numbers(2, seed + 50)], batched=False, rel=1e-9)


def test_operations_with_several_operands():
    def loss(ps, xs):
        a = autograd.maximum(ps[0] * xs[0], ps[1]) + autograd.minimum(ps[0], xs[0])
        b = autograd.where(autograd.greater(xs[1], 0.0), ps[2] * xs[1], ps[2] / (2.0 + xs[1]))
        c = autograd.clamp(ps[1] * xs[1], -0.5, 0.5) + autograd.hypot(ps[1], xs[0])
        return a * b + c + (ps[0] * ps[0] + 1.0) ** xs[0]

    agree(loss, [0.3, -0.4, 0.9], [numbers(2, k) for k in range(10)])


@pytest.mark.parametrize("exponent", [0.5, -0.5, -1.0, 2.0, 3.0, 0.25, -3.5])
@pytest.mark.parametrize("batched", [True, False])
def test_powers(exponent, batched):
    agree(lambda ps, xs: (ps[0] * xs[0]) ** exponent * ps[1], [0.5, 2.0], [[0.3], [1.7], [40.0]], batched)


@pytest.mark.parametrize("exponent", [0.5, -0.5, -1.0, 3.0])
@pytest.mark.parametrize("x", [0.0, -0.0, math.inf, -math.inf, math.nan, -2.0, 5e-324, 1e300])
def test_powers_at_the_edges(exponent, x):
    made = program(lambda ps, xs: xs[0] ** exponent + 0.0 * ps[0], [1.0], [1.0], batched=False)
    got, _ = made.value_and_grad(np.array([[x]]))
    expected = autograd.pow(x, exponent) + 0.0
    assert repr(got) == repr(expected) or got == pytest.approx(expected, rel=1e-15)  # two roundings for one


# The traps that a trial fell into


def test_constants_are_not_shared_between_programs():
    first = program(lambda ps, xs: ps[0] * 3.0 + xs[0] * 5.0, [1.0], [0.0])
    second = program(lambda ps, xs: ps[0] * 7.0 + xs[0] * 3.0, [1.0], [0.0])
    for _ in range(2):
        assert first.value_and_grad(np.array([[1.0]]))[0] == 8.0
        assert second.value_and_grad(np.array([[1.0]]))[0] == 10.0


@pytest.mark.parametrize("batched", [True, False])
def test_a_derivative_that_is_read_elsewhere_or_is_just_another_row(batched):
    """d/da (a + b*c) is 1, d/db is c: outputs that are a constant, a parameter, an input."""
    agree(lambda ps, xs: ps[0] + ps[1] * ps[2] + ps[3] * xs[0], [0.1, 0.2, 0.3, 0.4], [[0.5], [0.25]], batched)


@pytest.mark.parametrize("batched", [True, False])
def test_single_products_of_different_kinds_side_by_side(batched):
    """Neighbouring rows of one pair each: weight times input, weight times weight, weight times function."""
    def loss(ps, xs):
        rows = [ps[0] * xs[0], ps[1] * ps[2], ps[3] * xs[1].tanh(), ps[4] * xs[1], ps[5] * ps[0]]
        return sum(row.sin() for row in rows)

    agree(loss, numbers(6, 1), [numbers(2, k) for k in range(4)], batched)


def test_a_parameter_that_nothing_reads_has_no_gradient():
    made = program(lambda ps, xs: ps[1] * xs[0], [5.0, 2.0], [3.0])
    assert made.value_and_grad(np.array([[3.0]]))[1].tolist() == [0.0, 3.0]


def test_a_loss_without_parameters_or_operations():
    made = program(lambda ps, xs: xs[0] * 2.0, [5.0], [3.0])
    loss, gradient = made.value_and_grad(np.array([[3.0], [5.0]]))
    assert (loss, gradient.tolist()) == (8.0, [0.0])


def test_a_nan_of_one_sample_shows():
    made = program(lambda ps, xs: (ps[0] * xs[0]).log(), [1.0], [3.0])
    assert math.isnan(made.value_and_grad(np.array([[3.0], [-5.0]]))[0])


# Training


def sgd(p, g, velocity, rate, momentum):
    velocity = momentum * velocity + g
    return p - rate * velocity, velocity


def adam(p, g, m, v, rate, m_scale, v_scale):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g * g
    return p - rate * (m * m_scale) / (autograd.sqrt(v * v_scale) + 1e-8), m, v


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize(("rule", "states"), [(sgd, 1), (adam, 2)])
def test_training_is_pythons(rule, states, dtype):
    """Losses and parameters over two shuffled epochs with a short last batch, against the eager engine."""
    shape = (3, 5, 2)
    loss, start = mlp(shape, autograd.tanh), numbers(size(shape), 4, 0.5)
    samples = [numbers(5, k) for k in range(23)]
    order = list(range(23))
    batches = []
    for seed in (1, 2):
        random.Random(seed).shuffle(order)
        batches += [np.array(order[k:k + 8]) for k in range(0, 23, 8)]
    settings = [(0.1, 0.9) if states == 1 else (0.05, 1 / (1 - 0.9**k), 1 / (1 - 0.99**k)) for k in range(1, 7)]
    made = program(loss, start, samples[0], dtype=dtype)
    update = Update(rule, settings, [made.room(len(start)) for _ in range(states)])
    losses = made.run(np.array(samples), batches, [update])

    parameters, memory = list(start), [[0.0] * states for _ in start]
    for batch, numbers_now, got in zip(batches, settings, losses, strict=True):
        expected, gradient = eager(loss, parameters, [samples[k] for k in batch])
        assert got == pytest.approx(expected, rel=PRECISION[dtype])
        for k, g in enumerate(gradient):
            parameters[k], *memory[k] = map(float, rule(parameters[k], g, *memory[k], *numbers_now))
    wrong = 10 * PRECISION[dtype]  # six steps of sums in another order
    assert np.allclose(made.parameters, parameters, rtol=wrong, atol=wrong)


def test_state_lasts_from_one_call_to_the_next():
    samples, batches = np.array([[1.0, 2.0]]), [np.array([0])] * 4
    f = mlp((1, 1), autograd.tanh)
    once, twice = (program(f, [0.3, 0.1], [1.0, 2.0]) for _ in range(2))
    first, second = [aligned(2)], [aligned(2)]
    once.run(samples, batches, [Update(sgd, [(0.1, 0.9)] * 4, first)])
    for _ in range(2):
        twice.run(samples, batches[:2], [Update(sgd, [(0.1, 0.9)] * 2, second)])
    assert once.parameters.tolist() == twice.parameters.tolist()


def test_programs_of_several_shapes_train_the_same_parameters():
    def made(letters, **shared):
        w, xs = Value(1.0), [Value(0.0) for _ in range(letters)]
        return Program(tape_of(sum((w * x - 1.0) ** 2 for x in xs), [w, *xs]), 1, batched=False, **shared)

    short = made(1)
    long = made(2, parameters=short.parameters)
    short.parameters[:] = 3.0
    plain = Update(lambda p, g, rate: (p - rate * g,), [[0.25]])
    assert short.run(np.array([[1.0]]), [np.array([0])], [plain]).tolist() == [4.0]
    assert long.run(np.array([[1.0, 2.0]]), [np.array([0])], [plain]).tolist() == [1.0 + 9.0]
    assert short.parameters.tolist() == long.parameters.tolist() == [2.0 - 0.25 * (2.0 + 12.0)]
    with pytest.raises(ValueError, match="the program has 1 parameters of float64, it was given 1 of float32"):
        made(1, parameters=short.parameters.astype(np.float32))


def test_a_step_per_sample_without_a_batch_axis():
    f = mlp((2, 3, 1), autograd.tanh)
    samples = np.array([numbers(3, k) for k in range(4)])
    start = numbers(size((2, 3, 1)), 8)
    made = program(f, start, samples[0], batched=False)
    plain = Update(lambda p, g, rate: (p - rate * g,), [[0.1]] * 3)
    losses = made.run(samples, [np.array([k]) for k in (2, 0, 3)], [plain])
    parameters = list(start)
    for k, got in zip((2, 0, 3), losses, strict=True):
        expected, gradient = eager(f, parameters, [samples[k]])
        assert got == pytest.approx(expected, rel=1e-13)
        parameters = [p - 0.1 * g for p, g in zip(parameters, gradient)]


def test_a_run_can_be_repeated_from_where_the_parameters_are():
    made = program(lambda ps, xs: (ps[0] * xs[0] - xs[1]) ** 2, [1.0], [1.0, 2.0])
    step = made.prepare(np.array([[1.0, 3.0]]), [np.array([0])], [Update(lambda p, g, rate: (p - rate * g,), [[0.25]])])
    assert [step()[0], step()[0], made.parameters[0]] == [4.0, 1.0, 2.5]


@pytest.mark.parametrize("given", ["list", "fortran", "float32", "slice", "every other"])
def test_samples_of_any_memory_layout(given):
    rows = np.array([numbers(11, k) for k in range(6)], np.float32).astype(float)
    other = {"list": rows.tolist(), "fortran": np.asfortranarray(rows), "float32": rows.astype(np.float32),
             "slice": np.hstack([rows, rows])[:, :11], "every other": np.repeat(rows, 2, axis=0)[::2]}[given]
    made = program(mlp((9, 4, 2), autograd.tanh), numbers(size((9, 4, 2)), 1, 0.3), rows[0].tolist())
    assert made.value_and_grad(other)[0] == made.value_and_grad(rows)[0]


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("width", [16, 32, 64])
def test_every_width_of_vectors(width, dtype, monkeypatch):
    """What processors with SSE or NEON, AVX, AVX-512 would run; LLVM splits vectors that this one does not have."""
    monkeypatch.setattr(program_module, "vector_bytes", lambda: width)
    f, start = mlp((5, 7, 3), autograd.tanh), numbers(size((5, 7, 3)), 1, 0.5)
    agree(f, start, [numbers(8, k) for k in range(13)], rel=PRECISION[dtype], dtype=dtype)
    agree(f, start, [numbers(8, 0)], False, PRECISION[dtype], dtype)


@pytest.fixture
def register():
    """Operations that are gone after the test."""
    before = set(TABLE)
    yield Primitive
    for name in set(TABLE) - before:
        del TABLE[name]


def test_an_operation_of_ones_own_in_plain_operations(register):
    cube = register("cube_of_test", lambda x: x * x * x, lambda x, z: (3.0 * x * x,), composite=True)
    agree(lambda ps, xs: cube(ps[0] * xs[0]), [2.0], [[3.0], [-1.0]])


@pytest.mark.parametrize("dtype", PRECISION)
def test_an_operation_of_ones_own_that_is_a_python_function(register, dtype):
    """It is called for each sample; what it raises becomes nan."""
    gamma = register("lgamma_of_test", lambda x: math.lgamma(x), lambda x, z: (autograd.log(x),))
    agree(lambda ps, xs: gamma(ps[0] * xs[0]), [2.0], [[3.0], [1.0], [0.3]], rel=PRECISION[dtype], dtype=dtype)
    made = program(lambda ps, xs: gamma(ps[0] * xs[0]), [2.0], [3.0], dtype=dtype)
    assert math.isnan(made.value_and_grad([[3.0], [-1.0]])[0])


@pytest.mark.parametrize("composite", [True, False])
def test_an_operation_defined_anew_is_the_new_one(register, composite):
    """Kernels are kept, in memory and on disk: not by the name of an operation, but by what it does."""
    def check(factor):
        scaled = register("scaled_of_test", lambda x: x * factor, lambda x, z: (factor,), composite=composite)
        agree(lambda ps, xs: scaled(ps[0] * xs[0]).tanh(), [0.25], [[3.0], [1.0]])

    check(2.0)
    del TABLE["scaled_of_test"]
    check(3.0)


def test_a_derivative_that_only_python_can_compute_is_an_error_that_names_it(register):
    odd = register("odd_of_test", math.sin, lambda x, z: (math.cos(x),))
    with pytest.raises(ValueError, match=r"the derivative of odd_of_test cannot be compiled .*with operations of aut"):
        program(lambda ps, xs: odd(ps[0] * xs[0]), [2.0], [3.0])


def test_errors_name_the_numbers():
    made = program(lambda ps, xs: ps[0] * xs[0], [1.0], [3.0])
    with pytest.raises(ValueError, match=r"batches of one sample or more, got sizes \[1, 0\]"):
        made.run(np.array([[1.0]]), [np.array([0]), np.array([], np.int64)])
    with pytest.raises(ValueError, match=r"samples have shape \(1, 2\), the program needs \(any, 1\)"):
        made.value_and_grad(np.array([[1.0, 2.0]]))
    with pytest.raises(IndexError, match="batches name samples 0 to 7, there are 1"):
        made.run(np.array([[1.0]]), [np.array([0, 7])])
    with pytest.raises(ValueError, match="the rule returns 2 numbers for a parameter and 0 of state"):
        made.run(np.array([[1.0]]), [np.array([0])], [Update(lambda p, g: (p, g))])


def test_groups_of_parameters_have_rules_of_their_own():
    made = program(lambda ps, xs: ps[0] * xs[0] + ps[1] * xs[0] + ps[2] * xs[0], [1.0, 2.0, 3.0], [1.0])
    made.run(np.array([[2.0]]), [np.array([0])], [
        Update(lambda p, g, rate: (p - rate * g,), [[0.5]], first=0, count=1),
        Update(lambda p, g, rate, decay: (p * decay - rate * g,), [[0.25, 0.5]], first=2, count=1)])
    assert made.parameters.tolist() == [0.0, 2.0, 1.0]


@pytest.mark.parametrize("batched", [True, False])
def test_a_step_that_is_not_finite_is_the_last_and_changes_nothing(batched):
    made = program(lambda ps, xs: (ps[0] * xs[0]).sqrt(), [4.0], [1.0], batched)
    plain = Update(lambda p, g, rate: (p - rate * g,), [[1.0]] * 3)
    losses = made.run(np.array([[1.0], [-1.0]]), [np.array([0]), np.array([1]), np.array([0])], [plain])
    assert losses[0] == 2.0
    assert math.isnan(losses[1])
    assert len(losses) == 2
    assert made.parameters.tolist() == [3.75]
