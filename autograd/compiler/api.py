"""autograd.compile: the same function, its graph recorded once and run many times."""

import functools
import inspect
import itertools
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.backends import Program
from autograd.compiler.calls import Call, per_argument
from autograd.compiler.deciding import active
from autograd.compiler.one_by_one import one_by_one
from autograd.compiler.options import ROUNDING, checked
from autograd.compiler.python_source import source
from autograd.compiler.recording import Recording, recorded
from autograd.compiler.shapes import AsIs, HasValues, Shape, passed_as_is
from autograd.compiler.trace import collector_resting
from autograd.context import _calling_line

Axes = int | None | Sequence[int | None]
MOST_SHAPES = 128  # of arguments, with traces of their own, that a function remembers
MOST_MOVES = 16  # traces because something has changed, until it is said


def compile(
    f: Callable[..., Any] | None = None,
    *,
    in_axes: Axes = None,
    reduce: str | None = None,
    dtype: str = "float64",
    backend: str = "auto",
    static_argnums: int | Sequence[int] = (),
    threads: int = 1,
    exact: bool = False,
    max_traces: int = 16,
) -> Any:
    """The same function of numbers, faster: `f` is run once on recording Values, then its graph is run as native code.

    Arguments and results are numbers, NumPy arrays, or nested lists, tuples and dicts of them, and Modules (anything
    with `parameters()`). The numbers in Values made before, a model's weights, are read anew at each call. Whatever
    else `f` can be seen to use is looked at before each call: where a name, an attribute, a list, a dict or an array
    holds something else than when `f` was traced (another Value, number, flag, layer or helper), `f` is traced again.
    Gradients are graph, so `compile(func.value_and_grad(f))` and `compile(func.hessian(f))` work like any other.

    Arguments: `in_axes` runs many samples at once, as jax.vmap does: 0 for an argument that has an entry per sample,
    None for one that all samples share; one for each argument, or one for all (see "A batch"). `reduce`, "mean" or
    "sum", adds the results up over the samples. `dtype` is "float64", or "float32": every number, the arguments, the
    constants and the result of each operation, is rounded to single precision, and comparisons are of such numbers.
    `backend` is "llvm", "python", "jax" (for accelerators: it spreads the samples over all devices, and gives XLA's
    numbers, `jax_program.py`) or "auto" (llvm where llvmlite is installed). The arguments in `static_argnums` are
    passed to `f` as they are; another value is another trace. At most `threads` share the samples, fewer where they
    would not pay. A single call equals the eager engine, rounded so, to the last bit, a batch to about one ulp per
    function (2.5 for sigmoid), or with `exact` to the bit too. A comparison that comes out otherwise than in all traces
    so far traces again, at most `max_traces` times for arguments of one shape; after that such calls are traced and
    interpreted one by one, slowly, and a RuntimeWarning says so.

    A batch: an array or a list is a list of samples, and `f` gets one of its entries; a tuple or a dict holds such
    lists, and `f` gets a tuple or a dict of one entry of each. The result is what `f` returns with a column, one entry
    per sample, in place of each number (arrays where NumPy is installed), be it in a list or in a tuple: what is to be
    passed on as a list of samples has to be transposed, by `numpy.transpose(result)` or `list(zip(*result))`.

    `==`, `in` and `match` compare numbers by value, and each outcome is a trace as with `<`; a Value of the model, and
    what is computed with one, equals itself only, as in eager. `isinstance(x, float)` is False.

    Raises TraceError where `f` takes a number out of the graph (float(v), .data, a key of a dict), uses a Value that
    cannot be found in what it can be seen to use, or changes an argument (`w -= ...`, `w.append(...)`: the caller's
    would stay as it is, so return the new numbers); GuardError where the samples of one batch take different branches,
    or where a last bit decides, in which a batch without `exact` or JAX differs; both name the line or the argument.
    ValueError or TypeError for options that contradict each other, for what is no number, and for samples of which
    there are none, or not equally many, or of different shapes.

    What runs once, while tracing, and not at later calls: printing (of `<traced 2.0>`, which is no number to read
    back, and must not decide anything as a part of a longer text), drawing random numbers (a Dropout's mask), asking
    Python, the clock or files for anything, changing lists and attributes (what a trace has left there may be changed
    by further traces; if anything else changes it, an eager call too, `f` is traced anew, and if it then changes that
    once more, as it does a counter, it is not looked at any more; after `clear()` it is traced in any case). What
    installed packages other than that of `f` define is taken not to change; an object that is part of a result is the
    same at each call. `detect_anomaly` notices nothing: call `f` itself there.
    Called with Values, the compiled function is `f` itself (of one sample after the other), so that it can be part of a
    larger graph.

    Longer machine code is kept for later processes, at most 64 MB, in ~/.cache/stepgrad ($XDG_CACHE_HOME/stepgrad, or
    $STEPGRAD_CACHE where you set it); the folder may be removed at any time.

    >>> from autograd import func
    >>> square = compile(func.value_and_grad(lambda x: x * x))
    >>> square(3.0), square(4.0)
    ((9.0, 6.0), (16.0, 8.0))
    >>> turned = compile(lambda p: [-p[1], p[0]], in_axes=0)([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> [list(map(float, column)) for column in turned]
    [[-2.0, -4.0, -6.0], [1.0, 3.0, 5.0]]
    """
    options: dict[str, Any] = {
        "in_axes": in_axes, "reduce": reduce, "dtype": dtype, "backend": backend,
        "static_argnums": static_argnums, "threads": threads, "exact": exact, "max_traces": max_traces,
    }  # fmt: skip
    if f is None:
        return functools.partial(compile, **options)
    return Compiled(f, **options)


