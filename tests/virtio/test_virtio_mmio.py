# SPDX-License-Identifier: MIT
"""The MMIO transport (virtio 1.2, 4.2), and slots as QEMU's `virt` has them."""

from __future__ import annotations

import copy
import pickle
from random import Random

import pytest
from thorough import ALL
from virtio_driver import BASE, VERSION_1, Driver

from harness.devices import Block, MemoryDisk, VirtioConsole, VirtioMmio
from harness.devices.virtio.queue import QUEUE_SIZE_MAX
from harness.devices.virtio.registers import Status
from harness.devices.virtio.registers import VirtioRegister as Reg

NOT_ZERO = {0x000: 0x7472_6976, 0x004: 1, 0x00C: 0x554D_4551}


@pytest.fixture
def console() -> Driver:
    return Driver(VirtioMmio(VirtioConsole()))


def test_an_empty_slot_answers_as_qemus() -> None:
    """Measured on QEMU 7.2: magic, version 1, vendor QEMU, device 0; what is written is ignored."""
    slot = VirtioMmio()
    for offset in range(0, 0x200, 4):
        slot.write(0, offset, 4, 0xFFFF_FFFF)
    assert {o: v for o in range(0, 0x200, 4) if (v := slot.read(0, o, 4))} == NOT_ZERO
    assert (slot.read(0, 0, 1), slot.read(0, 0, 2), slot.irq.level) == (0x76, 0x6976, False)


def test_identification(console: Driver) -> None:
    """4.2.2."""
    assert [console.read(r) for r in (Reg.MAGIC_VALUE, Reg.VERSION, Reg.DEVICE_ID, Reg.VENDOR_ID)] == [
        0x7472_6976,
        2,
        3,
        0x554D_4551,
    ]
    assert [console.read(r) for r in (Reg.SHM_LEN_LOW, Reg.SHM_LEN_HIGH)] == [0xFFFF_FFFF] * 2
    assert console.read(Reg.CONFIG_GENERATION) == 0


@pytest.mark.parametrize("size", [1, 2, 8])
def test_only_words_reach_registers(console: Driver, size: int) -> None:
    """4.2.2.2: the driver uses 32-bit aligned accesses."""
    console.write(Reg.STATUS, 1)
    console.write(Reg.STATUS, 3, size)
    assert (console.read(Reg.STATUS), console.read(Reg.STATUS, size)) == (1, 0)


def test_version_1_is_offered_and_must_be_accepted(console: Driver) -> None:
    """6.1: and FEATURES_OK does not stay where it is not (3.1.1)."""
    assert console.offered() & VERSION_1
    console.write(Reg.DEVICE_FEATURES_SEL, 2)
    assert console.read(Reg.DEVICE_FEATURES) == 0
    for features, good in ((0, False), (VERSION_1, True), (VERSION_1 | 1 << 28, False), (1 << 2, False)):
        console.write(Reg.STATUS, 0)
        console.accept(features)
        console.write(Reg.STATUS, Status.FEATURES_OK)
        assert bool(console.read(Reg.STATUS) & Status.FEATURES_OK) is good


def test_features_are_fixed_once_ok(console: Driver) -> None:
    console.start(2)
    console.accept(0)
    assert console.slot.driver_features == console.offered()


def test_queues_that_are_not_there(console: Driver) -> None:
    """4.2.2: QueueNumMax is zero."""
    console.write(Reg.QUEUE_SEL, 1)
    assert console.read(Reg.QUEUE_NUM_MAX) == QUEUE_SIZE_MAX
    for index in (2, 0xFFFF_FFFF):
        console.write(Reg.QUEUE_SEL, index)
        console.write(Reg.QUEUE_READY, 1)
        assert (console.read(Reg.QUEUE_NUM_MAX), console.read(Reg.QUEUE_READY)) == (0, 0)
        console.notify(index)


def test_a_queue_in_use_keeps_its_place(console: Driver) -> None:
    """4.2.2.2: addresses and size are written only while QueueReady is 0."""
    console.start(2)
    console.write(Reg.QUEUE_SEL, 1)
    console.write(Reg.QUEUE_DESC_LOW, 0)
    console.write(Reg.QUEUE_NUM, 3)
    console.chain(1, (b"still", 0))
    console.notify(1)
    assert console.slot.function.output == b"still"


