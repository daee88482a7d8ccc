"""Everything that a notebook user meets, and what a reader reads of each form of it."""

from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

import nn
from autograd import Value, scope
from autograd.gradcheck import Culprit, GradcheckReport, Slope, Verdict
from autograd.gradcheck.report import Row
from autograd.viz import Film, draw, explain, step_through, trace
from nn.history import History

SVG = "{http://www.w3.org/2000/svg}"


def result(label, x):
    """A small graph with the label at a leaf, in a scope and at the result."""
    a, b = Value(x, label=label), Value(0.25, label="b")
    with scope(label):
        y = a * b + a
    y.label = label
    y.backward()
    return y, a


def network(label, x):
    """A graph that is shown as boxes."""
    total = Value(x, label=label)
    with scope(label):
        for _ in range(25):
            total = total * 0.5 + 1.0
    return total * 2.0


def module(label, x):
    class Named(nn.Module):
        def __init__(self):
            self.first, self.own = nn.Linear(2, 1), Value(x)
            self.parts = {label: self.first}

        def extra_repr(self):
            return ""

    class Titled(nn.Module):
        def extra_repr(self):
            return label

    return nn.Sequential(Named(), Titled())


def history(label, x):
    made = History()
    made.append(epoch=1, loss=x, **{label: x})
    made.append(epoch=2, loss=0.5, **{label: 1.0})
    made.stopped = label
    return made


def film(label, x):
    made = Film(unit="epoch")
    for epoch in range(3):
        made.record(epoch, {"loss": x, label: 0.5}, result(label, x)[0])
    return made


def report(label, x):
    slope = Slope(x, x, 0.0, "mpmath", note=label)
    row = Row("f", label, x, x, slope, 0.0, Verdict.FAIL, label)
    return GradcheckReport((row,), (Culprit(3, "off", label, (x,), x, Slope(4.0, 4.0, 0.0, "mpmath"), None),))


MAKE = {
    "leaf": lambda label, x: Value(x, label=label),
    "value": lambda label, x: result(label, x)[0],
    "value of a network": network,
    "drawing": lambda label, x: draw(result(label, x)[0], engine="builtin"),
    "stepper": lambda label, x: step_through(result(label, x)[0]),
    "stepper of a network": lambda label, x: step_through(network(label, x), "zh"),
    "explanation": lambda label, x: explain(*result(label, x)),
    "trace": lambda label, x: trace(result(label, x)[0]),
    "film": film,
    "module": module,
    "history": history,
    "gradcheck report": report,
}
TABLES = ("explanation", "trace", "module", "gradcheck report")


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.read = []

    def handle_data(self, data):
        self.read.append(data)


def words(form, kind):
    """What a reader reads, in order, with one space between words."""
    if kind == "image/svg+xml":
        read = [text.text or "" for text in ElementTree.fromstring(form).iter(f"{SVG}text")]
    elif kind == "text/html":
        reader = _Reader()
        reader.feed(form)
        read = reader.read
    else:
        read = [unescape(form)]
    return " ".join(" ".join(read).split())


def read(shown):
    """The words of every form of a thing."""
    return [words(form, kind) for kind, form in shown._repr_mimebundle_().items()]
