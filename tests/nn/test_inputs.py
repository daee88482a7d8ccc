"""What people pass as data and as seeds: gaps, and numbers from elsewhere."""

import random

import pytest

import nn
from nn import data
from nn.inputs import as_rows, as_targets

np = pytest.importorskip("numpy")


@pytest.mark.parametrize("X", [
    np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], [[False, False], [False, True]]),
    [[1.0, 2.0], np.ma.masked_array([3.0, 4.0], [False, True])],
    [[1.0, 2.0], [3.0, np.ma.masked]],
    [[1.0, 2.0], [3.0, None]],
])
def test_a_masked_number_is_a_missing_one(X):
    with pytest.raises(TypeError, match="X, row 1, column 1 is None: not a number, it is missing"):
        as_rows(X)


def test_a_masked_target_is_a_missing_one():
    with pytest.raises(TypeError, match=r"y\[1\] is None: not a number, it is missing"):
        as_targets(np.ma.masked_array([0, 1], [False, True]), 2)


SEEDED = [
    lambda seed: nn.MLP(2, [2, 1], seed=seed), lambda seed: nn.Linear(2, 1, seed=seed),
    lambda seed: nn.Dropout(0.5, seed=seed), lambda seed: data.moons(8, seed=seed), lambda seed: data.xor(8, seed=seed),
    lambda seed: data.train_test_split(data.xor(8, seed=0), seed=seed),
    lambda seed: nn.fit(nn.Linear(1, 1, seed=0), [[0.0], [1.0]], [1.0, 2.0], epochs=1, progress=False, seed=seed),
    lambda seed: nn.init.normal_(nn.Linear(2, 1).parameters(), seed=seed),
]


@pytest.mark.parametrize("make", SEEDED)
def test_a_seed_is_a_whole_number(make):
    make(np.int64(1)), make(1)
    for wrong in (1.0, "1", [1]):
        with pytest.raises(TypeError, match=r"seed is a whole number .*, not ('?1|\[1\])"):
            make(wrong)


def test_a_seed_of_numpy_is_the_same_seed():
    assert nn.Linear(2, 1, seed=np.int64(3)).state_dict() == nn.Linear(2, 1, seed=3).state_dict()
    assert nn.Dropout(0.5, seed=np.int64(3)).rng.random() == random.Random(3).random()
