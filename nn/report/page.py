"""The report: one HTML file that shows a training run, without a script or a request."""

import functools
from dataclasses import dataclass
from html import escape
from typing import Any

from nn.dataset import Dataset
from nn.history import History
from nn.predictor import Judged, Predictor
from nn.report import figures, tables
from nn.report.chart import STYLE, Chart, decimals, shown
from nn.report.prediction import Prediction

__all__ = ["Run", "page"]

LOOK = STYLE + """
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:1.7rem;margin:0 0 .2rem;line-height:1.2}h2{font-size:1.15rem;margin:2.4rem 0 .4rem}
p{margin:.3rem 0 .8rem;max-width:70ch}.soft,small{color:var(--soft)}a{color:var(--c0)}
code{font:.85em ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.cards{display:flex;flex-wrap:wrap;gap:10px;margin:1.2rem 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .9rem;flex:1 1 130px}
.card b{display:block;font-size:1.35rem;line-height:1.3;font-variant-numeric:tabular-nums}
.card span{color:var(--soft);font-size:.85rem}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:12px 28px;align-items:start}
.wide{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin:.2rem 0}
th{font-weight:600;color:var(--soft);text-align:left}
td,th{padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
.numbers td:not(:first-child),.numbers th:not(:first-child){text-align:right}
td svg.chart{display:block;max-width:none}
.key{display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-right:.5em}
.bar{display:block;height:.7em;border-radius:2px}
.confusion td,.confusion th{text-align:center!important;padding:.15rem .35rem}
.confusion td:first-child,.confusion th:first-child{text-align:left!important}
.many td,.many th{font-size:.65rem;padding:.1rem .03rem}.many .cell{min-width:1.6em;padding:.2em 0}
.many th:not(:first-child){writing-mode:vertical-rl}
.cell{display:block;min-width:3em;padding:.3em .4em;border-radius:4px}
.hit{background:color-mix(in srgb,var(--good) calc(var(--share)*.55),transparent)}
.miss{background:color-mix(in srgb,var(--bad) calc(var(--share)*.75),transparent)}
.good{color:var(--good)}.bad{color:var(--bad)}
.pixels{fill:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:4px}
.digits{display:flex;flex-wrap:wrap;gap:14px}.digit{margin:0;text-align:center;font-size:.9rem}
.graph{overflow:auto;max-height:80vh;border:1px solid var(--line);border-radius:8px;padding:10px}
.graph svg{max-width:none!important}
summary{cursor:pointer;color:var(--soft)}
@media (max-width:600px){table{font-size:.8rem}td,th{padding-right:.5rem}th{white-space:normal;vertical-align:bottom}
td svg.chart{width:80px;height:auto}.cell{min-width:1.7em;padding:.3em .1em}
.confusion table{font-size:.72rem}.confusion td,.confusion th{padding:.15rem .05rem}}
footer{margin-top:3rem;color:var(--soft);font-size:.85rem}
"""


@dataclass(frozen=True)
class Run:
    """What a report tells about."""

    name: str
    data: Dataset
    learn: Dataset
    validate: Dataset
    test: Dataset
    predictor: Predictor
    history: History
    command: str
    ended: str = ""  # why training ended before its last epoch

    @functools.cached_property
    def tested(self) -> Judged:
        """What the model says about the test rows."""
        return self.predictor.judged(self.test)


def page(run: Run, prediction: Prediction) -> str:
    """The whole page."""
    sections = [_training(run), _test(run), *([_plane(run)] if _is_plane(run) else []), _mistakes(run),
                _prediction(run, prediction), _data(run)]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(run.name)} · stepgrad</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><style>{LOOK}</style></head>\n<body><main>'
        f"{_head(run)}{''.join(sections)}<footer>Made by <code>{escape(run.command)}</code></footer>"
        "</main></body></html>\n"
    )


def _cards(run: Run) -> dict[str, str]:
    """The figures at the top: what it is -> the number."""
    score = run.tested.scores
    if run.test.class_names:
        cards = {"test accuracy": f"{100 * score['accuracy']:.1f} %", "right": f"{score['right']} of {len(run.test)}"}
    else:
        cards = {"R² on test rows": decimals(score["R²"]), **{
            name: shown(score[name]) for name in ("root mean squared error", "mean absolute error")}}
    loss = {"test loss": decimals(score["loss"])} if run.test.class_names else {}
    return {**cards, **loss, "epochs": str(len(run.history)),
            "parameters": f"{len(run.predictor.model.parameters()):,}"}


