# SPDX-License-Identifier: MIT
"""Data aborts on devices: every form of load and store reaches the bus and comes back right."""

from __future__ import annotations

import struct

import pytest
from engine_rig import DEVICE, RAM, Rig

from harness.arch.esr import EC
from harness.engine import PE, Part, deviations

DEV = f"movz x1, #{DEVICE >> 16}, lsl #16\nadd x1, x1, #0x40\n"
AT = DEVICE + 0x40
FIRST, SECOND = 0xF1E2_D3C4_B5A6_9788, 0x8071_6253_4435_2617


@pytest.fixture(autouse=True)
def fp_is_enabled(rig: Rig) -> None:
    rig.pe.sysreg["CPACR_EL1"] = 3 << 20


class Bus:
    """Answers loads from a list of words, and logs the parts."""

    def __init__(self, pe: PE, words: tuple[int, ...] = (FIRST, SECOND)) -> None:
        self.parts: list[Part] = []
        self.words = words
        pe.handlers[EC.DATA_ABORT_LOWER] = self.abort

    def abort(self, pe: PE, esr: int) -> None:
        access = pe.access(esr)
        self.parts += access.parts
        pe.finish(access, [None if p.write else w for p, w in zip(access.parts, self.words, strict=False)])


def mask(value: int, size: int) -> int:
    return value & (1 << 8 * size) - 1


def signed(value: int, size: int, width: int) -> int:
    value = mask(value, size)
    return (value - (1 << 8 * size) if value >> (8 * size - 1) else value) & (1 << width) - 1


LOADS = [
    ("ldr x0, [x1]", AT, 8, FIRST),
    ("ldr w0, [x1]", AT, 4, mask(FIRST, 4)),
    ("ldrh w0, [x1]", AT, 2, mask(FIRST, 2)),
    ("ldrb w0, [x1]", AT, 1, mask(FIRST, 1)),
    ("ldrsb x0, [x1]", AT, 1, signed(FIRST, 1, 64)),
    ("ldrsb w0, [x1]", AT, 1, signed(FIRST, 1, 32)),
    ("ldrsh x0, [x1]", AT, 2, signed(FIRST, 2, 64)),
    ("ldrsw x0, [x1]", AT, 4, signed(FIRST, 4, 64)),
    ("ldr w0, [x1, #12]", AT + 12, 4, mask(FIRST, 4)),
    ("ldur w0, [x1, #-4]", AT - 4, 4, mask(FIRST, 4)),
    ("ldr w0, [x1, x2]", AT + 16, 4, mask(FIRST, 4)),
    ("ldr w0, [x1, x2, lsl #2]", AT + 64, 4, mask(FIRST, 4)),
    ("ldr w0, [x1, w3, sxtw]", AT - 8, 4, mask(FIRST, 4)),
    ("ldr w0, [x1, w2, uxtw #2]", AT + 64, 4, mask(FIRST, 4)),
    ("ldar w0, [x1]", AT, 4, mask(FIRST, 4)),
    ("ldarb w0, [x1]", AT, 1, mask(FIRST, 1)),
    ("ldar x0, [x1]", AT, 8, FIRST),
    ("ldtr w0, [x1, #4]", AT + 4, 4, mask(FIRST, 4)),
]


@pytest.mark.parametrize(("instruction", "ipa", "size", "value"), LOADS, ids=[case[0] for case in LOADS])
def test_load(rig: Rig, instruction: str, ipa: int, size: int, value: int) -> None:
    bus = Bus(rig.pe)
    rig.go(f"{DEV}mov x0, #-1\nmov x2, #16\nmov w3, #-8\n{instruction}\nhvc #0")
    assert bus.parts == [Part(ipa, size, False, None)]
    assert rig.pe.x[0] == value
    assert rig.immediates() == [0]


STORES = [
    ("str x0, [x1]", AT, 8),
    ("str w0, [x1, #8]", AT + 8, 4),
    ("strh w0, [x1]", AT, 2),
    ("strb w0, [x1, #1]", AT + 1, 1),
    ("stur x0, [x1, #-8]", AT - 8, 8),
    ("stlr w0, [x1]", AT, 4),
    ("stlrh w0, [x1]", AT, 2),
    ("str w0, [x1, x2, lsl #2]", AT + 64, 4),
]


@pytest.mark.parametrize(("instruction", "ipa", "size"), STORES, ids=[case[0] for case in STORES])
def test_store(rig: Rig, instruction: str, ipa: int, size: int) -> None:
    bus = Bus(rig.pe)
    rig.load(f"{DEV}mov x2, #16\n{instruction}\nhvc #0")
    rig.pe.x[0] = FIRST
    rig.pe.run(100)
    assert bus.parts == [Part(ipa, size, True, mask(FIRST, size))]


