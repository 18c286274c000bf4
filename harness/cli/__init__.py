# SPDX-License-Identifier: MIT
"""Command ``rvic``: what may be typed, and what it prints."""

from __future__ import annotations

import errno
import gc
import sys
import warnings
from collections.abc import Callable
from typing import Any

from harness.cli import streams
from harness.errors import GuestWarning, HarnessError

BAD_INPUT = 2
INTERRUPTED = 130
CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
BROKEN_PIPE = 1  # as typer has it, where it is the first to notice


def main() -> None:
    """Runs the command line and leaves with its exit status."""
    gc.disable()  # which would look again and again at what is being imported, and stays
    if not streams.settle():
        sys.exit(_bad_input("the output cannot be written: it is closed"))
    sys.exit(invoke(sys.argv[1:], _collect))


def _collect() -> None:
    """Lets garbage be collected from now on: nothing of what is there already is any."""
    gc.freeze()
    gc.enable()


def _nothing() -> None:
    """Hears that a command has been imported, where nobody else wants to."""


def invoke(arguments: list[str], imported: Callable[[], object] = _nothing) -> int:
    """Runs one command line and returns its exit status. ``imported()`` is called before the command begins.

    0 only where the guest met its expectations, 1 where it did not, 2 for bad input (a line on stderr for each
    error), 130 after an interrupt from the keyboard, 143 after SIGTERM. A bug of ours is not caught: it shows
    its traceback.
    """
    # A guest may print anything; a terminal that cannot show it must not end the run.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", GuestWarning)
            warnings.showwarning = _warn
            return _invoke(arguments or ["--help"], imported)
    except HarnessError as error:
        return _bad_input(str(error))
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        streams.abandon(sys.stdout)  # the reader has gone: nothing is left to say
        return BROKEN_PIPE
    except OSError as error:
        if error.errno not in CANNOT_WRITE:
            raise
        streams.abandon(sys.stdout)
        return _bad_input(f"the output cannot be written: {(error.strerror or str(error)).lower()}")


def _invoke(arguments: list[str], imported: Callable[[], object]) -> int:
    from harness.cli import plain
    from harness.cli.interrupted import InterruptedRunError

    try:
        line = plain.read(arguments)
        status = _run(*line, imported) if line is not None else _by_typer(arguments, imported)
    except InterruptedRunError as end:
        sys.stdout.flush()
        return _interrupted(end.word, end.status)
    sys.stdout.flush()
    return _interrupted() if status == INTERRUPTED else status


def _run(guest: str | None, given: dict[str, Any], imported: Callable[[], object]) -> int:
    from harness.cli.run import run_command

    imported()
    return run_command(guest, given)


def _by_typer(arguments: list[str], imported: Callable[[], object]) -> int:
    from harness.cli.app import Abort, UsageError, app

    imported()
    try:
        return int(app(arguments, prog_name="rvic", standalone_mode=False) or 0)
    except UsageError as error:
        message = error.format_message()
        return _bad_input(message[:1].lower() + message[1:].rstrip("."))
    except Abort:  # what becomes of a Ctrl-C differs between versions of typer
        raise KeyboardInterrupt from None


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    streams.say(f"warning: {message}")


def _bad_input(message: str) -> int:
    for line in message.splitlines() or [""]:
        streams.say(f"error: {line}")
    return BAD_INPUT


def _interrupted(word: str = "interrupted", status: int = INTERRUPTED) -> int:
    streams.say(word)
    return status