def test_interrupt_status_and_acknowledge(console: Driver) -> None:
    """4.2.2: the line is high while a bit is set."""
    console.start(2)
    console.chain(1, (b"x", 0))
    console.notify(1)
    assert (console.read(Reg.INTERRUPT_STATUS), console.slot.irq.level) == (1, True)
    console.write(Reg.INTERRUPT_ACK, 2)
    assert console.slot.irq.level
    console.write(Reg.INTERRUPT_ACK, 1)
    assert (console.read(Reg.INTERRUPT_STATUS), console.slot.irq.level) == (0, False)


def test_no_interrupt_where_the_driver_wants_none(console: Driver) -> None:
    """2.7.7: VIRTQ_AVAIL_F_NO_INTERRUPT."""
    console.start(2)
    console.ram.data[0x6000] = 1
    console.chain(1, (b"x", 0))
    console.notify(1)
    assert (console.used(1), console.slot.irq.level) == ([(0, 0)], False)


def test_nothing_is_served_before_driver_ok(console: Driver) -> None:
    """3.1.1, step 8."""
    console.start(2)
    console.write(Reg.STATUS, 0xB)
    console.chain(1, (b"early", 0))
    console.notify(1)
    assert console.slot.function.output == b""
    console.write(Reg.STATUS, 0xF)
    assert console.slot.function.output == b"early"


def test_writing_zero_resets(console: Driver) -> None:
    """2.1.1, 4.2.2.1."""
    console.start(2)
    console.chain(1, (b"x", 0))
    console.notify(1)
    console.write(Reg.STATUS, 0)
    console.write(Reg.QUEUE_SEL, 1)
    assert [console.read(r) for r in (Reg.STATUS, Reg.INTERRUPT_STATUS, Reg.QUEUE_READY)] == [0, 0, 0]
    console.start(2)
    console.ram.data[0x6000:0x8000] = bytes(0x2000)
    console.chain(1, (b"y", 0))
    console.notify(1)
    assert console.slot.function.output == b"xy"


def test_taking_a_queue_out_of_use_starts_it_anew(console: Driver) -> None:
    console.start(2)
    console.chain(1, (b"a", 0))
    console.notify(1)
    console.write(Reg.QUEUE_SEL, 1)
    console.write(Reg.QUEUE_READY, 0)
    console.ram.data[0x6000:0x8000] = bytes(0x2000)
    console.place(1)
    console.chain(1, (b"b", 3))
    console.notify(1)
    assert (console.used(1), console.slot.function.output) == ([(3, 0)], b"ab")


def test_indices_wrap(console: Driver) -> None:
    """2.7.6: 16 bits, free-running."""
    console.start(2)
    for n in range(0x1_0000 + 20):
        console.chain(1, (b"", n % 8))
        console.write(Reg.QUEUE_NOTIFY, 1)
    assert console.used(1)[-1] == (3, 0)


def test_state_is_plain_data(console: Driver) -> None:
    console.start(2)
    console.chain(1, (b"x", 0))
    console.notify(1)
    assert copy.deepcopy(console.slot) == console.slot == pickle.loads(pickle.dumps(console.slot))


# Version 1 (4.2.4)


