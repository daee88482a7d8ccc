"""One prediction, followed through the network number by number."""

from typing import Any

from autograd import Value
from nn import functional as F
from nn.dataset import Dataset
from nn.predictor import Predictor

__all__ = ["one_prediction"]


def one_prediction(predictor: Predictor, data: Dataset, row: int) -> Any:
    """The loss of one sample, a Value that has gone backward: its graph is the whole way from the inputs."""
    model = predictor.model.eval()
    model.zero_grad()
    (numbers,) = predictor.inputs([data.features[row]])
    inputs = [Value(x, label=name) for x, name in zip(numbers, predictor.feature_names, strict=True)]
    output = model(inputs)
    (target,) = predictor.targets([data.labels[row]])
    loss = F.cross_entropy(output, target) if predictor.class_names else F.mse_loss(output, target)
    for value, name in zip(output if predictor.class_names else [output], predictor.class_names or [predictor.target]):
        value.label = name
    loss.label = "loss"
    loss.backward()
    return loss
