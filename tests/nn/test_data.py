"""Every file, every generator, and every error of nn.data."""

import csv
import gzip
import hashlib
import io
import math
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import data
from nn.columns import Column, suspicions
from nn.data import DataError, Dataset, blobs, circles, digits, iris, moons, read_csv, spirals, train_test_split, xor
from nn.table import detect_task

# ------------------------------------------------------------------------------------------------------ vendored files


def test_iris_is_fishers_table():
    flowers = iris()
    assert flowers.feature_names == ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    assert flowers.class_names == ["setosa", "versicolor", "virginica"]
    assert flowers.labels == [0] * 50 + [1] * 50 + [2] * 50
    # The two flowers that UCI's copy has wrong, as in the paper.
    assert flowers.features[34] == [4.9, 3.1, 1.5, 0.2]
    assert flowers.features[37] == [4.9, 3.6, 1.4, 0.1]
    # Class means of the paper's table 2.
    means = [[round(math.fsum(row[j] for row in flowers.features[50 * c:50 * c + 50]) / 50, 3) for j in range(4)]
             for c in range(3)]
    assert means == [[5.006, 3.428, 1.462, 0.246], [5.936, 2.770, 4.260, 1.326], [6.588, 2.974, 5.552, 2.026]]


def test_digits_are_the_test_part_of_uci():
    images = digits()
    assert len(images) == 1797
    assert images.class_names == [str(digit) for digit in range(10)]
    # The counts that UCI states for its test part.
    assert [images.labels.count(digit) for digit in range(10)] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images.feature_names[:2] == ["pixel_0_0", "pixel_0_1"]
    assert images.feature_names[-1] == "pixel_7_7"
    assert {pixel for image in images.features for pixel in image} == set(map(float, range(17)))


def test_the_archive_carries_no_time_and_no_name():
    header = (data.FOLDER / "digits.csv.gz").read_bytes()[:10]
    assert header[:3] == b"\x1f\x8b\x08"
    assert header[3] == 0, "flags: no file name"
    assert header[4:8] == bytes(4), "modification time 0"


@pytest.mark.parametrize("name", sorted(data.CHECKSUMS))
def test_the_readme_states_the_checksum(name):
    readme = (data.FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"`{hashlib.sha256((data.FOLDER / name).read_bytes()).hexdigest()}`" in readme


@pytest.mark.parametrize(("load", "name"), [(iris, "iris.csv"), (digits, "digits.csv.gz")])
def test_a_changed_file_is_refused(load, name, tmp_path, monkeypatch):
    content = (data.FOLDER / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    with pytest.raises(DataError, match=rf"{name} is not the vendored file: SHA-256 \w{{64}}, expected \w{{64}};"):
        load()


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"cannot read .*iris\.csv: No such file"):
        iris()


def test_two_loads_share_nothing():
    first = iris()
    first.features[0][0] = 99.0
    assert iris().features[0][0] == 5.1


# ----------------------------------------------------------------------------------------------------------- CSV files


@pytest.fixture
def write(tmp_path):
    """Writes a CSV file and returns its path."""
    def write(content: str | bytes) -> Path:
        path = tmp_path / "mine.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path
    return write


def test_read_csv(write):
    dataset = read_csv(write("x,kind,y\n1,b,2.5\n-3e2,a,.5\n 7 ,b,0\n"), "kind")
    assert dataset.features == [[1.0, 2.5], [-300.0, 0.5], [7.0, 0.0]]
    assert dataset.labels == [1, 0, 1]
    assert dataset.feature_names == ["x", "y"]
    assert dataset.class_names == ["a", "b"]


@pytest.mark.parametrize("content", [
    "\ufeffx,kind\n1,a\n2,b\n",            # a byte order mark, as Excel writes it
    "x,kind\r\n1,a\r\n2,b\r\n",            # Windows' line ends
    "\nx, kind\n\n1,a\n , \n2,b\n\n",      # blank lines, spaces about the names
    'x,"kind"\n"1","a"\n2,b',              # quotes, no last line end
])
def test_read_csv_is_lenient_about_the_shell(write, content):
    dataset = read_csv(str(write(content)), "kind")
    assert (dataset.features, dataset.labels, dataset.feature_names) == ([[1.0], [2.0]], [0, 1], ["x"])


def test_classes_that_are_numbers_sort_as_numbers(write):
    def classes(text):
        return read_csv(write(text), "k", task="classification").class_names

    assert classes("x,k\n1,10\n2,9\n3,-1\n") == ["-1", "9", "10"]
    assert classes("x,k\n1,10\n2,9\n3,ten\n") == ["10", "9", "ten"]
    assert classes("x,k\n1,10\n2,9\n3,nan\n") == ["10", "9", "nan"]


@pytest.mark.parametrize(("cells", "task"), [
    (["a", "b"], "classification"),
    (["0", "1", "1", "0"], "classification"),
    (["1.0", "2.0", "2.0", "1.0"], "classification"),    # pandas writes whole numbers so once a cell was missing
    (["1", "2", "3", "4"], "regression"),                # no number comes twice
    ([str(i % 20) for i in range(100)], "classification"),
    ([str(i % 21) for i in range(100)], "regression"),   # more than 20
    (["0.5", "1", "0.5", "1"], "regression"),
    (["0.5", "n/a", "0.7", "1.25"], "regression"),       # mostly numbers: the odd cell will be named
    (["0.5", "n/a", "n/a", "b"], "classification"),
    (["-1", "1", "nan", "inf", "1", "-1"], "regression"),
])
def test_the_task_is_detected(cells, task):
    assert detect_task(cells) == task


def test_a_regression(write):
    dataset = read_csv(write("x,y\n1,0.5\n2,-3e2\n4,7\n"), "y")
    assert (dataset.task, dataset.target) == ("regression", "y")
    assert (dataset.labels, dataset.class_names) == ([0.5, -300.0, 7.0], [])
    assert repr(dataset) == "Dataset(3 samples, 1 features, a number to predict)"
    train, test = train_test_split(dataset, 0.3)
    assert sorted(train.labels + test.labels) == [-300, 0.5, 7]
    assert len(test) == 1


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators(write, separator):
    dataset = read_csv(write('x,1|"kind"|y\n1|"a;\tc"|2\n3|b|4\n'.replace("|", separator)), "kind")
    assert dataset.feature_names == ["x,1", "y"]
    assert dataset.class_names == ["a;\tc", "b"]


@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False),
                          st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
                          .filter(lambda text: text.strip() == text)), min_size=2),
       st.sampled_from(",;\t"), st.sampled_from(["", "\ufeff"]))
