# SPDX-License-Identifier: MIT
"""Model of the GICv2 by itself, of a size that no board here has."""

from __future__ import annotations

import time
from typing import Final

from harness.arch import gic as arch
from harness.bench.subject import Sample, Subject
from harness.gic import Frame, Gic

INTIDS: Final = 1020
"""INTIDs of the largest GICv2."""
MOST: Final = 900
_SGI: Final = 7
_LOW, _HIGH = 0xA0, 0x20  # priorities of the SPIs and of the SGI
_SGI_SELF: Final = 2 << 24 | _SGI


class Pending(Subject):
    """GIC on which a CPU takes its own SGI while so many SPIs of a lower priority are pending."""

    def __init__(self, spis: int) -> None:
        self._gic = Gic(1, INTIDS)
        self._write(Frame.GICD, arch.GICD_CTLR, 1)
        self._write(Frame.GICC, arch.GICC_PMR, 0xF0)
        self._write(Frame.GICC, arch.GICC_CTLR, 1)
        self._write_byte(arch.GICD_IPRIORITYR + _SGI, _HIGH)
        for intid in range(32, 32 + spis):
            self._write_byte(arch.GICD_IPRIORITYR + intid, _LOW)
            self._write_byte(arch.GICD_ITARGETSR + intid, 1)
            word, bit = intid // 32 * 4, 1 << intid % 32
            self._write(Frame.GICD, arch.GICD_ISENABLER + word, bit)
            self._write(Frame.GICD, arch.GICD_ISPENDR + word, bit)

    def run(self, turns: int) -> Sample:
        """Takes so many SGIs: GICD_SGIR, GICC_IAR, GICC_EOIR."""
        read, write = self._gic.read, self._gic.write
        begin = time.process_time()
        for _ in range(turns):
            write(Frame.GICD, 0, arch.GICD_SGIR, 4, _SGI_SELF)
            taken = read(Frame.GICC, 0, arch.GICC_IAR, 4)
            write(Frame.GICC, 0, arch.GICC_EOIR, 4, taken)
        seconds = time.process_time() - begin
        if taken != _SGI:
            raise RuntimeError(f"the GIC acknowledged {taken}, not the SGI")
        return Sample(seconds, turns)

    def _write(self, frame: Frame, offset: int, value: int) -> None:
        self._gic.write(frame, 0, offset, 4, value)

    def _write_byte(self, offset: int, value: int) -> None:
        self._gic.write(Frame.GICD, 0, offset, 1, value)
