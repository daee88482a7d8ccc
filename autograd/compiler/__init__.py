"""From a recorded scalar graph to native code: trace, tape, passes, back ends. README.md says how to read it."""

from autograd.compiler.api import compile as compile
