# SPDX-License-Identifier: MIT
"""Lines of the board to the inputs of its GIC: changes arrive at once and in order, pulses have no width."""

from __future__ import annotations

import pytest

from harness.arch import virt
from harness.arch.gic import GICC_CTLR, GICC_EOIR, GICC_IAR, GICC_PMR, GICD_CTLR, GICD_ICFGR, GICD_ISENABLER
from harness.board.board import Board
from harness.board.clock import Clock
from harness.board.system_bus import SystemBus

SPI = 40
UART_RX = 1 << 4


class Rig:
    """A board whose GIC forwards every SPI to its one CPU, reached over the bus."""

    def __init__(self) -> None:
        self.board = Board(1, untrusted=32)
        self.clock = Clock()
        self.bus = SystemBus(self.board, self.clock)
        self.start()

    def start(self) -> None:
        for address, value in (
            (virt.GICD_BASE + GICD_ISENABLER, 0xFFFF_FFFF),
            (virt.GICD_BASE + GICD_ISENABLER + 4, 0xFFFF_FFFF),
            (virt.GICD_BASE + GICD_CTLR, 1),
            (virt.GICC_BASE + GICC_PMR, 0xFF),
            (virt.GICC_BASE + GICC_CTLR, 1),
        ):
            self.bus.write(0, address, 4, value)

    def make_edge(self, intid: int) -> None:
        self.bus.write(0, virt.GICD_BASE + GICD_ICFGR + intid // 16 * 4, 4, 2 << 2 * (intid % 16))

    def acknowledge(self) -> int:
        return self.bus.read(0, virt.GICC_BASE + GICC_IAR, 4)

    def end(self, intid: int) -> None:
        self.bus.write(0, virt.GICC_BASE + GICC_EOIR, 4, intid)

    @property
    def nirq(self) -> bool:
        return self.board.gic.irq[0].level

    def input(self, intid: int) -> bool:
        return self.board.gic.line_level(intid)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_level_arrives_at_once_and_goes_at_once(rig: Rig) -> None:
    rig.board.lines[SPI].high()
    assert (rig.input(SPI), rig.nirq) == (True, True)
    rig.board.lines[SPI].low()
    assert (rig.input(SPI), rig.nirq) == (False, False)


def test_a_pulse_to_a_level_sensitive_input_lasts_until_it_is_acknowledged(rig: Rig) -> None:
    rig.board.lines[SPI].pulse()
    assert not rig.board.lines[SPI].level
    assert (rig.input(SPI), rig.nirq) == (True, True)
    rig.bus.read(0, virt.GICD_BASE, 4)  # any other access leaves it
    assert rig.input(SPI)
    assert rig.acknowledge() == SPI
    assert not rig.input(SPI)
    rig.end(SPI)
    assert not rig.nirq


def test_it_is_let_go_to_where_another_driver_holds_the_line(rig: Rig) -> None:
    rig.board.lines[SPI].pulse()
    rig.board.lines[SPI].high("device")
    assert rig.acknowledge() == SPI
    rig.end(SPI)
    assert (rig.input(SPI), rig.acknowledge()) == (True, SPI)


def test_a_pulse_to_an_active_level_has_no_width(rig: Rig) -> None:
    rig.board.lines[SPI].high()
    assert rig.acknowledge() == SPI
    rig.board.lines[SPI].low()
    rig.board.lines[SPI].pulse()
    assert not rig.input(SPI)
    rig.end(SPI)
    assert not rig.nirq


def test_a_pulse_to_an_edge_triggered_input_is_latched(rig: Rig) -> None:
    rig.make_edge(SPI)
    rig.board.lines[SPI].pulse()
    assert (rig.input(SPI), rig.nirq) == (False, True)


def test_a_reset_ends_what_is_stretched_and_drives_what_is_still_high(rig: Rig) -> None:
    rig.board.lines[SPI].pulse()
    rig.board.lines[SPI + 1].high()
    told: list[bool] = []
    rig.board.gic.irq[0].listen(told.append)
    rig.board.reset()
    assert (rig.input(SPI), rig.input(SPI + 1), rig.nirq, told) == (False, True, False, [])
    rig.start()
    assert (rig.acknowledge(), rig.acknowledge()) == (SPI + 1, 1023)
    rig.board.lines[SPI].pulse()
    assert rig.input(SPI), "nothing of the old pulse is left"


def test_a_reset_lets_go_of_what_a_device_drove(rig: Rig) -> None:
    told: list[bool] = []
    rig.bus.write(0, virt.TESTDEV_BASE + 4, 4, SPI)
    rig.board.gic.irq[0].listen(told.append)
    rig.board.reset()
    assert (rig.board.lines[SPI].level, rig.input(SPI), told) == (False, False, [])


def test_a_devices_line_follows_the_end_of_an_access(rig: Rig) -> None:
    """A character is taken out of the FIFO and the next one moves up: the line is high all the time."""
    rig.bus.write(0, virt.UART_BASE + 0x38, 4, UART_RX)
    told: list[bool] = []
    rig.board.lines[virt.UART_INTID].wire.listen(told.append)
    rig.board.uart.feed(b"ab")
    assert (told, rig.nirq) == ([True], True)
    assert rig.bus.read(0, virt.UART_BASE, 4) == ord("a")
    assert told == [True]
    assert rig.bus.read(0, virt.UART_BASE, 4) == ord("b")
    assert (told, rig.nirq) == ([True, False], False)


@pytest.mark.parametrize("write", [False, True])
def test_what_is_due_at_the_tick_of_an_access_happens_before_it(rig: Rig, write: bool) -> None:
    rig.make_edge(SPI)
    rig.bus.write(0, virt.TESTDEV_BASE + 0x14, 4, 10)
    rig.bus.write(0, virt.TESTDEV_BASE + 0x18, 4, SPI)
    rig.clock.jump(10)
    assert not rig.nirq
    if write:
        rig.bus.write(0, virt.UART_BASE + 0x38, 4, 0)
    else:
        rig.bus.read(0, virt.UART_BASE, 4)
    assert rig.nirq


def test_the_maintenance_interrupt_is_a_private_one_of_its_cpu() -> None:
    board = Board(2, untrusted=32)
    board.gic.maintenance[1].drive(True)
    assert [board.gic.line_level(25, cpu) for cpu in (0, 1)] == [False, True]
