"""Who is tracing: one thread at a time, for a trace changes what the Values that it reads are to that thread.

    turn       held while a trace lasts
    thread     what this thread traces, and the first thing that the trace has refused
    running    1 while any thread traces, as a machine word: native code looks at it before it takes a short cut
"""

import array
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd.compiler.trace import Trace

turn = threading.RLock()
running = array.array("q", [0])


class _Thread(threading.local):
    trace: "Trace | None" = None
    refused: "Exception | None" = None


thread = _Thread()
