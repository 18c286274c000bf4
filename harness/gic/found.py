# SPDX-License-Identifier: MIT
"""Functions that were found for the words of a GIC's registers."""

from __future__ import annotations

from collections.abc import Callable

from harness.gic.commands import Writer
from harness.gic.registers import Frame

Reader = Callable[[], int]


class Found:
    """Readers and writers of the words of a GIC, by frame, CPU and offset.

    A copy has none, for they work on one GIC: the copy of that finds its own.
    """

    def __init__(self, cpus: int) -> None:
        self.cpus = cpus
        self.readers: dict[Frame, list[dict[int, Reader]]] = {f: [{} for _ in range(cpus)] for f in Frame}
        self.writers: dict[Frame, list[dict[int, Writer]]] = {f: [{} for _ in range(cpus)] for f in Frame}

    def __copy__(self) -> Found:
        return Found(self.cpus)

    def __reduce__(self) -> tuple[type[Found], tuple[int]]:
        return Found, (self.cpus,)
