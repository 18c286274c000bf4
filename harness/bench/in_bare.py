# SPDX-License-Identifier: MIT
"""Guests on bare Unicorn, with its one hook in C."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from harness.bench.guests import TURNS_LEFT, Guest
from harness.bench.subject import Sample, Subject, UnavailableError
from harness.engine.baseline import Bare
from harness.engine.native.compile import compilers

SOURCE = Path(__file__).resolve().parent / "bare.c"
_WARM_UP = 2


class InBare(Subject):
    """Guest on bare Unicorn; UnavailableError where its hook cannot be compiled.

    With ``blocks`` an empty hook in C is called for each translated block.
    """

    least = 100

    def __init__(self, guest: Guest, *, blocks: bool = False) -> None:
        hooks = compiled_hooks()
        address, _ = guest.image
        symbols = guest.program.symbols
        self._operations = guest.operations
        self._loop = symbols["resume"]
        self.cpu = Bare(address, guest.with_turns(_WARM_UP), symbols["data"])
        self.cpu.on_exception(hooks.on_exception)
        if blocks:
            self.cpu.on_block(hooks.on_block)
        self.cpu.pc = guest.program.entry
        self.cpu.run()

    def run(self, turns: int) -> Sample:
        """Does so many turns, to the guest's own end."""
        self.cpu.x[TURNS_LEFT] = turns
        self.cpu.pc = self._loop
        begin = time.process_time()
        self.cpu.run()
        return Sample(time.process_time() - begin, turns * self._operations)

    def close(self) -> None:
        """Closes the instance."""
        self.cpu.close()


@cache
def compiled_hooks() -> ctypes.CDLL:
    """Returns the hooks, compiled once a process; UnavailableError where no C compiler does it."""
    with tempfile.TemporaryDirectory(prefix="rvic-bench-") as directory:
        library = Path(directory) / "bare.so"
        for compiler in compilers():
            if _compiles(compiler, library):
                return ctypes.CDLL(str(library))
    raise UnavailableError("no C compiler")


def _compiles(compiler: Sequence[str], library: Path) -> bool:
    command = [*compiler, "-std=c11", "-O2", "-shared", "-fPIC", str(SOURCE), "-o", str(library)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
