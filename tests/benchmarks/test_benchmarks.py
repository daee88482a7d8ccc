"""The benchmarks' own parts: what is measured, how it is compared and told; a small run of our contenders."""

import functools
import gc
import importlib
import math
import sys
from unittest import mock

import pytest

from benchmarks.__main__ import MODULES, main
from benchmarks.bars import BARS, Bar, faster, growth, reached, ready, smaller
from benchmarks.gpt import Config, encode, loss, sample
from benchmarks.measure import Contender, Missing, Ready, Result, Workload, difference, measure
from benchmarks.plot import plot
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
    assert 0.0 < results[0].again.clock < results[0].ready.clock + 1.0 and math.isnan(results[2].again.clock)
    assert [bool(r.times) for r in results] == [True, True, False, False, False]
    assert "differs from right by 5.0e-02" in results[2].said
    assert results[0].median > 0.0 and results[0].spread >= 0.0


def test_a_missing_peer_is_said():
    def prepare():
        raise Missing("peer is not installed")

    (result,) = measure(Workload("W0", "a test", "us", [Contender("peer", prepare)]), 0.001, 3)
    assert result.said == "peer is not installed" and math.isnan(result.median)


def test_the_collector_sees_only_what_a_contender_made():
    seen = []

    def prepare():
        seen.append(gc.get_freeze_count())
        return lambda: None, lambda: [1.0]

    def missing():
        raise Missing("peer is not installed")

    measure(Workload("W0", "a test", "us", [Contender("one", prepare), Contender("none", missing)]), 0.001, 3)
    assert min(seen) > 1000 and gc.get_freeze_count() == 0


def test_the_table_names_ratios():
    workload = Workload("W0", "a test", "ms", [], note="A note.")
    gone = Result("gone", said="not installed")
    results = [
        Result("peer", 0.2, 0.1, Ready(1.0, 0.9), Ready(0.5, 0.4)),
        Result("stepgrad", 0.1, 0.05, Ready(2.0, 1.5)),
        gone,
    ]
    text = table(workload, results)
    assert "| peer | 200 | ±10% | 1 s (0.9) | 0.5 s (0.4) | 2x faster |" in text
    assert "| stepgrad | 100 | ±5% | 2 s (1.5) | | |" in text.replace("  ", " ")
    assert "| gone | | | | | not installed |" in text and text.rstrip().endswith("A note.")
    assert record(workload, results)["results"][2]["median"] is None
    assert (short(1234.5), short(1.2345), ratio(0.05, 0.1)) == ("1,234", "1.23", "2x slower")


def table_of(workload, title, figures=None, nodes=0, **times):
    results = [
        {
            "name": name.replace("_", " "), "median": time, "said": "",
            "ready": 2.0 * time, "ready_processor": 2.0 * time, "again_processor": time,
        }
        for name, time in times.items()
    ]  # fmt: skip
    return {"workload": workload, "title": title, "figures": figures or {}, "nodes": nodes, "results": results}


def test_what_to_reach_says_met_not_met_and_missing():
    records = [
        table_of("W1", "one small graph", micrograd=1.0, stepgrad_eager=0.5, JAX_jit_call=0.1, stepgrad_compiled=0.2),
        table_of("W7", "Rosenbrock", stepgrad_compiled=0.25),
    ]
    lines = {line.split(" | ")[1]: line for line in reached(records).splitlines() if line.startswith("| W")}
    assert lines["eager over micrograd"].endswith("| at least 2x | 2x | met |")
    assert lines["compiled call over JAX's warm call"].endswith("| at least 1x | 0.5x | **not met** |")
    assert lines["processor seconds until ready"].endswith("| at most 0.3 | 0.5 | **not met** |")
    assert lines["over JAX from the scalar loop"].endswith("| a row is missing |")
    assert len(lines) == sum(bar.workload in ("W1", "W7") for bar in BARS)


def test_a_quick_run_says_who_agrees(capsys, monkeypatch):
    workload = Workload("W0", "a test", "us", [
        Contender("right", constant(1.0, 2.0)),
        Contender("right too", constant(1.0, 2.0)),
        Contender("wrong", constant(1.0, 2.1)),
        Contender("silent", constant(0.0), compared=False),
        Contender("slow", constant(1.0, 2.0), quick=False),
    ])
    monkeypatch.setitem(MODULES, "W0", "w0_of_a_test")
    monkeypatch.setattr(importlib, "import_module", lambda name: mock.Mock(workloads=lambda quick: [workload]))
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick", "--only", "W0"])
    assert main() == 1
    *_, last = capsys.readouterr().out.strip().splitlines()
    assert last == "| W0 | a test | 2 | wrong | silent (timed only) |"