INDEXED = [
    ("ldr w0, [x1], #8", AT, AT + 8),
    ("ldr w0, [x1, #8]!", AT + 8, AT + 8),
    ("ldrb w0, [x1], #-1", AT, AT - 1),
    ("str w0, [x1], #4", AT, AT + 4),
    ("str x0, [x1, #-16]!", AT - 16, AT - 16),
    ("stp w0, w2, [x1], #8", AT, AT + 8),
    ("ldp w0, w2, [x1, #-8]!", AT - 8, AT - 8),
    ("ldr q0, [x1], #16", AT, AT + 16),
]


@pytest.mark.parametrize(("instruction", "ipa", "base"), INDEXED, ids=[case[0] for case in INDEXED])
def test_writeback(rig: Rig, instruction: str, ipa: int, base: int) -> None:
    """The base register is written once, by us: at the trap it is still the old one."""
    bus = Bus(rig.pe)
    rig.go(f"{DEV}{instruction}\nhvc #0")
    assert bus.parts[0].ipa == ipa
    assert rig.pe.x[1] == base


def test_base_is_sp(rig: Rig) -> None:
    Bus(rig.pe)
    rig.go(f"{DEV}mov sp, x1\nldr x0, [sp], #16\nmov x2, sp\nhvc #0")
    assert rig.pe.x[0] == FIRST
    assert rig.pe.x[2] == AT + 16


PAIRS = [
    ("ldp x0, x2, [x1]", 8, FIRST, SECOND),
    ("ldp w0, w2, [x1]", 4, mask(FIRST, 4), mask(SECOND, 4)),
    ("ldpsw x0, x2, [x1]", 4, signed(FIRST, 4, 64), signed(SECOND, 4, 64)),
    ("ldnp x0, x2, [x1]", 8, FIRST, SECOND),
]


@pytest.mark.parametrize(("instruction", "size", "first", "second"), PAIRS, ids=[case[0] for case in PAIRS])
def test_load_pair(rig: Rig, instruction: str, size: int, first: int, second: int) -> None:
    bus = Bus(rig.pe)
    rig.go(f"{DEV}{instruction}\nhvc #0")
    assert bus.parts == [Part(AT, size, False, None), Part(AT + size, size, False, None)]
    assert (rig.pe.x[0], rig.pe.x[2]) == (first, second)


def test_store_pair(rig: Rig) -> None:
    bus = Bus(rig.pe)
    rig.load(f"{DEV}stp x0, xzr, [x1, #16]\nhvc #0")
    rig.pe.x[0] = FIRST
    rig.pe.run(100)
    assert bus.parts == [Part(AT + 16, 8, True, FIRST), Part(AT + 24, 8, True, 0)]


@pytest.mark.parametrize(("letter", "size"), [("b", 1), ("h", 2), ("s", 4), ("d", 8), ("q", 16)])
def test_vector_registers(rig: Rig, letter: str, size: int) -> None:
    """B to Q registers, loaded with zeros above and stored (C7.2)."""
    bus = Bus(rig.pe)
    rig.pe.v[2] = SECOND << 64 | FIRST
    rig.pe.v[3] = (1 << 128) - 1
    rig.go(f"{DEV}str {letter}2, [x1]\nldr {letter}3, [x1]\nhvc #0")
    assert rig.pe.v[3] == mask(SECOND << 64 | FIRST, size)
    values = [p.value for p in bus.parts if p.write]
    assert sum((v or 0) << 64 * n for n, v in enumerate(values)) == mask(SECOND << 64 | FIRST, size)
    assert all(p.size == min(size, 8) for p in bus.parts)


def test_vector_pair(rig: Rig) -> None:
    bus = Bus(rig.pe, (1, 2, 3, 4))
    rig.go(f"{DEV}ldp q4, q5, [x1]\nhvc #0")
    assert [p.ipa for p in bus.parts] == [AT, AT + 8, AT + 16, AT + 24]
    assert rig.pe.v[4] == 2 << 64 | 1
    assert rig.pe.v[5] == 4 << 64 | 3


def test_dc_zva(rig: Rig) -> None:
    """DC ZVA writes the whole 64-byte block that holds the address (C5.3.8)."""
    bus = Bus(rig.pe)
    rig.go(f"{DEV}add x1, x1, #8\ndc zva, x1\nhvc #0")
    assert bus.parts == [Part(AT + 8 * n, 8, True, 0) for n in range(8)]
    assert rig.immediates() == [0]


def test_zero_register(rig: Rig) -> None:
    """A load to XZR is done and discarded; a store of XZR stores 0."""
    bus = Bus(rig.pe)
    rig.go(f"{DEV}ldr wzr, [x1]\nstr xzr, [x1]\nhvc #0")
    assert [p.value for p in bus.parts] == [None, 0]


def test_literal_load_is_pc_relative() -> None:
    """LDR (literal), LDRSW, and to a vector register (C6.2.167)."""
    from harness.engine.mmio.loadstore import Bank, Index, decode

    x, sw, q = decode(0x58000080), decode(0x98FF_FFE0), decode(0x9C00_0040)
    assert x is not None
    assert sw is not None
    assert q is not None
    assert (x.indexing, x.offset, x.size, x.width) == (Index.LITERAL, 16, 8, 64)
    assert (sw.offset, sw.size, sw.sign, sw.width) == (-4, 4, True, 64)
    assert (q.bank, q.size) == (Bank.VECTOR, 16)


