"""What is chosen where the command line says nothing: how to learn from the data."""

import argparse
from typing import Any

from nn.compiled import available

__all__ = ["choose"]

GENERAL: dict[str, Any] = {"activation": "tanh", "dropout": 0.0, "epochs": 100}  # for any table
DIGITS: dict[str, Any] = {"hidden": [64], "activation": "relu", "dropout": 0.3}  # with Adam, at 0.003
DIGITS_EAGERLY: dict[str, Any] = {"hidden": [16], "epochs": 8}  # some ten seconds where steps are taken in Python


def choose(arguments: argparse.Namespace) -> None:
    """Fill in what was not said."""
    chosen = dict(GENERAL)
    if arguments.data == "digits" and arguments.engine != "eager" and available():
        chosen |= {**DIGITS, "lr": 0.003 if arguments.optimizer == "adam" else None}
    elif arguments.data == "digits":
        chosen |= DIGITS_EAGERLY
    for name, x in chosen.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, x)
