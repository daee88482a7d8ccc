"""save and load: the same model comes back, from text and numbers only, or nothing does."""

import json
import pickle
import warnings

import pytest

import nn
from nn.saving import architecture, build, from_tensors, load_with_notes, place, size, to_tensors
from nn.tensorfile import FileError, read_tensors, write_tensors

X = [[0.5, -1.0, 2.0], [1.0, 0.0, 0.25], [-0.5, 3.0, 1.0]]


def models():
    made = [
        nn.MLP(3, [4, 2], activation="tanh", seed=1),
        nn.MLP(3, [4, 4, 1], seed=1),
        nn.MLP(3, [2], output="sigmoid"),
        nn.MLP(3, [4, 2], activation=nn.PReLU()),
        nn.Linear(3, 2, seed=0),
        nn.Layer(3, 2, activation="gelu", seed=0),
        nn.Neuron(3, seed=0),
        nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.2), nn.Residual(nn.Linear(4, 4)), nn.PReLU(4), nn.Softmax()),
    ]
    if hasattr(nn, "BatchNorm1d"):
        made.append(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)))
    if hasattr(nn, "Dropout"):
        made.append(nn.Sequential(nn.Dropout(0.25), nn.Linear(3, 2)))
    return made


@pytest.mark.parametrize("model", models(), ids=lambda model: type(model).__name__)
def test_a_loaded_model_is_the_same_model(model, tmp_path):
    nn.save(model, tmp_path / "m")
    copy = nn.load(tmp_path / "m")
    assert repr(copy) == repr(model)
    assert architecture(copy) == architecture(model)
    assert [x.hex() for x in copy.state_dict().values()] == [x.hex() for x in model.state_dict().values()]
    assert not copy.training
    model.eval()
    for x in X:
        assert repr(copy(x)) == repr(model(x))


