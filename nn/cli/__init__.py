"""The command line: which command is meant, and how its mistakes are told in one line."""

import io
import sys
from collections.abc import Sequence

from nn.cli.arguments import COMMANDS, parser
from nn.compiled import Unsupported
from nn.dataset import DataError
from nn.tensorfile import FileError

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Run `python -m nn ARGV`. Returns the exit code: 0, 2 for bad input, 130 for Ctrl-C, 141 for `| head`."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # each line at once, and a name that cannot be printed as "?"
        sys.stdout.reconfigure(line_buffering=True, errors="replace")
    words = list(argv)
    if not words or words[0] not in (*COMMANDS, "-h", "--help"):
        words.insert(0, "train")  # python -m nn; python -m nn data.csv --target species
    arguments = parser().parse_args(words)
    try:
        arguments.run(arguments)
    except BrokenPipeError:  # whoever read our lines has seen enough, as `| head` does
        sys.stdout = io.StringIO()  # which has room for what Python still wants to write
        return 141  # as where the signal ends a program
    except (DataError, FileError, Unsupported, OSError, ValueError) as error:
        print(f"python -m nn: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except OverflowError:
        problem = "a number grew beyond what a float can hold: look for huge cells in the table, or lower --lr"
        print(f"python -m nn: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\npython -m nn: interrupted; nothing was written", file=sys.stderr)
        return 130
    return 0
