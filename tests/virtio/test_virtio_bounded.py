# SPDX-License-Identifier: MIT
"""The work of one exit, bounded whatever a driver wrote: the available index is read once, and turns are short.

A driver notifies after it has moved the index (virtio 1.2, 2.7.13), so a device misses nothing that looks at it
once for each notification. What does not fit into a turn is done in the next ones, a tick apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from struct import pack

import pytest
from thorough import ALL
from virtio_driver import AVAIL, BASE, DESC, NEXT, SIZE, USED, WRITE, Driver, Ram, header

from harness import Machine, StopReason
from harness.asm import assemble
from harness.deadlines import NEVER
from harness.devices import Block, MemoryDisk, VirtioConsole, VirtioMmio
from harness.devices.virtio.queue import LONGEST_CHAIN, TURN
from harness.devices.virtio.registers import VirtioRegister as Reg

SECTORS = 64
DESCRIPTOR = 16


@dataclass
class CountedRam(Ram):
    """RAM that counts the bytes which devices move, and the accesses; ``endless``: it is all there is, and zero."""

    moved: int = 0
    accesses: int = 0
    endless: bool = False

    def readable(self, address: int, size: int) -> bool:
        return self.endless or super().readable(address, size)

    def read(self, address: int, size: int) -> bytes:
        self.count(size)
        return super().read(address, size) if super().readable(address, size) else bytes(size)

    def write(self, address: int, data: bytes) -> None:
        self.count(len(data))
        super().write(address, data)

    def count(self, size: int) -> None:
        self.moved += size
        self.accesses += 1


def turns(slot: VirtioMmio) -> int:
    """Lets time pass until the device is done; returns the turns it took beyond the first."""
    count = 0
    while (due := slot.next_action.tick) != NEVER:
        assert due > slot.now
        slot.advance(due)
        count += 1
    return count


def test_a_request_that_makes_the_next_one_available_is_one_request() -> None:
    """Its data go to the available index, and to the header of what comes next: for ever, if the device went on."""
    disk = MemoryDisk(
        bytearray(b"".join(pack("<IIQH", 0, 0, n + 1, n + 2).ljust(512, b"\0") for n in range(SECTORS)))
    )
    driver = Driver(VirtioMmio(Block(disk))).start()
    rows = [
        (BASE + 0x8000, 16),
        (BASE + 0x8000, 16),
        (BASE + AVAIL + 2, 2),
        (BASE + 0x9000, 494),
        (BASE + 0xA000, 1),
    ]
    for n, (address, size) in enumerate(rows):
        driver.descriptor(0, n, address, size, (WRITE if n else 0) | (NEXT if n < 4 else 0), n + 1)
    driver.available(0, 0)
    for done in (1, 2, 3):
        driver.notify(0)
        assert len(driver.used(0)) == 1, done
        assert driver.slot.next_action.tick == NEVER


def test_a_turn_ends_and_the_next_tick_goes_on() -> None:
    """1,024 chains of 16 MiB would be 16 GiB at one store; the guest, limits and Ctrl-C come in between."""
    ram = CountedRam(endless=True)
    driver = Driver(VirtioMmio(VirtioConsole()), ram).start(2)
    driver.descriptor(1, 0, 1 << 40, LONGEST_CHAIN, 0, 0)
    for _ in range(4):
        driver.available(1, 0)
    driver.slot.elapse(100)
    driver.notify(1)
    console = driver.slot.function
    assert isinstance(console, VirtioConsole)
    assert (console.output.total, driver.slot.next_action.tick) == (LONGEST_CHAIN, 101)
    driver.slot.advance(100)
    assert console.output.total == LONGEST_CHAIN
    driver.slot.advance(101)
    assert (console.output.total, driver.slot.next_action.tick) == (2 * LONGEST_CHAIN, 102)
    assert turns(driver.slot) == 2
    assert (console.output.total, len(driver.used(1))) == (4 * LONGEST_CHAIN, 4)


def test_a_notification_amid_the_work_adds_to_it() -> None:
    ram = CountedRam(endless=True)
    driver = Driver(VirtioMmio(VirtioConsole()), ram).start(2)
    driver.descriptor(1, 0, 1 << 40, LONGEST_CHAIN, 0, 0)
    driver.available(1, 0)
    driver.available(1, 0)
    driver.notify(1)
    driver.available(1, 0)
    driver.notify(1)  # the store is a turn of its own
    assert (turns(driver.slot), len(driver.used(1))) == (1, 3)


@pytest.mark.parametrize("how", ["device", "queue", "slot"])
def test_a_reset_ends_the_work(how: str) -> None:
    ram = CountedRam(endless=True)
    driver = Driver(VirtioMmio(VirtioConsole()), ram).start(2)
    driver.descriptor(1, 0, 1 << 40, LONGEST_CHAIN, 0, 0)
    driver.available(1, 0)
    driver.available(1, 0)
    driver.notify(1)
    assert driver.slot.next_action.tick != NEVER
    if how == "slot":
        driver.slot.reset()
    else:
        driver.write(*{"device": (Reg.STATUS, 0), "queue": (Reg.QUEUE_READY, 0)}[how])
    assert (turns(driver.slot), len(driver.used(1))) == (0, 1)


def test_each_flush_of_the_hosts_disk_is_a_turn() -> None:
    driver = Driver(VirtioMmio(Block(disk := MemoryDisk(bytearray(512))))).start()
    for index in (0, 2, 4):
        driver.chain(0, (header(4), index), (1, index + 1))
    driver.notify(0)
    assert disk.flushes == 1
    assert (turns(driver.slot), disk.flushes, len(driver.used(0))) == (2, 3, 3)


def test_many_descriptors_of_nothing_are_work_too() -> None:
    driver = Driver(VirtioMmio(VirtioConsole()), CountedRam(bytearray(SIZE)), num=1024)
    driver.start(2)
    table = b"".join(pack("<QIHH", BASE, 0, NEXT if n < 1023 else 0, n + 1) for n in range(1024))
    ram = driver.ram
    ram.data[0x1_0000 : 0x1_0000 + len(table)] = table
    driver.write(Reg.QUEUE_SEL, 1)
    driver.write(Reg.QUEUE_READY, 0)
    driver.write(Reg.QUEUE_DESC_LOW, BASE + 0x1_0000)
    driver.write(Reg.QUEUE_DRIVER_LOW, BASE + 0x2_0000)
    driver.write(Reg.QUEUE_DEVICE_LOW, BASE + 0x2_8000)
    driver.write(Reg.QUEUE_READY, 1)
    ram.data[0x2_0002:0x2_0004] = pack("<H", 1024)
    assert isinstance(ram, CountedRam)
    ram.accesses = 0
    driver.notify(1)
    assert ram.accesses < 6000  # of a million
    for done in (8, 12, 16):
        due = driver.slot.next_action.tick
        assert due != NEVER
        ram.accesses = 0
        driver.slot.advance(due)
        assert ram.accesses < 6000
        assert driver.slot._queues[1].used == done


# Random drivers whose queue, descriptors and data lie on top of each other


def tangle(random: Random, driver: Driver) -> None:
    """Places both queues in memory that is full of descriptors; these, rings and data lie on top of each other."""
    data = driver.ram.data
    areas = [DESC, AVAIL, USED, 0x8000]
    for n, at in enumerate(range(0, 0xA000, DESCRIPTOR)):
        address = BASE + random.choice(areas) + random.randrange(0x200)
        writes, size = n & 1, random.choice([1, 2, 16, 17, 64, 512, 4096])
        flags = (WRITE if writes else 0) | (NEXT if random.random() < (0.1 if writes else 0.9) else 0)
        row = (address, size if writes else max(16, size), flags, random.choice([1, 3, 5, 7]))
        data[at : at + DESCRIPTOR] = pack("<QIHH", *row)
    for queue in range(2):
        num = random.choice([8, 8, 1024])
        steps = ([0, 32, 0x400], [0, 2, 6, 64], [0, 4, 8, 0x802])
        places = [random.choice(areas) + random.choice(step) for step in steps]
        driver.write(Reg.QUEUE_SEL, queue)
        driver.write(Reg.QUEUE_READY, 0)
        driver.write(Reg.QUEUE_NUM, num)
        registers = (Reg.QUEUE_DESC_LOW, Reg.QUEUE_DRIVER_LOW, Reg.QUEUE_DEVICE_LOW)
        for register, place in zip(registers, places, strict=True):
            driver.write(register, BASE + place)
        driver.write(Reg.QUEUE_READY, 1)
        waiting = random.choice([1, num])
        heads = [random.randrange(num) & ~1 for _ in range(num)]
        data[places[1] : places[1] + 4 + 2 * num] = pack(f"<HH{num}H", 0, waiting, *heads)


@pytest.mark.parametrize("kind", ["block", "console"])
def test_whatever_lies_in_the_queues_an_exit_does_a_turns_work(kind: str) -> None:
    random = Random(kind)
    content = random.randbytes(512 * SECTORS)
    used = 0
    for _ in range(1000 if ALL else 25):
        function = VirtioConsole() if kind == "console" else Block(MemoryDisk(bytearray(content)))
        driver = Driver(VirtioMmio(function), ram := CountedRam()).start(2 if kind == "console" else 1)
        tangle(random, driver)
        if isinstance(function, VirtioConsole):
            function.feed(random.randbytes(300))
        for queue in (0, 1, 0, 1):
            ram.moved = ram.accesses = 0
            driver.notify(queue)
            used += bool(driver.read(Reg.INTERRUPT_STATUS) & 1)
            # A chain is read once and written once; what is counted for a descriptor covers its reading.
            assert ram.moved <= 2 * (TURN + LONGEST_CHAIN)
            assert ram.accesses <= 4 * (TURN // 4096 + 1024) + 16
            assert turns(driver.slot) <= 2048
    assert used > 10


# In a machine

NOTIFIES = """
_start: ldr x9, =0x0a003e00
        ldr x10, =stores
