# SPDX-License-Identifier: MIT
"""Routing: targets, SGIs, banking, enables and groups (IHI 0048B, 3.1 and 4.3)."""

from __future__ import annotations

import pytest
from gic_manual import ACK_CTL, GRP0, GRP1, SPURIOUS, driver

from harness.gic import Gic


@pytest.mark.parametrize(
    ("filter_", "listed", "reached"),
    [(0, 0b0110, 0b0110), (0, 0xF0, 0), (1, 0b0001, 0b1011), (2, 0b0001, 0b0100), (3, 0b1111, 0)],
)
def test_sgir_filters(filter_: int, listed: int, reached: int) -> None:
    """4.3.15: the list; all but the requester; the requester; reserved. CPU 2 of 4 sends."""
    d = driver(4)
    d.sgi(5, listed, cpu=2, filter_=filter_)
    assert d.irq == reached
    for cpu in range(4):
        assert d.ack(cpu) == (5 | 2 << 10 if reached >> cpu & 1 else SPURIOUS)


def test_sgis_of_two_cpus_are_two_interrupts() -> None:
    """4.3.16, 4.3.17: pending per source, taken from the lowest CPU first."""
    d = driver(3)
    d.sgi(1, 1, cpu=2)
    d.sgi(1, 1, cpu=0)
    d.sgi(1, 1, cpu=2)
    assert d.read("GICD_SPENDSGIR") == 0b101 << 8
    assert d.read("GICD_SPENDSGIR", cpu=1) == 0
    assert d.ack() == 1
    d.eoi(1)
    assert d.read("GICD_CPENDSGIR") == 0b100 << 8
    assert d.ack() == 1 | 2 << 10
    d.eoi(1 | 2 << 10)
    assert d.ack() == SPURIOUS


def test_cpendsgir_clears_one_source() -> None:
    """4.3.16: and a write of zero clears none."""
    d = driver(3)
    d.set_byte("GICD_SPENDSGIR", 9, 0xFF)
    assert d.read("GICD_SPENDSGIR", 2) == 0b111 << 8, "CPUs that do not exist send nothing"
    d.set_byte("GICD_CPENDSGIR", 9, 0b001)
    d.set_byte("GICD_CPENDSGIR", 9, 0)
    assert d.ack() == 9 | 1 << 10


def test_sgis_cannot_be_disabled_or_pended_by_the_interrupt_registers() -> None:
    """4.3.6, 4.3.7: the fields of SGIs are fixed."""
    d = driver()
    d.write("GICD_ICENABLER", 0xFFFF)
    d.write("GICD_ISPENDR", 0xFFFF)
    assert d.read("GICD_ISENABLER") & 0xFFFF == 0xFFFF
    assert d.irq == 0
    d.sgi(0, 1)
    assert d.irq == 1


def test_a_ppi_belongs_to_one_cpu() -> None:
    d = driver(2)
    d.gic.set_line(27, True, cpu=1)
    assert d.irq == 0b10
    assert (d.gic.line_level(27, 0), d.gic.line_level(27, 1)) == (False, True)
    assert d.ack(0) == SPURIOUS
    assert d.ack(1) == 27


def test_private_priorities_are_banked() -> None:
    """4.3.11."""
    d = driver(2)
    d.set_byte("GICD_IPRIORITYR", 27, 0x10, cpu=1)
    assert d.gic.state(27, 0).priority == 0x80
    assert d.gic.state(27, 1).priority == 0x10


def test_one_of_n() -> None:
    """3.2.3: an SPI for several CPUs goes to the first that acknowledges; the others see a spurious interrupt."""
    d = driver(3)
    d.set_byte("GICD_ITARGETSR", 50, 0b110)
    d.set_edge(50)
    d.pulse(50)
    assert d.irq == 0b110
    assert d.ack(2) == 50
    assert d.irq == 0
    assert d.ack(1) == SPURIOUS
    assert d.ack(0) == SPURIOUS
    d.pulse(50)
    d.eoi(50, cpu=2)
    assert d.irq == 0b110


def test_retargeting_a_pending_spi_moves_it() -> None:
    """4.3.12: a change of targets applies to what is pending."""
    d = driver(2)
    d.gic.set_line(50, True)
    assert d.irq == 0b01
    d.set_byte("GICD_ITARGETSR", 50, 0b10)
    assert d.irq == 0b10
    d.set_byte("GICD_ITARGETSR", 50, 0)
    assert d.irq == 0
    assert d.gic.state(50).targets == 0


def test_the_end_of_an_spi_that_has_moved_away_still_uncovers_what_waits() -> None:
    """3.3.1, 4.3.12: the CPU that took it drops its own running priority, whoever is the target now."""
    d = driver(2)
    d.gic.set_line(50, True)
    assert d.ack() == 50
    d.gic.set_line(27, True)
    d.set_byte("GICD_ITARGETSR", 50, 0b10)
    assert d.irq == 0
    d.eoi(50)
    assert d.irq == 0b11
    assert d.ack(0) == 27
    assert d.ack(1) == 50


def test_a_uniprocessor_takes_every_spi() -> None:
    """4.3.12: GICD_ITARGETSR is RAZ/WI, all SPIs go to the only CPU."""
    d = driver(1)
    d.set_byte("GICD_ITARGETSR", 50, 0)
    d.gic.set_line(50, True)
    assert d.ack() == 50


def test_disabling_keeps_the_pending_state() -> None:
    """4.3.6: a disabled interrupt may be pending; it is not forwarded."""
    d = driver()
    d.gic.set_line(50, True)
    d.set_bit("GICD_ICENABLER", 50)
    assert d.irq == 0
    assert d.bit("GICD_ISPENDR", 50)
    d.set_bit("GICD_ISENABLER", 50)
    assert d.irq == 1


def test_each_group_has_its_own_enable() -> None:
    """4.3.1: a group that is disabled here is not forwarded, and hides nothing of the other."""
    d = driver(ctlr=GRP0 | GRP1 | ACK_CTL)
    d.set_group1(50)
    d.set_byte("GICD_IPRIORITYR", 50, 0x10)
    d.gic.set_line(50, True)
    d.gic.set_line(51, True)
    assert d.read("GICC_HPPIR") == 50
    d.write("GICD_CTLR", GRP0)
    assert d.read("GICC_HPPIR") == 51
    d.write("GICD_CTLR", GRP1)
    assert d.read("GICC_HPPIR") == 50
    d.write("GICD_CTLR", 0)
    assert d.irq == 0
    assert d.ack() == SPURIOUS


def test_equal_priorities_go_by_intid() -> None:
    """3.3: the choice among equals is the implementation's; here the lowest INTID."""
    d = driver()
    d.gic.set_line(60, True)
    d.gic.set_line(50, True)
    d.gic.set_line(27, True)
    assert d.ack() == 27


def test_lines_that_do_not_exist_are_the_callers_mistake() -> None:
    gic = Gic()
    for intid in (-1, 15, 288, 1023):
        with pytest.raises(ValueError, match="no input line"):
            gic.set_line(intid, True)
    with pytest.raises(ValueError, match="does not exist"):
        gic.state(288)


def test_reset_is_a_new_gic() -> None:
    d = driver(2)
    d.gic.set_line(50, True)
    d.ack()
    d.gic.reset()
    assert d.gic == Gic(2)
