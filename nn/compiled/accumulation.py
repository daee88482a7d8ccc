"""Steps of several parts for a native loop: each part is a batch of its own where its samples depend on each other.

Where they do not, the parts of a step are one batch. Where they do (BatchNorm1d), each part is a step of the native
loop; the gradients add up in a state beside the optimiser's, and only the last part lets the optimiser's rule move.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from autograd import Trainer, Value, where
from nn.steps import Parts

SUM = "gradient so far"  # the name of the state


class Accumulation:
    """The batches that a native loop runs for these steps; `joint`: the samples of a batch depend on each other."""

    def __init__(self, steps: Sequence[Parts], joint: bool) -> None:
        self.apart = joint and any(len(parts) > 1 for parts in steps)
        self.batches = [batch for parts in steps for batch in (parts if self.apart else [list(chain(*parts))])]
        self.shares = [[len(part) / sum(map(len, parts)) for part in parts] if self.apart else [1.0] for parts in steps]

    def group(self, group: Any) -> Any:
        """A group whose rule moves its parameters at the last part of a step, by the gradients of all."""
        if not self.apart:
            return group

        def rule(p: Any, g: Any, state: Any, lr: Any, share: Any, later: Any, last: Any) -> Any:
            total = where(later, state[SUM], 0.0) + share * g
            new_p, new = group.rule(p, total, state, lr=lr)
            return where(last, new_p, p), {**{name: where(last, new[name], state[name]) for name in new}, SUM: total}

        sizes = [len(shares) for shares in self.shares]
        return Trainer.group(
            group.params, rule, (group.key, SUM), group.rates["lr"], {**group.start, SUM: 0.0},
            share=[share for shares in self.shares for share in shares],
            later=[float(k > 0) for size in sizes for k in range(size)],
            last=[float(k == size - 1) for size in sizes for k in range(size)],
        )

    def leave(
        self, losses: Sequence[float], states: Mapping[Value, dict[str, float]], params: Iterable[Value]
    ) -> list[float]:
        """Leave gradients and the optimiser's states as eager steps do; the losses of the whole steps among these."""
        for p in params if self.apart else ():
            if SUM in states.get(p, {}):
                p.grad = states[p].pop(SUM)
        waiting, taken = iter(losses), []
        for shares in self.shares:
            parts = [loss for _, loss in zip(shares, waiting)]
            if len(parts) == len(shares):
                taken.append(sum(share * loss for share, loss in zip(shares, parts)))
        return taken
