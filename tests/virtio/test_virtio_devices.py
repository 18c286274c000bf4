# SPDX-License-Identifier: MIT
"""The console (virtio 1.2, 5.3) and block (5.2) devices, through a driver of the tests' own."""

from __future__ import annotations

from struct import unpack_from

import pytest
from virtio_driver import BASE, DATA, Driver, header

from harness.devices import Block, MemoryDisk, VirtioConsole, VirtioMmio
from harness.devices.virtio.block import F_FLUSH, F_RO, Disk
from harness.devices.virtio.registers import VirtioRegister as Reg

IN, OUT, FLUSH, GET_ID = 0, 1, 4, 8
OK, IOERR, UNSUPP = 0, 1, 2


class Broken(MemoryDisk):
    """A disk whose host has failed."""

    def read(self, offset: int, size: int) -> bytes:
        raise OSError("gone")

    def write(self, offset: int, data: bytes) -> None:
        raise OSError("gone")

    def flush(self) -> None:
        raise OSError("gone")


def disk(sectors: int = 4, *, readonly: bool = False, kind: type[MemoryDisk] = MemoryDisk) -> MemoryDisk:
    return kind(bytearray(b"".join(bytes([n]) * 512 for n in range(sectors))), readonly, "my-disk")


def block(disk: Disk) -> Driver:
    return Driver(VirtioMmio(Block(disk))).start()


def request(driver: Driver, sent: bytes, room: int = 0) -> tuple[int, bytes]:
    """Status and data of one request, in buffers of its header, its data and its status."""
    buffers: list[tuple[bytes | int, int]] = [(sent[:16], 0)]
    buffers += [(sent[16:], 1)] if sent[16:] else []
    buffers += [(room, 2)] if room else []
    at = driver.chain(0, *buffers, (1, 3))
    driver.ram.data[at[-1]] = 0xAA
    driver.notify(0)
    assert driver.used(0) == [(0, room + 1)]
    data = bytes(driver.ram.data[at[-2] : at[-2] + room])
    return driver.ram.data[at[-1]], data


def test_a_disk_says_what_it_is() -> None:
    """5.2.4."""
    driver = block(disk(5))
    config = b"".join(driver.read(0x100 + n, 1).to_bytes(1, "little") for n in range(64))
    assert unpack_from("<QII", config) == (5, 0, 254)
    assert unpack_from("<I", config, 20) == (512,)
    assert (driver.read(0x100, 8), driver.read(0x100, 4), driver.read(0x114, 2)) == (5, 5, 512)
    assert driver.read(0x1FC) == 0
    assert driver.offered() & (F_RO | F_FLUSH) == F_FLUSH
    assert block(disk(readonly=True)).offered() & F_RO


@pytest.mark.parametrize(("sector", "count"), [(0, 1), (3, 1), (1, 2), (0, 0), (4, 0)])
def test_in_reads_sectors(sector: int, count: int) -> None:
    driver = block(disk())
    expected = b"".join(bytes([n]) * 512 for n in range(sector, sector + count))
    assert request(driver, header(IN, sector), 512 * count) == (OK, expected)


@pytest.mark.parametrize(
    ("sector", "room"), [(4, 512), (3, 1024), (0, 511), (0, 1), ((1 << 64) - 1, 512), (1 << 55, 512)]
)
def test_in_beyond_the_disk_or_of_parts_is_an_error(sector: int, room: int) -> None:
    assert request(block(disk()), header(IN, sector), room) == (IOERR, bytes(room))


def test_out_writes_sectors() -> None:
    target = disk()
    assert request(block(target), header(OUT, 2) + b"w" * 512)[0] == OK
    assert target.data[1023:1537] == b"\x01" + b"w" * 512 + b"\x03"


@pytest.mark.parametrize(("sector", "size"), [(4, 512), (3, 1024), (0, 100)])
def test_out_beyond_the_disk_or_of_parts_is_an_error(sector: int, size: int) -> None:
    target = disk()
    assert request(block(target), header(OUT, sector) + bytes(size))[0] == IOERR
    assert target == disk()


def test_out_to_a_read_only_disk_is_an_error() -> None:
    """5.2.6.2."""
    target = disk(readonly=True)
    assert request(block(target), header(OUT) + b"w" * 512)[0] == IOERR
    assert target.data == disk().data