def test_the_library_sees_pytorchs_names_and_shapes(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    model = nn.MLP(3, [4, 2], seed=1)
    nn.save(model, tmp_path / "m")
    tensors = numpy.load_file(tmp_path / "m")
    assert {name: tensor.shape for name, tensor in tensors.items()} == {
        "layers.0.weight": (4, 3), "layers.0.bias": (4,), "layers.1.weight": (2, 4), "layers.1.bias": (2,)}
    hidden = (tensors["layers.0.weight"] @ X[0] + tensors["layers.0.bias"]).clip(0)
    outputs = tensors["layers.1.weight"] @ hidden + tensors["layers.1.bias"]
    assert outputs == pytest.approx([y.data for y in model(X[0])], rel=1e-14)  # summed in another order


def test_the_architecture_is_readable():
    assert architecture(nn.MLP(2, [3, 1], activation="tanh", seed=4)) == {
        "class": "MLP", "nin": 2, "nouts": [3, 1], "activation": "tanh", "output": None}
    model = nn.Sequential(nn.Layer(2, 3, activation=nn.functional.silu), nn.Softmax())
    assert architecture(model)["members"] == [
        {"class": "Layer", "nin": 2, "nout": 3, "nonlin": True, "activation": {"function": "silu"},
         "bias": True},
        {"class": "Softmax"}]
    assert repr(build(json.loads(json.dumps(architecture(model))))) == repr(model)


def test_notes_are_kept(tmp_path):
    nn.save(nn.Linear(1, 1), tmp_path / "m", classes=["é", "b"], mean=[0.1])
    assert load_with_notes(tmp_path / "m")[1] == {"classes": ["é", "b"], "mean": [0.1]}
    with pytest.raises(ValueError, match="Out of range float"):
        nn.save(nn.Linear(1, 1), tmp_path / "n", mean=float("nan"))
    assert not (tmp_path / "n").exists()


class Mine(nn.Module):
    def __init__(self, size):
        self.layer = nn.Linear(size, 1, seed=3)

    def forward(self, row):
        return self.layer(row)


def test_a_module_of_ones_own_is_named_on_loading(tmp_path):
    nn.save(Mine(3), tmp_path / "m")
    assert nn.load(tmp_path / "m", classes=[Mine])(X[0]).data == Mine(3)(X[0]).data
    with pytest.raises(FileError, match=r"cannot build its model: .*no module is called 'Mine': pass yours as load"):
        nn.load(tmp_path / "m")


def test_what_a_file_cannot_describe_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"MLP\(activation=...\) is <function .*lambda.*, which a file cannot describe"):
        nn.save(nn.MLP(2, [3, 1], activation=lambda x: x * x), tmp_path / "m")
    changed = nn.Sequential(nn.Linear(2, 2))
    changed.members.append(nn.Linear(2, 2))
    with pytest.raises(TypeError, match="this Sequential was changed after it was built"):
        nn.save(changed, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return warnings.warn, ("exploded",)

    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with warnings.catch_warnings(), pytest.raises(FileError, match=r"model\.safetensors is not a safetensors file"):
        warnings.simplefilter("error")
        nn.load(path)


@pytest.mark.parametrize(("description", "message"), [
    ({"format": 2, "architecture": {}, "notes": {}}, "it has format 2, this version reads 1: upgrade stepgrad"),
    ({"format": 1, "architecture": {"class": "Value"}, "notes": {}}, "no module is called 'Value'"),
    ({"format": 1, "architecture": {"class": "MLP"}, "notes": {}}, "cannot be loaded: .*missing 2 required"),
    ({"format": 1, "architecture": {"class": "MLP", "nin": 1, "nouts": [1], "activation": {"function": "save"}},
      "notes": {}}, "cannot build its model: it does not say 'save'"),
    ({"format": 1, "architecture": {"class": "MLP", "nin": 1, "nouts": [2]}, "notes": {}}, "holds another model"),
    ({"format": 1, "architecture": {"class": "Neuron", "nin": 1}, "notes": {}}, "it has no number"),
])
def test_a_file_that_describes_no_model_of_ours(tmp_path, description, message):
    path = tmp_path / "odd"
    write_tensors(path, to_tensors(nn.MLP(1, [1]).state_dict()), {"stepgrad.model": json.dumps(description)})
    with pytest.raises(FileError, match=message) as caught:
        nn.load(path)
    assert str(path) in str(caught.value)


DEEP = {"class": "ReLU"}
for _ in range(700):
    DEEP = {"class": "Residual", "module": DEEP}


@pytest.mark.parametrize(("text", "message"), [
    ("{", "m is damaged: its stepgrad.model cannot be read: Expecting property name"),
    ("[]", r"m is damaged: its stepgrad.model cannot be read: it is no JSON object, but \[\]"),
    ("{}", "m cannot be loaded: it does not say 'format'"),
    ('{"format": 1, "architecture": {"class": "ReLU"}}', "m cannot be loaded: it does not say 'notes'"),
    ('{"format": 1, "architecture": {"class": "ReLU"}, "notes": 7}', "m cannot be loaded: .*not iterable"),
    ('{"format": 1, "architecture": {}, "notes": {}}', "m cannot build its model: it does not say 'class'"),
    (json.dumps({"format": 1, "architecture": DEEP, "notes": {}}), "m cannot .*: maximum recursion depth exceeded"),
    ('{"format": 1, "architecture": {"class": "Linear", "in_features": 3000, "out_features": 3000}, "notes": {}}',
     "m cannot be loaded: it holds another model: 1 numbers for an architecture of 9003000"),
    ('{"format": 1, "architecture": {"class": "Layer", "nin": "a", "nout": 30}, "notes": {}}', "m cannot be loaded"),
    ('{"format": 1, "notes": {}, "architecture": {"class": "Neuron", "nin": 0, "activation": {"function": "grad"}}}',
     "m cannot build its model: it does not say 'grad'"),
])
def test_a_file_made_by_hand_is_refused_at_once(tmp_path, text, message):
    write_tensors(tmp_path / "m", {"b": 1.0}, {"stepgrad.model": text})
    with pytest.raises(FileError, match=message):
        nn.load(tmp_path / "m")


def test_sizes_are_known_before_anything_is_built():
    for model in [*models(), nn.BatchNorm1d(3, affine=False), nn.BatchNorm1d(3, track_running_stats=False)]:
        if model.state_dict() and not any(isinstance(module, nn.MLP) for module in model.modules()):
            assert size(architecture(model)) == len(model.state_dict()), model
    assert size(architecture(nn.MLP(3, [4, 2]))) == len(nn.MLP(3, [4, 2]).state_dict())


@pytest.mark.parametrize("make", [
    lambda np: nn.MLP(2, np.array([8, 1])), lambda np: nn.Linear(np.int64(2), np.int32(1)),
    lambda np: nn.MLP(2, range(1, 3)), lambda np: nn.LeakyReLU(np.float64(0.25)), lambda np: nn.MLP(2, (3, 1)),
])
def test_sizes_may_come_from_numpy(make, tmp_path):
    model = make(pytest.importorskip("numpy"))
    nn.save(model, tmp_path / "m")
    assert repr(nn.load(tmp_path / "m")) == repr(model)


def test_a_shared_layer_is_refused_for_what_it_is(tmp_path):
    shared = nn.Linear(2, 2)
    with pytest.raises(TypeError, match="this Sequential has one Linear in two places, which a file cannot describe"):
        nn.save(nn.Sequential(shared, nn.Tanh(), nn.Residual(shared)), tmp_path / "m")


def test_a_file_without_a_model(tmp_path):
    write_tensors(tmp_path / "t", {"a": 1.0}, {})
    with pytest.raises(FileError, match=r"t is not a model of stepgrad's nn\.save"):
        nn.load(tmp_path / "t")


def test_every_changed_byte_of_a_model_is_refused(tmp_path):
    path = tmp_path / "m"
    nn.save(nn.Linear(2, 1, seed=0), path, classes=["a"])
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1:])
        with pytest.raises(FileError, match=str(path)):
            nn.load(path)


def test_names_have_places():
    state = nn.Sequential(nn.MLP(2, [2, 1]), nn.PReLU(2)).state_dict()
    tensors = to_tensors(state)
    assert place("members.0.layers.0.neurons.1.w.0") == ("members.0.layers.0.weight", [1, 0])
    assert from_tensors(tensors, state, "file") == state
    with pytest.raises(FileError, match=r"file holds another model: it has no number"):
        from_tensors({}, state, "file")
    with pytest.raises(FileError, match=r"file holds another model: it has .*, more, in other shapes"):
        from_tensors({**tensors, "more": 1.0}, state, "file")


def test_saving_twice_gives_the_same_bytes(tmp_path):
    for name in "ab":
        nn.save(nn.MLP(2, [3, 1], seed=0), tmp_path / name, note=1)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert read_tensors(tmp_path / "a")
