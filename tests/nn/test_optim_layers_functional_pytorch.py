"""Every activation, loss, layer, optimiser, schedule and clipping gives PyTorch's numbers and gradients."""

import json

import pytest

from tests.nn.against_pytorch import CASES, FROZEN, GROUPS, kept

FIGURES = json.loads(FROZEN.read_text())
# Both round every operation of a formula to 2^-53; a hundred steps of an optimiser, or 1000 - 999.7, leave 1e-13.
CLOSE = {"rel": 1e-12, "abs": 1e-12, "nan_ok": True}

pytestmark = pytest.mark.filterwarnings("ignore:.*look like probabilities")


@pytest.mark.parametrize("name", CASES)
def test_equals_the_figures_of_pytorch(name):
    assert kept(name, CASES[name].ours()) == pytest.approx(FIGURES[name], **CLOSE)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's own advice on the order of calls
def test_equals_pytorch(name):
    pytest.importorskip("torch")
    assert CASES[name].ours() == pytest.approx(CASES[name].theirs(), **CLOSE)


def test_the_figures_cover_every_case():
    assert list(FIGURES) == list(CASES)
    assert all(any(name.startswith(group) for name in CASES) for group in GROUPS)
