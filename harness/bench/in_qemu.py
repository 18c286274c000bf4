# SPDX-License-Identifier: MIT
"""Guests on QEMU's board ``virt``, with a GICv2 and its translator, TCG."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from harness.bench.children import run_child
from harness.bench.guests import Guest
from harness.bench.subject import Sample, Subject, UnavailableError

NAME: Final = "qemu-system-aarch64"
BOARD: Final = (
    *("-machine", "virt,gic-version=2", "-accel", "tcg", "-cpu", "cortex-a72", "-m", "128M"),
    *("-nodefaults", "-display", "none", "-no-reboot"),
)
COUNTED: Final = ("-icount", "shift=0")  # every instruction counts, for one nanosecond


class InQemu(Subject):
    """Guest under QEMU, a process for each run. UnavailableError where there is no QEMU, or it refuses.

    A sample is the difference between a run of so many turns and one of a single turn: its start cancels out.
    """

    least = 20_000
    in_child = True

    def __init__(self, guest: Guest, *options: str) -> None:
        self._command = [*command(), *options]
        self._guest = guest
        self._directory = tempfile.TemporaryDirectory(prefix="rvic-bench-")

    def run(self, turns: int) -> Sample:
        """Runs two processes, and tells of what the longer one did beyond the other."""
        short, long = self.seconds(1), self.seconds(turns)
        return Sample(max(0.0, long - short), (turns - 1) * self._guest.operations)

    def close(self) -> None:
        """Removes the images."""
        self._directory.cleanup()

    def seconds(self, turns: int) -> float:
        """Returns the CPU time of a process that does so many turns."""
        image = Path(self._directory.name) / f"{turns}.bin"
        if not image.exists():
            image.write_bytes(self._guest.with_turns(turns))
        end = run_child([*self._command, "-kernel", str(image)])
        if end.status:
            raise UnavailableError(f"QEMU failed: {end.words or f'status {end.status}'}")
        return end.seconds


def command() -> list[str]:
    """Returns QEMU's command with the board; UnavailableError where it is not installed."""
    if path() is None:
        raise UnavailableError("QEMU absent")
    return [path() or NAME, *BOARD]


def version() -> str | None:
    """Returns the version of QEMU in a few words, None where it is not installed."""
    if path() is None:
        return None
    said = subprocess.run([NAME, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"version (\S+)", said)
    return f"QEMU {found[1]}" if found else "QEMU"


def path() -> str | None:
    """Returns the path of QEMU for AArch64, None where it is not installed."""
    return shutil.which(NAME)
