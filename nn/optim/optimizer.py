"""Optimizer: applies one rule, written for a single parameter, to all of them."""

import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from autograd import AnomalyError, Value
from nn.module import Module, Undecayed

State = dict[str, Any]  # of numbers, by name
Group = dict[str, Any]  # "params" and their options


class Optimizer:
    """What all optimisers share: groups of parameters with options, a state for each parameter, `step()`.

    A subclass gives the rule and nothing else of importance:

        rule(p, g, state, **options) -> (new p, new state)

    p is the parameter, g its gradient, state a dictionary of numbers that starts as `start(p)`. A rule is plain
    arithmetic with operations of `autograd`, so the same text runs on floats here and can be recorded on Values and
    compiled. It may branch on options that are switches (momentum, nesterov), never on numbers in flow.

    `params` is a list of Values, or of groups: `[{"params": [...], "weight_decay": 0.1}, {"params": [...]}]`. A
    parameter without a gradient is left alone; an `Undecayed` one (PReLU's slope) gets a weight decay of 0.
    Formulas, options and defaults are PyTorch's.
    """

    rule: ClassVar[Callable[..., tuple[Any, State]]]
    start: ClassVar[Callable[..., State]]  # start(p, **options)

    def __init__(self, params: Iterable[Any], **options: Any) -> None:
        self.defaults = options
        self.state: dict[Value, State] = {}
        self.param_groups: list[Group] = []
        if isinstance(params, Module):
            raise TypeError(f"{self._title} takes Values, not a {type(params).__name__}: pass model.parameters()")
        given = list(params)
        if not given:
            raise ValueError(f"{self._title} got no parameters: pass model.parameters()")
        for group in given if isinstance(given[0], Mapping) else [{"params": given}]:
            self.add_param_group(group)

    def __repr__(self) -> str:
        sizes = " + ".join(str(len(group["params"])) for group in self.param_groups)
        options = ", ".join(f"{name}={x!r}" for name, x in self.defaults.items())
        return f"{self._title}({sizes} parameters, {options})"

    def check(self, **options: Any) -> None:
        """Raise for options that make no sense: a number among them is never below 0."""
        for name, x in options.items():
            if isinstance(x, tuple | list):
                continue
            if not isinstance(x, numbers.Real):
                raise TypeError(f"{self._title} needs a number for {name}, got {x!r}")
            if not float(x) >= 0.0:
                raise ValueError(f"{self._title} needs {name} >= 0, got {x}")

    @property
    def _title(self) -> str:
        return type(self).__name__

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Optimise these parameters too, with their own options; what is not given is as for the others."""
        if "params" not in group:
            raise ValueError(f"a group of parameters needs 'params', got {', '.join(group) or 'nothing'}")
        unknown = set(group) - {"params", *self.defaults}
        if unknown:
            raise ValueError(f"{self._title} has no option {sorted(unknown)[0]!r}: it has {', '.join(self.defaults)}")
        params = [group["params"]] if isinstance(group["params"], Value) else list(group["params"])
        for p in params:
            if not isinstance(p, Value):
                raise TypeError(f"{self._title} updates Values, not {type(p).__name__} ({p!r})")
            if p.op is not None:
                raise ValueError(f"{self._title} updates leaves, and this one was made by {p.op.name}: "
                                 "pass the Values it was computed from")
        known = [p for other in self.param_groups for p in other["params"]]
        if len({*known, *params}) != len(known) + len(params):
            raise ValueError(f"{self._title} got a parameter twice: it would be updated twice a step")
        self.check(**{**self.defaults, **{name: x for name, x in group.items() if name != "params"}})
        self.param_groups.append({**self.defaults, **group, "params": params})

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                p.zero_grad()

    def step(self) -> None:
        """Update every parameter that has a gradient.

        Raises AnomalyError, before anything is changed, when a gradient is nan or inf, or a parameter would become so.
        """
        due = [(group, p) for group in self.param_groups for p in group["params"] if p.has_grad]
        for _, p in due:
            self.check_gradient(p, p.grad)
        for p, x, state in [(p, *self._updated(group, p)) for group, p in due]:
            p.data, self.state[p] = x, state

    def _updated(self, group: Group, p: Value) -> tuple[float, State]:
        """What the rule makes of a parameter and its state."""
        options = self.options(group, p)
        # A momentum that is switched on later finds no buffer in the state: it gets a new one.
        state = {**self.start(p.data, **options), **self.state.get(p, {})}
        try:
            x, state = self.rule(p.data, p.grad, state, **options)
        except (ZeroDivisionError, OverflowError):
            x = math.nan
        if math.isfinite(x):
            return x, state
        advice = "eps=0 divides by 0 where every gradient was 0" if options.get("eps") == 0.0 else "lr is too large"
        raise AnomalyError(f"{self._title}: {named(p)} would go from {p.data} to {x}, and nothing was updated: "
                           f"{advice}")

    def check_gradient(self, p: Value, g: float) -> None:
        """Raise AnomalyError for a gradient that is nan or inf."""
        if not math.isfinite(g):
            raise AnomalyError(f"{self._title}: the gradient of {named(p)} is {g}, and nothing was updated: a smaller "
                               "lr or nn.utils.clip_grad_norm_ may help, and running the step inside "
                               "autograd.detect_anomaly() shows where it came from")

    def options(self, group: Group, p: Value) -> dict[str, Any]:
        """The options of the rule for one parameter of a group."""
        options = {name: group[name] for name in self.defaults}
        if "weight_decay" in options and isinstance(p, Undecayed):
            options["weight_decay"] = 0.0
        return options

    def state_dict(self) -> dict[str, Any]:
        """Options and states as plain numbers; parameters are numbered in order, as in PyTorch."""
        index = {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        return {
            "state": {index[p]: dict(state) for p, state in self.state.items()},
            "param_groups": [{**group, "params": [index[p] for p in group["params"]]} for group in self.param_groups],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a `state_dict` of the same optimiser over the same number of parameters.

        Raises ValueError when the groups differ in size or options.
        """
        saved = state_dict["param_groups"]
        sizes = [len(group["params"]) for group in saved], [len(group["params"]) for group in self.param_groups]
        if sizes[0] != sizes[1]:
            raise ValueError(f"this state is for groups of {sizes[0]} parameters, and {self._title} has {sizes[1]}")
        for group in saved:
            missing = sorted(set(self.defaults) - set(group))
            if missing:
                raise ValueError(f"this state is not one of {self._title}: it has no {missing[0]!r}")
        params = [p for group in self.param_groups for p in group["params"]]
        self.state = {params[int(i)]: dict(state) for i, state in state_dict["state"].items()}
        for group, other in zip(self.param_groups, saved):
            options = {name: x for name, x in other.items() if name != "params"}  # JSON makes a list of betas' pair
            group.update({name: tuple(x) if isinstance(x, list) else x for name, x in options.items()})


def decay_groups(model: Module, weight_decay: float) -> list[Group]:
    """Two groups for an optimiser: `model.weights()` with this weight decay, and biases, slopes and scales without.

    >>> import nn
    >>> model = nn.MLP(2, [3, 1], seed=0)
    >>> [(len(group["params"]), group["weight_decay"]) for group in decay_groups(model, 0.01)]
    [(9, 0.01), (4, 0.0)]
    """
    weights = model.weights()
    shrunk = set(weights)
    others = [p for p in model.parameters() if p not in shrunk]
    return [{"params": weights, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def named(p: Value) -> str:
    """How a message calls a parameter: `layer0/neuron1/w2`."""
    return "/".join(part for part in (p.scope, p.label) if part) or f"a parameter that is {p.data:g}"


def ascend_and_decay(p: Any, g: Any, maximize: bool, weight_decay: float) -> Any:
    """The gradient of what is minimised: of minus the objective when maximising, of the penalty on p too."""
    g = -g if maximize else g
    return g + weight_decay * p if weight_decay else g