class _Programs(list[Program]):
    """The programs for one shape of arguments, which passes these things as they are."""

    def __init__(self, given: Sequence[AsIs]) -> None:
        super().__init__()
        self.given, self.used = given, 0

    @property
    def useless(self) -> bool:
        """Whether no call can have this shape any more."""
        return any(part.gone for part in self.given)


class Compiled:
    """What `compile` returns: call it like the function. Safe to call from several threads."""

    def __init__(self, f: Callable[..., Any], **options: Any) -> None:
        if not callable(f):
            raise TypeError(f"compile expects a function, got {type(f).__name__} ({f!r})")
        if inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f):
            raise TypeError(f"compile expects a function that returns its result, and {f.__name__} is asynchronous")
        functools.update_wrapper(self, f, updated=())
        self._f = f
        self._options = checked(options)
        self._programs: dict[Shape, _Programs] = {}
        self._clock = itertools.count()
        self._with_names: dict[tuple[str, ...], Compiled] = {}  # called with these keyword-only arguments
        self._tracing = threading.RLock()
        self._moves = 0  # how often something that f depends on has changed
        self._said: set[str] = set()
        self._run: Callable[..., Any] = self._call

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._named(args, named) if named else self._run(*args)

    def _named(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A call with names: by position, as `in_axes` and `static_argnums` count, and what can only be named last."""
        bound = inspect.signature(self._f).bind(*args, **named)
        if not bound.kwargs:
            return self._run(*bound.args)
        bound.apply_defaults()
        names = tuple(bound.kwargs)
        if names not in self._with_names:
            self._with_names[names] = Compiled(_last_by_name(self._f, names), **self._options_with(len(names)))
        return self._with_names[names](*bound.args, *bound.kwargs.values())

    def _options_with(self, more: int) -> dict[str, Any]:
        """The options for `more` arguments at the end, which all samples share unless in_axes is for all."""
        axes = self._options["in_axes"]
        return {**self._options, "in_axes": [*axes, *[None] * more] if isinstance(axes, (list, tuple)) else axes}

    def _call(self, *args: Any) -> Any:
        """Any call. Those that suit the latest program, and are numbers in lists, get by without (`calling.py`)."""
        axes = self._options["in_axes"]
        if isinstance(axes, (list, tuple)) and len(args) < len(axes):
            bound = inspect.signature(self._f).bind(*args)
            bound.apply_defaults()
            args = bound.args
        if active() is not None:  # called by a function that is being traced: part of that trace
            return self._as_graph(args)
        try:
            call = Call(args, axes, self._options["static_argnums"])
        except HasValues:
            return self._as_graph(args)
        found = self._tried(call)
        return found[0] if found else self._traced_call(call)

    def _as_graph(self, args: tuple[Any, ...]) -> Any:
        """The function itself, for a larger graph; a batch sample by sample."""
        if self._options["in_axes"] is None:
            return self._f(*args)
        axes = per_argument(self._options["in_axes"], len(args), self._options["static_argnums"])
        return one_by_one(self._f, args, axes, self._options["reduce"])

    def _tried(self, call: Call) -> tuple[Any] | None:
        """The result by the first program that suits the call."""
        programs = self._programs.get(call.shape) or _Programs(())
        for program in programs:
            if program.recording.held.current():
                numbers = program.run(call)
                if numbers is not None:
                    programs.used = next(self._clock)
                    self._run = program.builtin(call, self._call) or self._call
                    return (program.result(numbers, call),)
        return None

    def _traced_call(self, call: Call) -> Any:
        with self._tracing, collector_resting():
            found = self._tried(call)  # another thread may have been here first
            if found:
                return found[0]
            programs, counted = self._current(call.shape)
            columns, rounded = call.batched, ROUNDING[self._options["dtype"]]  # constants, too
            constants = (float, int) if columns else () if rounded is float else (float,)
            recording = recorded(self._f, call.shape, call.sample(0), call.kinds, constants, rounded, counted)
            many = len(programs) >= self._options["max_traces"]
            if many:
                self._say(
                    f"took {self._options['max_traces']} different branches: further ones are traced at every call and"
                    " run slowly; choose with where(condition, a, b), or raise max_traces"
                )
            program = Program(recording, self._options, interpreted=many)
            if not many:
                programs.append(program)
        numbers = program.run(call)
        if numbers is None:
            raise program.undecided()
        self._run = program.builtin(call, self._call) or self._call
        return program.result(numbers, call)

    def _current(self, shape: Shape) -> "tuple[_Programs, set[Any]]":
        """The programs of a shape, less those for which something has changed; room is made for a new shape.

        And which of the places that those have left had changed.
        """
        for other in [other for other, programs in self._programs.items() if programs.useless]:
            del self._programs[other]
        if shape not in self._programs:
            if len(self._programs) >= MOST_SHAPES:
                self._say(f"was called with more than {MOST_SHAPES} kinds of arguments (lengths of lists, Modules,"
                          " functions, flags): traces not used for longest are dropped, and made anew if needed")
                del self._programs[min(self._programs, key=lambda other: self._programs[other].used)]
            self._programs[shape] = _Programs(passed_as_is(shape))
        programs = self._programs[shape]
        programs.used = next(self._clock)
        moved = [str(place) for program in programs for place in program.recording.held.moved()]
        counted = {at for program in programs for at in program.recording.held.left_and_moved()}
        programs[:] = [program for program in programs if program.recording.held.current()]
        self._moves += bool(moved)
        if self._moves == MOST_MOVES:
            self._say(f"has been traced anew {MOST_MOVES} times because something that it uses had changed, the last"
                      f" time {moved[0]}: what changes often should be an argument")
        return programs, counted

    def _say(self, what: str) -> None:
        """Warn once, at the line of the call."""
        if what not in self._said:
            self._said.add(what)
            said = f"{getattr(self._f, '__name__', 'the function')} {what}"
            warnings.warn_explicit(said, RuntimeWarning, *_calling_line())

    def __get__(self, owner: Any, cls: type | None = None) -> Any:
        return self if owner is None else functools.partial(self, owner)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, or what is read back from a pickle, traces for itself."""
        return functools.partial(Compiled, **self._options), (self._f,)

    def __repr__(self) -> str:
        count = len(self.recordings)
        return f"<compiled {getattr(self._f, '__name__', self._f)}, {count} trace{'s' * (count != 1)}>"

    @property
    def recordings(self) -> list[Recording]:
        """What has been traced so far, the oldest first."""
        own = [program.recording for programs in list(self._programs.values()) for program in programs]
        return [*own, *(recording for other in self._with_names.values() for recording in other.recordings)]

    def source(self, *args: Any) -> str:
        """The program as Python: of the call `compiled(*args)`, or without arguments of the latest trace.

        >>> print(compile(lambda x: x * x + 1.0).source(3.0))
        def compiled(x):
            v1 = x * x
            v2 = v1 + 1.0
            return (v2,)
        """
        if args:
            self(*args)
        if not self.recordings:
            raise ValueError("nothing has been traced yet: call the function first, or give source() its arguments")
        recording = self.recordings[-1]
        rounded = ROUNDING[self._options["dtype"]]
        outputs = recording.tape.outputs
        shown = recording.tape._replace(outputs=outputs if recording.guards else outputs[:-1])
        return source(shown, recording.names, rounded=rounded)

    def clear(self) -> None:
        """Forget all traces: the next call traces again, draws random numbers anew, and so on."""
        self._programs, self._with_names, self._run = {}, {}, self._call


def _last_by_name(f: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    """`f` as a function that takes the arguments of these names last, by position."""

    @functools.wraps(f)
    def g(*args: Any) -> Any:
        return f(*args[: -len(names)], **dict(zip(names, args[-len(names) :])))

    return g