def test_what_the_csv_module_writes_is_read(tmp_path_factory, rows, separator, mark):
    """Any class name, with quotes, separators and line ends in it, and any float, to the last bit."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([["x", "kind"], *([repr(x), name] for x, name in rows)])
    path = tmp_path_factory.mktemp("csv") / "mine.csv"
    path.write_bytes((mark + text.getvalue()).encode())
    if len({name for _, name in rows}) < 2:
        with pytest.raises(DataError, match="only one class"):
            read_csv(path, "kind", task="classification")
        return
    dataset = read_csv(path, "kind", task="classification")
    assert [sample[0].hex() for sample in dataset.features] == [x.hex() for x, _ in rows]
    assert [dataset.class_names[label] for label in dataset.labels] == [name for _, name in rows]


def test_columns_can_be_left_out(write):
    path = write("id,x,kind\nr1,1,a\nr2,2,b\n")
    assert read_csv(path, "kind", drop=["id"]).feature_names == ["x"]
    with pytest.raises(DataError, match="has no column 'ID'"):
        read_csv(path, "kind", drop=["ID"])
    with pytest.raises(DataError, match="has no feature: 'kind' is its only column left"):
        read_csv(path, "kind", drop=["id", "x"])


def test_a_column_of_texts_becomes_a_number_per_text(write):
    dataset = read_csv(write("size,colour,kind\n1,red,a\n2,blue,b\n3,,c\n4, red ,a\n"), "kind", skip_empty=True)
    assert dataset.feature_names == ["size", "colour = blue", "colour = red"]
    assert dataset.features == [[1.0, 0.0, 1.0], [2.0, 1.0, 0.0], [4.0, 0.0, 1.0]]
    assert dataset.columns == [Column("size"), Column("colour", ("blue", "red"))]
    assert dataset.subset([0]).columns == dataset.columns


def test_none_is_a_text_and_no_number(write):
    content = "size,damage,kind\n1,none,a\nNone,some,b\n3,none,a\n4,some,b\n"
    with pytest.raises(DataError, match=r"row 2 \(line 3\), column 'size': 'None' is not a number; fill the gap in"):
        read_csv(write(content), "kind")
    dataset = read_csv(write(content), "kind", skip_empty=True)
    assert dataset.feature_names == ["size", "damage = none", "damage = some"]
    assert [sample[0] for sample in dataset.features] == [1.0, 3.0, 4.0]
    with pytest.raises(DataError, match="has no row without an empty cell"):
        read_csv(write("x,kind\n,a\n,b\n"), "kind", skip_empty=True)


def test_names_of_rows_are_no_categories(write):
    rows = "".join(f"r{i},{i},{'ab'[i % 2]},{i // 2}\n" for i in range(12))
    path = write("id,x,half,y\n" + rows)
    with pytest.raises(DataError, match=r"too many different texts in 12 rows to be categories: 'id' \(12\); "
                                        r"leave out what only names the rows \(--drop id\)"):
        read_csv(path, "y")
    dataset = read_csv(path, "y", drop=["id"])
    assert dataset.feature_names == ["x", "half = a", "half = b"]
    (note,) = suspicions(dataset, dataset.columns)
    assert note == ("looks like the number of the row, which tells nothing about new rows: 'x'; "
                    "leave it out with --drop x")


def test_columns_of_no_use_are_told(write):
    path = write("c,half,t,y\n" + "".join(f"7,{'ab'[i % 2]},same,{i % 3}\n" for i in range(12)))
    dataset = read_csv(path, "y")
    assert suspicions(dataset, dataset.columns) == ["the same in every row, and so of no use: 'c', 't'"]
    single = read_csv(path, "y", drop=["half", "t"])
    assert suspicions(single, single.columns) == ["the same in every row, and so of no use: 'c'"]


def test_a_file_without_a_line_of_names(write):
    content = "5.1,red,a\n4.9,blue,b\n4.7,red,a\n6.0,blue,b\n"
    path = write(content)
    with pytest.raises(DataError, match=r"the first line looks like data, .* \('5.1', 'red', 'a'\): add a line of "
                                        "names, or say which it is with --no-header or --header"):
        read_csv(path, "a")
    dataset = read_csv(path, "column 3", header=False)
    assert dataset.feature_names == ["column 1", "column 2 = blue", "column 2 = red"]
    assert len(dataset) == 4
    assert read_csv(path, "a", header=True).feature_names == ["5.1", "red = blue", "red = red"]
    assert read_csv(write("city,2019,2020,kind\nx,1,2,a\ny,2,3,b\n"), "kind").feature_names[-2:] == ["2019", "2020"]


def test_the_unnamed_column_of_a_data_frame(write):
    assert read_csv(write(",x,kind\n0,1,a\n1,2,b\n"), "kind").feature_names == ["column 1", "x"]


def test_a_task_is_one_of_two(write):
    with pytest.raises(ValueError, match="task is 'classification', 'regression' or None, got 'cluster'"):
        read_csv(write("x,kind\n1,a\n2,b\n"), "kind", task="cluster")


@pytest.mark.parametrize(("content", "message"), [
    ("", "mine.csv is empty: it needs a line of column names and one line per sample"),
    ("\n \n", "mine.csv is empty: it needs a line of column names"),
    ("x,kind\n", "mine.csv has column names and no samples"),
    ("x,y\n1,2\n", "mine.csv has no column 'kind'; its columns are 'x', 'y'"),
    ("x;kind\n3,5;a\n", "mine.csv, row 1 (line 2), column 'x': '3,5' is not a number; write 3.5"),
    ('x,kind\n"1,007",a\n', "column 'x': '1,007' is not a number; write 1007, or 1.007 if that is meant"),
    ('x,kind\n"-1,234,567.5",a\n"2,000,000",b\n', "column 'x': '-1,234,567.5' is not a number; write -1234567.5"),
    ("x,kind\n1,0.5\n2,0.25\n3,n/a\n", "mine.csv, row 3 (line 4), column 'kind': 'n/a' is not a number"),
    ("x,kind\n1,0.5\n2,0.5\n", "mine.csv, column 'kind': every row has 0.5; there is nothing to learn"),
    ("x,kind,x\n1,a,2\n", "mine.csv has two columns named 'x'"),
    ("kind\na\nb\n", "mine.csv has no feature: 'kind' is its only column"),
    ("x,kind\n1,a\n2\n", "mine.csv, row 2 (line 3): expected 2 cells, got 1"),
    ("x,kind\n1,a\n\n2,b,c\n", "mine.csv, row 2 (line 4): expected 2 cells, got 3"),
    ("x,kind\n1,a\nabc,b\n", "mine.csv, row 2 (line 3), column 'x': 'abc' is not a number"),
    ("x,kind\n1_000,a\n2,b\n", "mine.csv, row 1 (line 2), column 'x': '1_000' is not a number"),
    ("x,kind\n1,a\n,b\n", "mine.csv, row 2 (line 3), column 'x': the cell is empty. Of 2 rows, 1 lack 'x': fill"),
    ("x,kind\n1,a\n2, \n", "mine.csv, row 2 (line 3), column 'kind': the target is empty"),
    ("x,kind\nnan,a\n2,b\n", "mine.csv, row 1 (line 2), column 'x': 'nan' is not a number; fill the gap in, or leave"),
    ("x,kind\n-inf,a\n2,b\n", "mine.csv, row 1 (line 2), column 'x': '-inf' is not finite"),
    ("x,kind\n1e999,a\n2,b\n", "mine.csv, row 1 (line 2), column 'x': '1e999' is not finite"),
    ("x,kind\n1,a\n2,a\n", "mine.csv, column 'kind': only one class, 'a'; a classifier needs at least two"),
    (b"x,kind\n1,caf\xe9\n", "mine.csv is not UTF-8 text (byte 12 is 0xe9): save it as UTF-8"),
    ("x,kind\n1," + "a" * 200_000 + "\n", "mine.csv is not a CSV file: field larger than field limit"),
])
def test_a_bad_file_is_one_clear_line(write, content, message):
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_csv(write(content), "kind")
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*none\.csv: No such file or directory"):
        read_csv(tmp_path / "none.csv", "kind")
    with pytest.raises(DataError, match=r"cannot read .*: Is a directory"):
        read_csv(tmp_path, "kind")


def test_a_data_error_is_a_value_error():
    assert issubclass(DataError, ValueError)


# ------------------------------------------------------------------------------------------------- Dataset and splits


@pytest.mark.parametrize(("features", "labels", "message"), [
    ([[1.0]], [0, 1], "one label per sample, got 1 samples and 2 labels"),
    ([[1.0], [1.0, 2.0]], [0, 1], "sample 1 has 2 features, expected 1"),
    ([[1.0], [2.0]], [0, 2], "sample 1 has label 2, expected 0 to 1"),
    ([[1.0], [2.0]], [-1, 0], "sample 0 has label -1, expected 0 to 1"),
])
def test_a_dataset_fits_together(features, labels, message):
    with pytest.raises(DataError, match=message):
        Dataset(features, labels, ["x"], ["a", "b"])


def test_a_subset_owns_its_numbers():
    whole = xor(4, noise=0.0)
    part = whole.subset([3, 0])
    part.features[0][0] = 99.0
    assert whole.features[3] == [1.0, 1.0]
    assert part.labels == [0, 0]
    assert part.class_names == whole.class_names


@pytest.mark.parametrize("fraction", [0.01, 0.2, 0.5, 0.9, 0.999])
def test_a_split_is_stratified_and_loses_nothing(fraction):
    flowers = iris()
    train, test = train_test_split(flowers, fraction, seed=3)
    held_out = min(max(round(50 * fraction), 1), 49)
    assert Counter(test.labels) == dict.fromkeys(range(3), held_out)
    assert Counter(train.labels) == dict.fromkeys(range(3), 50 - held_out)
    rows = [(*row, label) for part in (train, test) for row, label in zip(part.features, part.labels, strict=True)]
    assert sorted(rows) == sorted((*row, label) for row, label in zip(flowers.features, flowers.labels, strict=True))


def test_a_split_is_seeded_and_shuffled():
    flowers = iris()
    assert train_test_split(flowers, 0.2, seed=1) == train_test_split(flowers, 0.2, seed=1)
    assert train_test_split(flowers, 0.2, seed=1) != train_test_split(flowers, 0.2, seed=2)
    train, test = train_test_split(flowers, 0.2, seed=1)
    assert train.labels != sorted(train.labels)
    assert test.labels != sorted(test.labels)


def test_a_class_of_one_sample_stays_in_training():
    lonely = Dataset([[1.0], [2.0], [3.0]], [0, 0, 1], ["x"], ["a", "b", "never seen"])
    train, test = train_test_split(lonely, 0.5)
    assert sorted(train.labels) == [0, 1]
    assert test.labels == [0]


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_a_fraction_is_between_0_and_1(fraction):
    with pytest.raises(ValueError, match=f"share of the test part, between 0 and 1 exclusive, got {fraction}"):
        train_test_split(iris(), fraction)


def test_a_split_needs_two_samples_of_a_class():
    with pytest.raises(DataError, match="cannot split: no class has two samples"):
        train_test_split(Dataset([[1.0], [2.0]], [0, 1], ["x"], ["a", "b"]))


# ------------------------------------------------------------------------------------------------------------ toy sets

GENERATORS = [moons, circles, spirals, xor, blobs]


@pytest.mark.parametrize("make", GENERATORS)
def test_a_generator_is_seeded_balanced_and_planar(make):
    dataset = make(101, seed=7)
    assert dataset == make(101, seed=7)
    assert dataset.features != make(101, seed=8).features
    assert len(dataset) == 101
    assert dataset.feature_names == ["x", "y"]
    assert all(len(point) == 2 and all(map(math.isfinite, point)) for point in dataset.features)
    counts = Counter(dataset.labels)
    assert sorted(counts) == list(range(len(dataset.class_names)))
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("make", GENERATORS)
def test_the_smallest_set(make):
    least = {xor: 4, blobs: 3}.get(make, 2)
    assert len(make(least)) == least
    with pytest.raises(ValueError, match=f"{make.__name__} needs at least {least} points, got {least - 1}"):
        make(least - 1)


@pytest.mark.parametrize("make", GENERATORS)
@pytest.mark.parametrize("noise", [-0.1, math.inf, math.nan])
def test_noise_is_a_deviation(make, noise):
    with pytest.raises(ValueError, match=f"{make.__name__} needs a finite noise of at least 0, got {noise}"):
        make(10, noise=noise)


@pytest.mark.parametrize("factor", [0.0, 1.0, -1.0, math.nan])
def test_the_inner_circle_is_inside(factor):
    with pytest.raises(ValueError, match=f"circles needs a factor between 0 and 1 exclusive, got {factor}"):
        circles(factor=factor)


@pytest.mark.parametrize("turns", [-1.0, math.inf])
def test_a_spiral_has_finite_turns(turns):
    with pytest.raises(ValueError, match=f"spirals needs a finite turns of at least 0, got {turns}"):
        spirals(turns=turns)


@pytest.mark.parametrize("make", [spirals, blobs])
def test_two_classes_at_least(make):
    assert set(make(40, classes=5).labels) == set(range(5))
    with pytest.raises(ValueError, match=f"{make.__name__} needs at least 2 classes, got 1"):
        make(classes=1)


@pytest.mark.parametrize("n", [50, 51])
def test_shapes_without_noise(n):
    for (x, y), label in zip(circles(n, noise=0.0, factor=0.25).features, circles(n).labels, strict=True):
        assert math.hypot(x, y) == pytest.approx(0.25 if label else 1.0)
    for (x, y), label in zip(moons(n, noise=0.0).features, moons(n).labels, strict=True):
        assert (math.hypot(x - 1.0, y - 0.5) if label else math.hypot(x, y)) == pytest.approx(1.0)
        assert (y <= 0.5) if label else (y >= 0.0)
    arms = spirals(n, noise=0.0, turns=2.0, classes=3)
    for (x, y), label in zip(arms.features, arms.labels, strict=True):
        turn = 2.0 * (math.hypot(x, y) - 0.1) / 0.9 + label / 3
        assert math.cos(2.0 * math.pi * turn) * math.hypot(x, y) == pytest.approx(x)
    # A closed curve does not visit its first point twice.
    assert len({(round(x, 9), round(y, 9)) for x, y in circles(n, noise=0.0).features}) == n


def test_generators_use_no_global_randomness():
    random.seed(5)
    before = random.getstate()
    for make in GENERATORS:
        make()
    train_test_split(iris())
    assert random.getstate() == before


def test_a_compressed_file_of_mine_is_explained(tmp_path):
    path = tmp_path / "mine.csv.gz"
    path.write_bytes(gzip.compress(b"x,kind\n1,a\n2,b\n", mtime=0))
    with pytest.raises(DataError, match=r"mine\.csv\.gz is not UTF-8 text \(byte 1 is 0x8b\)"):
        read_csv(path, "kind")
