"""History: what a training run went through, one row of numbers per epoch."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.viz import Table

MOST_ROWS = 16  # of the table in a notebook


class History:
    """The numbers of a training run: `history.loss` and `history["accuracy"]` are lists with one entry per epoch.

    | field | |
    |---|---|
    | `rows` | one dictionary per epoch: `epoch` (from 1), `loss`, `lr`, `validation_loss` and what callbacks recorded |
    | `stopped` | why the run ended before its last epoch, or "" |
    | `best_epoch` | the epoch (from 1) whose weights the model has, where early stopping restored them, else None |

    >>> history = History()
    >>> history.append(epoch=1, loss=0.5, validation_loss=0.6)
    >>> history.append(epoch=2, loss=0.25, validation_loss=0.7)
    >>> history.loss, len(history)
    ([0.5, 0.25], 2)
    >>> print(history)
    epoch  loss  validation_loss
        1   0.5              0.6
        2  0.25              0.7
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.stopped = ""
        self.best_epoch: int | None = None
        self.film: Any = None  # what nn.Filming recorded, for nn.film(history)

    def append(self, **numbers: Any) -> None:
        """Add the row of one epoch."""
        self.rows.append(numbers)

    def record(self, **numbers: Any) -> None:
        """Add numbers (or lists and dictionaries of numbers) to the row of the latest epoch."""
        if not self.rows:
            raise ValueError("no epoch has ended yet, so there is no row to record into")
        self.rows[-1].update(numbers)

    @property
    def loss(self) -> list[float]:
        """The mean training loss of each epoch, as it was while the weights were changing."""
        return self["loss"]

    @property
    def validation_loss(self) -> list[float]:
        """The validation loss after each epoch; empty when there were no validation data."""
        return [row["validation_loss"] for row in self.rows if "validation_loss" in row]

    @property
    def names(self) -> list[str]:
        """Everything that was recorded, in order of appearance."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def __getitem__(self, name: str) -> list[Any]:
        """One entry per epoch; None in an epoch that did not record it."""
        if self.rows and name not in self:
            raise KeyError(f"{name!r} was not recorded; there are {', '.join(self.names)}")
        return [row.get(name) for row in self.rows]

    def __contains__(self, name: object) -> bool:
        return any(name in row for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and self.state_dict() == other.state_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {_shown(number)}" for name, number in self.rows[-1].items()) if self.rows else "empty"
        return f"History({last})"

    def _table(self, most: int) -> "Table":
        """What is a number in every epoch; of more than `most` epochs the first and the last."""
        from autograd import viz

        names = [name for name in self.names if all(isinstance(x, int | float | None) for x in self[name])]
        rows = viz.both_ends(self.rows, most, lambda row: [_shown(row.get(name)) for name in names])
        notes = [f"stopped: {self.stopped}"] if self.stopped else []
        return viz.Table(names, rows, "r" * len(names), notes=notes)

    def __str__(self) -> str:
        return self._table(len(self)).text()

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        """For notebooks: the curves of the loss over a table of the first and last epochs."""
        from autograd import viz

        forms = {"text/html": self._html, "image/svg+xml": self._curves}
        return viz.mimebundle(self, forms if self.rows else {}, "; see nn.plots.loss(history)")

    def _curves(self) -> str:
        from nn.report.chart import STYLE
        from nn.report.figures import loss_curves

        return loss_curves(self).svg(STYLE)

    def _html(self) -> str:
        from autograd import viz

        return viz.image(self._curves(), repr(self)) + self._table(MOST_ROWS).html()

    def state_dict(self) -> dict[str, Any]:
        """All of it as dictionaries, lists and numbers."""
        return {"rows": [dict(row) for row in self.rows], "stopped": self.stopped, "best_epoch": self.best_epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Become what `state_dict` described."""
        self.rows = [dict(row) for row in state["rows"]]
        self.stopped, self.best_epoch = state["stopped"], state["best_epoch"]


def _shown(number: Any) -> str:
    if number is None:
        return "-"
    return f"{number:.4g}" if isinstance(number, float) and math.isfinite(number) else str(number)
