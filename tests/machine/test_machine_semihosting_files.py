# SPDX-License-Identifier: MIT
"""Semihosting's files, time and machine (Semihosting for AArch32 and AArch64, 3.0, chapter 7)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import pack

import pytest

from harness import Machine, StopReason
from harness.asm import assemble
from harness.devices.pl031 import EPOCH
from harness.errors import ConfigError
from harness.host.guest_view import PAGE, GuestView
from harness.host.semihosting import LONGEST_TRANSFER
from harness.host.semihosting import Operation as Op

FAILED = (1 << 64) - 1
BLOCK, NAME, OTHER, BUFFER = 0x4010_0000, 0x4010_0100, 0x4010_0200, 0x4010_1000
CALLS = "_start: hlt #0xf000\n b _start\n"


class Caller:
    """Makes one semihosting call after the other."""

    def __init__(self, directory: Path | None, **options: object) -> None:
        self.machine = Machine(memory="8M", semihosting_dir=directory, **options)  # type: ignore[arg-type]
        self.machine.load(assemble(CALLS))

    def call(self, operation: int, *block: int, parameter: int = BLOCK) -> int:
        """The answer, as a signed number."""
        machine = self.machine
        if block:
            machine.memory.write(BLOCK, pack(f"<{len(block)}Q", *(value & FAILED for value in block)))
        machine.cpus[0].x[0], machine.cpus[0].x[1] = operation, parameter
        stop = machine.run(limit=2)
        assert stop.reason is StopReason.LIMIT, stop.detail
        answer = machine.cpus[0].x[0]
        return answer - (1 << 64) if answer >> 63 else answer

    def name(self, text: bytes, at: int = NAME) -> tuple[int, int]:
        self.machine.memory.write(at, text + b"\0")
        return at, len(text)

    def open(self, name: bytes, mode: int = 0) -> int:
        at, size = self.name(name)
        return self.call(Op.OPEN, at, mode, size)

    def write(self, handle: int, data: bytes) -> int:
        self.machine.memory.write(BUFFER, data)
        return self.call(Op.WRITE, handle, BUFFER, len(data))

    def read(self, handle: int, size: int) -> tuple[int, bytes]:
        left = self.call(Op.READ, handle, BUFFER, size)
        return left, self.machine.memory.read(BUFFER, size - left) if left >= 0 else b""

    @property
    def errno(self) -> int:
        return self.call(Op.ERRNO)


Make = Callable[..., Caller]


@pytest.fixture
def make() -> Iterator[Make]:
    callers: list[Caller] = []

    def start(directory: Path | None = None, **options: object) -> Caller:
        callers.append(Caller(directory, **options))
        return callers[-1]

    yield start
    for caller in callers:
        caller.machine.close()


@pytest.fixture
def host(make: Make, tmp_path: Path) -> Caller:
    (tmp_path / "sub").mkdir()
    (tmp_path / "hello.txt").write_bytes(b"Hello, guest")
    return make(tmp_path)


def test_a_file_is_read(host: Caller) -> None:
    """7.2: SYS_READ answers how much of the buffer was *not* filled."""
    handle = host.open(b"hello.txt")
    assert handle > 0
    assert host.call(Op.FLEN, handle) == 12
    assert host.read(handle, 5) == (0, b"Hello")
    assert host.read(handle, 20) == (13, b", guest")
    assert host.read(handle, 20) == (20, b"")
    assert host.call(Op.SEEK, handle, 7) == 0
    assert host.read(handle, 5) == (0, b"guest")
    assert (host.call(Op.ISTTY, handle), host.call(Op.CLOSE, handle)) == (0, 0)
    assert (host.call(Op.CLOSE, handle), host.errno) == (-1, errno.EBADF)


def test_a_file_is_written_appended_removed_and_renamed(host: Caller, tmp_path: Path) -> None:
    handle = host.open(b"sub/./new", 4)
    assert host.write(handle, b"one") == 0
    host.call(Op.CLOSE, handle)
    handle = host.open(b"sub//new", 8)
    assert host.write(handle, b" two" * 2000) == 0
    host.call(Op.CLOSE, handle)
    assert (tmp_path / "sub/new").read_bytes() == b"one" + b" two" * 2000
    old, new = host.name(b"sub/new"), host.name(b"moved", OTHER)
    assert host.call(Op.RENAME, *old, *new) == 0
    assert host.call(Op.REMOVE, *old) == -1
    assert host.errno == errno.ENOENT
    assert host.call(Op.REMOVE, *host.name(b"moved")) == 0
    assert sorted(os.listdir(tmp_path)) == ["hello.txt", "sub"]
    assert os.listdir(tmp_path / "sub") == []


@pytest.mark.parametrize("mode", range(12))
def test_the_modes_are_those_of_fopen(host: Caller, tmp_path: Path, mode: int) -> None:
    kind = ["r", "r", "r+", "r+", "w", "w", "w+", "w+", "a", "a", "a+", "a+"][mode]
    handle = host.open(b"hello.txt", mode)
    assert (host.write(handle, b"J") == 0) is (kind != "r")
    host.call(Op.SEEK, handle, 0)
    assert (host.read(handle, 1)[0] == 0) is (kind in ("r", "r+", "w+", "a+"))
    content = {"r": b"Hello, guest", "r+": b"Jello, guest", "w": b"J", "a": b"Hello, guestJ"}
    host.call(Op.CLOSE, handle)
    assert (tmp_path / "hello.txt").read_bytes() == content.get(kind, content[kind[0]])


def test_a_file_that_is_not_there(host: Caller) -> None:
    assert (host.open(b"none"), host.errno) == (-1, errno.ENOENT)
    assert (host.open(b"none/none", 4), host.errno) == (-1, errno.ENOENT)
    assert host.open(b"hello.txt", 12) == -1
    assert host.errno == errno.EINVAL


ESCAPES = [
    b"../outside",
    b"sub/../../outside",
    b"sub/..",
    b"..",
    b"/etc/passwd",
    b"link",
    b"away/outside",
    b"inside/x",
    b"fifo",
    b"sub",
    b".",
    b"",
    b"a" * 5000,
    b"hello.txt\0",
]


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("mode", [0, 4, 8])
def test_no_path_leads_out(make: Make, tmp_path: Path, name: bytes, mode: int) -> None:
    """Not up, not absolute, not through a link of any kind; and only to a plain file."""
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "hello.txt").write_bytes(b"")
    (tmp_path / "outside").write_bytes(b"secret")
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "away").symlink_to(tmp_path)
    (root / "inside").symlink_to(root / "sub")
    os.mkfifo(root / "fifo")
    host = make(root)
    assert (host.open(name, mode), host.errno != 0) == (-1, True)
    if name not in (b"link", b"fifo"):  # these themselves may go
        assert host.call(Op.REMOVE, *host.name(name)) == -1
    assert host.call(Op.RENAME, *host.name(b"hello.txt"), *host.name(b"../gone", OTHER)) == -1
    assert (tmp_path / "outside").read_bytes() == b"secret"


def test_without_a_directory_every_file_is_refused(make: Make) -> None:
    host = make()
    for mode in (0, 4):
        assert (host.open(b"hello.txt", mode), host.errno) == (-1, errno.EACCES)
    assert host.call(Op.REMOVE, *host.name(b"x")) == -1


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such directory"):
        Machine(semihosting_dir=tmp_path / "none")


def test_handles_run_out(host: Caller) -> None:
    handles = [host.open(b"hello.txt") for _ in range(65)]
    assert handles == [*range(1, 65), -1]
    assert host.errno == errno.EMFILE
    host.call(Op.CLOSE, 7)
    assert host.open(b"hello.txt") == 7


@pytest.mark.parametrize("address", [0, 0x0900_0000, 0x4080_0000 - 8, FAILED, FAILED - 7])
@pytest.mark.parametrize("operation", [op for op in Op if op not in (Op.EXIT, Op.EXIT_EXTENDED)])
def test_a_block_that_is_no_memory_is_an_error(host: Caller, operation: int, address: int) -> None:
    """Never an exception of the host's."""
    host.call(operation, parameter=address)


