# SPDX-License-Identifier: MIT
"""An interrupt from its line to its end, as a driver sees it (IHI 0048B, 3.2)."""

from __future__ import annotations

import pytest

from harness.gic import Frame, Gic

GICD, GICC = Frame.GICD, Frame.GICC
EOI_MODE = 1 << 9


def running(cpus: int = 1, *, ctlr: int = 1) -> Gic:
    """A GIC with everything enabled for Group 0, SPI 33 edge-triggered and targeted at CPU 0."""
    gic = Gic(cpus)
    gic.write(GICD, 0, 0x000, 4, 3)
    gic.write(GICD, 0, 0x104, 4, 0xFFFF_FFFF)
    gic.write(GICD, 0, 0x820, 4, 0x0101_0101)
    gic.write(GICD, 0, 0xC08, 4, 0x8)
    for cpu in range(cpus):
        gic.write(GICD, cpu, 0x100, 4, 0xFFFF_FFFF)
        gic.write(GICC, cpu, 0x004, 4, 0xF0)
        gic.write(GICC, cpu, 0x000, 4, ctlr)
    return gic


def test_an_edge_is_taken_once() -> None:
    """3.2.4: acknowledged, it is no longer pending; ended, it is inactive."""
    gic = running()
    gic.set_line(33, True)
    gic.set_line(33, False)
    assert gic.irq == 1
    assert gic.read(GICC, 0, 0x00C, 4) == 33
    assert gic.irq == 0
    assert gic.state(33).active
    gic.write(GICC, 0, 0x010, 4, 33)
    assert gic.state(33).active is False
    assert gic.read(GICC, 0, 0x00C, 4) == 1023


def test_eoimode_splits_priority_drop_from_deactivation() -> None:
    """3.2.1: after EOIR another interrupt of that priority may come; the same one only after DIR."""
    gic = running(ctlr=1 | EOI_MODE)
    gic.set_line(34, True)
    assert gic.read(GICC, 0, 0x00C, 4) == 34
    gic.set_line(33, True)
    assert gic.irq == 0
    gic.write(GICC, 0, 0x010, 4, 34)
    assert gic.read(GICC, 0, 0x00C, 4) == 33
    gic.write(GICC, 0, 0x010, 4, 33)
    assert gic.irq == 0
    gic.write(GICC, 0, 0x1000, 4, 34)
    assert gic.irq == 1, "the level is still there"
    assert gic.read(GICC, 0, 0x00C, 4) == 34


@pytest.mark.parametrize("target", [0, 1])
def test_an_sgi_names_its_sender(target: int) -> None:
    """4.4.4: CPUID in IAR bits [12:10]."""
    gic = running(2)
    gic.write(GICD, 1, 0xF00, 4, 1 << 16 + target | 7)
    assert gic.irq == 1 << target
    assert gic.read(GICC, target, 0x00C, 4) == 7 | 1 << 10
