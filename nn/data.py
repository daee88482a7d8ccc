"""Data to learn from: two vendored classics, a CSV file of yours, and toy sets with a seed.

Everything is a `Dataset`: plain lists of plain numbers. `iris()` and `digits()` come with the package (origin and
licence in `datasets/README.md`), `read_csv` reads your own file, and `moons`, `circles`, `spirals`, `xor` and `blobs`
make labelled points in the plane, the same ones for the same seed.
"""

import csv
import gzip
import hashlib
import io
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "DataError", "Dataset", "read_csv", "train_test_split",
    "iris", "digits",
    "moons", "circles", "spirals", "xor", "blobs",
]

# SHA-256 of the vendored files, as they lie in the package.
CHECKSUMS = {
    "iris.csv": "9cc1c345c71bcc9b486b74cbf6063fa66f4bb5e0f603a4b3c3471ec2e5e8e355",
    "digits.csv.gz": "0f622aac121cc3fc5d83397199887f8019d6db33381d033e73e300a2ce17c1ed",
}
FOLDER = Path(__file__).parent / "datasets"


class DataError(ValueError):
    """Data that cannot be learned from; the message is one line that says where and why."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled samples: `n` rows of `d` features, and one of `k` classes for each row.

    | field | shape | |
    |---|---|---|
    | `features` | n x d | floats, one inner list per sample |
    | `labels` | n | ints, 0 to k-1, an index into `class_names` |
    | `feature_names` | d | |
    | `class_names` | k | |

    >>> square = Dataset([[0.0, 1.0], [1.0, 0.0]], [0, 1], ["x", "y"], ["left", "right"])
    >>> len(square), square
    (2, Dataset(2 samples, 2 features, 2 classes))
    """

    features: list[list[float]]
    labels: list[int]
    feature_names: list[str]
    class_names: list[str]

    def __post_init__(self) -> None:
        if len(self.features) != len(self.labels):
            raise DataError(f"a Dataset needs one label per sample, got {len(self.features)} samples "
                            f"and {len(self.labels)} labels")
        for row, sample in enumerate(self.features):
            if len(sample) != len(self.feature_names):
                raise DataError(f"sample {row} has {len(sample)} features, expected {len(self.feature_names)}")
        for row, label in enumerate(self.labels):
            if not 0 <= label < len(self.class_names):
                raise DataError(f"sample {row} has label {label}, expected 0 to {len(self.class_names) - 1}")

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        d, k = len(self.feature_names), len(self.class_names)
        return f"Dataset({len(self)} samples, {d} features, {k} classes)"

    def subset(self, rows: Iterable[int]) -> "Dataset":
        """The samples at these positions, in this order, with the same names.

        >>> iris().subset([0, 50, 100]).labels
        [0, 1, 2]
        """
        rows = list(rows)
        return Dataset([list(self.features[row]) for row in rows], [self.labels[row] for row in rows],
                       list(self.feature_names), list(self.class_names))


def train_test_split(dataset: Dataset, fraction: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
    """A training part, and a test part of about `fraction` of every class (a stratified split).

    A class of `m` samples gives `round(m * fraction)` of them to the test part, but never none and never all; a class
    of one sample stays in the training part. Both parts are shuffled, so consecutive mini-batches mix the classes.

    Raises ValueError unless 0 < fraction < 1, and DataError when no class has two samples.

    >>> train, test = train_test_split(iris(), fraction=0.2, seed=0)
    >>> len(train), len(test), [test.labels.count(c) for c in range(3)]
    (120, 30, [10, 10, 10])
    """
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"fraction is the share of the test part, between 0 and 1 exclusive, got {fraction}")
    rng = random.Random(seed)
    train: list[int] = []
    test: list[int] = []
    for label in range(len(dataset.class_names)):
        rows = [row for row, other in enumerate(dataset.labels) if other == label]
        rng.shuffle(rows)
        held_out = min(max(round(len(rows) * fraction), 1), len(rows) - 1) if rows else 0
        test += rows[:held_out]
        train += rows[held_out:]
    if not test:
        raise DataError("cannot split: no class has two samples, so none can be held out")
    rng.shuffle(train)
    rng.shuffle(test)
    return dataset.subset(train), dataset.subset(test)