@pytest.mark.parametrize("aligned", [True, False])
def test_the_legacy_layout(aligned: bool) -> None:
    """A driver may leave QueueAlign alone and mean pages."""
    slot = VirtioMmio(Block(MemoryDisk(bytearray(b"sector".ljust(512)))), legacy=True)
    driver = Driver(slot)
    assert (driver.read(Reg.VERSION), driver.offered() >> 32) == (1, 0)
    driver.write(Reg.STATUS, 3)
    driver.accept(driver.offered())
    driver.write(Reg.GUEST_PAGE_SIZE, 4096)
    driver.write(Reg.QUEUE_SEL, 0)
    assert driver.read(Reg.QUEUE_NUM_MAX) == QUEUE_SIZE_MAX
    driver.write(Reg.QUEUE_NUM, 8)
    if aligned:
        driver.write(Reg.QUEUE_ALIGN, 4096)
    driver.write(Reg.QUEUE_PFN, (BASE + 0x1000) >> 12)
    assert driver.read(Reg.QUEUE_PFN) == (BASE + 0x1000) >> 12
    driver.write(Reg.STATUS, 7)
    driver.made[0] = driver.seen[0] = 0
    data = driver.ram.data
    driver.descriptor(0, 0, BASE + 0x8000, 16, 1, 1)
    driver.descriptor(0, 1, BASE + 0x9000, 512, 3, 2)
    driver.descriptor(0, 2, BASE + 0xA000, 1, 2, 0)
    data[0xA000] = 0xFF
    data[0x1080 + 2] = 1  # the available ring follows 8 descriptors, the used ring is on the next page
    driver.notify(0)
    assert data[0x9000:0x9006] == b"sector"
    assert (data[0xA000], data[0x2002], data[0x2008:0x200A]) == (0, 1, (513).to_bytes(2, "little"))
    driver.write(Reg.QUEUE_PFN, 0)
    assert driver.read(Reg.QUEUE_PFN) == 0


def test_a_modern_slot_has_no_legacy_registers(console: Driver) -> None:
    console.write(Reg.QUEUE_SEL, 0)
    console.write(Reg.GUEST_PAGE_SIZE, 4096)
    console.write(Reg.QUEUE_PFN, 5)
    assert (console.read(Reg.QUEUE_PFN), console.read(Reg.QUEUE_READY)) == (0, 0)


def test_a_legacy_driver_says_its_page_size_once_and_resets_the_device_then() -> None:
    """4.2.4 with 3.1.1: Linux writes GuestPageSize as it finds the slot, and Status = 0 as a driver binds to it."""
    slot = VirtioMmio(Block(MemoryDisk(bytearray(b"sector".ljust(512)))), legacy=True)
    driver = Driver(slot)
    driver.write(Reg.GUEST_PAGE_SIZE, 4096)
    for _ in range(2):  # a driver may let go of the device, and another one bind to it
        driver.ram.data[:] = bytes(len(driver.ram.data))
        driver.write(Reg.STATUS, 0)
        driver.write(Reg.STATUS, 3)
        driver.accept(driver.offered())
        for register, value in ((Reg.QUEUE_SEL, 0), (Reg.QUEUE_NUM, 8), (Reg.QUEUE_ALIGN, 4096)):
            driver.write(register, value)
        driver.write(Reg.QUEUE_PFN, (BASE + 0x1000) >> 12)
        driver.write(Reg.STATUS, 7)
        driver.descriptor(0, 0, BASE + 0x8000, 16, 1, 1)
        driver.descriptor(0, 1, BASE + 0x9000, 512, 3, 2)
        driver.descriptor(0, 2, BASE + 0xA000, 1, 2, 0)
        driver.ram.data[0x1080 + 2] = 1
        driver.notify(0)
        assert (slot.error, driver.ram.data[0x9000:0x9006]) == (None, b"sector")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_drivers_reset_and_the_systems_are_two_things(legacy: bool) -> None:
    """Status = 0 resets the device (2.4); the legacy transport's GuestPageSize and QueueAlign are no part of it."""
    random = Random(1)
    kept = [Reg.GUEST_PAGE_SIZE, Reg.QUEUE_ALIGN]
    for _ in range(1000 if ALL else 50):
        used, fresh = (Driver(VirtioMmio(VirtioConsole(), legacy=legacy)) for _ in range(2))
        for _ in range(random.randrange(40)):
            register = random.choice([*kept, *Reg])
            value = random.choice([0, 1, 3, 15, 4096, random.getrandbits(32)])
            used.write(register, value)
            if register is Reg.QUEUE_SEL or register in kept:
                fresh.write(register, value)
            if register is Reg.STATUS and not value & 0xFF:
                fresh.write(Reg.QUEUE_SEL, 0)
        used.write(Reg.STATUS, 0)
        fresh.write(Reg.QUEUE_SEL, 0)
        used.slot.complaint = None
        assert used.slot == fresh.slot
        used.slot.reset()
        assert used.slot == VirtioMmio(VirtioConsole(), legacy=legacy)
