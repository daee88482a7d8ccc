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
    width = max(map(len, predictor.feature_names))
    for name, scale in zip(predictor.feature_names, predictor.scales, strict=True):
        print(f"  {name:<{width}}  mean {scale.mean:.6g}, standard deviation {scale.deviation:.6g}")
    if predictor.notes:
        print()
    for name, note in predictor.notes.items():
        print(f"{name:<9}{note}")
    if arguments.weights:
        print()
        for name, parameter in predictor.model.named_parameters():
            print(f"{name} = {parameter.data!r}")
