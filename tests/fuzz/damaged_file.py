# SPDX-License-Identifier: MIT
"""Files of guests, whole and damaged: ELF, arm64 Image, gzip, device tree, manifest, flat binary."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from random import Random
from typing import Final, Literal

from harness.board.devicetree import BoardFacts, Chosen, board_tree
from harness.engine.memory.stage2 import PAGE_SIZE
from harness.image import DEFAULT_BASE
from harness.machine.parts import board_facts
from harness.options import ControllerKind, MachineOptions

OFF: Final = bytes.fromhex("0080b05200200011020000d4")
"""mov w0, #0x84000000; add w0, w0, #8; hvc #0: PSCI SYSTEM_OFF."""

_NUMBERS: Final = (
    0,
    1,
    2,
    3,
    7,
    8,
    63,
    64,
    0x7F,
    0x80,
    0xFF,
    0x1000,
    0xFFFF,
    1 << 31,
    (1 << 32) - 1,
    1 << 48,
    1 << 63,
)
_MANIFEST: Final = """\
description = "a guest"
[guest]
source = "main.S"
append = "quiet"
[machine]
cpus = 2
memory = "4M"
controller = "vgic"
cpus_allowed = [1, 2]
serial = "string:hello"
[run]
limit = 2000
[[stimulus]]
at = 100
do = "spi=1:high"
[[stimulus]]
at = 200
do = 'uart=a\\n'
[expect]
stop = "power_off"
console = \"\"\"
\"\"\"
console_contains = ["a", "b"]
[expect.symbols]
_start = 0x1234
[expect.interrupts.27]
count = 0
world_switches = { vgic = 1.5, rvic = 2 }
"""


def elf(random: Random) -> bytes:
    """Returns a program of a few segments, with symbols."""
    segments = [
        (5, DEFAULT_BASE, DEFAULT_BASE, OFF),
        (6, DEFAULT_BASE + PAGE_SIZE, DEFAULT_BASE + PAGE_SIZE, b"data"),
    ]
    if random.random() < 0.3:
        segments.append(
            (random.randrange(8), random.choice((0, 1 << 47, 1 << 63)), random.choice((0, 1 << 20)), b"more")
        )
    table, place = b"", 64 + 56 * len(segments)
    for flags, virtual, physical, data in segments:
        table += struct.pack("<IIQQQQQQ", 1, flags, place, virtual, physical, len(data), len(data) + 64, 8)
        place += len(data)
    contents = b"".join(segment[3] for segment in segments)
    names, sections = b"\0_start\0here\0", b"\0.symtab\0.strtab\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 1, DEFAULT_BASE, 0)
    symbols += struct.pack("<IBBHQQ", 8, 0x11, 0, 1, DEFAULT_BASE + 8, 4)
    headers = bytes(64) + struct.pack("<IIQQQQIIQQ", 1, 2, 0, 0, place, len(symbols), 2, 1, 8, 24)
    place += len(symbols)
    headers += struct.pack("<IIQQQQIIQQ", 9, 3, 0, 0, place, len(names), 0, 0, 1, 0)
    place += len(names)
    headers += struct.pack("<IIQQQQIIQQ", 9, 3, 0, 0, place, len(sections), 0, 0, 1, 0)
    place += len(sections)
    head = struct.pack(
        "<HHIQQQIHHHHHH", 2, 183, 1, DEFAULT_BASE, 64, place, 0, 64, 56, len(segments), 64, 4, 3
    )
    return b"\x7fELF\2\1\1" + bytes(9) + head + table + contents + symbols + names + sections + headers


def image(random: Random) -> bytes:
    """Returns an arm64 Image: a branch over its header, then the program."""
    header = struct.pack(
        "<IIQQQQQQ4sI", 0x1400_0010, 0, random.choice((0, 0x8_0000, 1 << 20)), 4096, 0, 0, 0, 0, b"ARM\x64", 0
    )
    return header + OFF


def flat(random: Random) -> bytes:
    """Returns a flat binary."""
    return OFF + random.randbytes(random.randrange(40))


def packed(random: Random) -> bytes:
    """Returns one of the others, or nothing, packed by gzip, in one member or more."""
    data = random.choice((elf, image, flat, lambda _random: b""))(random)
    cut = random.randrange(len(data) + 1)
    parts = [data] if random.random() < 0.7 else [data[:cut], data[cut:]]
    padding = bytes(random.choice((0, 0, 512)))
    return b"".join(gzip.compress(part, random.randrange(10), mtime=0) for part in parts) + padding


def tree(random: Random) -> bytes:
    """Returns a device tree as the board has it."""
    facts: BoardFacts = board_facts(MachineOptions(controller=random.choice(tuple(ControllerKind)).value))
    return board_tree(facts, Chosen("quiet"))


def manifest(_random: Random) -> bytes:
    """Returns a guest.toml that says a little of everything."""
    return _MANIFEST.encode()


MAKERS: Final[dict[str, Callable[[Random], bytes]]] = {
    "kernel.elf": elf,
    "Image": image,
    "flat.bin": flat,
    "packed.gz": packed,
    "packed.bin.gz": packed,
    "board.dtb": tree,
    "guest.toml": manifest,
}
"""Makers of whole files, by the names of the files."""


def damaged(data: bytes, random: Random) -> bytes:
    """Returns data with a few faults: bits that flipped, numbers that cannot be, parts lost, doubled or moved."""
    changed = bytearray(data)
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 5, 12))):
        at = random.randrange(len(changed) + 1)
        match random.randrange(7):
            case 0 if at < len(changed):
                changed[at] ^= 1 << random.randrange(8)
            case 1 if at < len(changed):
                changed[at] = random.randrange(256)
            case 2:
                number, size = random.choice(_NUMBERS), random.choice((1, 2, 4, 8))
                order: Literal["little", "big"] = random.choice(("little", "big"))
                changed[at : at + size] = (number & (1 << 8 * size) - 1).to_bytes(size, order)
            case 3:
                del changed[at:]
            case 4:
                del changed[at : at + random.randrange(1, 40)]
            case 5:
                changed[at:at] = changed[at : at + random.randrange(1, 200)] * random.randrange(1, 40)
            case _:
                changed[at:at] = random.randbytes(random.randrange(1, 9))
    return bytes(changed)