@pytest.mark.parametrize("operation", [Op.OPEN, Op.WRITE, Op.READ, Op.REMOVE, Op.RENAME, Op.TMPNAM])
@pytest.mark.parametrize("values", [(1, 0, FAILED, FAILED), (FAILED,) * 4, (0, 1, 1 << 40, 0)])
def test_absurd_blocks(host: Caller, operation: int, values: tuple[int, ...]) -> None:
    host.open(b"hello.txt", 2)
    host.call(operation, *values)


def test_a_buffer_that_ends_amid_ram_is_filled_so_far(host: Caller) -> None:
    handle = host.open(b"hello.txt")
    assert host.call(Op.READ, handle, 0x4080_0000 - 4, 12) == 8
    assert host.call(Op.READ, handle, 0x4080_0000 - 0x1000, 0x2000) == 0x2000 - 8


def test_the_console_as_a_file(host: Caller) -> None:
    """7.2: ":tt" is the console, by its mode for reading, writing, or errors."""
    reader, writer, errors = (host.open(b":tt", mode) for mode in (0, 4, 8))
    assert [host.call(Op.ISTTY, handle) for handle in (reader, writer, errors)] == [1, 1, 1]
    assert (host.write(writer, b"out "), host.write(errors, b"err")) == (0, 0)
    assert host.machine.console.text == "out err"
    host.machine.console.feed("typed text")
    assert host.read(reader, 5) == (0, b"typed")
    assert host.call(Op.READC) == ord(" ")
    assert host.read(reader, 10) == (6, b"text")
    assert host.read(reader, 10) == (10, b"")
    assert host.call(Op.READC) == -1
    assert (host.write(reader, b"x"), host.errno) == (-1, errno.EBADF)
    assert host.call(Op.SEEK, writer, 0) == -1
    assert host.call(Op.FLEN, writer) == -1


