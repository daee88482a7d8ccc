"""What can be said on the command line."""

import argparse
from collections.abc import Callable
from typing import Any

from nn.activations import NAMES
from nn.cli.inspect import inspect
from nn.cli.predict import predict
from nn.cli.train import OPTIMIZERS, train

__all__ = ["COMMANDS", "parser"]

COMMANDS = ("train", "predict", "inspect")

ABOUT = """\
Train a small neural network whose every number is a node you can look at.

  python -m nn                                    handwritten digits: 1,797 images, 10 classes, a few seconds
  python -m nn data.csv --target species          your own table
  python -m nn predict runs/data new.csv          what the model says about new rows
  python -m nn inspect runs/data                  what the model is
"""

MORE = """\
Without a command, train is meant. Its options (--target, --hidden, --epochs, --out, ...) are told by
python -m nn train --help
"""

TRAIN = """\
Train on a CSV file (or on handwritten digits) and write a folder: report.html, the model, its history.

  python -m nn train                              handwritten digits (fewer neurons without native code)
  python -m nn train iris                         Fisher's iris: 150 flowers, 3 species
  python -m nn train data.csv --target species    your own table, its columns named in the first line

A target of text, or of few whole numbers, is a classification; of other numbers, a regression.
A column of texts becomes one number, 1 or 0, for each text in it.
"""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Prose as it was written, options with their defaults, in a column wide enough for their names."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=100)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.help and action.default not in (None, False, [], argparse.SUPPRESS):
            return f"{action.help} (default: %(default)s)"
        return action.help


def parser() -> argparse.ArgumentParser:
    """The parser; each command's `run` is the function to call with what was parsed."""
    top = argparse.ArgumentParser(prog="python -m nn", usage="python -m nn [train | predict | inspect] ...",
                                  description=ABOUT, formatter_class=_Help, epilog=MORE)
    commands = top.add_subparsers(title="commands", metavar="", prog="python -m nn")

    def command(name: str, run: Callable[..., None], summary: str, description: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=description, formatter_class=_Help)
        made.set_defaults(run=run)
        return made

    made = command("train", train, "train a network, write a report (meant when no command is given)", TRAIN)
    made.usage = "python -m nn train [DATA] [options]"
    _train_options(made)
    made = command("predict", predict, "apply a trained model to new rows",
                   "Apply a trained model to the rows of a CSV file and write them, with the predictions, to another.")
    made.add_argument("model", help="the folder that train wrote, or its model.safetensors")
    made.add_argument("data", help="a CSV file with the model's columns, in any order; others are passed on")
    _header(made)
    made.add_argument("--out", metavar="FILE",
                      help="where to write (default: DATA with -predictions, -predictions-2, ... before .csv)")
    made.add_argument("--force", action="store_true", help="let --out replace a file")
    made = command("inspect", inspect, "print a trained model",
                   "Print what a trained model is: its layers, its columns, how it was made, how good it is.")
    made.add_argument("model", help="the folder that train wrote, or its model.safetensors")
    made.add_argument("--weights", action="store_true", help="also every weight")
    return top


def _train_options(train: argparse.ArgumentParser) -> None:
    add = train.add_argument
    add("data", nargs="?", default="digits", metavar="DATA", help="a CSV file, or digits, or iris")
    add("--target", metavar="COLUMN", help="the column to predict")
    add("--drop", type=_names, default=[], metavar="COLUMNS", help="columns to leave out: --drop id,name")
    add("--skip-empty", action="store_true", help="leave out rows in which a cell is empty")
    _header(train)
    add("--task", choices=("classification", "regression"), help="what the target is, where the guess is wrong")
    add("--hidden", type=_sizes, metavar="SIZES",
        help="neurons per hidden layer: 16,16, or none (default: 8, or 16 for more than 20 features; digits: 64"
             " in native code)")
    add("--activation", choices=sorted(NAMES), metavar="NAME",
        help=f"{', '.join(sorted(NAMES))} (default: tanh; digits: relu)")
    add("--dropout", type=_share, metavar="SHARE",
        help="of each hidden layer, how much is left out in a training step (default: 0; digits: 0.3)")
    add("--optimizer", choices=OPTIMIZERS, default="adam", metavar="NAME", help=", ".join(OPTIMIZERS))
    rates = ", ".join(f"{name} {lr}" for name, (_, lr) in OPTIMIZERS.items())
    add("--lr", type=_positive(float), metavar="RATE", help=f"the learning rate (default: {rates}; digits: 0.003)")
    add("--epochs", type=_positive(int), metavar="N",
        help="passes over the training data, at most (default: 100, or as many as make 2,000 steps; digits without"
             " native code: 8)")
    add("--batch-size", type=_positive(int), default=16, metavar="N", help="samples per step")
    add("--patience", type=_positive(int), metavar="N",
        help="stop when the validation loss has not fallen for so many epochs (default: a fifth of --epochs, but 20"
             " at least)")
    add("--engine", choices=("auto", "eager", "compiled"), default="auto", metavar="NAME",
        help="eager (every number a Value), compiled (native code), or auto: compiled where there is much to do")
    add("--seed", type=int, default=0, metavar="N", help="same seed, same split, same weights, same report")
    add("--out", metavar="DIR", help="the folder to write (default: runs/NAME, or the next free runs/NAME-2, ...)")
    add("--force", action="store_true", help="let --out replace a folder of an earlier run, once the new one is whole")
    add("--quiet", action="store_true", help="no progress bar")


def _header(command: argparse.ArgumentParser) -> None:
    command.add_argument("--header", action=argparse.BooleanOptionalAction, default=None,
                         help="whether the first line names the columns, where that is not clear")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _sizes(text: str) -> list[int]:
    if text.strip() in ("", "0", "none"):
        return []  # a linear model
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = [0]
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of sizes like 16,16 (or none, for a linear model)")
    return sizes


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to below 1")
    return share


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def positive(text: str) -> Any:
        try:
            number = kind(text)
        except ValueError:
            number = 0
        if not 0 < number < float("inf"):
            whole = "whole " if kind is int else ""
            raise argparse.ArgumentTypeError(f"{text!r} is not a {whole}number above 0")
        return number

    return positive
