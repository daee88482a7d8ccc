"""What is chosen where the command line says nothing: how to learn from the data."""

import argparse
import math
from typing import Any

from nn.compiled import available

__all__ = ["choose"]

STEPS = 2000  # of Adam at 0.01: what small tables took, measured on nine of 60 to 300 rows; 400 were too few
GENERAL: dict[str, Any] = {"activation": "tanh", "dropout": 0.0}  # for any table
DIGITS: dict[str, Any] = {"hidden": [64], "activation": "relu", "dropout": 0.3}  # with Adam, at 0.003
DIGITS_EAGERLY: dict[str, Any] = {"hidden": [16], "epochs": 8}  # some ten seconds where steps are taken in Python


def choose(arguments: argparse.Namespace, inputs: int, rows: int) -> None:
    """Fill in what was not said, for so many numbers in each of so many rows to train on."""
    epochs = max(100, math.ceil(STEPS / math.ceil(rows / arguments.batch_size)))
    chosen = {**GENERAL, "hidden": [8] if inputs <= 20 else [16], "epochs": epochs}
    if arguments.data == "digits" and arguments.engine != "eager" and available():
        chosen |= {**DIGITS, "lr": 0.003 if arguments.optimizer == "adam" else None}
    elif arguments.data == "digits":
        chosen |= DIGITS_EAGERLY
    chosen["patience"] = max(20, (arguments.epochs or chosen["epochs"]) // 5)
    for name, x in chosen.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, x)