def test_features(host: Caller) -> None:
    """6.2: extended exit, and separate output and error."""
    handle = host.open(b":semihosting-features")
    assert host.call(Op.FLEN, handle) == 5
    assert host.read(handle, 10) == (5, b"SHFB\x03")
    assert host.open(b":semihosting-features", 4) == -1


def test_time_is_virtual(host: Caller) -> None:
    """7.2: centiseconds since the start, seconds since 1970 from a fixed epoch, ticks and their frequency."""
    host.machine.clock.jump(62_500_000 * 3 + 31_250_000)
    assert host.call(Op.CLOCK) == 350
    assert host.call(Op.TIME) == EPOCH + 3
    assert host.call(Op.TICKFREQ) == 62_500_000
    assert host.call(Op.ELAPSED) == 0
    assert host.machine.ticks - host.machine.memory.u64(BLOCK) == 1


def test_is_error(host: Caller) -> None:
    assert [host.call(Op.ISERROR, value) for value in (0, 5, -1, -22)] == [0, 0, 1, 1]


def test_temporary_names(host: Caller) -> None:
    assert host.call(Op.TMPNAM, BUFFER, 7, 64) == 0
    assert host.machine.memory.read(BUFFER, 20).split(b"\0")[0] == b"semihosting-007.tmp"
    assert host.call(Op.TMPNAM, BUFFER, 7, 5) == -1
    assert host.call(Op.TMPNAM, BUFFER, 256, 64) == -1


def test_no_command_of_the_host_is_run(host: Caller) -> None:
    assert (host.call(Op.SYSTEM, *host.name(b"true")), host.errno) == (-1, errno.EPERM)


def test_the_command_line(tmp_path: Path) -> None:
    source = tmp_path / "prog.S"
    source.write_text(CALLS)
    with Machine(memory="8M") as machine:
        machine.load(source, append="-v now")
        machine.memory.write(BLOCK, pack("<2Q", BUFFER, 64))
        machine.cpus[0].x[0], machine.cpus[0].x[1] = Op.GET_CMDLINE, BLOCK
        machine.run(limit=1)
        assert machine.cpus[0].x[0] == 0
        assert machine.memory.read(BUFFER, 14) == b"prog.S -v now\0"
        assert machine.memory.u64(BLOCK + 8) == 13


def test_a_buffer_too_small_for_the_command_line(host: Caller) -> None:
    host.machine.load(assemble(CALLS), append="x" * 64)
    assert host.call(Op.GET_CMDLINE, BUFFER, 64) == -1
    assert host.call(Op.GET_CMDLINE, BUFFER, 65) == 0


def test_heap_and_stack_lie_where_nothing_was_loaded(host: Caller) -> None:
    assert host.call(Op.HEAPINFO, BUFFER) == 0
    low, high, stack, limit = (host.machine.memory.u64(BUFFER + 8 * n) for n in range(4))
    assert (low, high) == (limit, stack)
    assert (low % 4096, high % 4096) == (0, 0)
    assert high - low > 4 << 20
    loaded = [s for boot in host.machine._loader.boots for s in boot.segments]
    assert loaded
    assert all(s.end <= low or s.address >= high for s in loaded)


