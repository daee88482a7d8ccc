"""The forward and the backward pass as a sequence of steps, each with the numbers of the chain rule."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from autograd.graph import topological_order
from autograd.value import Value
from autograd.viz.display import in_words, mimebundle
from autograd.viz.figures import equation, inside, rounded, shown
from autograd.viz.layout import Direction, directed
from autograd.viz.notation import in_formula, names, place_of, slope_of
from autograd.viz.order import program_order, without_cycle
from autograd.viz.reasons import computed, derived
from autograd.viz.stale import stale
from autograd.viz.strings import phrases

MOST_PRINTED = 200  # steps that printing a stepper writes out
MOST_DRAWN = 300  # nodes that a sheet draws


@dataclass(frozen=True, slots=True)
class Step:
    """One step: forward, `node` is computed; backward, `node` hands its gradient along one edge to an operand.

    `formula` and `numbers` are the right-hand side in names and in numbers: of the node's own operation in a forward
    step, of the local derivative in a backward one; empty where an operation's rule is no formula. In the first
    backward step nothing flows: the root's gradient is 1, and `edge` and `operand` are None.
    """

    phase: str  # "forward" or "backward"
    node: Value
    formula: str
    numbers: str
    text: str  # all of it in one line
    edge: int | None = None  # which operand of `node` receives
    operand: Value | None = None  # the receiver
    local: float | None = None  # d node / d operand, along this edge
    upstream: float | None = None  # d root / d node, finished
    contribution: float | None = None  # upstream * local
    total: float | None = None  # d root / d operand so far, this contribution included
    count: int = 0  # contributions to the operand so far,
    expected: int = 0  # of so many

    @property
    def finished(self) -> bool:
        """Whether this step completes the receiver's gradient (a forward step: its node's number)."""
        return self.count == self.expected

    @property
    def progress(self) -> str:
        """How many contributions are in: `2 of 3`; empty in a forward step."""
        return f"{self.count} of {self.expected}" if self.phase == "backward" else ""


class Stepper(Sequence[Step]):
    """The steps of computing `root` and its gradients: iterate, index, print, show in a notebook, `save_html`.

    The backward steps go edge by edge in the order of `Value.backward()`, with the same sums, to the last bit. No
    node's `.grad` is read or changed.
    """

    def __init__(self, root: Value, language: str = "en", direction: Direction = "LR") -> None:
        if not isinstance(root, Value):
            raise TypeError(f"step_through shows how a Value was made, not {type(root).__name__} ({root!r:.40})")
        phrases(language)
        directed(direction)
        self.root, self.language, self.direction = root, language, direction
        self.order = without_cycle(program_order([root]))
        self.names = {node: in_formula(name) for node, name in names(self.order).items()}
        self.computed = [node for node in self.order if node.op is not None]
        self._check()
        self.flows = [
            (node, edge)
            for node in reversed(topological_order([root]))
            for edge, arg in enumerate(node.args)
            if isinstance(arg, Value)
        ]
        self.expected = Counter(node.args[edge] for node, edge in self.flows)
        self.gradients: dict[Value, float] = {root: 1.0}
        self._sums: list[tuple[float, float, int]] = []  # before, after, contributions so far; one for each flow
        self._flow()

    def _check(self) -> None:
        """The numbers on a sheet must fit together: no leaf may have changed since its consumers were computed."""
        found = stale(self.computed)
        if found:
            raise ValueError(
                f"{found.told(self.names)}: a `.data` was changed in between. Compute the output again, then step"
                " through it"
            )

    def _flow(self) -> None:
        """The engine's own loop, writing down every sum on the way."""
        counts: Counter[Value] = Counter()
        for node, edge in self.flows:
            arg = node.args[edge]
            before = self.gradients.get(arg, 0.0)
            after = before + self.gradients[node] * node.partials[edge]
            self.gradients[arg] = after
            counts[arg] += 1
            self._sums.append((before, after, counts[arg]))

    def __len__(self) -> int:
        return len(self.computed) + 1 + len(self.flows)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no step {index}: these are steps 0 to {len(self) - 1}")
        index %= len(self)
        backward = index - len(self.computed)
        if backward < 0:
            return self._forward(self.computed[index])
        return self._start() if backward == 0 else self._edge(backward - 1)

    def _forward(self, node: Value) -> Step:
        made = computed(node, self.names)
        return Step("forward", node, made.formula, made.numbers, self._line("forward", made.line))

    def _start(self) -> Step:
        root = self.names[self.root]
        text = self._line("backward", f"∂{root}/∂{root} = 1")
        return Step("backward", self.root, "1", "1", text, total=1.0, count=1, expected=1)

    def _edge(self, index: int) -> Step:
        node, edge = self.flows[index]
        operand, upstream, local = node.args[edge], self.gradients[node], node.partials[edge]
        before, after, count = self._sums[index]
        expected, given, say = self.expected[operand], upstream * local, phrases(self.language)
        root, z, x = (self.names[n] for n in (self.root, node, operand))
        why, product = derived(node, edge, self.names), f"{inside(upstream)} · {inside(local)}"
        chain = f"∂{root}/∂{z} · {slope_of(node, edge, self.names)}"
        share = equation(chain, "", product, lambda: rounded(upstream) * rounded(local), given)
        because = say["since_of" if place_of(node, edge) else "since"]
        since = because.format(z=z, made=computed(node, self.names).formula, k=edge + 1)
        text = f"∂{root}/∂{x} += {share}{since}{why.line}"
        if expected > 1:
            terms = f"{shown(before)} + {inside(given)}"
            sum_so_far = equation("", "", terms, lambda: rounded(before) + rounded(given), after)
            text += say["tally"].format(k=count, n=expected, sum=sum_so_far)
        return Step(
            "backward", node, why.formula, why.numbers, self._line("backward", text), edge, operand, local, upstream,
            given, after, count, expected,
        )  # fmt: skip

    def _line(self, phase: str, text: str) -> str:
        return f"{phrases(self.language)[phase]:<8}  {text}"

    def __iter__(self) -> Iterator[Step]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        steps = f"{len(self.flows) + 1} backward step{'s' * bool(self.flows)}"
        return f"<Stepper: {len(self.computed)} forward and {steps} of {self.root!r}>"

    def __str__(self) -> str:
        return in_words(self, self._text)

    def _text(self) -> str:
        width = len(str(len(self)))
        lines = [f"{i + 1:>{width}}  {step.text}" for i, step in enumerate(self[:MOST_PRINTED])]
        if len(self) > MOST_PRINTED:
            lines.append(phrases(self.language)["more"].format(m=f"{len(self) - MOST_PRINTED:,}"))
        return "\n".join(lines)

    def save_html(self, path: str | Path, max_nodes: int = MOST_DRAWN) -> Path:
        """Write the interactive sheet: one file that needs nothing else, no network either. Returns its path.

        Raises ValueError when the graph has more than `max_nodes` nodes.
        """
        from autograd.viz.stepper_html import page

        target = Path(path)
        target.write_text(page(self, max_nodes), encoding="utf-8")
        return target

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        from autograd.viz.stepper_html import drawing, widget

        forms = {"text/plain": self._text, "text/html": lambda: widget(self), "image/svg+xml": lambda: drawing(self)}
        return mimebundle(self, forms)


