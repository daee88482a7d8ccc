"""The benchmarks' own parts: what is measured, how it is compared and told; a small run of our contenders."""

import importlib
import math

import pytest

from benchmarks.__main__ import MODULES
from benchmarks.gpt import Config, encode, loss, sample
from benchmarks.measure import Contender, Missing, Result, Workload, difference, measure
from benchmarks.report import ratio, record, short, table


def constant(*numbers):
    return lambda: (lambda: None, lambda: list(numbers))


def test_contenders_that_disagree_are_not_timed():
    workload = Workload("W0", "a test", "us", [
        Contender("right", constant(1.0, 2.0)),
        Contender("right too", constant(1.0, 2.0 + 1e-12)),
        Contender("wrong", constant(1.0, 2.1)),
        Contender("broken", constant(1.0, math.nan)),
        Contender("other", constant(1.0)),
    ])
    results = measure(workload, seconds=0.001, rounds=3)
    assert [bool(r.times) for r in results] == [True, True, False, False, False]
    assert "differs from right by 5.0e-02" in results[2].said
    assert results[0].median > 0.0 and results[0].spread >= 0.0


def test_a_missing_peer_is_said():
    def prepare():
        raise Missing("peer is not installed")

    (result,) = measure(Workload("W0", "a test", "us", [Contender("peer", prepare)]), 0.001, 3)
    assert result.said == "peer is not installed" and math.isnan(result.median)


def test_the_table_names_ratios():
    workload = Workload("W0", "a test", "ms", [], note="A note.")
    results = [Result("peer", 0.2, 0.1, 1.0), Result("stepgrad", 0.1, 0.05, 2.0), Result("gone", said="not installed")]
    text = table(workload, results)
    assert "| peer | 200 | ±10% | 1 s | 2x faster |" in text
    assert "| gone | | | | not installed |" in text and text.rstrip().endswith("A note.")
    assert record(workload, results)["results"][2]["median"] is None
    assert (short(1234.5), short(1.2345), ratio(0.05, 0.1)) == ("1,234", "1.23", "2x slower")


def test_difference():
    assert difference([1.0, 100.0], [1.0, 101.0]) == 0.01
    assert difference([1.0], [1.0, 2.0]) == difference([1.0], [math.nan]) == math.inf


def test_the_gpt_of_scalars():
    import random

    config = Config(width=4, heads=2, block=6)
    weights = config.initial(seed=1)
    letters = encode("ada")
    one_hot = [[float(k == letter) for k in range(27)] for letter in letters]
    assert float(loss(config, weights, letters)) == pytest.approx(float(loss(config, weights, one_hot)), rel=1e-14)
    assert abs(float(loss(config, weights, letters)) - math.log(27)) < 0.3  # it knows nothing yet
    name = sample(config, weights, random.Random(0))
    assert name == sample(config, weights, random.Random(0)) and len(name) < config.block


@pytest.mark.parametrize("name", ["W1", "W2", "W3", "W4", "W7"])
def test_our_contenders_agree(name):
    """stepgrad's own ways to do a workload, eager and compiled, against NumPy by hand; CI has no other peer."""
    pytest.importorskip("llvmlite")
    for workload in importlib.import_module(f"benchmarks.workloads.{MODULES[name]}").workloads(quick=True):
        workload.contenders = [c for c in workload.contenders if c.name.startswith(("stepgrad", "NumPy"))]
        results = measure(workload, seconds=0.0, rounds=2)
        assert all(r.times for r in results), [(r.name, r.said) for r in results]
