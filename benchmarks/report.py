"""What was measured, as a table to read and as JSON to keep."""

import math
from typing import Any

from benchmarks.measure import Ready, Result, Workload

UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def table(workload: Workload, results: list[Result]) -> str:
    """Markdown: time, spread, seconds until ready (the first, a further one), and how far ahead stepgrad's best is."""
    scale = UNITS[workload.unit]
    ours = [r.median for r in results if r.name.startswith("stepgrad") and not math.isnan(r.median)]
    best = min(ours, default=math.nan)
    lines = [
        f"### {workload.name}: {workload.title}",
        "",
        f"| | {workload.unit} | spread | ready in (processor) | again | stepgrad's best is |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for r in results:
        if math.isnan(r.median):
            lines.append(f"| {r.name} | | | | | {r.said} |")
        else:
            lines.append(
                f"| {r.name} | {short(r.median * scale)} | ±{r.spread:.0%} | {seconds(r.ready)} | {seconds(r.again)}"
                f" | {ratio(r.median, best)} |"
            )
    if workload.figures:
        lines += ["", "; ".join(f"{name} {short(x)}" for name, x in workload.figures.items()) + "."]
    if workload.note:
        lines += ["", workload.note]
    return "\n".join(lines) + "\n"


def seconds(ready: Ready) -> str:
    """By the clock, and of the processor."""
    return "" if math.isnan(ready.clock) else f"{short(ready.clock)} s ({short(ready.processor)})"


def short(x: float) -> str:
    """Three figures."""
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def ratio(time: float, best: float) -> str:
    if math.isnan(best) or time == best:
        return ""
    return f"{short(time / best)}x faster" if time > best else f"{short(best / time)}x slower"


def record(workload: Workload, results: list[Result]) -> dict[str, Any]:
    """The same for machines; times in seconds."""
    return {
        "workload": workload.name,
        "title": workload.title,
        "figures": workload.figures,
        "nodes": workload.nodes,
        "results": [
            {
                "name": r.name, "median": none(r.median), "spread": none(r.spread),
                "ready": none(r.ready.clock), "ready_processor": none(r.ready.processor),
                "again": none(r.again.clock), "again_processor": none(r.again.processor), "said": r.said,
            }
            for r in results
        ],
    }  # fmt: skip


def agreement(records: list[dict[str, Any]]) -> str:
    """Markdown: who computed the same numbers in each table, who others, and who was not asked."""
    lines = ["### Do they agree?", "", "| | | agree | differ | not compared |", "|---|---|---:|---|---|"]
    for found in records:
        compared = [r for r in found["results"] if r["median"] and not r["said"]]
        differ = [r["name"] for r in found["results"] if "differs" in r["said"]]
        others = [f"{r['name']} ({r['said']})" for r in found["results"] if r["said"] and r["name"] not in differ]
        lines.append(
            f"| {found['workload']} | {found['title']} | {len(compared)} | {', '.join(differ)} | {'; '.join(others)} |"
        )
    return "\n".join(lines) + "\n"


def none(x: float) -> float | None:
    return None if math.isnan(x) else x
