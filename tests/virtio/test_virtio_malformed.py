# SPDX-License-Identifier: MIT
"""What no driver may write: the device asks for a reset (virtio 1.2, 2.1.2), and neither raises nor hangs."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack_into

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtio_driver import AVAIL, BASE, DESC, INDIRECT, NEXT, SIZE, USED, WRITE, Driver, Ram, header

from harness.devices import Block, MemoryDisk, VirtioConsole, VirtioMmio
from harness.devices.virtio.queue import LONGEST_CHAIN
from harness.devices.virtio.registers import Status
from harness.devices.virtio.registers import VirtioRegister as Reg

Damage = Callable[[Driver], None]


def block() -> Driver:
    return Driver(VirtioMmio(Block(MemoryDisk(bytearray(2048))))).start()


def descriptors(*rows: tuple[int, int, int, int]) -> Damage:
    """Descriptors from 0 on, the first of which is made available."""

    def damage(driver: Driver) -> None:
        for index, row in enumerate(rows):
            driver.descriptor(0, index, *row)
        driver.available(0, 0)

    return damage


def ring(offset: int, value: int) -> Damage:
    def damage(driver: Driver) -> None:
        driver.chain(0, (header(4), 0), (1, 1))
        pack_into("<H", driver.ram.data, AVAIL + offset, value)

    return damage


def area(register: int, address: int) -> Damage:
    def damage(driver: Driver) -> None:
        driver.chain(0, (header(4), 0), (1, 1))
        driver.write(Reg.QUEUE_READY, 0)
        driver.write(register, address & 0xFFFF_FFFF)
        driver.write(register + 4, address >> 32)
        driver.write(Reg.QUEUE_READY, 1)

    return damage


def size(num: int) -> Damage:
    def damage(driver: Driver) -> None:
        driver.write(Reg.QUEUE_READY, 0)
        driver.write(Reg.QUEUE_NUM, num)
        driver.write(Reg.QUEUE_READY, 1)

    return damage


ROM = BASE + SIZE - 0x1000
MALFORMED = {
    "a chain that is its own next": descriptors((BASE, 16, NEXT, 0)),
    "a chain that loops": descriptors((BASE, 1, NEXT, 1), (BASE, 1, NEXT, 2), (BASE, 1, NEXT, 0)),
    "a next outside the table": descriptors((BASE, 16, NEXT, 8)),
    "a head outside the table": ring(4, 8),
    "more available than there are": ring(2, 9),
    "an index that went back": ring(2, 0xFFFF),
    "a buffer at 0": descriptors((0, 16, 0, 0)),
    "a buffer across the end of RAM": descriptors((BASE + SIZE - 8, 16, 0, 0)),
    "a buffer that wraps": descriptors(((1 << 64) - 8, 16, 0, 0)),
    "a buffer in a device": descriptors((0x0900_0000, 4, WRITE, 0)),
    "a buffer to write in ROM": descriptors((BASE, 16, NEXT, 1), (ROM, 1, WRITE, 0)),
    "an absurd length": descriptors((BASE, 0xFFFF_FFFF, 0, 0)),
    "an indirect descriptor": descriptors((BASE, 16, INDIRECT, 0)),
    "a readable buffer last": descriptors((BASE, 1, WRITE | NEXT, 1), (BASE, 16, 0, 0)),
    "no header": descriptors((BASE, 15, NEXT, 1), (BASE, 1, WRITE, 0)),
    "no status": descriptors((BASE, 16, 0, 0)),
    "nothing": descriptors((BASE, 0, 0, 0)),
    "descriptors that are no memory": area(Reg.QUEUE_DESC_LOW, 0x1000),
    "an available ring that is no memory": area(Reg.QUEUE_DRIVER_LOW, (1 << 64) - 2),
    "a used ring that is no memory": area(Reg.QUEUE_DEVICE_LOW, BASE + SIZE),
    "a used ring in ROM": area(Reg.QUEUE_DEVICE_LOW, ROM),
    "no size": size(0),
    "a size that is no power of two": size(7),
    "too large a size": size(2048),
}


@pytest.mark.parametrize("damage", MALFORMED.values(), ids=MALFORMED.keys())
def test_the_device_asks_for_a_reset_and_works_after_it(damage: Damage) -> None:
    driver = block()
    damage(driver)
    driver.notify(0)
    assert driver.read(Reg.STATUS) & Status.DEVICE_NEEDS_RESET
    assert driver.read(Reg.INTERRUPT_STATUS) & 2  # the configuration changed (2.1.2)
    assert driver.slot.error
    driver.write(Reg.STATUS, 0xF)
    assert driver.read(Reg.STATUS) == 0xF | Status.DEVICE_NEEDS_RESET  # it stays
    driver.notify(0)  # and nothing is served
    driver.ram.data[:] = bytes(SIZE)
    driver.start()
    at = driver.chain(0, (header(0), 0), (512, 1), (1, 2))
    driver.notify(0)
    assert (driver.used(0), driver.ram.data[at[2]]) == ([(0, 513)], 0)


def test_many_small_buffers_of_one_absurd_chain() -> None:
    """2.7.5.2 allows 4 GiB; these devices take 16 MiB, so that one request cannot hold the host."""

    class Endless(Ram):
        def readable(self, address: int, size: int) -> bool:
            return True

    driver = Driver(VirtioMmio(VirtioConsole()), Endless()).start(2)
    driver.descriptor(1, 0, BASE, LONGEST_CHAIN, NEXT, 1)
    driver.descriptor(1, 1, BASE, 1, 0, 0)
    driver.available(1, 0)
    driver.notify(1)
    assert driver.read(Reg.STATUS) & Status.DEVICE_NEEDS_RESET


# Random drivers

ADDRESSES = st.one_of(
    st.integers(0, (1 << 64) - 1),
    st.integers(BASE - 64, BASE + SIZE + 64),
    st.sampled_from([0, BASE, BASE + SIZE - 1, ROM, 0x0900_0000, (1 << 64) - 1]),
)
LENGTHS = st.one_of(st.integers(0, 2048), st.integers(0, 0xFFFF_FFFF), st.sampled_from([0, 1, 16, 512, 513]))
ROW = st.tuples(ADDRESSES, LENGTHS, st.integers(0, 7), st.integers(0, 9))
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("row"), st.tuples(st.integers(0, 1), st.integers(0, 7), ROW)),
        st.tuples(st.just("available"), st.tuples(st.integers(0, 1), st.integers(0, 9))),
        st.tuples(
            st.just("store"),
            st.tuples(
                st.sampled_from([DESC, AVAIL, USED]), st.integers(0, 0x90), st.binary(min_size=1, max_size=16)
            ),
        ),
        st.tuples(
            st.just("register"),
            st.tuples(
                st.one_of(st.sampled_from(list(Reg)), st.integers(0, 0x1FF)),
                st.one_of(st.integers(0, 15), st.integers(0, 0xFFFF_FFFF)),
                st.sampled_from([1, 2, 4, 4, 4, 8]),
            ),
        ),
        st.tuples(st.just("notify"), st.integers(0, 3)),
        st.tuples(st.just("type"), st.binary(max_size=40)),
        st.tuples(st.just("start"), st.none()),
    ),
    max_size=40,
)


def change(driver: Driver, kind: str, what: object) -> None:
    match kind, what:
        case "row", (int(queue), int(index), tuple(row)):
            driver.descriptor(queue, index, *row)
        case "available", (int(queue), int(head)):
            driver.made.setdefault(queue, 0)
            driver.available(queue, head)
        case "store", (int(base), int(offset), bytes(data)):
            driver.ram.data[base + offset : base + offset + len(data)] = data
        case "register", (int(offset), int(value), int(size)):
            driver.write(offset, value, size)
            driver.read(offset, size)
        case "notify", int(queue):
            driver.notify(queue)
        case "type", bytes(data):
            if isinstance(driver.slot.function, VirtioConsole):
                driver.slot.function.feed(data)
        case "start", None:
            driver.start(driver.slot.function.queues if driver.slot.function is not None else 0)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kind", ["block", "console", "empty"])
@settings(max_examples=150, derandomize=True, deadline=None)
@given(changes=CHANGES)
def test_whatever_a_driver_does_the_device_survives(
    kind: str, legacy: bool, changes: list[tuple[str, object]]
) -> None:
    functions = {"block": Block(MemoryDisk(bytearray(4096))), "console": VirtioConsole(), "empty": None}
    driver = Driver(VirtioMmio(functions[kind], legacy=legacy and kind != "empty"))
    if kind != "empty" and not legacy:
        driver.start(2 if kind == "console" else 1)
    for what in changes:
        if what[0] == "start" and (kind == "empty" or legacy):
            continue
        change(driver, *what)
    assert (driver.slot.error is not None) == bool(driver.slot.status & Status.DEVICE_NEEDS_RESET)
    driver.write(Reg.STATUS, 0)
    assert (driver.slot.irq.level, driver.slot.status, driver.slot.error) == (False, 0, None)
