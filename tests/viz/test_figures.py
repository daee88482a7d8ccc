"""Numbers and formulas as text: one spelling in every view, and what is printed is true as it is printed."""

import math

import pytest

from autograd.viz.figures import figure, inside, shown


@pytest.mark.parametrize(("x", "text"), [
    (0.0, "0"), (-0.0, "0"), (3.0, "3"), (-2.5, "-2.5"), (138.83381924198252, "138.834"), (0.1, "0.1"),
    (1 / 3, "0.333333"), (0.00012346, "0.00012346"), (99999.5, "99999.5"), (1e5, "100000"), (1e6, "1e6"),
    (-1.5e-20, "-1.5e-20"), (0.99999999, "1"), (1e-4, "0.0001"), (9.9999e-5, "9.9999e-5"), (1e308, "1e308"),
    (math.inf, "∞"), (-math.inf, "-∞"), (math.nan, "nan"),
])  # fmt: skip
def test_numbers(x, text):
    assert shown(x) == text
    assert figure(x) == text.replace("-", "−")
    assert inside(x) == (f"({text})" if text.startswith("-") else text)


def test_fewer_digits():
    assert shown(0.123456, 2) == "0.12" and shown(-1234567.0, 3) == "-1.23e6"
