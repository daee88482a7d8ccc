"""`python -m nn train`: from a table to a trained model and a folder that shows it."""

import argparse
import json
import math
import shlex
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import nn
from nn import data
from nn import functional as F
from nn.cli.choices import choose
from nn.cli.folder import check_out, output_folder
from nn.columns import suspicions
from nn.dataset import DataError, Dataset, train_test_split
from nn.history import History
from nn.predictor import Predictor
from nn.report.chart import STYLE, decimals, shown
from nn.report.figures import loss_curves
from nn.report.page import Run, page
from nn.report.prediction import write_prediction

__all__ = ["OPTIMIZERS", "train"]

OPTIMIZERS: dict[str, tuple[Callable[..., Any], float]] = {  # and the learning rate where none is given
    "adam": (nn.optim.Adam, 0.01),
    "adamw": (nn.optim.AdamW, 0.01),
    "rmsprop": (nn.optim.RMSprop, 0.01),
    "adagrad": (nn.optim.Adagrad, 0.1),
    "sgd": (nn.optim.SGD, 0.1),
}
INCLUDED = {"iris": data.iris, "digits": data.digits}
HOPELESS = 10.0  # times the loss of a guess: training made the model worse, not better
HELD_OUT = 0.2  # of all samples to test, and of the others to validate


def train(arguments: argparse.Namespace) -> None:
    """Read, split, train, test, write."""
    check_out(arguments.out, arguments.force)
    dataset = _read(arguments)
    learn, validate, test = _split(dataset, arguments.seed)
    choose(arguments, len(dataset.feature_names), len(learn))
    print(_told(dataset, arguments))
    for note in suspicions(dataset, dataset.columns):
        print(f"note     {note}")
    print(f"split    {len(learn)} rows to train, {len(validate)} to validate, {len(test)} held out to test")
    with output_folder(arguments.out, Path("runs") / Path(arguments.data).stem, arguments.force) as folder:
        predictor, history = _fit(arguments, learn, validate)
        ended = _ended(arguments, predictor, history, validate)
        print(_trained(predictor, history, ended))
        run = Run(Path(arguments.data).stem, dataset, learn, validate, test, predictor, history, _command(arguments),
                  ended)
        score = _score(run)
        print(f"test     {score}")
        predictor.notes |= {"made by": run.command, "test": score}
        _write(folder.path, run)
    print(f"written  {folder.name}/: {', '.join(sorted(path.name for path in folder.name.iterdir()))}")


def _read(arguments: argparse.Namespace) -> Dataset:
    if arguments.data in INCLUDED and not Path(arguments.data).is_file():
        if arguments.target or arguments.drop or arguments.task:
            raise DataError(f"{arguments.data} is included, with its target: --target, --drop and --task are for a CSV")
        return INCLUDED[arguments.data]()
    table = data.read_table(arguments.data, arguments.header)
    if arguments.target is None:
        raise DataError(f"say which column of {table.name} to predict, with --target COLUMN; its columns are "
                        f"{', '.join(map(repr, table.header))}")
    if arguments.skip_empty:
        rows, table = len(table.rows), table.complete(arguments.drop)
        print(f"skipped  {rows - len(table.rows)} of {rows} rows, in which a cell is empty")
    return table.dataset(arguments.target, arguments.task, arguments.drop)


def _split(dataset: Dataset, seed: int) -> tuple[Dataset, Dataset, Dataset]:
    """The samples to train on, to validate with, and to test with."""
    try:
        rest, test = train_test_split(dataset, HELD_OUT, seed)
        return *train_test_split(rest, HELD_OUT, seed + 1), test
    except DataError as error:
        least = "some class has to have" if dataset.class_names else "it takes"
        raise DataError(f"{len(dataset)} rows are too few to train, validate and test with: {least} three of them"
                        ) from error


def _told(dataset: Dataset, arguments: argparse.Namespace) -> str:
    if not dataset.class_names:
        goal = f"regression of {dataset.target!r}"
    else:
        goal = f"classification of {dataset.target!r}: {', '.join(dataset.class_names)}"
    numbers = len(dataset.feature_names)
    count = len(dataset.columns) or numbers
    features = f"{count} feature{'s' * (count != 1)}" + (f" ({numbers} numbers: one per text)" * (numbers != count))
    return f"data     {arguments.data}: {len(dataset)} rows, {features}, {goal}"


def _fit(arguments: argparse.Namespace, learn: Dataset, validate: Dataset) -> tuple[Predictor, History]:
    outputs = len(learn.class_names) or 1
    model = _model(arguments, len(learn.feature_names), outputs)
    predictor = Predictor.of(model, learn)
    sizes = [len(learn.feature_names), *arguments.hidden, outputs]
    dropout = f", dropout {arguments.dropout:g}" if arguments.dropout else ""
    print(f"model    MLP {' -> '.join(map(str, sizes))}{dropout}, {len(model.parameters()):,} parameters, each a Value")
    watched = 32 if len(model.parameters()) < 1000 else 16  # rows that are looked at after each epoch
    make, lr = OPTIMIZERS[arguments.optimizer]
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = _note
        history = nn.fit(
            model, predictor.inputs(learn.features), predictor.targets(learn.labels),
            loss=F.cross_entropy if learn.class_names else F.mse_loss,
            optimizer=make(model.parameters(), lr=arguments.lr or lr),
            epochs=arguments.epochs, batch_size=arguments.batch_size, seed=arguments.seed,
            validation=(predictor.inputs(validate.features), predictor.targets(validate.labels)),
            callbacks=[nn.LayerStatistics(watched), nn.EarlyStopping(arguments.patience)],
            progress=not arguments.quiet, engine=arguments.engine,
        )
    return predictor, history


