"""A state machine: graphs are built, changed, differentiated and cleared in any order, beside a model one can believe.

The model keeps lists of floats and differentiates by recursion, path by path, with no order and no sharing.
All numbers are integers and halves small enough to be exact, so both must agree to the last bit.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from autograd import Value, maximum, no_grad, relu

# name -> (the operation on Values, the number, the derivatives), written here once more and by hand
OPERATIONS = {
    "add": (lambda a, b: a + b, lambda x, y: x + y, lambda x, y: (1.0, 1.0)),
    "sub": (lambda a, b: a - b, lambda x, y: x - y, lambda x, y: (1.0, -1.0)),
    "mul": (lambda a, b: a * b, lambda x, y: x * y, lambda x, y: (y, x)),
    "maximum": (maximum, max, lambda x, y: (float(x > y) + 0.5 * (x == y), float(x < y) + 0.5 * (x == y))),
    "square": (lambda a: a * a, lambda x: x * x, lambda x: (2.0 * x,)),
    "half": (lambda a: a / 2.0, lambda x: x / 2.0, lambda x: (0.5,)),
    "plus_one": (lambda a: 1.0 + a, lambda x: 1.0 + x, lambda x: (1.0,)),
    "relu": (relu, lambda x: max(x, 0.0), lambda x: (float(x > 0.0),)),
}
LARGEST = 2.0**10  # two of these multiplied, and some paths added, stay far below 2**53
NUMBERS = st.integers(-4, 4).map(float)
CHOICE = st.integers(0, 2**16)


class Graphs(RuleBasedStateMachine):
    """The engine's nodes, and for each the model's number, operands, derivatives and gradient, in parallel lists."""

    @initialize(x=NUMBERS, y=NUMBERS)
    def start(self, x, y):
        self.nodes, self.data, self.parents, self.partials, self.grads = [], [], [], [], []
        self.leaf(x)
        self.leaf(y)

    def add(self, node, x, parents=(), partials=()):
        self.nodes.append(node)
        self.data.append(x)
        self.parents.append(parents)
        self.partials.append(partials)
        self.grads.append(None)

    def pick(self, k):
        return k % len(self.nodes)

    def slope(self, root, node):
        """d root / d node: the sum over the paths, by the definition."""
        if root == node:
            return 1.0
        flows = zip(self.parents[root], self.partials[root], strict=True)
        return sum((partial * self.slope(parent, node) for parent, partial in flows), 0.0)

    def below(self, root):
        found = {root}
        for parent in self.parents[root]:
            found |= self.below(parent)
        return found

    @rule(x=NUMBERS)
    def leaf(self, x):
        if len(self.nodes) < 12:
            self.add(Value(x), x)

    @rule(name=st.sampled_from(sorted(OPERATIONS)), i=CHOICE, j=CHOICE, recorded=st.integers(0, 5).map(bool))
    def operation(self, name, i, j, recorded):
        on_values, number, derivatives = OPERATIONS[name]
        parents = [self.pick(i), self.pick(j)][: derivatives.__code__.co_argcount]
        operands, xs = [self.nodes[k] for k in parents], [self.data[k] for k in parents]
        if len(self.nodes) >= 12 or max(map(abs, xs)) > LARGEST:
            return
        if recorded:
            self.add(on_values(*operands), number(*xs), parents, derivatives(*xs))
        else:
            with no_grad():
                self.add(on_values(*operands), number(*xs))

    @rule(i=CHOICE, x=NUMBERS)
    def change(self, i, x):
        i = self.pick(i)
        self.nodes[i].data = self.data[i] = x

    @rule(i=CHOICE, seed=NUMBERS)
    def differentiate(self, i, seed):
        root = self.pick(i)
        for node in self.below(root):
            flow = seed * self.slope(root, node)
            if self.parents[node]:
                self.grads[node] = flow
            else:  # leaves accumulate
                self.grads[node] = (self.grads[node] or 0.0) + flow
        self.nodes[root].backward(seed)

    @rule(i=CHOICE)
    def clear(self, i):
        i = self.pick(i)
        self.nodes[i].zero_grad()
        self.grads[i] = None

    @invariant()
    def engine_and_model_agree(self):
        for node, x, g in zip(self.nodes, self.data, self.grads, strict=True):
            assert node.data == x
            assert node.grad == (g or 0.0)
            assert node.has_grad == (g is not None)


TestGraphs = Graphs.TestCase
TestGraphs.settings = settings(max_examples=150, stateful_step_count=30)
