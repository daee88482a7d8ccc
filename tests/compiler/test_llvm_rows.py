"""How LLVM is told a number."""

import struct

import pytest

from autograd.compiler.llvm_rows import form, rounded


def test_constants_in_single_precision():
    assert rounded(0.1) == struct.unpack("f", struct.pack("f", 0.1))[0]
    assert (rounded(1e300), rounded(-1e300)) == (float("inf"), -float("inf"))
    assert form("float32").constant(0.1) == "0x3FB99999A0000000"


@pytest.mark.parametrize("x", [0.0, -0.0, 1.5, float("inf"), -float("inf")])
def test_a_vector_has_the_number_in_every_lane(x):
    one = form("float64").constant(x)
    assert struct.unpack(">d", bytes.fromhex(one[2:]))[0].hex() == x.hex()
    assert form("float64", 4).constant(x) == f"<double {one}, double {one}, double {one}, double {one}>"