def _model(arguments: argparse.Namespace, inputs: int, outputs: int) -> nn.Module:
    """A multi-layer perceptron, with dropout after each hidden layer if asked for."""
    model = nn.MLP(inputs, [*arguments.hidden, outputs], activation=arguments.activation)
    initialise = nn.init.xavier_uniform_ if arguments.activation in ("tanh", "sigmoid") else nn.init.kaiming_uniform_
    initialise(model, seed=arguments.seed)
    if not arguments.dropout:
        return model
    *hidden, last = model.layers
    drops = [nn.Dropout(arguments.dropout, seed=arguments.seed + k) for k in range(len(hidden))]
    return nn.Sequential(*(module for pair in zip(hidden, drops) for module in pair), last)


def _note(
    message: Warning | str, category: type[Warning], filename: str, lineno: int,
    file: TextIO | None = None, line: str | None = None,
) -> None:
    """Tell a warning of `fit` in one line; that the loss is not finite is told by `_ended`."""
    if not str(message).startswith("training stopped"):
        print(f"note     {' '.join(str(message).split())}")


def _ended(arguments: argparse.Namespace, predictor: Predictor, history: History, validate: Dataset) -> str:
    """Why training ended before its last epoch, or "". Raises DataError when it never got anywhere."""
    best = min(history.validation_loss, default=math.inf)
    broke = history.stopped.startswith("epoch")  # at a loss that is not finite
    guess = _guess(predictor, validate)
    if best > (1.0 if broke else HOPELESS) * guess or not math.isfinite(best):
        what = ": ".join(history.stopped.split(": ")[:3]) if broke else f"its loss is {decimals(best)} at best"
        raise DataError(f"training diverged ({what}; a guess has a loss of {decimals(guess)}): try a "
                        f"smaller --lr than {arguments.lr or OPTIMIZERS[arguments.optimizer][1]:g}")
    if broke:
        return ": ".join(history.stopped.split(": ")[:3])
    return f"validation has not become better for {arguments.patience} epochs" if history.stopped else ""


def _guess(predictor: Predictor, validate: Dataset) -> float:
    """The validation loss of knowing nothing: of saying the mean of the training rows, or all classes alike."""
    if predictor.class_names:
        return math.log(len(predictor.class_names))
    return max(1.0, math.fsum(y * y for y in predictor.targets(validate.labels)) / len(validate))


def _trained(predictor: Predictor, history: History, ended: str) -> str:
    """How the training went."""
    best = history.rows[(history.best_epoch or 1) - 1]
    tell = decimals if predictor.class_names else shown
    loss, validation = (tell(predictor.measured(best[name])) for name in ("loss", "validation_loss"))
    return (f"trained  {len(history)} epoch{'s' * (len(history) != 1)}, the best was {history.best_epoch}: "
            f"{predictor.measure} {loss} on training, {validation} on validation"
            + (f"\nstopped  {ended}" if ended else ""))


def _command(arguments: argparse.Namespace) -> str:
    """The command that makes the same model again, whatever defaults may be then."""
    chosen = {"target": arguments.target, "drop": ",".join(arguments.drop) or None, "task": arguments.task,
              "hidden": ",".join(map(str, arguments.hidden)) or "none", "activation": arguments.activation,
              "dropout": arguments.dropout or None,
              "optimizer": arguments.optimizer, "lr": arguments.lr or OPTIMIZERS[arguments.optimizer][1],
              "epochs": arguments.epochs, "batch-size": arguments.batch_size, "patience": arguments.patience,
              "seed": arguments.seed}
    options = [word for name, x in chosen.items() if x is not None for word in (f"--{name}", str(x))]
    options += ["--skip-empty"] * arguments.skip_empty
    options += [] if arguments.header is None else ["--header" if arguments.header else "--no-header"]
    return shlex.join(["python", "-m", "nn", "train", Path(arguments.data).name, *options])


def _write(folder: Path, run: Run) -> None:
    """The files of the output folder."""
    run.predictor.save(folder / "model.safetensors")
    (folder / "history.json").write_text(json.dumps(run.history.state_dict(), indent=1) + "\n", encoding="utf-8")
    curves = loss_curves(run.history, run.predictor.measure, run.predictor.measured)
    (folder / "loss.svg").write_text(curves.svg(STYLE), encoding="utf-8")
    single = run.tested.losses
    prediction = write_prediction(folder, run.predictor, run.test, single.index(max(single)))
    (folder / "report.html").write_text(page(run, prediction), encoding="utf-8")


def _score(run: Run) -> str:
    """How good the model is on rows it has never seen."""
    score = run.tested.scores
    if run.test.class_names:
        return (f"loss {decimals(score['loss'])}, accuracy {100 * score['accuracy']:.1f} % "
                f"({score['right']} of {len(run.test)} right)")
    return (f"root mean squared error {shown(score['root mean squared error'])}, "
            f"mean absolute error {shown(score['mean absolute error'])}, R² {decimals(score['R²'])}")
