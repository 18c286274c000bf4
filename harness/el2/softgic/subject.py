# SPDX-License-Identifier: MIT
"""Which interrupt an access to a guest's GIC was about; for the ledger, never for what the access does."""

from __future__ import annotations

from typing import NamedTuple

from harness.arch import intid as ids
from harness.el2.physical.gic_driver import IAR_INTID
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
SGIR_TARGETS_SHIFT = 16
SGIR_FILTER_SHIFT = 24


class Subject(NamedTuple):
    """The INTID, and the vCPU it goes to where that is not the one that made the access; None: no single one."""

    intid: int | None = None
    target: int | None = None


def subject(
    gic: Gic, cpu: int, name: str | None, offset: int, size: int, value: int, *, write: bool
) -> Subject:
    """What an access by ``cpu`` to register ``name`` at ``offset`` was about; ``value`` is loaded or stored."""
    intid: int | None = None
    if name in BY_VALUE:
        intid = value & IAR_INTID if value & IAR_INTID < ids.SPURIOUS_GROUP1 else None
    elif name == "GICD_SGIR" and write:
        return Subject(value & 0xF, _other(_sgi_targets(gic.config.cpus, cpu, value), cpu))
    elif name in ONE_BIT and write and value and not value & (value - 1):
        intid = (offset & 0x7C) * 8 + value.bit_length() - 1 + (offset & 3) * 8
    elif name in ONE_BYTE and write and size == 1:
        intid = offset & (0xF if name in SGI_BYTES else 0x3FF)
    if intid is None or not ids.SPI_BASE <= intid < gic.config.intids:
        return Subject(intid)
    return Subject(intid, _other(gic.state(intid, cpu).targets, cpu))


def _other(targets: int, cpu: int) -> int | None:
    """The first of these CPUs, unless it is the one that speaks."""
    first = (targets & -targets).bit_length() - 1 if targets else cpu
    return first if first != cpu else None


def _sgi_targets(cpus: int, cpu: int, value: int) -> int:
    """GICD_SGIR's target list filter (4.3.15)."""
    everyone = (1 << cpus) - 1
    listed = value >> SGIR_TARGETS_SHIFT & everyone
    return (listed, everyone & ~(1 << cpu), 1 << cpu, 0)[value >> SGIR_FILTER_SHIFT & 3]
