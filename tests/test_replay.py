"""The same graph in other number systems."""

import math
import random
from fractions import Fraction

import pytest

import autograd
from autograd import Value, func
from autograd.primitive import TABLE
from autograd.replay import Complex, Dual, Interval, Precise, Rational, Unsupported, replay
from autograd.replay.systems import digits_to_tell

RNG = random.Random(0)
BUILT_IN = [op for op in TABLE.values() if "example" not in op.name]
NO_COMPLEX = {"erf", "gelu"}  # the complex error function is not in the standard library


def inside(op, rng=RNG, reach=3.0):
    """A random point in the row's domain, some three units around its finite end or around zero."""
    point = []
    for low, high in op.domain * (4 if op.variadic else 1):
        low, high = max(low, -reach if high > -reach else -math.inf), min(high, max(reach, low + reach))
        point.append(rng.uniform(low, high))
    return point


def smooth(op, point):
    return all(column is None or abs(column(*point)) > 1e-3 for column in (op.kink, op.pole))


def points(op, count=20):
    found = [point for point in (inside(op) for _ in range(10 * count)) if smooth(op, point)]
    return found[:count]


def applied(op, leaves):
    return op.apply(tuple(leaves))


@pytest.mark.parametrize("op", BUILT_IN, ids=lambda op: op.name)
class TestEveryRow:
    def test_floats_bit_for_bit(self, op):
        for point in points(op):
            leaves = [Value(x) for x in point]
            y = applied(op, leaves)
            assert replay(y, float) == y.data
            moved = [math.nextafter(x, 0.0) for x in point]
            assert replay(y, float, dict(zip(leaves, moved))) == op.forward(*moved)

    def test_an_interval_holds_the_value_at_100_digits(self, op):
        pytest.importorskip("mpmath")
        for point in points(op):
            widths = [RNG.choice([0.0, 1e-12, 0.01, 0.5]) for _ in point]
            box = [Interval(x - w, x + w) for x, w in zip(point, widths)]
            image = applied(op, box)
            for _ in range(5):
                inner = [RNG.uniform(x.lo, x.hi) for x in box]
                exact = applied(op, [Precise(x) for x in inner]).value
                assert exact != exact or image.lo <= exact <= image.hi, (point, widths, inner)
                rounded = op.forward(*inner)
                assert rounded != rounded or rounded in image

    def test_an_interval_of_one_number_is_narrow(self, op):
        for point in points(op):
            image = applied(op, [Interval(x) for x in point])
            z = op.forward(*point)
            assert image.hi - image.lo <= 1e-12 * max(1.0, abs(z)) * max(1.0, *map(abs, point)), (point, image)

    def test_the_complex_value_is_the_real_one(self, op):
        for point in points(op):
            if op.name in NO_COMPLEX:
                with pytest.raises(Unsupported, match="erf cannot be evaluated in complex numbers"):
                    applied(op, [Complex(x) for x in point])
            else:
                z = applied(op, [Complex(x) for x in point]).value
                assert z.real == pytest.approx(op.forward(*point), rel=1e-13, abs=1e-14)  # a few roundings

    def test_the_precise_value_is_the_rounded_one(self, op):
        pytest.importorskip("mpmath")
        for point in points(op):
            z = applied(op, [Precise(x) for x in point]).value
            assert float(z) == pytest.approx(op.forward(*point), rel=1e-13, abs=1e-15)

    def test_the_complex_step_is_forward_mode(self, op):
        if op.name in NO_COMPLEX:
            pytest.skip("needs the complex error function")
        for point in points(op):
            for i in range(len(point)):
                stepped = [complex(x, 1e-30 if k == i else 0.0) for k, x in enumerate(point)]
                slope = applied(op, list(map(Complex, stepped))).value.imag / 1e-30
                dual = applied(op, [Dual(x, float(k == i)) for k, x in enumerate(point)])
                assert slope == pytest.approx(dual.tangent, rel=1e-9, abs=1e-11), (point, i)

    def test_forward_is_reverse(self, op):
        """(J v) . u = v . (J^T u)."""
        for point in points(op):
            leaves = [Value(x) for x in point]
            v = [RNG.gauss(0.0, 1.0) for _ in point]
            y = applied(op, leaves) * 3.0
            dual = replay(y, Dual, {x: Dual(x.data, t) for x, t in zip(leaves, v)})
            reverse = autograd.grad(y, leaves)
            assert dual.tangent == pytest.approx(sum(a * b for a, b in zip(reverse, v)), rel=1e-12, abs=1e-12)


