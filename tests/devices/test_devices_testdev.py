# SPDX-License-Identifier: MIT
import pytest
from test_devices_lines import Log

from harness.deadlines import NEVER
from harness.devices import Lines, TestDevice
from harness.devices.testdev import MOST_IN_FLIGHT
from harness.devices.testdev import TestDeviceRegister as Reg


@pytest.fixture
def lines():
    return Lines()


@pytest.fixture
def log(lines):
    return Log(lines)


@pytest.fixture
def device(lines):
    return TestDevice(lines)


def read(device, register):
    return device.read(0, register, 4)


def write(device, register, value):
    device.write(0, register, 4, value)


def test_id_reads_the_magic_and_is_read_only(device):
    write(device, Reg.ID, 0)
    assert read(device, Reg.ID) == 0x5453_5444


def test_raise_and_lower_make_a_level(device, lines, log):
    write(device, Reg.RAISE, 40)
    assert lines[40].level
    write(device, Reg.LOWER, 40)
    assert log == [(40, 0, True), (40, 0, False)]


def test_pulse_is_an_edge_and_is_counted_per_line(device, lines, log):
    for intid in (40, 41, 41):
        write(device, Reg.PULSE, intid)
    assert [intid for intid, *_ in log] == [40, 40, 41, 41, 41, 41]
    counts = []
    for intid in (40, 41, 42):
        write(device, Reg.SELECT, intid)
        counts.append(read(device, Reg.COUNT))
    assert counts == [1, 2, 0]


def test_level_reads_the_wire_whoever_drives_it(device, lines, log):
    write(device, Reg.LEVEL, 33)
    assert read(device, Reg.LEVEL) == 0
    lines[33].drive("uart", True)
    assert read(device, Reg.LEVEL) == 1
    assert read(device, Reg.SELECT) == 33


def test_a_delayed_pulse_happens_delay_ticks_later(device, lines, log):
    device.advance(1000)
    write(device, Reg.DELAY, 50)
    write(device, Reg.PULSE_AFTER, 40)
    assert (read(device, Reg.DELAY), read(device, Reg.IN_FLIGHT), device.next_action.tick) == (50, 1, 1050)
    device.advance(1049)
    assert log == []
    assert read(device, Reg.COUNT) == 0
    device.advance(1050)
    assert log == [(40, 0, True), (40, 0, False)]
    write(device, Reg.SELECT, 40)
    assert (read(device, Reg.COUNT), read(device, Reg.IN_FLIGHT), device.next_action.tick) == (1, 0, NEVER)


def test_pulses_in_flight_happen_by_tick_then_in_the_order_asked_for(device, lines, log):
    for delay, intid in ((30, 45), (10, 44), (30, 40), (20, 50), (30, 35)):
        write(device, Reg.DELAY, delay)
        write(device, Reg.PULSE_AFTER, intid)
    assert device.next_action.tick == 10
    device.advance(100)
    assert [intid for intid, _, level in log if level] == [44, 50, 45, 40, 35]


def test_without_a_delay_the_pulse_is_made_at_once(device, lines, log):
    write(device, Reg.PULSE_AFTER, 40)
    assert log == [(40, 0, True), (40, 0, False)]
    assert device.next_action.tick == NEVER


@pytest.mark.parametrize(
    "register", [Reg.RAISE, Reg.LOWER, Reg.PULSE, Reg.PULSE_AFTER, Reg.SELECT, Reg.LEVEL]
)
@pytest.mark.parametrize("intid", [0, 31, 288, 0xFFFF_FFFF])
def test_a_line_that_is_not_there_is_rejected_and_counted(device, log, register, intid):
    write(device, register, intid)
    assert read(device, Reg.REJECTED) == 1
    assert read(device, Reg.SELECT) == 32
    assert log == []


@pytest.mark.parametrize("offset", [Reg.RAISE, Reg.LOWER, Reg.PULSE, Reg.PULSE_AFTER, 0x2C, 0xFFC])
def test_write_only_and_unknown_registers_read_as_zero(device, offset):
    assert device.read(0, offset, 4) == 0


def test_writes_to_read_only_and_unknown_registers_are_ignored(device, lines, log):
    for offset in (Reg.ID, Reg.COUNT, Reg.IN_FLIGHT, Reg.REJECTED, 0x2C, 0x06):
        device.write(0, offset, 4, 40)
    assert device == TestDevice(lines)


def test_reset_lets_go_of_everything(device, lines, log):
    write(device, Reg.RAISE, 40)
    write(device, Reg.DELAY, 5)
    write(device, Reg.PULSE_AFTER, 41)
    device.reset()
    assert not lines[40].level
    assert device.next_action.tick == NEVER
    assert read(device, Reg.DELAY) == 0


def test_as_many_pulses_are_in_flight_as_the_table_says(device):
    """A guest that asked for one at every access would make the host keep them all."""
    write(device, Reg.DELAY, 10)
    for _ in range(MOST_IN_FLIGHT + 2):
        write(device, Reg.PULSE_AFTER, 33)
    assert (read(device, Reg.IN_FLIGHT), read(device, Reg.REJECTED)) == (MOST_IN_FLIGHT, 2)
    device.advance(10)
    write(device, Reg.SELECT, 33)
    assert (read(device, Reg.IN_FLIGHT), read(device, Reg.COUNT)) == (0, MOST_IN_FLIGHT)
    write(device, Reg.PULSE_AFTER, 33)
    assert read(device, Reg.IN_FLIGHT) == 1