REFUSED = [
    ("ldxr w0, [x1]", deviations.MMIO_EXCLUSIVE, 0x35),
    ("ldaxr x0, [x1]", deviations.MMIO_EXCLUSIVE, 0x35),
    ("ldxp x0, x2, [x1]", deviations.MMIO_EXCLUSIVE, 0x35),
    ("ld1 {v0.16b}, [x1]", deviations.MMIO_STRUCTURE, 0x10),
]


@pytest.mark.parametrize(("instruction", "deviation", "fault"), REFUSED, ids=[c[0] for c in REFUSED])
def test_refused_by_name(rig: Rig, instruction: str, deviation: deviations.Deviation, fault: int) -> None:
    """What the decoder cannot do ends as an abort in the guest, and is reported by its name."""
    Bus(rig.pe)
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.load("hvc #0", RAM + 0x1_0200)
    rig.go(f"{DEV}{instruction}")
    assert rig.immediates() == [0]
    assert rig.pe.deviations_met == {deviation: 1}
    assert rig.pe.sysreg["ESR_EL1"] & 0x3F == fault
    assert rig.pe.sysreg["FAR_EL1"] == AT


def test_lse_atomic_to_a_device(make_max: Rig) -> None:
    """LDADD to a device: DFSC 0x35 (B2.9)."""
    rig = make_max
    Bus(rig.pe)
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.load("hvc #0", RAM + 0x1_0200)
    rig.go(f"{DEV}.long 0xb8220020")
    assert rig.pe.deviations_met == {deviations.MMIO_EXCLUSIVE: 1}
    assert rig.pe.sysreg["ESR_EL1"] & 0x3F == 0x35


def test_crossing_from_ram_into_nothing(rig: Rig) -> None:
    """An access whose second page alone is no RAM takes an alignment fault."""
    Bus(rig.pe)
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.load("hvc #0", RAM + 0x1_0200)
    rig.go("movz x1, #0x4040, lsl #16\nsub x1, x1, #8\nldp x2, x3, [x1]")
    assert rig.pe.deviations_met == {deviations.MMIO_CROSSING: 1}
    assert rig.pe.sysreg["ESR_EL1"] & 0x3F == 0x21


def test_crossing_between_device_pages(rig: Rig) -> None:
    Bus(rig.pe)
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.load("hvc #0", RAM + 0x1_0200)
    rig.go(f"{DEV}add x1, x1, #0xfbc\nldr x0, [x1]")
    assert rig.pe.deviations_met == {deviations.MMIO_CROSSING: 1}


def test_an_unaligned_access_within_a_page_is_passed_on(rig: Rig) -> None:
    """Whether it is legal is the bus's business."""
    bus = Bus(rig.pe)
    rig.go(f"{DEV}ldur w0, [x1, #1]\nhvc #0")
    assert bus.parts == [Part(AT + 1, 4, False, None)]


def test_an_mmio_instruction_retires_once(rig: Rig) -> None:
    Bus(rig.pe)
    rig.go(f"{DEV}ldr w0, [x1]\nstr w0, [x1]\nhvc #0")
    assert rig.calls[0][3] == 5


def test_addresses_beyond_the_ipa_space(rig: Rig) -> None:
    """A physical address that stage 2 cannot hold never reaches a device, nor breaks the host."""
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.load("hvc #0", RAM + 0x1_0200)
    for shift in range(39, 64):
        for op in ("ldr x0, [x1]", "br x1"):
            rig.pe.reset(RAM, 0)
            rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
            rig.calls.clear()
            rig.load(f"mov x1, #1\nlsl x1, x1, #{shift}\n{op}\nhvc #1")
            rig.pe.run(50)
            assert rig.immediates() == [0], (shift, op)


def test_page_of_words(rig: Rig) -> None:
    """RAM of the guest and memory of the host are the same bytes."""
    rig.memory.write(RAM + 0x8000, struct.pack("<Q", SECOND))
    rig.go("movz x1, #0x4000, lsl #16\nadd x1, x1, #8, lsl #12\nldr x0, [x1]\nstr x0, [x1, #8]\nhvc #0")
    assert rig.memory.u64(RAM + 0x8008) == SECOND
    assert rig.memory.u32(RAM + 0x8008) == mask(SECOND, 4)
    assert rig.memory.u16(RAM + 0x800A) == SECOND >> 16 & 0xFFFF


def test_a_pair_up_to_the_end_of_a_page_is_whole(rig: Rig) -> None:
    bus = Bus(rig.pe)
    rig.go(f"{DEV}add x1, x1, #0xfb0\nldp x6, x7, [x1]\nhvc #0")
    assert [part.ipa for part in bus.parts] == [DEVICE + 0xFF0, DEVICE + 0xFF8]
    assert (rig.pe.x[6], rig.pe.x[7]) == (FIRST, SECOND)
    assert rig.pe.deviations_met == {}
