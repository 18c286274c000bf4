# SPDX-License-Identifier: MIT
"""Placement of things in RAM when a guest starts, and what its first CPU finds in x0.

The rules are QEMU's for ``-kernel`` and ``-bios`` on its ``virt`` machine (docs/boot.md). Images and flat
binaries count as Linux: initial RAM disk amid RAM, device tree behind it. Anything else is a program with
addresses of its own: device tree at the start of RAM, if that is free.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from harness import arguments
from harness.arch import virt
from harness.board.devicetree import FLASH_BANK_SIZE, BoardFacts, Chosen, board_tree, with_chosen
from harness.errors import ConfigError, GuestError
from harness.files import TooLargeError, read_file
from harness.image import Program, Segment, dtb, load_flat
from harness.wording import plural

PAGE: Final = 4096
INITRD_OFFSET: Final = 128 << 20
"""Initial RAM disks go here above the start of RAM, or at half of a RAM that is smaller than twice that."""
TREE_ALIGNMENT: Final = 2 << 20
"""Linux maps the 2 MiB that the tree lies in (Documentation/arch/arm64/booting.rst)."""
BIOS_TREE_SIZE: Final = 1 << 20
"""Firmware edits its tree in place: it gets it with room to grow, as large as QEMU's."""
LONGEST_COMMAND_LINE: Final = 1 << 16
LARGEST_TREE_FILE: Final = 64 << 20
"""A file may have more than the device tree that it begins with, but not without end."""
FLASH_END: Final = 2 * FLASH_BANK_SIZE

Source = str | os.PathLike[str] | bytes
"""A file by its path, or what would be in it."""


class BootOptions(Struct, frozen=True):
    """Things that a user gives a guest besides itself; None is nothing of the kind."""

    initrd: Source | None = None
    append: str | None = None
    dtb: Source | None = None

    def __post_init__(self) -> None:
        if self.append is not None:
            arguments.guest_bytes("append", arguments.text("append", self.append))
        for name, file in (("initrd", self.initrd), ("dtb", self.dtb)):
            if file is not None and not isinstance(file, bytes):
                arguments.path(name, file)

    def __bool__(self) -> bool:
        return (self.initrd, self.append, self.dtb) != (None, None, None)


class Boot(Struct, frozen=True):
    """Guest with everything that has its place: all ``segments`` go into memory, then CPU0 starts.

    ``tree`` is the device tree that is among them, None where there was no room for one that nobody asked for.
    ``append`` is the command line that the user gave.
    """

    program: Program
    segments: tuple[Segment, ...]
    entry: int
    x0: int
    tree: bytes | None
    append: str | None


def plan_kernel(
    program: Program, facts: BoardFacts, options: BootOptions, taken: Iterable[Segment] = ()
) -> Boot:
    """Places a program with its RAM disk and device tree; GuestError says what does not fit where.

    ``taken`` are segments of programs loaded before, which the device tree and the RAM disk keep off.
    """
    room = _Room(program, facts, [*taken, *program.segments])
    blobs: list[Segment] = []
    linux = program.kind in ("image", "flat")
    initrd, end = None, room.after_image
    if options.initrd is not None:
        initrd = _initrd(options.initrd, room)
        blobs.append(initrd)
        room.occupied.append(initrd)
        end = initrd.end
    elif linux:
        end = room.initrd_start
    chosen = Chosen(_command_line(options.append), (initrd.address, initrd.end) if initrd else None)
    tree = _tree(options.dtb, facts, chosen)
    places = (room.start, _up(room.after_all, PAGE))
    address = room.first_free((_up(end, TREE_ALIGNMENT), *places) if linux else places, len(tree))
    if address is None:
        if options or program.kind == "image":
            raise room.no_place("the device tree", len(tree))
        return Boot(program, program.segments, program.entry, 0, None, options.append)
    blobs.append(Segment(address, tree, len(tree), False))
    return Boot(program, (*program.segments, *blobs), program.entry, address, tree, options.append)


def plan_bios(path: str | os.PathLike[str], facts: BoardFacts, options: BootOptions) -> Boot:
    """Places a firmware image in the first flash bank, where the CPU starts, and the tree at the start of RAM.

    x0 is 0: firmware looks for the tree where it lies.
    """
    try:
        data = read_file(path, FLASH_BANK_SIZE)
    except TooLargeError as error:
        raise GuestError(
            f"{error.size:,} bytes do not fit into a flash bank of {FLASH_BANK_SIZE:,}", file=str(path)
        ) from None
    program = load_flat(data, Path(path), 0)
    room = _Room(program, facts, program.segments)
    tree = _tree(options.dtb, facts, Chosen(_command_line(options.append)))
    if room.first_free((room.start,), len(tree)) is None:
        raise room.no_place("the device tree", len(tree))
    roomy = dtb.with_room(tree, min(BIOS_TREE_SIZE, facts.memory))
    segments = (*program.segments, Segment(room.start, roomy, len(roomy), False))
    return Boot(program, segments, program.entry, 0, tree, options.append)


