"""The table that README.md quotes: one training step, or an epoch, in three workloads."""

from typing import Any

from benchmarks.bars import DIGITS, EPOCH, row
from benchmarks.report import UNITS, short

COLUMNS = [  # a title, and the tables of which workload it is about, those whose titles contain one of these
    ("two moons, n = 100, a step", "us", "W3", ("n=100, one training step, float64",)),
    ("digits in batches of 32, an epoch", "ms", "W4", (EPOCH, DIGITS)),
    ("a GPT of scalars with Adam, a name", "us", "W5", ("",)),
]
ROWS = {  # what a row begins with in those tables; the fastest such row is shown
    "micrograd": "micrograd",
    "stepgrad eager": "stepgrad eager",
    "PyTorch eager": "PyTorch eager",
    "scikit-learn": "scikit-learn",
    "NumPy by hand": "NumPy by hand",
    "plain C": "plain C, -O3 -ffast-math",
    "JAX jit": "JAX jit",
    "JAX, ": "JAX, all steps inside `lax.scan`",
    "stepgrad compiled": "**stepgrad compiled**, from the same scalar code as eager",
}


def summary(records: list[dict[str, Any]]) -> str:
    """Markdown: who takes how long. A cell is empty where that contender was not in that workload; "" if all are."""
    lines = ["| | " + " | ".join(title for title, *_ in COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]
    for name, shown in ROWS.items():
        cells = []
        for _, unit, workload, titles in COLUMNS:
            tables = [r for r in records if r["workload"] == workload]
            found = [r for r in (row(tables, title, name) for title in titles) if r]
            time = min((r["median"] for r in found), default=None)
            cells.append("" if time is None else f"{short(time * UNITS[unit])} {unit}")
        if any(cells):
            cells = [f"**{cell}**" if shown.startswith("**") and cell else cell for cell in cells]
            lines.append(f"| {shown} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n" if lines[2:] else ""
