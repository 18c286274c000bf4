# SPDX-License-Identifier: MIT
"""Random guests: code that does what guests do (registers, tables, devices, calls), in no sensible order.

A guest that is nothing but random words dies at its first one. So most of these are made of stanzas, each a few
instructions that could stand in a kernel: load a value that means something, then use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from struct import pack
from typing import Final

from harness.arch.rvic import RVIC_BASE, RVID_BASE
from harness.arch.sysreg import ENCODINGS_TO_NAMES, SysregEncoding

STUB: Final = 0x4008_0000
"""Where a machine starts: a branch to CODE, so that a machine can be reset into another guest."""
CODE: Final = 0x4008_1000
VECTORS: Final = 0x4008_2000
DATA: Final = 0x4008_3000
"""A page that code reads, writes and uses as a translation table."""
DATA_SIZE: Final = 0x4000
LENGTH: Final = 160  # instructions in the longest of them
_NOP: Final = 0xD503_201F
_ERET: Final = 0xD69F_03E0
_REGISTERS: Final = tuple(ENCODINGS_TO_NAMES)
_PLACES: Final = (
    *(STUB, CODE, VECTORS, DATA, DATA + 0x1000, DATA + 0xFFC, 0x4000_0000, 0x403F_FFF8, 0x4040_0000),
    *(0, 0x0400_0000, 0x0800_0000, 0x0801_0000, 0x0802_0000, 0x0803_0000, 0x0804_0000),
    *(0x0900_0000, 0x0901_0000, 0x0A00_0000, 0x0A00_3E00, 0x0B00_0000, 0x0C00_0000, 1 << 39, 1 << 48),
    *((1 << 64) - 0x1000, 0xFFFF_8000_0000_0000, 0xFFFF_FF80_4008_1000),
)
_FUNCTIONS: Final = (RVIC_BASE, RVID_BASE, 0x8400_0000, 0xC400_0000, 0x8000_0000)
_DEVICES: Final = (0x0800_0000, 0x0801_0000, 0x0900_0000, 0x0901_0000, 0x0A00_3E00, 0x0B00_0000)

Words = Iterator[int]


def random_image(random: Random) -> tuple[bytes, bytes, bytes]:
    """Returns code, vectors and data of a guest, for the addresses above."""
    kinds = _NOISE if random.random() < 0.1 else _STANZAS
    code = [*_install_vectors(random)] if random.random() < 0.8 else []
    length = random.randrange(8, LENGTH)
    while len(code) < length:
        code += random.choice(kinds)(random)
    vectors: list[int] = []
    for _ in range(16):
        handler = list(_handler(random))[:32]
        vectors += handler + [_NOP] * (32 - len(handler))
    data = [_entry(random) for _ in range(DATA_SIZE // 8)] if random.random() < 0.5 else []
    return (
        pack(f"<{len(code)}I", *code),
        pack(f"<{len(vectors)}I", *vectors),
        pack(f"<{len(data)}Q", *data),
    )


def a_value(random: Random) -> int:
    """Returns a number that something may take for one that means something."""
    match random.randrange(8):
        case 0:
            return random.randrange(64)
        case 1:
            return random.choice(_PLACES)
        case 2:
            return random.choice(_PLACES) + random.randrange(0x1000) & (1 << 64) - 1
        case 3:
            return 1 << random.randrange(64)
        case 4:
            return (1 << random.randrange(65)) - 1
        case 5:
            return random.choice(_FUNCTIONS) + random.randrange(32)
        case 6:
            return random.getrandbits(32)
        case _:
            return random.getrandbits(64)


def move(register: int, value: int) -> Words:
    """Yields MOVZ and MOVKs."""
    first = True
    for part in range(4):
        piece = value >> 16 * part & 0xFFFF
        if piece or (part == 3 and first):
            yield (0xD280_0000 if first else 0xF280_0000) | part << 21 | piece << 5 | register
            first = False


def system(encoding: SysregEncoding, register: int, *, read: bool) -> int:
    """Returns MRS or MSR (register)."""
    op0, op1, crn, crm, op2 = encoding
    return 0xD500_0000 | read << 21 | op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5 | register


def _any(random: Random) -> Words:
    yield random.getrandbits(32)


def _load_store(random: Random) -> Words:
    yield random.getrandbits(32) & ~(1 << 25) | 1 << 27


def _data_processing(random: Random) -> Words:
    word = random.getrandbits(32)
    yield word & ~(7 << 26) | 4 << 26 if random.random() < 0.5 else word & ~(7 << 25) | 5 << 25


def _floating_point(random: Random) -> Words:
    yield random.getrandbits(32) | 7 << 25


def _load_value(random: Random) -> Words:
    yield from move(random.randrange(31), a_value(random))


def _load_store_known(random: Random) -> Words:
    address, other = random.randrange(4), random.randrange(4, 31)
    yield from move(address, a_value(random))
    if random.random() < 0.3:
        yield from move(other, a_value(random))
    shape = random.choice((0x3900_0000, 0xB900_0000, 0xF900_0000, 0x7900_0000, 0x3D00_0000, 0xA900_0000))
    pair = shape == 0xA900_0000
    offset = random.randrange(64) if random.random() < 0.3 else 0
    yield shape | random.getrandbits(1) << 22 | offset << (15 if pair else 10) | address << 5 | other


def _exclusive(random: Random) -> Words:
    yield from move(1, a_value(random))
    yield (
        0x0800_7C00
        | random.getrandbits(2) << 30
        | random.getrandbits(9) << 15
        | 1 << 5
        | random.randrange(31)
    )


def _atomic(random: Random) -> Words:
    yield from move(1, a_value(random))
    yield (
        0x3820_0000
        | random.getrandbits(2) << 30
        | random.getrandbits(2) << 22
        | random.getrandbits(11) << 10
        | 34
    )


def _msr_mrs(random: Random) -> Words:
    encoding = random.choice(_REGISTERS)
    if random.random() < 0.15:
        encoding = SysregEncoding(*(random.randrange(2, 4), *(random.getrandbits(n) for n in (3, 4, 4, 3))))
    register, read = random.randrange(31), random.random() < 0.3
    if not read:
        yield from move(register, a_value(random))
    yield system(encoding, register, read=read)


def _msr_immediate(random: Random) -> Words:
    if random.random() < 0.7:
        yield random.choice((0xD503_40DF, 0xD503_40FF)) | random.getrandbits(4) << 8
    else:
        yield (
            0xD500_401F
            | random.getrandbits(3) << 16
            | random.getrandbits(4) << 8
            | random.getrandbits(3) << 5
        )


def _maintenance(random: Random) -> Words:
    register = random.randrange(31)
    yield from move(register, a_value(random))
    yield (
        0xD508_0000
        | random.getrandbits(3) << 16
        | random.choice((7, 8)) << 12
        | random.getrandbits(7) << 5
        | register
    )


def _hint_or_barrier(random: Random) -> Words:
    yield random.choice(
        (0xD503_201F | random.getrandbits(7) << 5, 0xD503_301F | random.getrandbits(7) << 5, 0xD503_3FDF)
    )


def _wait(random: Random) -> Words:
    yield random.choice((0xD503_207F, 0xD503_205F, 0xD503_203F, 0xD503_209F))


def _branch(random: Random) -> Words:
    offset = random.randrange(-12, 24)
    match random.randrange(4):
        case 0:
            yield 0x1400_0000 | random.getrandbits(1) << 31 | offset & 0x3FF_FFFF
        case 1:
            yield 0x5400_0000 | (offset & 0x7_FFFF) << 5 | random.getrandbits(4)
        case 2:
            yield (
                0x3400_0000
                | random.getrandbits(1) << 31
                | random.getrandbits(1) << 24
                | (offset & 0x7_FFFF) << 5
            )
        case _:
            yield from move(3, a_value(random))
            yield random.choice((0xD61F_0060, 0xD63F_0060, 0xD65F_0060))


def _exception(random: Random) -> Words:
    yield 0xD400_0000 | random.getrandbits(2) << 21 | random.randrange(4) << 5 | random.randrange(4)


def _call(random: Random) -> Words:
    function = random.choice(_FUNCTIONS) + random.randrange(16)
    if random.random() < 0.1:
        function = random.getrandbits(64)
    yield from move(0, function)
    for register in range(1, 4):
        if random.random() < 0.7:
            value = (
                a_value(random)
                if random.random() < 0.3
                else random.choice((0, 1, 2, 7, 27, 31, 32, 40, CODE))
            )
            yield from move(register, value)
    yield random.choice((0xD400_0002, 0xD400_0002, 0xD400_0003))


def _semihosting(random: Random) -> Words:
    yield from move(0, random.choice((*range(0x20), 0x30, 0x31)))
    yield from move(1, random.choice((DATA, DATA + 8, DATA + 0xFF8, a_value(random))))
    yield 0xD45E_0000


def _program_device(random: Random) -> Words:
    yield from move(
        1,
        random.choice(_DEVICES)
        + random.choice((0, 4, 12, 16, 0x100, 0x180, 0x200, 0x400, 0x800, 0xC00, 0xF00))
        + 4 * random.randrange(12),
    )
    yield from move(2, a_value(random))
    yield 0xB900_0022 if random.random() < 0.7 else 0xB940_0022


def _install_vectors(random: Random) -> Words:
    yield from move(5, VECTORS + (random.getrandbits(11) if random.random() < 0.1 else 0))
    yield system(SysregEncoding(3, 0, 12, 0, 0), 5, read=False)


def _arm_timer(random: Random) -> Words:
    which = random.choice((2, 3))
    yield from move(6, random.choice((1, 10, 100, 1000, a_value(random))))
    yield system(SysregEncoding(3, 3, 14, which, 0), 6, read=False)
    yield from move(6, random.choice((1, 1, 3, 5)))
    yield system(SysregEncoding(3, 3, 14, which, 1), 6, read=False)


def _return(random: Random) -> Words:
    yield from move(7, random.choice((CODE, CODE + 4 * random.randrange(LENGTH), DATA, a_value(random))))
    yield system(SysregEncoding(3, 0, 4, 0, 1), 7, read=False)
    yield from move(
        7, random.choice((0, 4, 5, 0x3C0, 0x3C4, 0x3C5, 0x10, 9, 1 << 20 | 5, 1 << 21 | 4, a_value(random)))
    )
    yield system(SysregEncoding(3, 0, 4, 0, 0), 7, read=False)
    yield _ERET


def _turn_mmu_on(random: Random) -> Words:
    """Translation by the page of random entries, mostly with a TCR_EL1 that a kernel could have."""
    tcr = random.choice((0x19, 0x5_0019_3519, 0x20, 0x1_0000_0010, a_value(random)))
    for encoding, value in (
        (SysregEncoding(3, 0, 10, 2, 0), 0x44_FF04),
        (SysregEncoding(3, 0, 2, 0, 2), tcr),
        (SysregEncoding(3, 0, 2, 0, 0), random.choice((DATA, DATA + 0x1000, a_value(random)))),
        (SysregEncoding(3, 0, 2, 0, 1), random.choice((DATA, a_value(random)))),
        (SysregEncoding(3, 0, 1, 0, 0), random.choice((0x30D0_0801, 0x30D0_1805, a_value(random)))),
    ):
        yield from move(8, value)
        yield system(encoding, 8, read=False)
    yield 0xD503_3FDF


def _debug(random: Random) -> Words:
    yield from move(9, random.choice((1, 1 << 13, 1 << 15, 0xA001, a_value(random))))
    yield system(SysregEncoding(2, 0, 0, 2, 2), 9, read=False)
    n, op2 = random.randrange(6), random.choice((4, 5, 6, 7))
    yield from move(
        9, random.choice((0x1E5, 0x1FE7, CODE + 4 * random.randrange(LENGTH), DATA, a_value(random)))
    )
    yield system(SysregEncoding(2, 0, 0, n, op2), 9, read=False)


def _write_code(random: Random) -> Words:
    yield from move(10, CODE + 4 * random.randrange(LENGTH))
    yield from move(11, random.choice((_NOP, _ERET, 0xD400_0002, random.getrandbits(32))))
    yield 0xB900_014B
    yield from random.choice(((), (0xD50B_752A, 0xD503_3F9F, 0xD503_3FDF)))


def _handler(random: Random) -> Words:
    match random.randrange(8):
        case 0 | 1:  # skip what faulted
            yield system(SysregEncoding(3, 0, 4, 0, 1), 30, read=True)
            yield 0x9100_13DE
            yield system(SysregEncoding(3, 0, 4, 0, 1), 30, read=False)
            yield _ERET
        case 2 | 3:  # as a GICv2 driver does
            yield from move(29, 0x0801_0000)
            yield 0xB940_0FBC
            yield 0xB900_13BC
            yield _ERET
        case 4 | 5:  # as an RVIC driver does
            for function in (9, 10, 5):
                yield from move(0, RVIC_BASE + function)
                yield 0xD400_0002
            yield _ERET
        case 6:
            yield _ERET
        case _:
            for _ in range(random.randrange(8)):
                yield from random.choice(_STANZAS)(random)


def _entry(random: Random) -> int:
    """Descriptor: block, page or table, mostly of what exists."""
    output = random.choice((0x4000_0000, 0x4000_0000, DATA, 0x0800_0000, 0, random.getrandbits(48) & ~0xFFF))
    low = random.choice((0x401, 0x403, 0x701, 0x703, 0x743, 0x441, 0, 1, 2, 3, random.getrandbits(12)))
    return output | low | (random.getrandbits(12) << 52 if random.random() < 0.1 else 0)


_STANZAS: Final[tuple[Callable[[Random], Words], ...]] = (
    *(_any, _load_store, _data_processing, _floating_point, _load_value, _load_store_known, _exclusive),
    *(
        _atomic,
        _msr_mrs,
        _msr_mrs,
        _msr_immediate,
        _maintenance,
        _hint_or_barrier,
        _wait,
        _branch,
        _exception,
    ),
    *(_call, _call, _semihosting, _program_device, _program_device, _install_vectors, _arm_timer, _return),
    *(_turn_mmu_on, _debug, _write_code),
)
_NOISE: Final = (_any, _load_store, _data_processing, _floating_point)