def test_the_numbers_of_bars():
    sizes = [
        table_of("SIZE", "10", {"bytes": 5.0}, 10, ours=2.0),
        table_of("SIZE", "20", {"bytes": 4.0}, 20, ours=1.0),
        table_of("SIZE", "40", {"bytes": 6.0}, 40, ours=3.0),
    ]
    assert growth("ours", "median")(sizes) == 3.0  # from 1.0 to 3.0
    assert growth("ours", "ready")(sizes) == pytest.approx(1.5)  # 0.4, 0.1, 0.15 a node
    assert growth("bytes", "figures")(sizes) == 1.5
    assert growth("ours", "median")(sizes[:1]) is None and faster("", "peer", "ours")(sizes) is None
    assert ready("20", "ready", "ours")(sizes) == 2.0
    assert ready("20", "again", "ours")(sizes) == 1.0
    assert smaller("", "theirs", "bytes")([table_of("W2", "", {"theirs": 8.0, "bytes": 4.0})]) == 2.0
    assert Bar("W", "", growth("ours", "median"), most=3.0).met(3.0)


@pytest.mark.parametrize("bar", BARS, ids=lambda bar: f"{bar.workload} {bar.what}")
def test_bars_name_rows_that_are_there(bar):
    """A misspelt row or title would read "a row is missing" for ever: every bar is tried on the full-size tables."""
    records = [dict(record, figures=FIGURES) for record in full_tables(bar.workload)]
    assert bar.measured(records) is not None


FIGURES = {
    f"bytes a node, {name}": 100.0 for name in ("micrograd", "slots and tuples", "stepgrad eager", "stepgrad compiled")
}


@functools.cache
def full_tables(name):
    module = importlib.import_module(f"benchmarks.workloads.{MODULES[name]}")
    with mock.patch.object(module, "memory", return_value={}, create=True):  # it measures
        return [
            record(workload, [Result(c.name, 1.0, 0.0, Ready(1.0, 1.0), Ready(1.0, 1.0)) for c in workload.contenders])
            for workload in module.workloads(quick=False)
        ]


def test_the_picture_of_cost_against_size(tmp_path):
    pytest.importorskip("matplotlib")
    sizes = [
        dict(table_of("SIZE", "", FIGURES, n, stepgrad_eager=1e-6, stepgrad_compiled=1e-9)) for n in (10, 20)
    ]
    plot(sizes, str(tmp_path / "size.svg"))
    text = (tmp_path / "size.svg").read_text()
    assert text.count("<g id=\"axes_") == 3
    with pytest.raises(ValueError, match="run the workload SIZE"):
        plot([table_of("W1", "")], str(tmp_path / "none.svg"))


def test_a_contender_in_another_process_takes_its_own_time():
    class Remote:
        asked = 0

        def times(self, count):
            Remote.asked += count
            return 2.0 * count

        def __call__(self):
            self.times(1)

    contender = Contender("far", lambda: (Remote(), lambda: [1.0]))
    (result,) = measure(Workload("W0", "a test", "us", [contender]), seconds=0.001, rounds=9)
    assert result.times == [2.0, 2.0] and result.median == 2.0  # longer than its share of the time: two turns
    assert Remote.asked == 4


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


def test_the_gpt_of_scalars_learns():
    pytest.importorskip("llvmlite")
    from benchmarks.adam import adam, corrections
    from benchmarks.gpt_training import Training

    config, letters = Config(width=4, heads=2, block=6), encode("ada")
    training = Training(config, adam)
    losses = [training.step(letters, corrections(k))()[0] for k in range(60)]
    assert losses[0] == pytest.approx(float(loss(config, config.initial(), letters)), rel=1e-12)
    assert losses[-1] == pytest.approx(float(loss(config, training.weights(), letters)), rel=0.2)
    assert losses[-1] < 0.2 * losses[0]
    assert training.tracing > 0.0 and training.compiling > 0.0


def test_training_the_gpt_tells_times_and_words(capsys, monkeypatch):
    pytest.importorskip("llvmlite")
    from benchmarks.gpt_training import main

    monkeypatch.setattr(sys, "argv", ["gpt", "--steps", "1"])
    main()
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["4,192", "1", "tracing", "compiling", "training", "new"]
    assert "(notebook 12: 4,064, for 8)" in said[0]
    assert len(Config.flat(Config(block=8).initial())) == 4064


@pytest.mark.parametrize("name", ["W1", "W2", "W3", "W4", "W7", "SIZE"])
def test_our_contenders_agree(name, monkeypatch):
    """stepgrad's own ways to do a workload, eager and compiled, against NumPy by hand; CI has no other peer."""
    pytest.importorskip("llvmlite")
    monkeypatch.setattr("benchmarks.measure.SOON", 0.0)  # once is enough here
    for workload in importlib.import_module(f"benchmarks.workloads.{MODULES[name]}").workloads(quick=True):
        workload.contenders = [c for c in workload.contenders if c.name.startswith(("stepgrad", "NumPy"))]
        results = measure(workload, seconds=0.0, rounds=2)
        assert all(r.times for r in results), [(r.name, r.said) for r in results]