def test_addresses_are_virtual() -> None:
    """Through the guest's stage 1: RAM seen 4 GiB up."""
    source = """
    _start: adr x1, table
            ldr x0, =0x40000701         // level 1: 1 GiB at VA 0x1_4000_0000, and the identity
            str x0, [x1, #8]
            str x0, [x1, #40]
            msr ttbr0_el1, x1
            mov x0, #0xff
            msr mair_el1, x0
            ldr x0, =0x100803519
            msr tcr_el1, x0
            isb
            mrs x0, sctlr_el1
            orr x0, x0, #1
            msr sctlr_el1, x0
            isb
            mov w0, #4                  // SYS_WRITE0
            adr x1, text
            mov x2, #0x100000000
            add x1, x1, x2
            hlt #0xf000
            mov w0, #4
            ldr x1, =0x80000000         // not mapped
            hlt #0xf000
            mov w0, #0x20
            adr x1, block
            add x1, x1, x2
            hlt #0xf000
    text:   .asciz "far away"
            .balign 8
    block:  .quad 0x20026, 7
            .balign 4096
    table:  .space 4096
    """
    with Machine(memory="8M") as machine:
        machine.load(assemble(source))
        stop = machine.run(limit=100)
        assert (stop.reason, stop.code) == (StopReason.EXIT, 7), stop.detail
        assert machine.console.text == "far away"


def test_files_are_closed_at_a_reset(host: Caller) -> None:
    assert host.open(b"hello.txt") == 1
    host.machine.reset()
    assert host.open(b"hello.txt") == 1


# Bounds

SAME = 0x4020_0000


def alias(machine: Machine) -> None:
    """Maps over all 256 TiB of addresses, but for the first 2 MiB of each GiB, the same 2 MiB of RAM."""
    l0, l1, l2 = 0x4060_0000, 0x4060_1000, 0x4060_2000
    for table, entry in ((l0, l1 | 3), (l1, l2 | 3), (l2, SAME | 0x701)):
        machine.memory.write(table, pack("<512Q", *[entry] * 512))
    machine.memory.write(l2, pack("<Q", 0x4000_0000 | 0x701))
    machine.memory.write(SAME, b"x" * 0x20_0000)
    sysreg = machine.cpus[0].sysreg
    sysreg["MAIR_EL1"] = 0xFF
    sysreg["TCR_EL1"] = 16 | 16 << 16 | 2 << 30 | 5 << 32
    sysreg["TTBR0_EL1"] = l0
    sysreg["SCTLR_EL1"] |= 1


@pytest.mark.parametrize("operation", ["file", "console", "read", "write0", "open"])
def test_the_work_of_a_call_is_bounded_whatever_the_guest_maps(
    host: Caller, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """7.2: what is left over is answered, so a short transfer is no error."""
    looked = 0
    translate = host.machine._pes[0].translate_data

    def counted(va: int, *, write: bool) -> int | None:
        nonlocal looked
        looked += 1
        return translate(va, write=write)

    size = 1 << 46
    file, console, source = host.open(b"out", 4), host.open(b":tt", 4), host.open(b"hello.txt", 2)
    alias(host.machine)
    monkeypatch.setattr(host.machine._pes[0], "translate_data", counted)
    match operation:
        case "file":
            assert host.call(Op.WRITE, file, SAME, size) == size - LONGEST_TRANSFER
            assert host.call(Op.FLEN, file) == LONGEST_TRANSFER
        case "console":
            assert host.call(Op.WRITE, console, SAME, size) == size - LONGEST_TRANSFER
            assert len(host.machine.console) == LONGEST_TRANSFER
        case "read":
            assert host.call(Op.READ, source, SAME, size) == size - len(b"Hello, guest")
        case "write0":
            host.call(Op.WRITE0, parameter=SAME)
            assert len(host.machine.console) == LONGEST_TRANSFER
        case "open":
            assert (host.call(Op.OPEN, SAME, 0, size), host.errno) == (-1, errno.EFAULT)
    assert 0 < looked <= LONGEST_TRANSFER // PAGE + 8


def test_a_transfer_into_code_forgets_it_once(host: Caller) -> None:
    """What was translated of the pages is dropped after the call, once of each, or all code where they are many."""
    memory, flushes = host.machine.memory, []
    view = GuestView(host.machine._pes[0], memory)
    memory.attach(watcher := Watcher(flushes.append))
    many = range(0x4001_0000, 0x4003_0000, PAGE)
    for pages, told in ((many[:4], [hex(page) for page in many[:4]]), (many, ["code"])):
        for page in pages:
            memory.resolve(page, write=False, fetch=True)
        flushes.clear()
        assert view.write(0x4001_0000, bytes(len(pages) * PAGE)) == len(pages) * PAGE
        assert flushes == told
    memory.detach(watcher)


class Watcher:
    """Hears of what memory tells a PE."""

    def __init__(self, told: Callable[[str], object]) -> None:
        self._told = told

    def map_buffer(self, base: int, size: int, address: int) -> None: ...

    def flush_addresses(self) -> None: ...

    def flush_code(self) -> None:
        self._told("code")

    def flush_code_at(self, ipa: int, size: int) -> None:
        self._told(hex(ipa))

    def trap_tlb_maintenance(self) -> None: ...
