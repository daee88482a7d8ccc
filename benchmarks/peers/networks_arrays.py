"""The network of `networks.py` for the peers that compute with arrays: NumPy, PyTorch, JAX, scikit-learn."""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.measure import Missing
from benchmarks.peers import need
from benchmarks.peers.networks import COMPARED, Task, stepping

Prepared = tuple[Callable[[], Any], Callable[[], Sequence[float]]]


def numpy_by_hand(task: Task) -> Prepared:
    np = need("numpy")
    X, Y = np.array(task.inputs, task.dtype), np.array(task.labels)
    batches = {id(batch): np.array(batch) for batch in task.batches}
    layers = [[np.array(rows, task.dtype), np.array(biases, task.dtype)] for rows, biases in task.initial()]
    if task.loss == "hinge":
        Y = Y.astype(task.dtype)  # an integer would make the products float64

    def step(batch: list[int]) -> float:
        chosen = batches[id(batch)]
        whole = len(chosen) == len(X)
        x, y = (X, Y) if whole else (X[chosen], Y[chosen])
        values = [x]
        for depth, (W, b) in enumerate(layers):
            z = values[-1] @ W.T + b
            if depth < len(layers) - 1:
                z = np.maximum(z, 0.0) if task.activation == "relu" else np.tanh(z)
            values.append(z)
        n, out = len(x), values[-1]
        if task.loss == "hinge":
            margin = 1.0 - y[:, None] * out
            loss = np.maximum(margin, 0.0).mean()
            delta = np.where(margin > 0, -y[:, None], 0.0) / n
        else:
            out = out - out.max(axis=1, keepdims=True)
            e = np.exp(out)
            total = e.sum(axis=1, keepdims=True)
            loss = (np.log(total[:, 0]) - out[np.arange(n), y]).mean()
            delta = e / total
            delta[np.arange(n), y] -= 1.0
            delta /= n
        if task.decay:
            loss += task.decay * sum((W * W).sum() + (b * b).sum() for W, b in layers)
        for depth in reversed(range(len(layers))):
            W, b = layers[depth]
            gW, gb = delta.T @ values[depth], delta.sum(axis=0)
            if depth:
                h = values[depth]
                delta = (delta @ W) * ((h > 0) if task.activation == "relu" else 1.0 - h * h)
            if task.decay:
                gW, gb = gW + 2 * task.decay * W, gb + 2 * task.decay * b
            layers[depth][0] = W - task.rate * gW
            layers[depth][1] = b - task.rate * gb
        return float(loss)

    return stepping(task, step, float)


def torch_parts(task: Task) -> tuple[Any, Any, list[Any], Any]:
    """(torch, its dtype, parameters, forward(parameters, x, y) -> loss)."""
    torch = need("torch")
    dtype = getattr(torch, task.dtype)
    parameters = [
        torch.tensor(numbers, dtype=dtype).requires_grad_() for layer in task.initial() for numbers in layer
    ]
    activation = getattr(torch, task.activation)

    def forward(parameters: list[Any], x: Any, y: Any) -> Any:
        for k in range(0, len(parameters), 2):
            x = torch.addmm(parameters[k + 1], x, parameters[k].T)
            if k < len(parameters) - 2:
                x = activation(x)
        if task.loss == "hinge":
            loss = torch.relu(1.0 - y * x[:, 0]).mean()
        else:
            loss = torch.nn.functional.cross_entropy(x, y)
        if task.decay:
            loss = loss + task.decay * sum((p * p).sum() for p in parameters)
        return loss

    return torch, dtype, parameters, forward


def torch_data(task: Task, torch: Any, dtype: Any) -> Callable[[list[int]], tuple[Any, Any]]:
    """The samples of a batch."""
    X, Y = torch.tensor(task.inputs, dtype=dtype), torch.tensor(task.labels)
    batches = {id(batch): torch.tensor(batch) for batch in task.batches}

    def chosen(batch: list[int]) -> tuple[Any, Any]:
        which = batches[id(batch)]
        return (X, Y) if len(which) == len(X) else (X[which], Y[which])

    return chosen


def torch_eager(task: Task) -> Prepared:
    torch, dtype, parameters, forward = torch_parts(task)
    data = torch_data(task, torch, dtype)

    def step(batch: list[int]) -> Any:
        loss = forward(parameters, *data(batch))
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, g in zip(parameters, gradients):
                p.sub_(g, alpha=task.rate)
        return loss

    return stepping(task, step, lambda loss: float(loss.detach()))


