"""Module: what is a parameter, what it is called, how its numbers are saved, how it looks."""

import copy
import pickle

import pytest

import nn
from autograd import Value
from nn.module import Module, Undecayed


class Net(Module):
    def __init__(self):
        self.first = nn.Layer(2, 3, seed=0)
        self.blocks = [nn.Linear(3, 3, seed=1), nn.PReLU()]
        self.named = {"last": nn.Linear(3, 1, seed=2)}
        self.offset = Value(0.5)
        self._hidden = Value(1.0)
        self.size = 3

    def forward(self, x):
        for f in [self.first, *self.blocks, self.named["last"]]:
            x = f(x)
        return x + self.offset


def test_parameters_are_named_as_in_pytorch():
    names = [name for name, _ in Net().named_parameters()]
    assert len(names) == len(set(names)) == 1 + 3 * 3 + 3 * 4 + 1 + 4
    assert names[0] == "offset"
    assert names[1:4] == ["first.neurons.0.w.0", "first.neurons.0.w.1", "first.neurons.0.b"]
    assert "blocks.1.weight.0" in names
    assert names[-1] == "named.last.neurons.0.b"
    assert not any("_hidden" in name for name in names)


def test_what_was_computed_is_no_parameter():
    net = Net()
    net.cache = net([1.0, 2.0])
    assert net.cache not in net.parameters()


def test_a_shared_parameter_comes_once():
    class Tied(Module):
        def __init__(self):
            self.a = nn.Linear(2, 2)
            self.b = self.a

    assert len(Tied().parameters()) == 6


class Child(Module):
    def __init__(self, holder):
        self.holder, self.w = holder, Value(1.0)


class Holder(Module):
    def __init__(self):
        self.child = Child(self)


def test_a_module_may_know_its_holder():
    assert [name for name, _ in Holder().named_parameters()] == ["child.w"]


def test_scopes_and_labels_name_every_node():
    model = nn.MLP(2, [2, 1], seed=0)
    y = model([1.0, 2.0])
    assert y.scope == "layer1/neuron0"
    assert [(p.scope, p.label) for p in model.parameters()[:3]] == [
        ("layer0/neuron0", "w0"), ("layer0/neuron0", "w1"), ("layer0/neuron0", "b")]
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    assert net([1.0, 2.0])[0].scope == "tanh1"

    class Outer(Module):
        def __init__(self):
            self.body = model

        def forward(self, x):
            return self.body(x)

    outer = Outer()
    assert outer([1.0, 2.0]).scope == "body/layer1/neuron0"
    assert outer.parameters()[0].scope == "body/layer0/neuron0"


def test_train_and_eval_reach_everything():
    net = Net()
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    assert all(module.training for module in net.train().modules())


def test_a_state_goes_round():
    net, other = Net(), Net()
    for p in net.parameters():
        p.data += 1.0
    other.load_state_dict(net.state_dict())
    assert other.state_dict() == net.state_dict()
    assert other([1.0, 2.0]).data == net([1.0, 2.0]).data


def test_buffers_are_saved_and_not_trained():
    norm = nn.BatchNorm1d(2)
    norm([[1.0, 2.0], [3.0, 5.0]])
    assert [name for name, _ in norm.named_parameters()] == ["weight.0", "weight.1", "bias.0", "bias.1"]
    other = nn.BatchNorm1d(2)
    other.load_state_dict(norm.state_dict())
    assert other.running_var[1].data == norm.running_var[1].data != 1.0
    assert other.num_batches_tracked.data == 1.0


@pytest.mark.parametrize(("change", "message"), [
    (lambda s: s.pop("offset"), r"another Net: 1 missing \(offset\), 0 unknown; build the module"),
    (lambda s: s.update(w=1.0), r"0 missing, 1 unknown \(w\)"),
    (lambda s: s.clear(), r"27 missing \(offset, first.neurons.0.w.0, first.neurons.0.w.1, ...\)"),
])
def test_a_state_of_another_module_is_refused_and_changes_nothing(change, message):
    net = Net()
    before = net.state_dict()
    state = {name: x + 1.0 for name, x in before.items()}
    change(state)
    with pytest.raises(ValueError, match=message):
        net.load_state_dict(state)
    assert net.state_dict() == before


def test_a_state_that_is_no_number_is_refused_and_changes_nothing():
    net = Net()
    before = net.state_dict()
    with pytest.raises(TypeError, match=r"state_dict entry 'offset': .*'three'"):
        net.load_state_dict({**dict.fromkeys(before, 9.0), "offset": "three"})
    assert net.state_dict() == before


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_independent_and_whole(twin):
    net = Net()
    other = twin(net)
    assert other.state_dict() == net.state_dict()
    assert isinstance(other.blocks[1].weight[0], Undecayed)
    other.offset.data = 7.0
    assert net.offset.data == 0.5


def test_weights_leave_out_biases_slopes_and_scales():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.PReLU(), nn.Linear(3, 1))
    assert {p.label for p in net.weights()} == {"w0", "w1", "w2"}
    assert len(net.weights()) == 9


def test_a_batch_is_answered_row_by_row():
    net = Net()
    rows = [[1.0, 2.0], [3.0, -4.0], [0.0, 0.0]]
    assert [y.data for y in net(rows)] == [net(row).data for row in rows]
    assert [[y.data for y in ys] for ys in net.first(rows)] == [[y.data for y in net.first(row)] for row in rows]


def test_arrays_are_rows_and_batches():
    np = pytest.importorskip("numpy")
    net = Net()
    rows = [[1.0, 2.0], [3.0, -4.0]]
    assert [y.data for y in net(np.array(rows))] == [y.data for y in net(rows)]
    assert net(np.array(rows[0])).data == net(list(np.array(rows[0]))).data == net(rows[0]).data


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="Module needs a method forward"):
        Module()([1.0])
