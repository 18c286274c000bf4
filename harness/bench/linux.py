# SPDX-License-Identifier: MIT
"""Boot of an arm64 kernel under ``gicv2``, and under QEMU until its console has come as far."""

from __future__ import annotations

import re
import time
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from harness.bench import guests
from harness.bench.children import run_until
from harness.bench.in_harness import expect
from harness.bench.in_qemu import InQemu, command
from harness.bench.subject import Sample, Subject, UnavailableError
from harness.machine import Machine
from harness.run.stop import StopReason

INSTRUCTIONS: Final = 100_000_000
APPEND: Final = "earlycon console=ttyAMA0 nokaslr"  # for QEMU's device tree has a seed, and ours has none
_STEPS: Final = 100
_STAMP: Final = re.compile(rb"^\[ *\d+\.\d+\] *")


class Mark(NamedTuple):
    """Line that both print, without its time stamp, and the instructions after which it is there."""

    line: bytes
    instructions: int


class Kernel:
    """Kernel, and the line that ends the comparison: the last without a digit, as it is the same on any board.

    UnavailableError where no kernel is given, it stops before, or it prints no such line.
    """

    def __init__(self, image: Path | None, instructions: int = INSTRUCTIONS) -> None:
        self.image = image
        self._instructions = instructions

    def boot(self) -> Machine:
        """Returns a machine with the kernel loaded."""
        if self.image is None:
            raise UnavailableError("no kernel given")
        machine = Machine(controller="gicv2", like_qemu=True, ledger=False)
        machine.load(self.image, append=APPEND)
        return machine

    @cached_property
    def mark(self) -> Mark:
        """The line, as a first boot finds it."""
        found = None
        with self.boot() as machine:
            for _ in range(_STEPS):
                stop = machine.run(limit=max(1, self._instructions // _STEPS))
                if stop.reason is not StopReason.LIMIT:
                    raise UnavailableError(f"kernel stopped: {stop.reason.value}")
                lines = [_bare(line) for line in machine.console.data.split(b"\n")[:-1]]
                plain = [line for line in lines if line and not re.search(rb"\d", line)]
                if plain and (found is None or plain[-1] != found.line):
                    found = Mark(plain[-1], machine.instructions)
        if found is None:
            raise UnavailableError("kernel printed nothing")
        return found


class _Boots(Subject):
    """Boots of the kernel, each from the start: there is nothing to warm."""

    most_rounds = 3

    def calibrate(self, seconds: float) -> None:
        """Makes a boot one sample."""
        self.turns = 1


class KernelInHarness(_Boots):
    """The kernel on a machine of its own each time."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._instructions = kernel.mark.instructions

    def run(self, turns: int) -> Sample:
        """Boots it so many times; to load it is not counted."""
        seconds = 0.0
        for _ in range(turns):
            with self._kernel.boot() as machine:
                begin = time.process_time()
                expect(machine.run(limit=self._instructions), StopReason.LIMIT)
                seconds += time.process_time() - begin
        return Sample(seconds, turns)


class KernelInQemu(_Boots):
    """The kernel under QEMU, without what QEMU takes to start."""

    def __init__(self, kernel: Kernel) -> None:
        self._command = [*command(), "-serial", "stdio", "-append", APPEND, "-kernel", str(kernel.image)]
        self._line = kernel.mark.line
        self._start = InQemu(guests.mixed())

    def run(self, turns: int) -> Sample:
        """Boots it so many times, each time until it has printed the line."""
        seconds = 0.0
        for _ in range(turns):
            end = run_until(self._command, lambda line: _bare(line) == self._line)
            if end is None:
                raise UnavailableError(f"QEMU's kernel never said {self._line.decode(errors='replace')!r}")
            seconds += end.seconds - self._start.seconds(1)
        return Sample(seconds, turns)

    def close(self) -> None:
        """Removes the image that starts and ends."""
        self._start.close()


def _bare(line: bytes) -> bytes:
    return _STAMP.sub(b"", line.strip())
