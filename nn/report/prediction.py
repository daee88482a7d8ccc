"""One prediction, followed through the network number by number."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd import Value
from autograd.viz import draw, step_through
from nn import functional as F
from nn.dataset import Dataset
from nn.predictor import Predictor

__all__ = ["Prediction", "one_prediction", "write_prediction"]

MOST_STEPPED = 250  # parameters and operations in a graph to be stepped through
MOST_NEURONS = 40  # inputs and neurons that a drawing shows one by one


@dataclass(frozen=True)
class Prediction:
    """What a report shows of it: a drawing, and whether the files hold the whole graph or only its last part."""

    svg: str
    drawn: str  # what prediction.svg does
    stepped: str  # what step.html walks through


def one_prediction(predictor: Predictor, data: Dataset, row: int) -> tuple[Value, Value]:
    """The loss of one sample, gone backward through the whole network; and again, from the network's outputs only."""
    model = predictor.model.eval()
    model.zero_grad()
    (numbers,) = predictor.inputs([data.features[row]])
    own = {p.label for p in model.parameters()}  # a column called b is not a neuron's b
    names = [f"column {name}" if name in own else name for name in predictor.feature_names]
    inputs = [Value(x, label=name) for x, name in zip(numbers, names, strict=True)]
    output = model(inputs)
    outputs = output if predictor.class_names else [output]
    leaves = [Value(value.data) for value in outputs]
    (target,) = predictor.targets([data.labels[row]])
    for values in outputs, leaves:
        for value, name in zip(values, predictor.class_names or [predictor.target], strict=True):
            value.label = f"logit {name}" if predictor.class_names else name
    whole = _loss(predictor, output, target)
    last = _loss(predictor, leaves if predictor.class_names else leaves[0], target)
    for loss in whole, last:
        loss.label = "loss"
        loss.backward()
    return whole, last


def _loss(predictor: Predictor, output: Any, target: Any) -> Any:
    return F.cross_entropy(output, target) if predictor.class_names else F.mse_loss(output, target)


def write_prediction(folder: Path, predictor: Predictor, data: Dataset, row: int) -> Prediction:
    """Write prediction.svg, the graph, and step.html, its backward pass edge by edge. Returns what the page shows."""
    whole, last = one_prediction(predictor, data, row)
    neurons = sum(1 for name, _ in predictor.model.named_parameters() if name.endswith(".b"))
    size = 3 * neurons + len(predictor.model.parameters())
    large = draw(whole, engine="builtin")
    large.save(folder / "prediction.svg")
    fits = size <= MOST_STEPPED
    step_through(whole if fits else last).save_html(folder / "step.html")
    few = neurons + len(predictor.feature_names) <= MOST_NEURONS
    drawing = large if not (few or fits) else draw(whole, collapse="neuron" if few else True, engine="builtin")
    drawn = "draws more" if len(large.svg) > len(drawing.svg) else "is the same as a file"
    return Prediction(drawing.svg, drawn, "its backward pass" if fits else "the last part of its backward pass")