def test_flush_and_identity() -> None:
    target = disk()
    driver = block(target)
    assert (request(driver, header(FLUSH))[0], target.flushes) == (OK, 1)
    assert request(driver, header(GET_ID), 20) == (OK, b"my-disk".ljust(20, b"\0"))
    assert request(driver, header(GET_ID), 3) == (OK, b"my-")


@pytest.mark.parametrize("kind", [2, 5, 10, 11, 13, 0x8000_0000, 0xFFFF_FFFF])
def test_another_request_is_unsupported(kind: int) -> None:
    assert request(block(disk()), header(kind), 8) == (UNSUPP, bytes(8))


@pytest.mark.parametrize(("kind", "room"), [(IN, 512), (OUT, 0), (FLUSH, 0)])
def test_a_host_error_is_an_io_error(kind: int, room: int) -> None:
    assert request(block(disk(kind=Broken)), header(kind), room)[0] == IOERR


def test_a_last_sector_that_is_not_whole_is_filled_with_zeros() -> None:
    driver = block(MemoryDisk(bytearray(b"x" * 600)))
    assert driver.read(0x100) == 2
    assert request(driver, header(IN, 1), 512) == (OK, b"x" * 88 + bytes(424))


def test_buffers_may_be_cut_in_any_way() -> None:
    """2.7.4.3: no assumption about framing."""
    driver = block(disk())
    sent = header(IN, 1)
    at = driver.chain(0, (sent[:3], 0), (sent[3:], 1), (500, 2), (13, 3))
    driver.notify(0)
    assert driver.used(0) == [(0, 513)]
    data = driver.ram.data
    assert data[at[2] : at[2] + 500] + data[at[3] : at[3] + 13] == b"\x01" * 512 + bytes([OK])


def test_several_requests_in_one_notification() -> None:
    driver = block(disk())
    for n in range(2):
        driver.chain(0, (header(IN, n), 4 * n), (512, 4 * n + 1), (1, 4 * n + 2))
    driver.notify(0)
    assert driver.used(0) == [(0, 513), (4, 513)]
    assert driver.ram.data[DATA + 0x400 * 5] == 1


# Console


@pytest.fixture
def console() -> Driver:
    return Driver(VirtioMmio(VirtioConsole())).start(2)


def test_what_is_transmitted_is_printed(console: Driver) -> None:
    """5.3.6."""
    console.chain(1, (b"Hello, ", 0), (b"world", 1))
    console.chain(1, (b"!\n", 2))
    console.notify(1)
    assert console.slot.function.output == b"Hello, world!\n"
    assert console.used(1) == [(0, 0), (2, 0)]


def test_what_is_typed_waits_for_buffers(console: Driver) -> None:
    console.slot.function.feed(b"abcdef")
    assert not console.slot.irq.level
    (at,) = console.chain(0, (4, 0))
    console.notify(0)
    assert (console.used(0), console.slot.irq.level) == ([(0, 4)], True)
    assert console.ram.data[at : at + 4] == b"abcd"
    (at,) = console.chain(0, (4, 1))
    console.notify(0)
    assert console.used(0) == [(1, 2)]
    assert console.ram.data[at : at + 2] == b"ef"


def test_what_is_typed_later_needs_no_notification(console: Driver) -> None:
    console.chain(0, (4, 0))
    console.notify(0)
    assert console.used(0) == []
    console.slot.function.feed(b"z")
    assert console.used(0) == [(0, 1)]


def test_emergency_write_needs_no_driver() -> None:
    """5.3.5."""
    slot = VirtioMmio(VirtioConsole())
    slot.write(0, 0x108, 4, ord("!"))
    slot.write(0, 0x104, 4, ord("?"))
    assert slot.function is not None
    assert slot.function.output == b"!"


def test_a_buffer_in_rom_can_be_sent_but_not_filled(console: Driver) -> None:
    rom = BASE + 0x3_F000
    console.ram.data[0x3_F000:0x3_F003] = b"rom"
    console.descriptor(1, 0, rom, 3, 0, 0)
    console.available(1, 0)
    console.notify(1)
    assert console.slot.function.output == b"rom"
    console.descriptor(0, 0, rom, 3, 2, 0)
    console.available(0, 0)
    console.slot.function.feed(b"x")
    console.notify(0)
    assert console.read(Reg.STATUS) & 64
