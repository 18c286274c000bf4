# SPDX-License-Identifier: MIT
"""Subject of an access to a guest's GIC: the interrupt it was about, which is for the ledger alone."""

from __future__ import annotations

from typing import NamedTuple

from harness.arch import intid as ids
from harness.arch.gic import IAR_INTID, SGIR_SGI, first_target, sgi_targets
from harness.gic import Gic

# Registers with a bit for each INTID: a store that names just one is about that one.
ONE_BIT = frozenset(
    {
        "GICD_ISENABLER",
        "GICD_ICENABLER",
        "GICD_ISPENDR",
        "GICD_ICPENDR",
        "GICD_ISACTIVER",
        "GICD_ICACTIVER",
    }
)
ONE_BYTE = frozenset({"GICD_ITARGETSR", "GICD_IPRIORITYR", "GICD_SPENDSGIR", "GICD_CPENDSGIR"})
SGI_BYTES = frozenset({"GICD_SPENDSGIR", "GICD_CPENDSGIR"})
BY_VALUE = frozenset(
    {"GICC_IAR", "GICC_AIAR", "GICC_EOIR", "GICC_AEOIR", "GICC_DIR", "GICC_HPPIR", "GICC_AHPPIR"}
)


class AccessSubject(NamedTuple):
    """INTID, and the vCPU it goes to where that is not the one that made the access; None: no single one."""

    intid: int | None = None
    target: int | None = None


def subject(
    gic: Gic, cpu: int, name: str | None, offset: int, size: int, value: int, *, write: bool
) -> AccessSubject:
    """Returns what an access by ``cpu`` to register ``name`` was about; ``value`` is loaded or stored."""
    intid: int | None = None
    if name in BY_VALUE:
        if size < 4:
            return AccessSubject()  # a byte reaches none of these registers (4.1.4)
        intid = value & IAR_INTID if value & IAR_INTID < ids.SPURIOUS_GROUP1 else None
    elif name == "GICD_SGIR" and write:
        return AccessSubject(value & SGIR_SGI, _other(sgi_targets(gic.config.cpus, cpu, value), cpu))
    elif name in ONE_BIT and write and value and not value & (value - 1):
        intid = (offset & 0x7C) * 8 + value.bit_length() - 1 + (offset & 3) * 8
    elif name in ONE_BYTE and write and size == 1:
        intid = offset & (0xF if name in SGI_BYTES else 0x3FF)
    if intid is None or not ids.SPI_BASE <= intid < gic.config.intids:
        return AccessSubject(intid)
    return AccessSubject(intid, _other(gic.state(intid, cpu).targets, cpu))


def _other(targets: int, cpu: int) -> int | None:
    """Returns the first of these CPUs, unless it is the one that speaks."""
    first = first_target(targets)
    return first if first != cpu else None