def test_rational_numbers_are_exact():
    x, y = Value(0.1), Value(3.0)
    z = (x * y - 0.3) / y + abs(-x) ** 2 + (x - y).relu() + x**-1
    tenth = Fraction(0.1)
    assert replay(z, Rational).value == (tenth * 3 - Fraction(0.3)) / 3 + tenth**2 + 1 / tenth


@pytest.mark.parametrize(("op", "args"), [
    ("exp", (1.0,)), ("pow", (2.0, 0.5)), ("sigmoid", (1.0,)), ("logsumexp", (1.0, 2.0)), ("pow", (math.inf, 2.0)),
])  # fmt: skip
def test_rational_numbers_name_what_they_cannot_do(op, args):
    with pytest.raises(Unsupported, match="cannot be evaluated in rational numbers"):
        applied(TABLE[op], map(Rational, args))


def test_second_derivatives_by_nested_duals():
    def f(x):
        return x * autograd.tanh(x) + autograd.exp(-x)

    dual = f(Dual(Dual(0.7, 1.0), Dual(1.0, 0.0)))
    assert dual.tangent.tangent == pytest.approx(func.grad(func.grad(f))(0.7), rel=1e-14)


def test_a_node_can_be_replaced():
    x = Value(2.0)
    middle = x * x
    assert replay(middle + 1.0, float, {middle: 10.0}) == 11.0


def test_several_outputs_and_numbers():
    x = Value(2.0)
    assert replay([x * x, 5.0], float) == [4.0, 5.0]


def test_the_complex_step_stops_at_a_kink():
    for make in (autograd.relu, abs, autograd.softplus):
        with pytest.raises(Unsupported):
            make(Complex(1e-30j))


def test_outside_the_domain_is_nan_at_any_precision():
    pytest.importorskip("mpmath")
    for op, x in (("log", -1.0), ("sqrt", -1.0), ("acosh", 0.5), ("asin", 2.0)):
        z = applied(TABLE[op], [Precise(x)]).value
        assert z != z, op


@pytest.mark.parametrize(("op", "box", "image"), [
    ("sin", [(1.5, 1.6)], (math.sin(1.5), 1.0)),
    ("cos", [(3.0, 3.3)], (-1.0, math.cos(3.3))),
    ("cos", [(-100.0, 100.0)], (-1.0, 1.0)),
    ("tan", [(1.5, 1.6)], (-math.inf, math.inf)),
    ("pow", [(-2.0, 3.0), (2.0, 2.0)], (0.0, 9.0)),
    ("pow", [(-2.0, 3.0), (3.0, 3.0)], (-8.0, 27.0)),
    ("pow", [(-2.0, 3.0), (0.5, 0.5)], (-math.inf, math.inf)),
    ("log", [(-1.0, 2.0)], (-math.inf, math.inf)),
    ("abs", [(-2.0, 1.0)], (0.0, 2.0)),
    ("cosh", [(-1.0, 2.0)], (1.0, math.cosh(2.0))),
    ("atan2", [(-1.0, 1.0), (-2.0, -1.0)], (-math.pi, math.pi)),
    ("hypot", [(-3.0, 1.0), (-4.0, 4.0)], (0.0, 5.0)),
    ("div", [(1.0, 2.0), (-1.0, 0.0)], (-math.inf, math.inf)),
    ("mul", [(0.0, 0.0), (-math.inf, math.inf)], (0.0, 0.0)),
    ("greater", [(0.0, 1.0), (0.5, 0.5)], (0.0, 1.0)),
    ("where", [(0.0, 1.0), (2.0, 3.0), (5.0, 6.0)], (2.0, 6.0)),
    ("tanh", [(-math.inf, math.inf)], (-1.0, 1.0)),
])
def test_known_images(op, box, image):
    found = applied(TABLE[op], [Interval(*bounds) for bounds in box])
    assert (found.lo, found.hi) == pytest.approx(image, rel=1e-13, abs=1e-300)


def test_an_underflow_keeps_the_sign():
    tiny = Interval(1e-200) * Interval(-1e-200)
    assert tiny.lo < 0.0 >= tiny.hi
    assert autograd.exp(Interval(-1000.0)).hi > 0.0


def test_a_library_function_may_fall_by_its_rounding():
    lo, hi = -0.35975926963998583, -0.3597592696399858  # glibc's cbrt(lo) lies above its cbrt(hi)
    found = autograd.cbrt(Interval(lo, hi))
    assert math.cbrt(lo) in found and math.cbrt(hi) in found


