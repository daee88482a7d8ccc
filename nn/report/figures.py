"""The figures of a report, each from plain numbers to an SVG chart."""

import math
from collections.abc import Sequence

from nn.history import History
from nn.report.chart import Axis, Chart

__all__ = ["loss_curves"]


def loss_curves(history: History) -> Chart:
    """Training and validation loss by epoch; by powers of ten where they fall far. The best epoch is marked."""
    epochs = [float(row["epoch"]) for row in history.rows]
    curves = [("c0", "training", history.loss), ("c1", "validation", history.validation_loss)]
    losses = [x for _, _, curve in curves for x in curve if math.isfinite(x)]
    log = bool(losses) and min(losses) > 0 and max(losses) > 20 * min(losses)
    chart = Chart(Axis(min(epochs, default=0), max([*epochs, 2]), "epoch"), Axis.around(losses, "loss", log),
                  "Loss by epoch, training and validation")
    if history.best_epoch:
        chart.upright(history.best_epoch, f"best: epoch {history.best_epoch}")
    for colour, name, curve in curves:
        if curve:
            chart.curve(epochs, curve, colour, f"{name} loss, at last {curve[-1]:.4g}")
    _legend(chart, [(colour, name) for colour, name, curve in curves if curve])
    return chart


def _legend(chart: Chart, entries: Sequence[tuple[str, str]]) -> None:
    x = float(chart.left + 8)
    for colour, name in entries:
        chart.add(f'<path class="curve" style="stroke:var(--{colour})" d="M{x:.0f} {chart.height - 10}h16"/>'
                  f'<text x="{x + 21:.0f}" y="{chart.height - 6}">{name}</text>')
        x += 34 + 7.0 * len(name)
