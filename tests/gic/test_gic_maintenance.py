# SPDX-License-Identifier: MIT
"""What brings EL2 back: EOICount and the maintenance interrupt (IHI 0048B, 5.2.4, 5.3.1, 5.3.4)."""

from __future__ import annotations

import pytest
from gic_manual import (
    ACTIVE,
    EN,
    EOI,
    EOI_COUNT,
    EOI_MODE,
    GRP0,
    GRP1,
    HW,
    LRENPIE,
    NPIE,
    SPURIOUS,
    UIE,
    VGRP0DIE,
    VGRP0EIE,
    VGRP1DIE,
    VGRP1EIE,
    Driver,
    guest,
    lr,
)

from harness.gic import Gic


@pytest.mark.parametrize("ctlr", [GRP0, GRP0 | EOI_MODE])
def test_eoicount(ctlr: int) -> None:
    """5.3.1: ends of interrupts that are in no list register are counted; the guest cannot tell."""
    d = guest(lr(50), ctlr=ctlr)
    assert d.read("GICV_IAR") == 50
    d.write("GICH_LR", 0)
    d.write("GICV_EOIR", 50)
    assert d.read("GICV_RPR") == 0xFF
    assert d.read("GICH_HCR") >> EOI_COUNT == (1 if ctlr == GRP0 else 0)
    if ctlr & EOI_MODE:
        d.write("GICV_DIR", 50)
        assert d.read("GICH_HCR") >> EOI_COUNT == 1


def test_an_eoi_without_active_priority_does_not_count() -> None:
    """5.3.1."""
    d = guest()
    d.write("GICV_EOIR", 50)
    d.write("GICV_EOIR", SPURIOUS)
    assert d.read("GICH_HCR") == EN


def test_eoicount_wraps() -> None:
    """5.3.1: 31 and one more is 0; EL2 may write it."""
    d = guest(hcr=EN | 31 << EOI_COUNT)
    d.write("GICH_APR", 1)
    d.write("GICV_EOIR", 50)
    assert d.read("GICH_HCR") == EN


MAINTENANCE = [
    ("EOI", 0, [lr(50, 0, flags=EOI)], 0, 1 << 0),
    ("EOI not yet ended", 0, [lr(50, flags=EOI)], 0, 0),
    ("EOI needs HW 0", 0, [lr(50, 0, flags=EOI | HW)], 0, 0),
    ("U with none valid", UIE, [], 0, 1 << 1),
    ("U with one valid", UIE, [lr(50, ACTIVE)], 0, 1 << 1),
    ("U with two valid", UIE, [lr(50), lr(51, ACTIVE)], 0, 0),
    ("LRENP", LRENPIE | 1 << EOI_COUNT, [], 0, 1 << 2),
    ("LRENP with a count of 0", LRENPIE, [], 0, 0),
    ("NP", NPIE, [lr(50, ACTIVE)], 0, 1 << 3),
    ("NP with one pending", NPIE, [lr(50)], 0, 0),
    ("VGrp0E", VGRP0EIE, [], GRP0, 1 << 4),
    ("VGrp0E disabled", VGRP0EIE, [], GRP1, 0),
    ("VGrp0D", VGRP0DIE, [], GRP1, 1 << 5),
    ("VGrp0D enabled", VGRP0DIE, [], GRP0, 0),
    ("VGrp1E", VGRP1EIE, [], GRP1, 1 << 6),
    ("VGrp1E disabled", VGRP1EIE, [], GRP0, 0),
    ("VGrp1D", VGRP1DIE, [], GRP0, 1 << 7),
    ("VGrp1D enabled", VGRP1DIE, [], GRP1, 0),
    ("all at once", 0xFE | 1 << EOI_COUNT, [lr(50, 0, flags=EOI)], GRP1, 0b0110_1111),
]


@pytest.mark.parametrize(
    ("hcr", "lrs", "ctlr", "misr"), [pytest.param(*row[1:], id=row[0]) for row in MAINTENANCE]
)
def test_maintenance_sources(hcr: int, lrs: list[int], ctlr: int, misr: int) -> None:
    """5.3.4: each source with its enable; one output for them all, which GICH_HCR.En lets out (5.3.1)."""
    d = guest(*lrs, ctlr=ctlr, hcr=hcr | EN)
    assert d.read("GICH_MISR") == misr
    assert d.maintenance == bool(misr)
    d.write("GICH_HCR", hcr)
    assert d.read("GICH_MISR") == misr
    assert d.maintenance == 0


def test_eoi_maintenance_from_end_to_acknowledgement() -> None:
    """5.2.4: it comes with the guest's EOI, and goes when EL2 rewrites the list register."""
    d = guest(0, lr(50, flags=EOI))
    assert d.read("GICV_IAR") == 50
    assert d.maintenance == 0
    d.write("GICV_EOIR", 50)
    assert d.maintenance == 1
    assert d.read("GICH_EISR") == 0b10
    assert d.read("GICH_ELRSR") == 0b1101, "not empty while its end is unseen"
    d.write("GICH_LR", 0, 1)
    assert d.maintenance == 0
    assert d.read("GICH_ELRSR") == 0b1111


def test_status_of_sixty_four_list_registers() -> None:
    """5.3.5, 5.3.6: two registers each."""
    d = Driver(Gic(list_registers=64))
    d.write("GICH_LR", lr(50, 0, flags=EOI), 63)
    d.write("GICH_LR", lr(51), 40)
    assert [d.read("GICH_EISR", n) for n in range(2)] == [0, 1 << 31]
    assert [d.read("GICH_ELRSR", n) for n in range(2)] == [0xFFFF_FFFF, 0x7FFF_FEFF]
    assert d.read("GICH_VTR") & 0x3F == 63


def test_a_hardware_list_register_is_empty_once_it_is_invalid() -> None:
    """5.3.6: with HW set, bit 19 belongs to PhysicalID and asks for nothing."""
    d = guest(lr(50, 0, flags=HW, physical=0x200))
    assert d.read("GICH_ELRSR") == 0b1111
    assert d.read("GICH_EISR") == 0