def step_through(v: Value, language: str = "en", direction: Direction = "LR") -> Stepper:
    """The computation of `v` and the backward pass from it, step by step, with the numbers of the chain rule.

    Arguments: `v`, the Value to differentiate; `language` of the sheet, "en" or "zh"; `direction` in which the data
    flow in its drawing, "LR" or "TB": from above, a long computation fits the width of a page or of a phone.
    Returns a `Stepper`: a sequence of `Step`s that prints as text, shows itself in a notebook, and saves itself as
    one offline HTML file. It changes no `.grad`.
    Raises TypeError when `v` is not a Value, ValueError when a `.data` was changed after `v` was computed, when
    a cycle was made in its graph by hand, or for another language or direction.

    >>> a, b = Value(3.0, label="a"), Value(4.0, label="b")
    >>> print(step_through(a * b))
    1  forward   v1 = a·b = 3·4 = 12
    2  backward  ∂v1/∂v1 = 1
    3  backward  ∂v1/∂a += ∂v1/∂v1 · ∂v1/∂a = 1 · 4 = 4,  since v1 = a·b has ∂v1/∂a = b = 4
    4  backward  ∂v1/∂b += ∂v1/∂v1 · ∂v1/∂b = 1 · 3 = 3,  since v1 = a·b has ∂v1/∂b = a = 3
    """
    return Stepper(v, language, direction)
