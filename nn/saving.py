"""Save a model and load it again: safetensors for its numbers, JSON for its architecture, nothing that could run.

The architecture is how the model was built: its class, and the arguments it was called with. Numbers lie in the file
under PyTorch's names and shapes (`layers.0.weight`, outputs x inputs), so that other programs can use them.
"""

import functools
import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import autograd
from nn import functional as F
from nn.activations import NAMES
from nn.module import Module
from nn.tensorfile import FileError, read_described, refusing, write_tensors

__all__ = ["save", "load", "load_with_notes", "architecture", "build"]

FORMAT = 1


def save(model: Module, path: str | Path, **notes: Any) -> None:
    """Write a model to one file, replaced in one step, that `load` and the safetensors library read.

    `notes` (class names, a standardisation, ...) are kept with it, as JSON.
    Raises TypeError where the model was built from something that a file cannot describe, such as a lambda.

    >>> import nn, tempfile
    >>> model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.safetensors")
    ...     copy = load(f"{folder}/model.safetensors")
    >>> copy([1.0, 2.0]).data == model([1.0, 2.0]).data
    True
    """
    description: dict[str, Any] = {"format": FORMAT, "architecture": architecture(model), "notes": notes}
    twin = build(description["architecture"], [type(module) for module in model.modules()])
    if list(twin.state_dict()) != list(model.state_dict()):
        given = list(_given(model))
        twice = next((module for module in given if given.count(module) > 1), None)
        if twice is not None:
            raise TypeError(f"this {type(model).__name__} has one {type(twice).__name__} in two places, which a file "
                            "cannot describe: save model.state_dict() yourself")
        raise TypeError(f"this {type(model).__name__} was changed after it was built, so that its arguments do not "
                        "describe it any more: build it anew, or save model.state_dict() yourself")
    text = json.dumps(description, allow_nan=False, ensure_ascii=False)
    write_tensors(path, to_tensors(model.state_dict()), {"stepgrad.model": text})


def load(path: str | Path, classes: Iterable[type[Module]] = ()) -> Module:
    """The model in a file of `save`, in evaluation mode. `classes` are modules of your own that it consists of.

    Raises FileError, which names the file, for anything but a whole file of `save`.

    >>> import nn, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(nn.Linear(2, 1, seed=0), f"{folder}/line.safetensors")
    ...     load(f"{folder}/line.safetensors")
    Linear(2 -> 1)  3 parameters
    """
    return load_with_notes(path, classes)[0]


def load_with_notes(path: str | Path, classes: Iterable[type[Module]] = ()) -> tuple[Module, dict[str, Any]]:
    """The model in a file of `save`, and the notes that were saved with it."""
    tensors, description = read_described(path, "stepgrad.model", "a model of stepgrad's nn.save")
    with refusing(path, "cannot be loaded"):
        if description["format"] != FORMAT:
            raise ValueError(f"it has format {description['format']}, this version reads {FORMAT}: upgrade stepgrad")
        numbers, needed = sum(map(_count, tensors.values())), size(description["architecture"])
        if numbers < needed:
            raise ValueError(f"it holds another model: {numbers} numbers for an architecture of {needed}")
        notes = dict(description["notes"])
    with refusing(path, "cannot build its model"):
        model = build(description["architecture"], classes)
    model.load_state_dict(from_tensors(tensors, model.state_dict(), path))
    return model.eval(), notes


# --------------------------------------------------------------------------------------------------- architecture


def architecture(model: Module) -> dict[str, Any]:
    """How the model was built, as JSON: `{"class": "Layer", "nin": 2, "nout": 3, "activation": "tanh"}`."""
    args, named = model._arguments
    bound = inspect.signature(type(model).__init__).bind(model, *args, **named)
    bound.apply_defaults()  # written down, so that a default that changes later does not change old files
    described = {name: _described(x, f"{type(model).__name__}({name}=...)")
                 for name, x in list(bound.arguments.items())[1:]
                 if name != "seed" and not (isinstance(x, tuple | dict) and not x)}
    return {"class": type(model).__name__, **described}


def _described(x: Any, where: str) -> Any:
    if isinstance(x, Module):
        return architecture(x)
    if hasattr(x, "tolist"):  # NumPy's numbers and arrays
        return _described(x.tolist(), where)
    if isinstance(x, list | tuple | range):
        return [_described(item, where) for item in x]
    if isinstance(x, dict):
        return {key: _described(item, where) for key, item in x.items()}
    if x is None or isinstance(x, str | bool | int | float):
        return x
    name = str(getattr(x, "name", None) or getattr(x, "__name__", ""))
    if name in _functions() and x in (_functions()[name], getattr(F, name, None)):
        return {"function": name}
    raise TypeError(f"{where} is {x!r}, which a file cannot describe: use an activation's name, "
                    "or save model.state_dict() yourself")


def _given(x: Any) -> Iterator[Module]:
    """The modules that a module was built from, and those that these were built from."""
    if isinstance(x, Module):
        args, named = x._arguments
        for module in filter(lambda arg: isinstance(arg, Module), [*args, *named.values()]):
            yield module
            yield from _given(module)


