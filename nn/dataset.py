"""Dataset: labelled samples as plain lists of plain numbers, and its split into parts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nn.seeds import generator

if TYPE_CHECKING:
    from nn.columns import Column

__all__ = ["DataError", "Dataset", "picture_size", "train_test_split"]


class DataError(ValueError):
    """Data that cannot be learned from; the message is one line that says where and why."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled samples: `n` rows of `d` features, and for each row one of `k` classes, or a number (regression).

    | field | shape | |
    |---|---|---|
    | `features` | n x d | floats, one inner list per sample |
    | `labels` | n | ints, 0 to k-1, an index into `class_names`; floats, the numbers to predict, where there are none |
    | `feature_names` | d | |
    | `class_names` | k | empty for a regression |
    | `target` | | the name of what is to be predicted |
    | `columns` | | the columns of the table that the features were made of, where there was one |

    >>> square = Dataset([[0.0, 1.0], [1.0, 0.0]], [0, 1], ["x", "y"], ["left", "right"])
    >>> len(square), square
    (2, Dataset(2 samples, 2 features, 2 classes))
    """

    features: list[list[float]]
    labels: list[Any]
    feature_names: list[str]
    class_names: list[str]
    target: str = "target"
    columns: list["Column"] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.features) != len(self.labels):
            raise DataError(f"a Dataset needs one label per sample, got {len(self.features)} samples "
                            f"and {len(self.labels)} labels")
        for row, sample in enumerate(self.features):
            if len(sample) != len(self.feature_names):
                raise DataError(f"sample {row} has {len(sample)} features, expected {len(self.feature_names)}")
        for row, label in enumerate(self.labels if self.class_names else []):
            if not 0 <= label < len(self.class_names):
                raise DataError(f"sample {row} has label {label}, expected 0 to {len(self.class_names) - 1}")

    @property
    def task(self) -> str:
        """What there is to learn: "classification", or "regression" where no classes are named."""
        return "classification" if self.class_names else "regression"

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        goal = f"{len(self.class_names)} classes" if self.class_names else "a number to predict"
        return f"Dataset({len(self)} samples, {len(self.feature_names)} features, {goal})"

    def subset(self, rows: Iterable[int]) -> "Dataset":
        """The samples at these positions, in this order, with the same names.

        >>> from nn.data import iris
        >>> iris().subset([0, 50, 100]).labels
        [0, 1, 2]
        """
        rows = list(rows)
        return replace(self, features=[list(self.features[row]) for row in rows],
                       labels=[self.labels[row] for row in rows],
                       feature_names=list(self.feature_names), class_names=list(self.class_names))


def picture_size(names: Sequence[str]) -> tuple[int, int] | None:
    """Rows and columns of the image whose pixels these features are, row by row; None if they are something else.

    >>> picture_size(["pixel_0_0", "pixel_0_1", "pixel_0_2", "pixel_1_0", "pixel_1_1", "pixel_1_2"])
    (2, 3)
    """
    last = re.fullmatch(r"pixel_(\d{1,4})_(\d{1,4})", names[-1] if names else "")
    if last is None:
        return None
    rows, columns = 1 + int(last[1]), 1 + int(last[2])
    expected = (f"pixel_{i}_{j}" for i in range(rows) for j in range(columns))
    return (rows, columns) if rows * columns == len(names) and all(map(str.__eq__, names, expected)) else None


def train_test_split(dataset: Dataset, fraction: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
    """A training part, and a test part of about `fraction` of every class (a stratified split).

    A class of `m` samples gives `round(m * fraction)` of them to the test part, but never none and never all; a class
    of one sample stays in the training part. The samples of a regression are split as one class. Both parts are
    shuffled, so consecutive mini-batches mix the classes.

    Raises ValueError unless 0 < fraction < 1, and DataError when no class has two samples.

    >>> from nn.data import iris
    >>> train, test = train_test_split(iris(), fraction=0.2, seed=0)
    >>> len(train), len(test), [test.labels.count(c) for c in range(3)]
    (120, 30, [10, 10, 10])
    """
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"fraction is the share of the test part, between 0 and 1 exclusive, got {fraction}")
    rng = generator(seed)
    train: list[int] = []
    test: list[int] = []
    for label in range(len(dataset.class_names)) if dataset.class_names else [None]:
        rows = [row for row, other in enumerate(dataset.labels) if label is None or other == label]
        rng.shuffle(rows)
        held_out = min(max(round(len(rows) * fraction), 1), len(rows) - 1) if rows else 0
        test += rows[:held_out]
        train += rows[held_out:]
    if not test:
        what = "no class has two samples" if dataset.class_names else "there are no two samples"
        raise DataError(f"cannot split: {what}, so none can be held out")
    rng.shuffle(train)
    rng.shuffle(test)
    return dataset.subset(train), dataset.subset(test)