def torch_compile(task: Task) -> Prepared:
    """Loss, gradients and update as one compiled function; needs a C++ compiler."""
    torch, dtype, parameters, forward = torch_parts(task)
    data = torch_data(task, torch, dtype)
    state = [[p.detach().clone() for p in parameters]]
    both = torch.func.grad_and_value(forward)

    @torch.compile
    def whole(parameters: list[Any], x: Any, y: Any) -> tuple[list[Any], Any]:
        gradients, loss = both(parameters, x, y)
        return [p - task.rate * g for p, g in zip(parameters, gradients)], loss

    def step(batch: list[int]) -> Any:
        state[0], loss = whole(state[0], *data(batch))
        return loss

    try:
        return stepping(task, step, float)
    except Exception as error:  # its own errors are of many kinds
        raise Missing(f"torch.compile fails here: {str(error).splitlines()[0][:80]}") from None


def torch_module(task: Task) -> Prepared:
    """As most people write it: nn.Sequential and optim.SGD."""
    torch = need("torch")
    dtype = getattr(torch, task.dtype)
    data = torch_data(task, torch, dtype)
    layers: list[Any] = []
    for rows, biases in task.initial():
        linear = torch.nn.Linear(len(rows[0]), len(rows), dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(rows, dtype=dtype))
            linear.bias.copy_(torch.tensor(biases, dtype=dtype))
        layers += [linear, torch.nn.Tanh() if task.activation == "tanh" else torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=task.rate)

    def step(batch: list[int]) -> Any:
        x, y = data(batch)
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return stepping(task, step, lambda loss: float(loss.detach()))


def jax_parts(task: Task) -> tuple[Any, Any, Any, Any, Any]:
    jax = need("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    X, Y = jnp.array(task.inputs, task.dtype), jnp.array(task.labels)
    layers = [(jnp.array(rows, task.dtype), jnp.array(biases, task.dtype)) for rows, biases in task.initial()]
    activation = jax.nn.relu if task.activation == "relu" else jnp.tanh

    def loss(layers: Any, x: Any, y: Any) -> Any:
        for depth, (W, b) in enumerate(layers):
            x = x @ W.T + b
            if depth < len(layers) - 1:
                x = activation(x)
        if task.loss == "hinge":
            found = jax.nn.relu(1.0 - y.astype(task.dtype) * x[:, 0]).mean()
        else:
            found = (jax.nn.logsumexp(x, axis=1) - jnp.take_along_axis(x, y[:, None], axis=1)[:, 0]).mean()
        if task.decay:
            found = found + task.decay * sum((p * p).sum() for layer in layers for p in layer)
        return found

    def step(layers: Any, x: Any, y: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(layers, x, y)
        return jax.tree.map(lambda p, g: p - task.rate * g, layers, gradients), value

    return jax, step, layers, X, Y


def jax_step(task: Task) -> Prepared:
    jax, step, layers, X, Y = jax_parts(task)
    batches = {id(batch): (X, Y) if len(batch) == len(X) else (X[jax.numpy.array(batch)], Y[jax.numpy.array(batch)])
               for batch in task.batches}
    compiled = jax.jit(step)
    state = [layers]

    def one(batch: list[int]) -> Any:
        state[0], loss = compiled(state[0], *batches[id(batch)])
        return loss

    return stepping(task, one, float)


def jax_scan(task: Task, epochs: int) -> Prepared:
    """Epochs inside lax.scan; batches of equal size only, so a short last batch is left out for it."""
    jax, step, layers, X, Y = jax_parts(task)
    np = need("numpy")
    full = [batch for batch in task.batches if len(batch) == len(task.batches[0])]
    order = np.array(full)

    @jax.jit
    def many(layers: Any) -> Any:
        def body(state: Any, chosen: Any) -> Any:
            return step(state, X[chosen], Y[chosen]) if len(full) > 1 else step(state, X, Y)

        return jax.lax.scan(body, layers, jax.numpy.concatenate([jax.numpy.array(order)] * epochs))

    state, losses = layers, []
    one = jax.jit(step)
    for batch in (full * COMPARED)[:COMPARED]:
        chosen = jax.numpy.array(batch)
        state, loss = one(state, X[chosen], Y[chosen])
        losses.append(float(loss))
    kept = [state]

    def run() -> None:
        kept[0], found = many(kept[0])
        found.block_until_ready()

    return run, lambda: losses


def sklearn_classifier(task: Task) -> Prepared:
    """scikit-learn's own loop over the same batches; its losses are its own business, its speed is what is compared."""
    need("sklearn")
    import warnings

    import numpy as np
    from sklearn.neural_network import MLPClassifier

    size = len(task.batches[0])
    model = MLPClassifier(
        task.sizes[1:-1], activation=task.activation, solver="sgd", alpha=0.0, batch_size=size,
        learning_rate_init=task.rate, momentum=0.0, max_iter=1, shuffle=False, random_state=0, warm_start=True,
    )
    X, Y = np.array(task.inputs, task.dtype), np.array(task.labels)

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one epoch a call is never "converged"
            model.fit(X, Y)

    run()
    return run, list
