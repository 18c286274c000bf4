# SPDX-License-Identifier: MIT
import copy
import pickle

import pytest

from harness.devices import Bus, BusError, GenericTimer, Lines, TestDevice
from harness.errors import ConfigError


class Ram:
    def __init__(self):
        self.log = []

    def read(self, cpu, offset, size):
        self.log.append(("r", cpu, offset, size))
        return offset

    def write(self, cpu, offset, size, value):
        self.log.append(("w", cpu, offset, size, value))


def test_an_access_reaches_the_device_at_its_offset():
    bus, ram = Bus(), Ram()
    bus.map(0x1000, 0x100, ram, "ram")
    assert bus.read(1, 0x1010, 4) == 0x10
    bus.write(2, 0x10FC, 4, 7)
    assert ram.log == [("r", 1, 0x10, 4), ("w", 2, 0xFC, 4, 7)]


@pytest.mark.parametrize(("address", "size"), [(0xFFF, 1), (0x1100, 1), (0x10FE, 4), (0, 8)])
def test_where_nothing_answers_is_a_bus_error_with_the_address(address, size):
    bus = Bus()
    bus.map(0x1000, 0x100, Ram(), "ram")
    with pytest.raises(BusError) as error:
        bus.read(0, address, size)
    assert error.value.address == address
    with pytest.raises(BusError):
        bus.write(0, address, size, 0)


def test_a_device_may_refuse_access_sizes():
    bus = Bus()
    bus.map(0x0B00_0000, 0x1000, TestDevice(Lines()), "testdev")
    assert bus.read(0, 0x0B00_0000, 4) == 0x5453_5444
    with pytest.raises(BusError, match="testdev takes no 1-byte access at 0x0b000000"):
        bus.read(0, 0x0B00_0000, 1)


@pytest.mark.parametrize("base", [0xF80, 0x1000, 0x1010, 0x10FF])
def test_regions_do_not_overlap(base):
    bus = Bus()
    bus.map(0x1000, 0x100, Ram(), "ram")
    with pytest.raises(ConfigError, match=r"rom at 0x\w+ overlaps ram at 0x1000"):
        bus.map(base, 0x100, Ram(), "rom")


def test_an_empty_region_is_refused():
    with pytest.raises(ConfigError, match="empty"):
        Bus().map(0x1000, 0, Ram(), "ram")


def test_regions_are_found_and_listed_by_address():
    bus = Bus()
    bus.map(0x2000, 0x100, Ram(), "b")
    bus.map(0x1000, 0x100, Ram(), "a")
    bus.map(0x1100, 0xF00, Ram(), "between")
    assert [region.name for region in bus.regions] == ["a", "between", "b"]
    found = bus.find(0x20FF)
    assert found is not None
    assert (found.name, found.end) == ("b", 0x2100)
    assert bus.find(0x2100) is None
    assert bus.find(0) is None


def test_device_state_copies_compares_and_pickles():
    lines = Lines()
    state = {"lines": lines, "testdev": TestDevice(lines), "timer": GenericTimer()}
    state["testdev"].write(0, 0x04, 4, 40)
    state["testdev"].write(0, 0x14, 4, 100)
    state["testdev"].write(0, 0x18, 4, 41)
    for twin in (copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        assert twin == state
        twin["testdev"].advance(100)
        assert twin != state
        assert twin["testdev"].pulses == {41: 1}
        twin["testdev"].write(0, 0x04, 4, 42)
        assert (twin["lines"][42].level, lines[42].level) == (True, False), "the copy drives the copied lines"


def test_a_row_of_regions_has_a_device_until_each_has_its_own():
    bus, ram = Bus(), Ram()
    bus.map_row(0x1000, 0x100, 3, ram, "slot")
    assert [(region.name, region.base, region.end) for region in bus.regions] == [
        ("slot0", 0x1000, 0x1100),
        ("slot1", 0x1100, 0x1200),
        ("slot2", 0x1200, 0x1300),
    ]
    bus.replace(0x1100, TestDevice(Lines()))
    assert [region.device is ram for region in bus.regions] == [True, False, True]
    assert bus.read(0, 0x1100, 4) == 0x5453_5444
    with pytest.raises(BusError, match="slot1 takes no 1-byte access"):
        bus.read(0, 0x1100, 1)
    with pytest.raises(ConfigError, match="slot at 0x1200 overlaps slot2 at 0x1200"):
        bus.map_row(0x1200, 0x100, 2, ram, "slot")
