# SPDX-License-Identifier: MIT
"""Whole lives: of a process that runs a firmware, and of a machine that runs a thousand instructions."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import harness
from harness.bench import guests
from harness.bench.children import run_child
from harness.bench.in_harness import expect
from harness.bench.subject import Sample, Subject, UnavailableError
from harness.engine.baseline import live
from harness.machine import Machine
from harness.run.stop import StopReason

INSTRUCTIONS: Final = 1_000
RUN_HELLO: Final = ("-m", "harness", "run", "hello")
IMPORTS: Final = ("-c", "import unicorn, keystone, capstone")


class PythonChild(Subject):
    """Process of this Python with these arguments."""

    in_child = True
    fixed = True

    def __init__(self, arguments: Sequence[str]) -> None:
        self._command = [sys.executable, *arguments]
        self._environment = _with_package()

    def run(self, turns: int) -> Sample:
        """Runs it so many times."""
        seconds = 0.0
        for _ in range(turns):
            end = run_child(self._command, self._environment)
            if end.status:
                raise UnavailableError(f"failed: {end.words or f'status {end.status}'}")
            seconds += end.seconds
        return Sample(seconds, turns)


class MachineLives(Subject):
    """Machines: each is made, loaded, run and closed."""

    def run(self, turns: int) -> Sample:
        """Lets so many live."""
        program = guests.mixed().program
        begin = time.process_time()
        for _ in range(turns):
            machine = Machine()
            machine.load(program)
            expect(machine.run(limit=INSTRUCTIONS), StopReason.LIMIT)
            machine.close()
        return Sample(time.process_time() - begin, turns)


class BareLives(Subject):
    """Instances of Unicorn alone: each is made, given memory, run and closed."""

    def run(self, turns: int) -> Sample:
        """Lets so many live."""
        address, image = guests.mixed().image
        begin = time.process_time()
        for _ in range(turns):
            live(address, image, INSTRUCTIONS)
        return Sample(time.process_time() - begin, turns)


def _with_package() -> dict[str, str]:
    """Returns the environment in which a child finds this very package."""
    here = str(Path(harness.__file__).resolve().parent.parent)
    there = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join([here, there] if there else [here])}
