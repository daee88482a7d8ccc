"""The network of `networks.py` as C: written by hand, and written by CasADi from the scalar graph."""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Missing
from benchmarks.peers import need
from benchmarks.peers.networks import Task, sample_loss, stepping

Prepared = tuple[Callable[[], Any], Callable[[], Sequence[float]]]

C_SOURCE = Path(__file__).with_name("network.c")


def c_library(source: str, flags: Sequence[str]) -> ctypes.CDLL:
    """C, compiled on the spot."""
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        raise Missing("no C compiler is installed")
    with tempfile.TemporaryDirectory(prefix="stepgrad-benchmark-") as folder:
        code, library = Path(folder) / "code.c", Path(folder) / "code.so"
        code.write_text(source)
        command = [compiler, *flags, "-shared", "-fPIC", str(code), "-o", str(library), "-lm"]
        subprocess.run(command, check=True)
        return ctypes.CDLL(str(library))


def compiled_c(task: Task, flags: Sequence[str]) -> Prepared:
    """The plain C of network.c, compiled on the spot."""
    np = need("numpy")
    single = ["-Dnumber=float"] if task.dtype == "float32" else []
    code = c_library(C_SOURCE.read_text(), ["-O3", "-march=native", *flags, *single])
    code.step.restype = ctypes.c_double
    parameters = np.array(task.flat(), task.dtype)
    sizes = np.array(task.sizes, np.int64)
    # One array (feature, sample) per batch: the inner loops run over samples.
    inputs, labels = np.array(task.inputs, task.dtype), np.array(task.labels, np.int64)
    data = {id(batch): (np.ascontiguousarray(inputs[batch].T), labels[batch]) for batch in task.batches}
    room = np.zeros(4 * sum(task.sizes) * max(map(len, task.batches)) + len(parameters), task.dtype)

    def pointer(array: Any) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)

    def step(batch: list[int]) -> float:
        x, y = data[id(batch)]
        return float(
            code.step(
                pointer(sizes), ctypes.c_long(len(sizes)), ctypes.c_int(task.activation == "tanh"),
                ctypes.c_int(task.loss == "softmax"), pointer(parameters), ctypes.c_long(len(parameters)), pointer(x),
                pointer(y), ctypes.c_long(len(batch)), ctypes.c_double(task.rate), ctypes.c_double(task.decay),
                pointer(room),
            )
        )  # fmt: skip

    return stepping(task, step, float)


# Adds up what CasADi's function gives for each sample, and descends.
CASADI_STEP = """
double step(const double *table, long n, long width, double *p, long count, double rate, double *grad, double *w)
{
    double loss = 0.0, value, sum[COUNT];
    for (long k = 0; k < count; k++) sum[k] = 0.0;
    for (long s = 0; s < n; s++) {
        const double *arg[8] = {p, table + s * width};
        double *res[8] = {&value, grad};
        f(arg, res, 0, w, 0);
        loss += value;
        for (long k = 0; k < count; k++) sum[k] += grad[k];
    }
    for (long k = 0; k < count; k++) p[k] -= rate * sum[k] / n;
    return loss / n;
}
"""


def casadi_c(task: Task) -> Prepared:
    """CasADi's own C for value and gradient of one sample, in a loop over samples; one batch, hinge."""
    casadi, np = need("casadi"), need("numpy")
    start = task.flat()
    p, x = casadi.SX.sym("p", len(start)), casadi.SX.sym("x", len(task.inputs[0]) + 1)
    parameters = [p[k] for k in range(len(start))]
    loss = sample_loss(task, parameters, [x[k] for k in range(len(task.inputs[0]))], x[len(task.inputs[0])], CasadiMath)
    f = casadi.Function("f", [p, x], [loss, casadi.gradient(loss, p)])
    generator = casadi.CodeGenerator("f.c")
    generator.add(f)
    code = c_library(generator.dump() + CASADI_STEP.replace("COUNT", str(len(start))), ["-O3", "-march=native"])
    code.step.restype = ctypes.c_double
    table = np.array([[*inputs, label] for inputs, label in zip(task.inputs, task.labels)], np.float64)
    numbers, gradient, work = np.array(start), np.zeros(len(start)), np.zeros(f.sz_w() + 1)

    def step(batch: list[int]) -> float:
        addresses = [ctypes.c_void_p(array.ctypes.data) for array in (table, numbers, gradient, work)]
        return float(
            code.step(
                addresses[0], ctypes.c_long(len(batch)), ctypes.c_long(table.shape[1]), addresses[1],
                ctypes.c_long(len(start)), ctypes.c_double(task.rate), addresses[2], addresses[3],
            )
        )  # fmt: skip

    return stepping(task, step, float)


class CasadiMath:
    """The operations that the scalar code asks for, on CasADi's symbols."""

    @staticmethod
    def dot(xs: Sequence[Any], ys: Sequence[Any]) -> Any:
        total = xs[0] * ys[0]
        for x, y in zip(xs[1:], ys[1:]):
            total = total + x * y
        return total

    @staticmethod
    def relu(x: Any) -> Any:
        return need("casadi").fmax(x, 0)

    @staticmethod
    def tanh(x: Any) -> Any:
        return need("casadi").tanh(x)
