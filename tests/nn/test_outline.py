"""What a module consists of, as lines of text and as a table."""

import nn
from autograd import Value
from nn.module import Module
from tests.nn.test_module import Holder, Net


def test_repr_lists_modules_and_counts():
    assert repr(Net()).splitlines() == [
        "Net()  27 parameters",
        "  offset: Value  1 parameter",
        "  first: Layer(2 -> 3, relu)  9 parameters",
        "  block0: Linear(3 -> 3)  12 parameters",
        "  block1: PReLU(num_parameters=1)  1 parameter",
        "  last: Linear(3 -> 1)  4 parameters",
    ]


def test_parameters_of_the_module_itself_have_a_line_for_each_attribute():
    class Affine(Module):
        buffers = ("count",)

        def __init__(self):
            self.w, self.b, self.count = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]], Value(0.5), Value(7.0)
            self.unused = []

    assert repr(Affine()).splitlines() == ["Affine()  5 parameters", "  w: Values  4 parameters",
                                           "  b: Value  1 parameter"]


def test_a_shared_module_is_listed_under_both_names_and_counted_once():
    class Tied(Module):
        def __init__(self):
            self.encoder = nn.Linear(2, 2)
            self.decoder = self.encoder
            self.deep = [nn.Residual(self.encoder), nn.Tanh()]

    lines = ["Tied()  6 parameters", "  encoder: Linear(2 -> 2)  6 parameters",
             "  decoder: Linear(2 -> 2), the same as encoder", "  deep0: Residual()  6 parameters",
             "    module: Linear(2 -> 2), the same as encoder", "  deep1: Tanh()"]
    assert repr(Tied()).splitlines() == lines
    tanh = nn.Tanh()
    assert repr(nn.Sequential(nn.Residual(tanh), tanh)).splitlines() == [
        "Sequential()", "  residual0: Residual()", "    module: Tanh()", "  1: Tanh(), the same as residual0.module"]


def test_a_module_that_knows_its_holder_is_shown():
    assert repr(Holder()).splitlines() == ["Holder()  1 parameter", "  child: Child()  1 parameter",
                                           "    w: Value  1 parameter", "    holder: Holder(), the same as the whole"]


def test_the_table_for_notebooks_has_a_row_per_module_and_escapes():
    class Odd(Module):
        def extra_repr(self):
            return "<b> & more"

    html = nn.Sequential(nn.Linear(2, 1), Odd())._repr_mimebundle_()["text/html"]
    assert html.count("<tr>") == 1 + 3
    assert "Linear(2 -&gt; 1)" in html
    assert "&lt;b&gt; &amp; more" in html


def test_a_notebook_shows_any_module():
    class Broken(Module):
        def extra_repr(self):
            return self.missing

    deep = nn.Sequential(*(nn.Tanh() for _ in range(1000)))._repr_mimebundle_()["text/html"]
    assert deep.count("<tr>") == 1 + 201
    assert "801 more" in deep
    assert "no attribute 'missing'" in Broken()._repr_mimebundle_()["text/plain"]
