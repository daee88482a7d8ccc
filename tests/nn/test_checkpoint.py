"""What a checkpoint would not keep is refused before any work."""

import pytest

import nn
from autograd import Value
from nn import functional as F
from nn.data import moons

DATA = moons(24, seed=1)


def test_parameters_outside_the_model_are_refused_with_a_checkpoint(tmp_path):
    model, temperature = nn.MLP(2, [4, 2], seed=0), Value(1.0, label="temperature")
    before = model.state_dict()

    def fit(**options):
        return nn.fit(model, DATA.features, DATA.labels, epochs=2, progress=False, **options,
                      loss=lambda o, k: F.cross_entropy([[z * temperature for z in row] for row in o], k),
                      optimizer=nn.optim.SGD([*model.parameters(), temperature], lr=0.3))

    with pytest.raises(ValueError, match=r"the optimizer has a parameter that is not the model's \(temperature\), and "
                                         r"a checkpoint keeps the model's only: make it an attribute of the model"):
        fit(checkpoint=tmp_path / "run")
    assert model.state_dict() == before
    assert not (tmp_path / "run").exists()
    fit()
    assert temperature.data != 1.0
