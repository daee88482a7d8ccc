"""What LayerStatistics looks at after an epoch, as native code: gradients, and where activations are flat."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from autograd import Trainer, Value, grad, less
from nn import stats
from nn.compiled.sample import SampleLoss
from nn.module import Row
from nn.watching import watched


class Watched(SampleLoss):
    """The loss of a model in evaluation mode, whose samples also tell which outputs are at a flat place."""

    shares: Mapping[str, list[Value]] = MappingProxyType({})  # by layer: of each output the share of such samples

    def _answers(self, row: Row) -> Any:
        answers, seen = watched(self.model, [row])
        if not self.shares:  # a second recording, to compare with, has to have the same Values
            self.shares = {name: [Value(0.0) for _ in outputs] for name, (outputs,) in seen.items()}
        for name, (outputs,) in seen.items():
            for share, y in zip(self.shares[name], outputs):
                if y in seen.given:
                    (slope,) = grad(y, [seen.given[y]], create_graph=True)
                    self.statistics.observed[share] = less(abs(slope), stats.FLAT)
        return answers

    def look(self) -> stats.Look | None:
        """What `stats.look` finds, or None where a gradient is not finite."""
        parameters, rows = self.trainer.parameters, range(len(self.table))
        before = [p.grad for p in parameters]
        for p in parameters:
            p.grad = 0.0
        observe = Trainer.group(list(self.statistics.observed), lambda p, g, state, lr: (g, state), "observe", 0.0, {})
        _, done = self.trainer.run(self.table, [rows], [observe], {})
        gradients = {p: p.grad for p in parameters}
        for p, slope in zip(parameters, before):
            p.grad = slope
        if not done:
            return None
        counts = {name: [round(share.data * len(rows)) for share in shares] for name, shares in self.shares.items()}
        return stats.Look(gradients, {name: stats.flatness(found, len(rows)) for name, found in counts.items()})