def test_intervals_refuse_nonsense():
    with pytest.raises(ValueError, match=r"from its lower bound to its upper, got 2.0 to 1.0"):
        Interval(2.0, 1.0)


def test_a_users_operation_replays_if_it_is_arithmetic(register):
    cube = register("cube_of_replay", lambda x: x * x * x, lambda x, z: (3.0 * x * x,))
    half = register("tanh_of_replay", lambda x: math.tanh(x), lambda x, z: (1.0 - z * z,))
    y = cube(Value(2.0))
    assert replay(y, Rational).value == 8
    assert 8.0 in replay(y, Interval)
    with pytest.raises(Unsupported, match="tanh_of_replay cannot be evaluated in complex numbers"):
        replay(half(Value(2.0)), Complex)
    assert replay(half(Value(2.0)), Interval) == Interval(-math.inf, math.inf)


@pytest.mark.parametrize(("op", "point"), [
    ("hypot", (-5.5, 4.1e151)), ("hypot", (3.0, 1e-200)), ("atan2", (-4.27e-105, -7e-204)), ("div", (1e-200, 3e-100)),
    ("cbrt", (2.4e265,)), ("cbrt", (-1e-261,)), ("hypot", (1e200, 1e200)),
])  # fmt: skip
def test_the_complex_step_survives_numbers_of_very_different_sizes(op, point):
    """A square, or a product of two small imaginary parts, would underflow."""
    for i in range(len(point)):
        h = abs(point[i]) * 1e-20
        stepped = [Complex(complex(x, h if k == i else 0.0)) for k, x in enumerate(point)]
        dual = applied(TABLE[op], [Dual(x, float(k == i)) for k, x in enumerate(point)])
        assert applied(TABLE[op], stepped).value.imag / h == pytest.approx(dual.tangent, rel=1e-13)  # a few roundings


def test_complex_division_is_division():
    for x, y in ((3 + 4j, 1 - 2j), (1e-3j, 5.0), (2.0, 7j), (-1 + 1e-8j, 1e8 - 3j)):
        assert (Complex(x) / Complex(y)).value == pytest.approx(x / y, rel=1e-14)


@pytest.mark.parametrize("args", [(1.5, 1e9), (1.5, 1e300), (1e-300, -1e5)])
def test_a_fraction_too_long_is_refused_at_once(args):
    with pytest.raises(Unsupported, match=r"pow with the exponent .* is too long for an exact fraction"):
        autograd.pow(*map(Rational, args))


def test_so_is_one_that_grows_too_long():
    x = Rational(1.1)
    with pytest.raises(Unsupported, match=r"an exact fraction of .* bits is too long"):
        for _ in range(60):
            x = x * x


def test_a_short_fraction_may_have_a_huge_exponent():
    assert autograd.pow(Rational(-1.0), 1e300).value == 1
    assert autograd.pow(Rational(0.0), 1e300).value == 0
    assert (Rational(1e-300) * Rational(1e-300) * Rational(1e300)).value > 0


def test_rational_numbers_know_infinity_but_not_nan():
    assert autograd.clamp(Rational(-2.0), 0.0).value == 0
    with pytest.raises(Unsupported, match="nan is no rational number"):
        Rational(math.inf) - math.inf


TINY_AND_HUGE = [0.0, 5e-324, -5e-324, 1e-310, -1e-200, 1e-150, 1e-8, 0.5, -1.0, 3.0, 40.0, -745.0, 1e160, -1e300]


@pytest.mark.parametrize("op", BUILT_IN, ids=lambda op: op.name)
def test_an_interval_holds_the_exact_value_where_floats_underflow(op):
    """1e-200 * 1e-200 is no zero."""
    pytest.importorskip("mpmath")
    chance = random.Random(op.name)
    for _ in range(60):
        point = [chance.choice(TINY_AND_HUGE) for _ in op.domain * (4 if op.variadic else 1)]
        image = applied(op, map(Interval, point))
        with digits_to_tell(point):
            try:
                exact = applied(op, map(Precise, point)).value
            except ArithmeticError:
                continue
            assert exact != exact or image.lo <= exact <= image.hi, (point, image)


def test_an_exact_zero_stays_one():
    zero = Interval(0.0)
    for y in (zero * 3.0, zero + zero, autograd.sqrt(zero).lo, autograd.sin(zero), zero / 3.0, autograd.pow(zero, 2.0)):
        assert y in (zero, 0.0)
