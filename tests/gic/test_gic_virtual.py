# SPDX-License-Identifier: MIT
"""List registers and the guest's CPU interface (IHI 0048B, chapter 5)."""

from __future__ import annotations

import pytest
from gic_manual import (
    ACK_CTL,
    ACTIVE,
    BOTH,
    CBPR,
    EN,
    EOI_COUNT,
    EOI_MODE,
    FIQ_EN,
    GRP0,
    GRP1,
    HW,
    LR_GRP1,
    MAP,
    NPIE,
    OTHER_GROUP,
    PENDING,
    SPURIOUS,
    UIE,
    VGRP0EIE,
    Driver,
    guest,
    levels,
    lr,
)

from harness.gic import Frame, Gic


def test_a_virtual_interrupt_from_list_register_to_end() -> None:
    """5.2.2: pending, taken through GICV_IAR, ended through GICV_EOIR; no physical interrupt plays a part."""
    d = guest(lr(50))
    assert (d.virq, d.vfiq, d.irq) == (1, 0, 0)
    assert d.read("GICH_ELRSR") == 0b1110
    assert d.read("GICV_HPPIR") == 50
    assert d.read("GICV_IAR") == 50
    assert d.virq == 0
    assert d.read("GICH_LR") == lr(50, ACTIVE)
    assert d.read("GICH_APR") == 1 << 0x10
    assert d.read("GICV_RPR") == 0x80
    d.write("GICV_EOIR", 50)
    assert d.read("GICH_LR") == lr(50, 0)
    assert d.read("GICH_ELRSR") == 0b1111
    assert d.read("GICV_IAR") == SPURIOUS


def test_active_and_pending_comes_again() -> None:
    """5.2.2: ended, it is pending."""
    d = guest(lr(50))
    assert d.read("GICV_IAR") == 50
    d.write("GICH_LR", lr(50, BOTH))
    assert d.virq == 0
    d.write("GICV_EOIR", 50)
    assert d.read("GICH_LR") == lr(50, PENDING)
    assert d.read("GICV_IAR") == 50


@pytest.mark.parametrize("state", [0, ACTIVE, BOTH])
def test_only_the_pending_state_is_signalled(state: int) -> None:
    """5.3.8."""
    d = guest(lr(50, state))
    assert d.virq == 0
    assert d.read("GICV_IAR") == SPURIOUS


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ([lr(50, priority=0x80), lr(51, priority=0x40)], [51, 50]),
        ([lr(50, priority=0x80), lr(51, priority=0x80)], [50, 51]),
        ([0, lr(9, priority=0xF0), lr(8, priority=0xE0), lr(7, priority=0x08)], [7, 8, 9]),
    ],
)
def test_the_highest_priority_list_register_is_first(values: list[int], order: list[int]) -> None:
    """5.3.8: by Priority; among equals the first list register, here."""
    d = guest(*values)
    for intid in order:
        assert d.read("GICV_IAR") == intid
        d.write("GICV_EOIR", intid)
    assert d.virq == 0


def test_preemption_and_mask_in_the_guest() -> None:
    """5.5.2, 5.5.6: the guest's own priority mask and running priority."""
    d = guest(lr(50, priority=0x80), lr(51, priority=0x40))
    d.write("GICV_PMR", 0x40)
    assert d.virq == 0
    d.write("GICV_PMR", 0x48)
    assert d.read("GICV_IAR") == 51
    d.write("GICV_PMR", 0xF8)
    assert d.read("GICV_IAR") == SPURIOUS, "0x80 does not preempt 0x40"
    d.write("GICH_LR", lr(52, priority=0x38), 2)
    assert d.read("GICV_IAR") == 52
    assert d.read("GICV_RPR") == 0x38


def test_disabled_the_interface_gives_nothing() -> None:
    """5.3.1: En 0 stops virtual interrupts and maintenance; GICV_IAR is spurious."""
    d = guest(lr(50), hcr=NPIE | UIE | VGRP0EIE)
    assert (d.virq, d.maintenance) == (0, 0)
    assert d.read("GICV_IAR") == SPURIOUS
    d.write("GICH_HCR", EN)
    assert d.virq == 1