class _Room:
    """RAM that a program leaves free."""

    def __init__(self, program: Program, facts: BoardFacts, occupied: Iterable[Segment]) -> None:
        self.start, self.end = virt.RAM_BASE, virt.RAM_BASE + facts.memory
        self.file = None if program.path is None else str(program.path)
        self.occupied = [segment for segment in occupied if segment.memory_size]
        for segment in program.segments:
            self._check(segment)
        inside = [s.end for s in program.segments if s.address >= self.start]
        self.after_image = max(inside, default=self.start)

    def _check(self, segment: Segment) -> None:
        """Raises GuestError unless RAM or a bank of flash holds all of it."""
        if (
            not segment.memory_size
            or segment.address // FLASH_BANK_SIZE == (segment.end - 1) // FLASH_BANK_SIZE < 2
        ):
            return
        if not self.start <= segment.address <= segment.end <= self.end:
            raise GuestError(
                f"{segment.memory_size:,} bytes at {segment.address:#x} do not fit into RAM,"
                f" which is {self.end - self.start:,} bytes from {self.start:#x} to {self.end - 1:#x}",
                file=self.file,
            )

    @property
    def initrd_start(self) -> int:
        """Far enough up that a kernel's own start does not reach it, low enough to be usable early."""
        middle = self.start + min((self.end - self.start) // 2, INITRD_OFFSET)
        return _up(max(middle, self.after_image), PAGE)

    @property
    def after_all(self) -> int:
        """First address in RAM with nothing at or above it."""
        return max((s.end for s in self.occupied if s.address >= self.start), default=self.start)

    def first_free(self, candidates: Iterable[int], size: int) -> int | None:
        """Returns the first of these addresses from which so many bytes of RAM are free."""
        return next((at for at in candidates if self._is_free(at, size)), None)

    def _is_free(self, at: int, size: int) -> bool:
        if not self.start <= at <= at + size <= self.end:
            return False
        return not any(at < segment.end and segment.address < at + size for segment in self.occupied)

    def no_place(self, what: str, size: int, file: str | None = None) -> GuestError:
        """Returns the error to raise for what does not fit."""
        used = " ".join(f"{low:#x}-{high - 1:#x}" for low, high in self._used())
        return GuestError(
            f"no room for {what} of {plural(size, 'byte')}: RAM is {self.end - self.start:,} bytes at"
            f" {self.start:#x}, used are {used or 'none'}; give the machine more memory (--memory)",
            file=file or self.file,
        )

    def _used(self) -> Iterator[tuple[int, int]]:
        for segment in sorted(self.occupied, key=lambda s: s.address):
            if segment.address >= self.start:
                yield segment.address, segment.end


def _initrd(source: Source, room: _Room) -> Segment:
    file = _name(source)
    try:
        data = _contents(source, room.end - room.start)
    except TooLargeError as error:
        raise room.no_place("an initial RAM disk", error.size, file) from None
    if not data:
        raise GuestError("an initial RAM disk without a byte", file=file)
    address = room.first_free((room.initrd_start, _up(room.after_all, PAGE)), len(data))
    if address is None:
        raise room.no_place("an initial RAM disk", len(data), file)
    return Segment(address, data, len(data), False)


def _tree(source: Source | None, facts: BoardFacts, chosen: Chosen) -> bytes:
    """Returns the user's tree, or else the board's, with what the loader has to say."""
    if source is None:
        return board_tree(facts, chosen)
    data, file = _contents(source, LARGEST_TREE_FILE), _name(source)
    data = data[: dtb.flattened_size(data, file)]
    if chosen:
        data = with_chosen(data, chosen, file)
    if len(data) > dtb.LARGEST:
        raise GuestError(
            f"a device tree of {len(data):,} bytes: at most {dtb.LARGEST:,} are usual", file=file
        )
    return data


def _command_line(text: str | None) -> str | None:
    if text is not None and ("\0" in text or len(text) > LONGEST_COMMAND_LINE):
        raise ConfigError(f"a command line is at most {LONGEST_COMMAND_LINE:,} characters, without a NUL")
    return text


def _contents(source: Source, largest: int) -> bytes:
    return source if isinstance(source, bytes) else read_file(source, largest)


def _name(source: Source) -> str | None:
    return None if isinstance(source, bytes) else os.fspath(source)


def _up(address: int, alignment: int) -> int:
    return -(-address // alignment) * alignment