def _head(run: Run) -> str:
    cards = "".join(f'<div class="card"><b>{number}</b><span>{name}</span></div>'
                    for name, number in _cards(run).items())
    count = len(run.predictor.columns)
    goal = "which" if run.data.class_names else "how much"
    return (f"<h1>{escape(run.name)}: {goal} {escape(run.data.target)}?</h1>"
            f'<p class="soft">{len(run.data):,} rows of {count} column{"s" * (count != 1)}: {len(run.learn):,} to '
            f"train on, {len(run.validate)} to decide when to stop, {len(run.test)} never seen before the test.</p>"
            f'<div class="cards">{cards}</div>')


def _section(title: str, text: str, *parts: str) -> str:
    return f"<section><h2>{title}</h2><p>{text}</p>{''.join(parts)}</section>"


def _side(*charts: Chart | str) -> str:
    drawn = "".join(f"<div>{x.svg() if isinstance(x, Chart) else x}</div>" for x in charts)
    return f'<div class="side">{drawn}</div>'


def _training(run: Run) -> str:
    history, measure = run.history, run.predictor.measure
    ended = f" It ended because {escape(run.ended)}." if run.ended else ""
    unit = "" if run.data.class_names else f", in the unit of {escape(run.data.target)},"
    label = measure if run.data.class_names else f"{measure} of {run.data.target}"
    return _section(
        "Training",
        f"First, the {measure}{unit} by epoch: on training rows alone it can always fall, on validation rows it says "
        f"what is learned for good. The model keeps the weights of epoch {history.best_epoch}.{ended} Then the "
        "gradient flow: the mean size of the gradients after each epoch, on the same rows, by layer. A layer far below "
        "the others hardly learns.",
        _side(figures.loss_curves(history, label, run.predictor.measured), figures.gradient_curves(history)),
        f"<p>The layers in epoch {history.best_epoch or len(history)}: how far their weights moved, relative to their "
        "size; the shares of outputs where the activation is flat (saturated), and of units where it is flat for every "
        "row (dead).</p>",
        tables.layers(history),
        f"<details><summary>The model</summary><pre><code>{escape(repr(run.predictor.model))}</code></pre></details>")


def _test(run: Run) -> str:
    test, predicted = run.test, run.tested.predicted
    if test.class_names:
        return _section("Test: what is taken for what",
                        "Rows are what a sample is, columns what the model says. <i>Found</i> is the share of a class "
                        "that was recognised, <i>right when said</i> how far to believe the answer.",
                        tables.confusion(test.class_names, test.labels, predicted))
    errors = [p - y for p, y in zip(predicted, test.labels, strict=True)]
    return _section("Test: how far off", "Each point is a row the model had never seen; on the dashed line it is "
                    "right. The errors should lie evenly about 0.",
                    _side(figures.residuals(test.target, test.labels, predicted), figures.error_histogram(errors)))


def _is_plane(run: Run) -> bool:
    return bool(run.data.class_names) and len(run.predictor.columns) == len(run.data.feature_names) == 2


def _plane(run: Run) -> str:
    return _section("Decision boundary", "What the model says at every place, the paler the less sure. Small points "
                    "were trained on, large ones are test rows, ringed where the model is wrong.",
                    figures.boundary(run.predictor, run.learn, run.test).svg())


def _mistakes(run: Run) -> str:
    shown = tables.worst(run.predictor, run.test, run.tested)
    if tables.as_picture(run.test):
        shown = f'<div class="digits">{shown}</div>'
    which = "gets wrong, or is least sure of" if run.data.class_names else "is furthest off"
    return _section("Hardest test rows", f"The rows that the model {which}, the worst first.", shown)


def _prediction(run: Run, prediction: Prediction) -> str:
    together = ", of all pixels together" if tables.as_picture(run.test) else ""
    return _section(
        "One prediction, number by number",
        "The hardest row of the test on its way through the network to its loss, with the gradients of the way back. "
        "Inputs (and a target that is a number) are standardised: what is there, minus the mean of the training rows, "
        f"divided by their standard deviation{together}. Weights and operations are folded into boxes here; "
        f"<a href=\"prediction.svg\">prediction.svg</a> {prediction.drawn}, and <a href=\"step.html\">step.html</a> "
        f"walks through {prediction.stepped} one edge at a time.",
        f'<div class="graph">{prediction.svg}</div>')


def _data(run: Run) -> str:
    split: Any = [tables.class_counts(run.data)] if run.data.class_names else []
    return _section("The data", f"All {len(run.data):,} rows, before standardisation"
                    + (", by class." if run.data.class_names else "."), *split,
                    tables.data_summary(run.data, run.predictor.columns))
