"""The command `contend`.

Exit codes: 0 clean, 1 findings at or above `--fail-on`, 2 wrong usage or unreadable input, 3 internal error.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

CLEAN, FINDINGS, USAGE, INTERNAL = 0, 1, 2, 3
INTERRUPTED = 130
BROKEN_PIPE = 141


def main() -> None:
    """The entry point: runs the command line and ends the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Every error ends as one message on stderr, never as a
    traceback; `CONTEND_DEBUG=1` adds the traceback of an internal error."""
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    gc.disable()  # a run is short and its data lives to the end: collecting would only walk over it
    from contend.faces.cli.commands import invoke
    from contend.faces.cli.output import ReaderLeft, discard_output
    from contend.model.errors import InputError

    try:
        code = invoke(arguments)
        sys.stdout.flush()
    except InputError as error:
        print(f"contend: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("contend: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (ReaderLeft, BrokenPipeError):
        discard_output()
        return BROKEN_PIPE
    except Exception as error:
        from contend.faces.cli.internal_error import describe

        print(describe(error, debug=os.environ.get("CONTEND_DEBUG") == "1"), file=sys.stderr)
        return INTERNAL
    return code


def _open_missing_streams() -> None:
    """Standard streams that the caller closed are None in Python; what goes there is lost, as it is for any command."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open to the end