# ---------------------------------------------------------------------------------------------------- vendored files


def iris() -> Dataset:
    """Fisher's iris: 150 flowers x 4 lengths in cm, 3 species of 50.

    The numbers are those of the 1936 paper; UCI's copy has two flowers wrong. Source: R. A. Fisher, "The use of
    multiple measurements in taxonomic problems", Annals of Eugenics 7(2), 1936; licence CC BY 4.0, see
    `datasets/README.md`.
    Raises DataError when the file is missing or is not the vendored one.

    >>> iris()
    Dataset(150 samples, 4 features, 3 classes)
    >>> iris().features[0], iris().class_names
    ([5.1, 3.5, 1.4, 0.2], ['setosa', 'versicolor', 'virginica'])
    """
    return _parse(_vendored("iris.csv"), "iris.csv", "species")


def digits() -> Dataset:
    """Handwritten digits: 1,797 images x 64 pixels (8 x 8, row by row, 0 to 16), 10 classes.

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test part); licence
    CC BY 4.0, see `datasets/README.md`. Raises DataError when the file is missing or is not the vendored one.

    >>> data = digits()
    >>> data
    Dataset(1797 samples, 64 features, 10 classes)
    >>> data.features[0][:8], data.class_names[data.labels[0]]
    ([0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0], '0')
    """
    return _parse(gzip.decompress(_vendored("digits.csv.gz")), "digits.csv.gz", "digit")


def _vendored(name: str) -> bytes:
    content = _bytes(FOLDER / name)
    checksum = hashlib.sha256(content).hexdigest()
    if checksum != CHECKSUMS[name]:
        raise DataError(f"{name} is not the vendored file: SHA-256 {checksum}, expected {CHECKSUMS[name]}; "
                        "restore it or install stepgrad again")
    return content


# ---------------------------------------------------------------------------------------------------------- CSV files


def read_csv(path: str | Path, target: str) -> Dataset:
    """The samples of a comma-separated file whose first line names the columns.

    The column `target` holds the class, any text; every other column is a feature and holds finite numbers. Classes are
    numbered in alphabetical order, or in numerical order when all of them are numbers. Blank lines are skipped. The
    result has the file's shape: rows x (columns - 1).

    Raises DataError for a file that cannot be read, an empty file, a missing or repeated column, no feature column, a
    row of the wrong length, a cell that is empty, not a number or not finite, and fewer than two classes. A bad cell is
    named by its row (from 1, without the header), its line in the file, its column and its value.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "fruit.csv")
    ...     _ = path.write_text("weight,fruit\\n0.12,apple\\n0.02,cherry\\n0.15,apple\\n")
    ...     data = read_csv(path, target="fruit")
    >>> data.features, data.labels, data.class_names
    ([[0.12], [0.02], [0.15]], [0, 1, 0], ['apple', 'cherry'])
    """
    return _parse(_bytes(Path(path)), str(path), target)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def _parse(content: bytes, name: str, target: str) -> Dataset:
    """The Dataset in the text of a CSV file; `name` is what errors call it."""
    lines = _lines(content, name)
    if not lines:
        raise DataError(f"{name} is empty: it needs a line of column names and one line per sample")
    header = [column.strip() for column in lines[0][1]]
    at = _column(header, target, name)
    if len(lines) == 1:
        raise DataError(f"{name} has column names and no samples")

    features: list[list[float]] = []
    classes: list[str] = []
    for row, (line, cells) in enumerate(lines[1:], start=1):
        where = f"{name}, row {row} (line {line})"
        if len(cells) != len(header):
            raise DataError(f"{where}: expected {len(header)} cells, got {len(cells)}")
        label = cells[at].strip()
        if not label:
            raise DataError(f"{where}, column {target!r}: the class is empty")
        classes.append(label)
        features.append([_number(cell, f"{where}, column {column!r}")
                         for i, (column, cell) in enumerate(zip(header, cells, strict=True)) if i != at])

    names = _in_order(set(classes))
    if len(names) < 2:
        raise DataError(f"{name}, column {target!r}: only one class, {names[0]!r}; a classifier needs at least two")
    index = {label: i for i, label in enumerate(names)}
    feature_names = [column for i, column in enumerate(header) if i != at]
    return Dataset(features, [index[label] for label in classes], feature_names, names)