SIZES: dict[str, Callable[..., int]] = {  # how many numbers a module has, from what it is built with
    "Neuron": lambda nin, bias=True, **_: nin + bias,
    "Layer": lambda nin, nout, bias=True, **_: nout * (nin + bias),
    "Linear": lambda in_features, out_features, bias=True, **_: out_features * (in_features + bias),
    "MLP": lambda nin, nouts, **_: sum(n * (m + 1) for m, n in zip([nin, *nouts], nouts)),
    "BatchNorm1d": lambda num_features, affine, track_running_stats, **_:
        1 + 2 * num_features * (affine + track_running_stats),
    "PReLU": lambda num_parameters, **_: num_parameters,
}


def size(description: Any) -> int:
    """How many numbers the modules of nn in a description have: known before any of them is built.

    >>> size({"class": "Residual", "module": {"class": "Layer", "nin": 2, "nout": 2}})
    6
    """
    if isinstance(description, list):
        return sum(map(size, description))
    if not isinstance(description, dict):
        return 0
    inside = sum(map(size, description.values()))
    own = SIZES.get(description.get("class", ""))
    if own is None:
        return inside
    return inside + own(**{key: x for key, x in description.items() if key != "class"})


def _count(tensor: Any) -> int:
    return sum(map(_count, tensor)) if isinstance(tensor, list) else 1


def build(description: Mapping[str, Any], classes: Iterable[type[Module]] = ()) -> Module:
    """The model that `architecture` described, with starting weights.

    Raises LookupError for a class that is neither of nn nor among `classes`.
    """
    known = {cls.__name__: cls for cls in [*_modules(), *classes]}
    name = description["class"]
    if name not in known:
        raise LookupError(f"no module is called {name!r}: pass yours as load(path, classes=[{name}])")
    args: list[Any] = []
    named = {}
    parameters = inspect.signature(known[name].__init__).parameters
    for key, x in description.items():
        if key == "class":
            continue
        built = _built(x, classes)
        kind = parameters[key].kind if key in parameters else None
        if kind is inspect.Parameter.VAR_POSITIONAL:
            args = built
        elif kind is inspect.Parameter.VAR_KEYWORD:
            named.update(built)
        else:
            named[key] = built
    return known[name](*args, **named)


def _built(x: Any, classes: Iterable[type[Module]]) -> Any:
    if isinstance(x, list):
        return [_built(item, classes) for item in x]
    if not isinstance(x, dict):
        return x
    if "class" in x:
        return build(x, classes)
    if "function" in x:
        return _functions()[x["function"]]
    return {key: _built(item, classes) for key, item in x.items()}


@functools.cache
def _functions() -> dict[str, Callable[..., Any]]:
    """The functions that a file may name: those of one number, and nothing that does more than compute."""
    operations = {name: f for name, f in vars(autograd).items() if len(getattr(f, "operands", ())) == 1}
    return {**operations, **NAMES, "logsigmoid": F.logsigmoid}


def _modules() -> list[type[Module]]:
    """The modules that a file may name: those that nn exports."""
    import nn

    return [cls for cls in vars(nn).values() if isinstance(cls, type) and issubclass(cls, nn.Module)]


# -------------------------------------------------------------------------------- PyTorch's shapes of scalar names

PLACES = [  # a scalar's name -> its tensor, and the indices in it
    (re.compile(r"(.*\.)?neurons\.(\d+)\.w\.(\d+)"), "weight"),
    (re.compile(r"(.*\.)?neurons\.(\d+)\.b"), "bias"),
    (re.compile(r"(.+)\.(\d+)"), ""),
]


def place(name: str) -> tuple[str, list[int]]:
    """Where a number of a state_dict lies in a file: the tensor's name and the indices.

    >>> place("layers.0.neurons.1.w.2"), place("slope")
    (('layers.0.weight', [1, 2]), ('slope', []))
    """
    for pattern, tensor in PLACES:
        match = pattern.fullmatch(name)
        if match:
            return (match[1] or "") + tensor, [int(index) for index in match.groups()[1:]]
    return name, []


def to_tensors(state: Mapping[str, float]) -> dict[str, Any]:
    """The numbers of a state_dict as nested lists.

    >>> to_tensors({"neurons.0.w.0": 1.0, "neurons.0.w.1": 2.0, "neurons.0.b": 3.0})
    {'weight': [[1.0, 2.0]], 'bias': [3.0]}
    """
    tensors: dict[str, Any] = {}
    for name, x in state.items():
        tensor, indices = place(name)
        if not indices:
            tensors[tensor] = x
            continue
        part = tensors.setdefault(tensor, [])
        for index in indices[:-1]:
            if index == len(part):
                part.append([])
            part = part[index]
        part.append(x)
    return tensors


def from_tensors(tensors: Mapping[str, Any], like: Mapping[str, float], path: str | Path) -> dict[str, float]:
    """The state_dict in nested lists, with the names of `like`. Raises FileError where the shapes are others."""
    state = {}
    for name in like:
        tensor, indices = place(name)
        try:
            x = tensors[tensor]
            for index in indices:
                x = x[index]
            state[name] = float(x)
        except (LookupError, TypeError) as error:
            raise FileError(f"{path} holds another model: it has no number {name}") from error
    if json.dumps(to_tensors(state), sort_keys=True) != json.dumps(dict(tensors), sort_keys=True):
        raise FileError(f"{path} holds another model: it has {', '.join(tensors)}, in other shapes")
    return state