@pytest.mark.parametrize(
    ("flags", "ctlr", "virq", "vfiq", "iar", "aiar"),
    [
        (0, GRP0, 1, 0, 50, SPURIOUS),
        (0, GRP1, 0, 0, SPURIOUS, SPURIOUS),
        (0, GRP0 | FIQ_EN, 0, 1, 50, SPURIOUS),
        (LR_GRP1, GRP0, 0, 0, SPURIOUS, SPURIOUS),
        (LR_GRP1, GRP1, 1, 0, OTHER_GROUP, 50),
        (LR_GRP1, GRP1 | FIQ_EN, 1, 0, OTHER_GROUP, 50),
        (LR_GRP1, GRP1 | ACK_CTL, 1, 0, 50, 50),
    ],
)
def test_groups(flags: int, ctlr: int, virq: int, vfiq: int, iar: int, aiar: int) -> None:
    """5.5.1, 5.5.4, 5.5.9: virtual groups behave as physical ones."""
    for register, expected in (("GICV_IAR", iar), ("GICV_AIAR", aiar)):
        d = guest(lr(50, flags=flags), ctlr=ctlr)
        assert (d.virq, d.vfiq) == (virq, vfiq)
        assert d.read(register) == expected
    if aiar == 50:
        d.write("GICV_AEOIR", 50)
        assert d.read("GICH_ELRSR") == 0b1111


def test_a_group_disabled_by_the_guest_hides_the_other() -> None:
    """5.5.4: as in the physical interface, the list registers alone decide which comes first."""
    d = guest(lr(50, priority=0x10, flags=LR_GRP1), lr(51), ctlr=GRP0)
    assert (d.virq, d.vfiq) == (0, 0)
    assert d.read("GICV_HPPIR") == OTHER_GROUP
    assert d.read("GICV_IAR") == SPURIOUS
    d.write("GICV_CTLR", GRP0 | GRP1 | ACK_CTL)
    assert d.virq == 1
    assert d.read("GICV_IAR") == 50


def test_aeoir_leaves_group_0_alone() -> None:
    """5.5.10."""
    d = guest(lr(50))
    assert d.read("GICV_IAR") == 50
    d.write("GICV_AEOIR", 50)
    assert d.read("GICV_RPR") == 0x80


def test_a_software_sgi_carries_its_cpu() -> None:
    """5.3.8: CPUID in bits [12:10] of GICV_IAR; EOIR must give it back."""
    d = guest(lr(3, physical=5))
    assert d.read("GICV_HPPIR") == 3 | 5 << 10
    assert d.read("GICV_IAR") == 3 | 5 << 10
    d.write("GICV_EOIR", 3 | 5 << 10)
    assert d.read("GICH_LR") & BOTH == 0


# The HW bit


def physical(ppi: int = 27, *, ctlr: int = GRP0, cpu: int = 0) -> Driver:
    """A level PPI that EL2 took with EOImode 1 and passed on in list register 0 as INTID 40."""
    d = guest(cpus=2)
    d.write("GICD_CTLR", GRP0)
    d.set_bit("GICD_ISENABLER", ppi, cpu)
    d.write("GICC_PMR", 0xFF, cpu=cpu)
    d.write("GICC_CTLR", GRP0 | EOI_MODE, cpu=cpu)
    d.gic.set_line(ppi, True, cpu)
    assert d.ack(cpu) == ppi
    d.eoi(ppi, cpu)
    d.write("GICH_HCR", EN, cpu=cpu)
    d.write("GICV_PMR", 0xFF, cpu=cpu)
    d.write("GICV_CTLR", ctlr, cpu=cpu)
    d.write("GICH_LR", lr(40, flags=HW, physical=ppi), cpu=cpu)
    return d


@pytest.mark.parametrize("cpu", [0, 1])
def test_the_guests_eoi_deactivates_the_physical_interrupt(cpu: int) -> None:
    """5.2.3: no exit: the level, still high, is pending again for EL2."""
    d = physical(cpu=cpu)
    assert d.read("GICV_IAR", cpu=cpu) == 40
    assert d.gic.state(27, cpu).active
    assert d.irq == 0
    d.write("GICV_EOIR", 40, cpu=cpu)
    assert not d.gic.state(27, cpu).active
    assert d.irq == 1 << cpu
    d.gic.set_line(27, False, cpu)
    assert d.irq == 0


def test_with_eoimode_the_guests_dir_deactivates() -> None:
    """5.5.5, 5.5.14."""
    d = physical(ctlr=GRP0 | EOI_MODE)
    assert d.read("GICV_IAR") == 40
    d.write("GICV_EOIR", 40)
    assert d.gic.state(27).active
    assert d.read("GICV_RPR") == 0xFF
    assert d.read("GICH_LR") & BOTH == ACTIVE
    d.write("GICV_DIR", 40)
    assert not d.gic.state(27).active
    assert d.read("GICH_LR") & BOTH == 0


def test_dir_without_eoimode_does_nothing() -> None:
    d = physical()
    assert d.read("GICV_IAR") == 40
    d.write("GICV_DIR", 40)
    assert d.gic.state(27).active
    assert d.read("GICH_HCR") >> EOI_COUNT == 0


def registers_of_the_distributor(d: Driver) -> list[int]:
    return [d.gic.read(Frame.GICD, 0, offset, 4) for offset in range(0, 0x1000, 4)]


