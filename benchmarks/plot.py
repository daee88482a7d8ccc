"""The picture of cost against size; needs matplotlib, which is optional."""

from typing import Any


def plot(records: list[dict[str, Any]], path: str) -> None:
    """Time of a call, time until ready and memory against the number of operations, both axes logarithmic."""
    from matplotlib.figure import Figure

    sizes = [record for record in records if record["workload"] == "SIZE"]
    if not sizes:
        raise ValueError("the picture shows cost against size: run the workload SIZE")
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for name in ("stepgrad eager", "stepgrad compiled"):
        rows = [(record, r) for record in sizes for r in record["results"] if r["name"] == name and r["median"]]
        nodes = [record["nodes"] for record, _ in rows]
        left.plot(nodes, [record["nodes"] * r["median"] for record, r in rows], "o-", label=name)
        middle.plot(nodes, [r["ready"] for _, r in rows], "o-", label=name)
        held = {record["nodes"]: record["figures"].get(f"bytes a node, {name}") for record, _ in rows}
        known = {n: n * each / 1e6 for n, each in held.items() if each}
        right.plot(list(known), list(known.values()), "o-", label=name)
    for axes, label in ((left, "a call, s"), (middle, "until ready, s"), (right, "highest memory, MB")):
        axes.set(xscale="log", yscale="log", xlabel="operations", ylabel=label)
        axes.grid(alpha=0.3)
    left.legend()
    figure.savefig(path)
