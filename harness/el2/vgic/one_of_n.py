# SPDX-License-Identifier: MIT
"""Choice of the vCPU that an SPI for several goes to: the 1-N model of IHI 0048B, 3.2.3, by list registers.

A GICv2 signals such an interrupt to all of its targets, and the first to acknowledge it has it. In list registers
it can be with one of them only. So EL2 gives it to one that would take it at once, if there is one.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.arch import intid as ids
from harness.el2.vcpu import Power, Vcpu
from harness.el2.vgic.list_registers import ListRegisters
from harness.gic import Gic
from harness.gic.priority import Candidate


def taker(
    guest: Gic, cpu: int, interrupt: Candidate, vcpus: Sequence[Vcpu], lists: Sequence[ListRegisters]
) -> int | None:
    """Returns another target that would be signalled the interrupt now, where ``cpu`` would not."""
    if interrupt.key < ids.SPI_BASE:
        return None
    targets = guest.distributor.spi_targets(interrupt.key)
    if not targets & (targets - 1) or lists[cpu].signals(interrupt):
        return None
    ready = (
        vcpu.index
        for vcpu in vcpus
        if targets >> vcpu.index & 1 and vcpu.power is Power.ON and lists[vcpu.index].signals(interrupt)
    )
    return next(ready, None)