def _lines(content: bytes, name: str) -> list[tuple[int, list[str]]]:
    """(line number, cells) for every line that is not blank, the header first."""
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text (byte {error.start} is {content[error.start]:#04x})") from error
    except csv.Error as error:
        raise DataError(f"{name} is not a CSV file: {error}") from error


def _column(header: list[str], target: str, name: str) -> int:
    """Where the target is in a header that is fit for use."""
    repeated = [column for column, count in Counter(header).items() if count > 1]
    if repeated:
        raise DataError(f"{name} has two columns named {repeated[0]!r}")
    if target not in header:
        hint = "; columns are separated by commas" if len(header) == 1 and set(";\t") & set(header[0]) else ""
        available = ", ".join(repr(column) for column in header)
        raise DataError(f"{name} has no column {target!r}; its columns are {available}{hint}")
    if len(header) == 1:
        raise DataError(f"{name} has no feature: {target!r} is its only column")
    return header.index(target)


def _number(cell: str, where: str) -> float:
    text = cell.strip()
    if not text:
        raise DataError(f"{where}: the cell is empty; fill it in or leave the row out")
    try:
        if "_" in text:  # float("1_000") is 1000.0; in a table it is a slip
            raise ValueError
        number = float(text)
    except ValueError:
        raise DataError(f"{where}: {text!r} is not a number") from None
    if not math.isfinite(number):
        raise DataError(f"{where}: {text!r} is not finite")
    return number


def _in_order(classes: set[str]) -> list[str]:
    try:
        numbers = {text: float(text) for text in classes}
    except ValueError:
        return sorted(classes)
    if any(map(math.isnan, numbers.values())):  # a class may be called "nan", and nan has no place in an order
        return sorted(classes)
    return sorted(classes, key=lambda text: (numbers[text], text))


# ---------------------------------------------------------------------------------------------------- toy sets, seeded


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two interleaving half circles: n points x 2, labels 0 (the upper one) and 1 (the lower one), in turn.

    `noise` is the standard deviation added to both coordinates. The shape is scikit-learn's `make_moons`.
    Raises ValueError for n < 2, or a noise that is negative or not finite.

    >>> [[round(c, 3) for c in p] for p in moons(4, noise=0.0).features]
    [[1.0, 0.0], [0.0, 0.5], [-1.0, 0.0], [2.0, 0.5]]
    """
    def point(label: int, t: float) -> tuple[float, float]:
        x, y = math.cos(math.pi * t), math.sin(math.pi * t)
        return (x, y) if label == 0 else (1.0 - x, 0.5 - y)

    return _plane("moons", point, ["upper", "lower"], n, noise, seed)


def circles(n: int = 100, noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Dataset:
    """A circle inside another: n points x 2, labels 0 (outer, radius 1) and 1 (inner, radius `factor`), in turn.

    `noise` is the standard deviation added to both coordinates. The shape is scikit-learn's `make_circles`.
    Raises ValueError for n < 2, a noise that is negative or not finite, or unless 0 < factor < 1.

    >>> [[round(c, 3) for c in p] for p in circles(4, noise=0.0).features]
    [[1.0, 0.0], [0.5, 0.0], [-1.0, 0.0], [-0.5, 0.0]]
    """
    if not 0.0 < factor < 1.0:
        raise ValueError(f"circles needs a factor between 0 and 1 exclusive, got {factor}")

    def point(label: int, t: float) -> tuple[float, float]:
        radius = factor if label else 1.0
        return radius * math.cos(2.0 * math.pi * t), radius * math.sin(2.0 * math.pi * t)

    return _plane("circles", point, ["outer", "inner"], n, noise, seed, closed=True)


def spirals(n: int = 100, noise: float = 0.03, turns: float = 1.0, classes: int = 2, seed: int = 0) -> Dataset:
    """Arms that wind out of the origin: n points x 2, labels 0 to classes-1, in turn.

    An arm goes from radius 0.1 to 1 in `turns` turns (Archimedes' spiral); the arms are copies, evenly rotated. `noise`
    is the standard deviation added to both coordinates.
    Raises ValueError for n < classes, classes < 2, or a noise or turns that is negative or not finite.

    >>> [[round(c, 3) for c in p] for p in spirals(4, noise=0.0, turns=0.25).features]
    [[0.1, 0.0], [-0.1, 0.0], [0.0, 1.0], [-0.0, -1.0]]
    """
    if classes < 2:
        raise ValueError(f"spirals needs at least 2 classes, got {classes}")
    _check_finite("spirals", "turns", turns)

    def point(label: int, t: float) -> tuple[float, float]:
        radius, angle = 0.1 + 0.9 * t, 2.0 * math.pi * (turns * t + label / classes)
        return radius * math.cos(angle), radius * math.sin(angle)

    return _plane("spirals", point, [f"arm {label}" for label in range(classes)], n, noise, seed)


def xor(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Exclusive or: n points x 2 about the corners (a, b) of the unit square, in turn, with label a xor b.

    `noise` is the standard deviation added to both coordinates; `xor(4, noise=0.0)` is the truth table itself.
    Raises ValueError for n < 4, or a noise that is negative or not finite.

    >>> table = xor(4, noise=0.0)
    >>> table.features, table.labels
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    _check_size("xor", n, 4)
    _check_finite("xor", "noise", noise)
    rng = random.Random(seed)
    corners = [(i // 2 % 2, i % 2) for i in range(n)]
    features = [[rng.gauss(a, noise), rng.gauss(b, noise)] for a, b in corners]
    return Dataset(features, [a ^ b for a, b in corners], ["x", "y"], ["equal", "different"])


def blobs(n: int = 100, classes: int = 3, noise: float = 0.5, seed: int = 0) -> Dataset:
    """Round clouds about centres on a circle of radius 2: n points x 2, labels 0 to classes-1, in turn.

    `noise` is the standard deviation of a cloud in both coordinates (a normal distribution).
    Raises ValueError for n < classes, classes < 2, or a noise that is negative or not finite.

    >>> [[round(c, 3) + 0.0 for c in p] for p in blobs(4, classes=4, noise=0.0).features]
    [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]]
    """
    if classes < 2:
        raise ValueError(f"blobs needs at least 2 classes, got {classes}")

    def point(label: int, t: float) -> tuple[float, float]:
        angle = 2.0 * math.pi * label / classes
        return 2.0 * math.cos(angle), 2.0 * math.sin(angle)

    return _plane("blobs", point, [f"blob {label}" for label in range(classes)], n, noise, seed)


def _plane(
    name: str, point: Callable[[int, float], tuple[float, float]], class_names: list[str],
    n: int, noise: float, seed: int, closed: bool = False,
) -> Dataset:
    """Points `point(label, t)` plus Gaussian noise, with t evenly spaced in [0, 1], or in [0, 1) on a closed curve."""
    classes = len(class_names)
    _check_size(name, n, classes)
    _check_finite(name, "noise", noise)
    rng = random.Random(seed)
    features: list[list[float]] = []
    labels = [i % classes for i in range(n)]
    for i, label in enumerate(labels):
        size = (n - label + classes - 1) // classes  # how many points have this label
        x, y = point(label, i // classes / (size if closed else max(size - 1, 1)))
        features.append([rng.gauss(x, noise), rng.gauss(y, noise)])
    return Dataset(features, labels, ["x", "y"], class_names)


def _check_size(name: str, n: int, least: int) -> None:
    if n < least:
        raise ValueError(f"{name} needs at least {least} points, got {n}")


def _check_finite(name: str, argument: str, value: float) -> None:
    if not 0.0 <= value < math.inf:
        raise ValueError(f"{name} needs a finite {argument} of at least 0, got {value}")
