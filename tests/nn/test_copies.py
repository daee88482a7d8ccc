"""Models are copied and pickled like any other object, and refuse the wrong autograd."""

import copy
import pickle
import subprocess
import sys

import pytest

import nn


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("seed", [None, 1])
def test_a_model_is_copied_whole(duplicate, seed):
    model = nn.MLP(2, [3, 1], seed=seed)
    twin = duplicate(model)
    assert twin([1.0, 2.0]).data == model([1.0, 2.0]).data
    twin.parameters()[0].data += 1.0
    assert twin.parameters()[0].data != model.parameters()[0].data


def test_the_other_autograd_is_named(tmp_path):
    (tmp_path / "autograd").mkdir()
    (tmp_path / "autograd" / "__init__.py").write_text("")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import autograd; sys.path += {sys.path!r}; import nn"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "ImportError: `import autograd` finds HIPS autograd, not stepgrad's" in found.stderr
