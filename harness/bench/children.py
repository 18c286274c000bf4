# SPDX-License-Identifier: MIT
"""Processes that are measured: started, waited for, and asked for their CPU time."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

PATIENCE: Final = 120.0
"""Seconds after which a child that should have ended is killed."""


class Ended(NamedTuple):
    """End of a child: user and system time together in seconds, exit status, last line of its standard error."""

    seconds: float
    status: int
    words: str


def run_child(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Ended:
    """Runs a command to its end; what it prints is dropped. OSError if it cannot be started."""
    with _started(command, subprocess.DEVNULL, environment) as (child, errors):
        return _wait(child, errors)


def run_until(command: Sequence[str], line: Callable[[bytes], bool]) -> Ended | None:
    """Runs a command until it has printed such a line, and kills it; None if it never does.

    OSError if it cannot be started.
    """
    with _started(command, subprocess.PIPE, None) as (child, errors):
        assert child.stdout is not None
        with child.stdout as lines:
            seen = any(map(line, lines))
        _kill(child.pid)
        end = _wait(child, errors)
        return end if seen else None


@contextmanager
def _started(
    command: Sequence[str], output: int, environment: Mapping[str, str] | None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Holds a child and the descriptor of its standard error; it does not stay behind."""
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=None if environment is None else dict(environment),
        )
        impatient = threading.Timer(PATIENCE, _kill, [child.pid])
        impatient.start()
        try:
            yield child, errors.fileno()
        finally:
            impatient.cancel()
            if child.returncode is None:
                child.kill()
                child.wait()


def _kill(pid: int) -> None:
    """Kills a child without asking after it, as Popen.kill() does: its usage is there to be waited for once."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _wait(child: subprocess.Popen[bytes], errors: int) -> Ended:
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    lines = os.pread(errors, 1 << 16, 0).decode(errors="replace").strip().splitlines()
    return Ended(usage.ru_utime + usage.ru_stime, child.returncode, lines[-1] if lines else "")