@pytest.mark.parametrize("intid", [0, 15, 288, 1019, 1023])
def test_a_physical_id_that_cannot_be_is_ignored(intid: int) -> None:
    """5.3.8: an SGI or an interrupt that does not exist; UNPREDICTABLE, nothing happens here."""
    d = guest(lr(40, flags=HW, physical=intid))
    d.write("GICD_ISACTIVER", 0xFFFF)
    distributor = registers_of_the_distributor(d)
    assert d.read("GICV_IAR") == 40
    d.write("GICV_EOIR", 40)
    assert d.read("GICH_LR") & BOTH == 0
    assert registers_of_the_distributor(d) == distributor


# One state, several views


def test_vmcr_is_the_guests_registers() -> None:
    """5.3.3: EL2 saves and restores with one word what the guest wrote through four registers."""
    d = guest(ctlr=GRP0 | GRP1 | FIQ_EN | CBPR | EOI_MODE)
    d.write("GICV_PMR", 0xA8)
    d.write("GICV_BPR", 5)
    d.write("GICV_ABPR", 6)
    saved = d.read("GICH_VMCR")
    assert saved == 0xA8 << 24 | 5 << 21 | 6 << 18 | GRP0 | GRP1 | FIQ_EN | CBPR | EOI_MODE
    other = guest()
    other.write("GICH_VMCR", saved)
    for register in ("GICV_CTLR", "GICV_PMR", "GICV_BPR", "GICV_ABPR"):
        assert other.read(register) == d.read(register)


def test_the_active_priorities_are_shared() -> None:
    """5.3.7, 5.5.12: GICV_APR0 is GICH_APR, for both groups."""
    d = guest(lr(50, flags=LR_GRP1), ctlr=GRP1)
    assert d.read("GICV_AIAR") == 50
    assert d.read("GICH_APR") == d.read("GICV_APR") == 1 << 0x10
    d.write("GICH_APR", 0)
    assert d.read("GICV_RPR") == 0xFF


def test_a_switch_of_guests_in_the_middle_of_a_handler() -> None:
    """5.2.5: APR, HCR, VMCR and the list registers are the whole state."""
    d = guest(lr(50, priority=0x80), lr(51, priority=0x90))
    assert d.read("GICV_IAR") == 50
    saved = {name: d.read(name) for name in ("GICH_HCR", "GICH_VMCR", "GICH_APR")}
    lrs = [d.read("GICH_LR", n) for n in range(4)]
    other = Driver(Gic())
    for name, value in saved.items():
        other.write(name, value)
    for n, value in enumerate(lrs):
        other.write("GICH_LR", value, n)
    assert other.gic == d.gic
    other.write("GICV_EOIR", 50)
    assert other.read("GICV_IAR") == 51


def test_the_alias_block_reaches_every_cpu() -> None:
    """5.1: as on a GIC-400, 0x1000 above the banked registers, 0x200 for each CPU."""
    gic = Gic(3)
    for cpu in range(3):
        gic.write(Frame.GICH, 0, 0x1000 + 0x200 * cpu + MAP["GICH_LR"][0], 4, lr(50 + cpu))
        gic.write(Frame.GICH, 2, 0x1000 + 0x200 * cpu, 4, EN)
        gic.write(Frame.GICV, cpu, 0x004, 4, 0xFF)
        gic.write(Frame.GICV, cpu, 0x000, 4, GRP0)
    assert levels(gic.virq) == 0b111
    for cpu in range(3):
        assert gic.read(Frame.GICH, cpu, MAP["GICH_LR"][0], 4) == lr(50 + cpu)
        assert gic.read(Frame.GICV, cpu, MAP["GICV_IAR"][0], 4) == 50 + cpu
    for cpu in range(3, 8):
        gic.write(Frame.GICH, 0, 0x1000 + 0x200 * cpu, 4, EN)
        assert gic.read(Frame.GICH, 0, 0x1000 + 0x200 * cpu, 4) == 0
    assert gic.read(Frame.GICH, 0, 0x2000, 4) == 0


def test_virtual_interfaces_are_banked() -> None:
    d = guest(lr(50), cpus=2)
    assert d.read("GICH_LR", cpu=1) == 0
    assert d.virq == 1
    assert d.read("GICV_IAR", cpu=1) == SPURIOUS


def test_reserved_bits_of_a_list_register() -> None:
    """5.3.8: bits [22:20] always, and [18:13] where HW is 0."""
    d = guest()
    d.write("GICH_LR", 0x7FFF_FFFF)
    assert d.read("GICH_LR") == 0x7F88_1FFF
    d.write("GICH_LR", 0xFFFF_FFFF)
    assert d.read("GICH_LR") == 0xFF8F_FFFF
