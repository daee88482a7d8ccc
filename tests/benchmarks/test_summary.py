"""The table that README.md quotes was printed by the run whose figures are kept beside the benchmarks."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import MODULES
from benchmarks.bars import DIGITS, EPOCH, reached
from benchmarks.summary import summary

ROOT = Path(__file__).parent.parent.parent
KEPT = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))


def table(workload, title, **medians):
    results = [{"name": name.replace("_", " "), "median": median} for name, median in medians.items()]
    return {"workload": workload, "title": title, "results": results}


def test_the_fastest_of_a_kind_is_shown_in_its_unit():
    shown = summary([
        table("W3", "two moons, n=100, one training step, float64",
              stepgrad_compiled_once=2e-6, stepgrad_compiled_often=1e-6, NumPy_by_hand=3e-4),
        table("W4", EPOCH, stepgrad_compiled=1e-3, NumPy_by_hand=None),
        table("W4", DIGITS, stepgrad_compiled=2e-3, micrograd=1.5),
    ])
    assert "| micrograd |  | 1,500 ms |  |" in shown and "| NumPy by hand | 300 us |  |  |" in shown
    assert shown.rstrip().endswith("| **1 us** | **1 ms** |  |") and "JAX" not in shown
    assert summary([table("W1", "one small graph", micrograd=1.0)]) == ""


def test_readme_quotes_the_kept_run():
    assert summary(KEPT["results"]) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_kept_run_was_a_whole_one_and_printed_what_is_kept():
    assert {record["workload"] for record in KEPT["results"]} == set(MODULES)
    printed = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    assert reached(KEPT["results"]) in printed and summary(KEPT["results"]) in printed
    assert "differs from" not in printed


@pytest.mark.parametrize("record", KEPT["results"], ids=lambda record: record["title"])
def test_every_table_of_the_kept_run_is_printed(record):
    printed = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    assert f"### {record['workload']}: {record['title']}\n" in printed