next:   ldp w0, w1, [x10], #8
        cbz w0, done
        str w1, [x9, x0]
        b next
done:   mov x19, #1
        wfi
        b .
        .balign 8
stores:
"""
PLACE = [(0x70, 3), (0x24, 1), (0x20, 1), (0x70, 11), (0x30, 1), (0x38, 8)]
AREAS = [(0x80, 0x4020_0000), (0x90, 0x4020_1000), (0xA0, 0x4020_2000), (0x44, 1), (0x70, 15), (0x50, 1)]


def test_the_guest_and_the_limit_come_in_between_the_turns() -> None:
    """A run whose device has much to do ends at its limit; one that waits goes on to each turn."""
    words = "".join(f".word {offset:#x}, {value:#x}\n" for offset, value in (*PLACE, *AREAS, (0, 0)))
    with Machine(memory="64M", controller="gicv2", virtconsole=True) as machine:
        machine.load(assemble(NOTIFIES + words))
        machine.memory.write(0x4020_0000, pack("<QIHH", 0x4100_0000, LONGEST_CHAIN, 0, 0))
        machine.memory.write(0x4020_1000, pack("<HH", 0, 5))
        console = machine.virtconsole
        assert console is not None
        notified = 2 + 4 * len(PLACE + AREAS) - 1
        for chains, limit in ((1, notified), (2, 1), (3, 1)):
            assert machine.run(limit=limit).reason is StopReason.LIMIT
            assert len(console) == chains * LONGEST_CHAIN
        assert machine.run(limit=1000).reason in (StopReason.IDLE, StopReason.LIMIT)
        assert len(console) == 5 * LONGEST_CHAIN
