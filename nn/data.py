"""Data to learn from: two vendored classics, a CSV file of yours, and toy sets with a seed.

Everything is a `Dataset`: plain lists of plain numbers. `iris()` and `digits()` come with the package (origin and
licence in `datasets/README.md`), `read_csv` reads your own file, and `moons`, `circles`, `spirals`, `xor` and `blobs`
make labelled points in the plane, the same ones for the same seed.
"""

import gzip
import hashlib
from pathlib import Path

from nn.dataset import DataError, Dataset, train_test_split
from nn.table import Table, read_bytes, read_csv, read_table
from nn.toys import blobs, circles, moons, spirals, xor

__all__ = [
    "DataError", "Dataset", "Table", "read_csv", "read_table", "train_test_split",
    "iris", "digits", "names",
    "moons", "circles", "spirals", "xor", "blobs",
]

# SHA-256 of the vendored files, as they lie in the package.
CHECKSUMS = {
    "iris.csv": "9cc1c345c71bcc9b486b74cbf6063fa66f4bb5e0f603a4b3c3471ec2e5e8e355",
    "digits.csv.gz": "0f622aac121cc3fc5d83397199887f8019d6db33381d033e73e300a2ce17c1ed",
    "names.txt": "cba14f452b7768bd7fe093035a67491d4a334061634ccfd51522fb796910e75e",
}
FOLDER = Path(__file__).parent / "datasets"


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
    return Table.parse(_vendored("iris.csv"), "iris.csv").dataset("species", "classification")


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
    return Table.parse(gzip.decompress(_vendored("digits.csv.gz")), "digits.csv.gz").dataset("digit", "classification")


def names() -> list[str]:
    """5,163 first names, lower case, a to z only, in alphabetical order, for a language model of characters.

    Source: United States Census Bureau, "Frequently Occurring Surnames and First Names from Census 1990", a work of
    the federal government, in the public domain. Raises DataError when the file is missing or is not the vendored one.

    >>> len(names()), names()[:3]
    (5163, ['aaron', 'abbey', 'abbie'])
    """
    return _vendored("names.txt").decode("ascii").split()


def _vendored(name: str) -> bytes:
    content = read_bytes(FOLDER / name)
    checksum = hashlib.sha256(content).hexdigest()
    if checksum != CHECKSUMS[name]:
        raise DataError(f"{name} is not the vendored file: SHA-256 {checksum}, expected {CHECKSUMS[name]}; "
                        "restore it or install stepgrad again")
    return content
