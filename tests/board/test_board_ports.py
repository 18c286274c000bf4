# SPDX-License-Identifier: MIT
"""Ports of the system bus: each access as by the bus, at the time at which it is made."""

from __future__ import annotations

import random

import pytest

from harness.arch import virt
from harness.board.board import Board
from harness.board.clock import Clock
from harness.board.system_bus import SystemBus
from harness.devices import Port
from harness.devices.pl011_registers import STORAGE
from harness.devices.pl011_registers import Pl011Register as Reg
from harness.devices.pl031 import EPOCH, TICKS_PER_SECOND
from harness.devices.testdev import TestDeviceRegister

SPI = 40
RTIM, FEN, LBE = 1 << 6, 1 << 4, 1 << 7
WRITTEN = (Reg.UARTDR, Reg.UARTRSR, Reg.UARTLCR_H, Reg.UARTCR, Reg.UARTIFLS, Reg.UARTIMSC, Reg.UARTICR)


class Rig:
    """A board, its bus and its clock, which moves by hand."""

    def __init__(self) -> None:
        self.board = Board(1, untrusted=32)
        self.clock = Clock()
        self.bus = SystemBus(self.board, self.clock)

    def port(self, address: int) -> Port:
        port = self.bus.port(0, address)
        assert port is not None
        return port


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_device_knows_the_time_of_each_access(rig: Rig) -> None:
    rtc = rig.port(virt.RTC_BASE)
    rig.clock.jump(3 * TICKS_PER_SECOND)
    assert rtc.load(virt.RTC_BASE, 4) == EPOCH + 3
    assert rtc.store(virt.RTC_BASE + 8, 4, 100)  # RTCLR
    rig.clock.jump(5 * TICKS_PER_SECOND)
    assert rtc.load(virt.RTC_BASE, 4) == 102


def test_what_another_device_has_to_do_by_then_comes_first(rig: Rig) -> None:
    testdev, rtc = rig.port(virt.TESTDEV_BASE), rig.port(virt.RTC_BASE)
    testdev.store(virt.TESTDEV_BASE + TestDeviceRegister.DELAY, 4, 10)
    testdev.store(virt.TESTDEV_BASE + TestDeviceRegister.PULSE_AFTER, 4, SPI)
    rig.clock.jump(9)
    rtc.load(virt.RTC_BASE, 4)
    assert not rig.board.testdev.pulses
    rig.clock.jump(10)
    rtc.load(virt.RTC_BASE, 4)
    assert rig.board.testdev.pulses == {SPI: 1}


@pytest.mark.parametrize("seed", range(20))
def test_a_quiet_load_is_what_the_bus_reads_and_has_no_effect(rig: Rig, seed: int) -> None:
    uart, chance = rig.port(virt.UART_BASE), random.Random(seed)
    quiet = {virt.UART_BASE + offset for offset in (Reg.UARTFR, *STORAGE)}
    assert set(uart.quiet_loads) == quiet
    for _ in range(100):
        match chance.randrange(4):
            case 0:
                rig.board.uart.feed(chance.randbytes(chance.randrange(20)))
            case 1:
                rig.clock.jump(rig.clock.now() + chance.randrange(100_000))
            case 2:
                uart.load(virt.UART_BASE, 4)
            case _:
                value = chance.choice((0, FEN, LBE, RTIM, FEN | LBE, 0x301, 0x3FF, 0xFFFF))
                uart.store(virt.UART_BASE + chance.choice(WRITTEN), 4, value)
        before = repr(rig.board.uart)
        loaded = {address: load() for address, load in uart.quiet_loads.items()}
        assert repr(rig.board.uart) == before
        assert loaded == {address: rig.bus.read(0, address, 4) for address in quiet}
