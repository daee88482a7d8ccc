"""`python -m nn inspect`: what a trained model is."""

import argparse

from nn.predictor import Predictor

__all__ = ["inspect"]


def inspect(arguments: argparse.Namespace) -> None:
    """Print the model, what its numbers mean, and how it came about."""
    predictor = Predictor.load(arguments.model)
    print(predictor.model)
    goal = f"one of {', '.join(predictor.class_names)}" if predictor.class_names else "a number"
    print(f"\npredicts {predictor.target!r}, {goal}, from")
    scales = dict(zip(predictor.feature_names, predictor.scales, strict=True))
    width = max(len(column.name) for column in predictor.columns)
    for column in predictor.columns:
        told = f"one of {', '.join(column.values)}"
        if not column.values:
            told = f"mean {scales[column.name].mean:.6g}, standard deviation {scales[column.name].deviation:.6g}"
        print(f"  {column.name:<{width}}  {told}")
    if predictor.notes:
        print()
    for name, note in predictor.notes.items():
        print(f"{name:<9}{note}")
    if arguments.weights:
        print()
        for name, parameter in predictor.model.named_parameters():
            print(f"{name} = {parameter.data!r}")
