# SPDX-License-Identifier: MIT
"""The whole programmers' model, walked row by row over MMIO (IHI 0048B, tables 4-1, 4-2, 5-1 and 5-8)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from gic_register_map import MAP, TABLES, Printed

from harness.errors import ConfigError
from harness.gic import Frame, Gic
from harness.gic.config import GicConfig
from harness.gic.registers import LAYOUT, TABLE, Access, Banked, Field, Register, Write

ONES = 0xFFFF_FFFF
MACHINES = [
    GicConfig(1, 32, 5, 4),
    GicConfig(2, 288, 5, 4),
    GicConfig(3, 96, 4, 2),
    GicConfig(8, 1020, 8, 64),
]
INTERRUPT_FIELDS = {Field.GROUP, Field.ENABLED, Field.PENDING, Field.ACTIVE, Field.PRIORITY, Field.EDGE}


def fresh(config: GicConfig) -> Gic:
    return Gic(
        config.cpus, config.intids, priority_bits=config.priority_bits, list_registers=config.list_registers
    )


def words() -> Iterator[tuple[Register, int, int]]:
    """Every (row, number, offset) of the table."""
    for row in TABLE:
        for n in range(row.count):
            yield row, n, row.offset + 4 * n


def implemented(config: GicConfig, row: Register, n: int) -> int:
    """Bits that exist in one word: those of interrupts, CPUs, priorities and list registers that exist."""
    first = row.first + n * row.fields
    if row.field in INTERRUPT_FIELDS or row.field is Field.TARGETS:
        here = sum(
            ((1 << row.bits) - 1) << row.bits * k for k in range(row.fields) if first + k < config.intids
        )
    else:
        here = ONES
    here &= row.writable
    each_cpu = ((1 << config.cpus) - 1) * 0x0101_0101
    match row.field:
        case Field.PRIORITY:
            return here & config.priority_mask * 0x0101_0101
        case Field.TARGETS:
            return here & each_cpu if config.cpus > 1 else 0
        case Field.SGI_SOURCES:
            return here & each_cpu
        case Field.PMR if row.frame is Frame.GICC:
            return config.priority_mask
        case Field.APR | Field.NSAPR:
            levels = 32 if row.frame is not Frame.GICC else 1 << min(7, config.priority_bits)
            return ((1 << levels) - 1) >> 32 * n & ONES
        case Field.LR:
            return here if n < config.list_registers else 0
    return here


def fixed(row: Register, n: int) -> int:
    """Bits of SGIs that ignore writes."""
    if not row.sgis_fixed:
        return 0
    return ((1 << min(32, max(0, 16 * row.bits - 32 * n))) - 1) & ONES


def reset_value(config: GicConfig, row: Register, n: int, cpu: int) -> int:
    """What the manual gives: the table's value, and a CPU's own number in the read-only GICD_ITARGETSR."""
    if row.field is Field.TARGETS and row.access is Access.RO:
        return (1 << cpu) * 0x0101_0101 if config.cpus > 1 else 0
    if row.field is Field.ELRSR:
        return ((1 << config.list_registers) - 1) >> 32 * n & ONES
    return row.reset_value(config, n)


WRITES = {
    Write.STORE: "store",
    Write.W1S: "set",
    Write.W1C: "clear",
    Write.ACTION: "command",
    Write.IGNORED: "ignored",
}
BANKED = {Banked.NO: "-", Banked.PRIVATE: "0-31", Banked.CPU: "cpu"}


@pytest.mark.parametrize("printed", TABLES, ids=lambda printed: f"{printed.name}+{printed.first:#05x}")
def test_each_register_is_as_printed(printed: Printed) -> None:
    """Tables 4-1, 4-2, 5-1 and 5-8 with the descriptions: type, write, bits, banking, byte accesses, section."""
    for offset in printed.offsets:
        row, number = LAYOUT[Frame[printed.name[:4]]][offset]
        assert (row.name, row.access.value, row.section) == (printed.name, printed.type, printed.section)
        assert row.bits == printed.field
        assert row.first + number * row.fields == (offset - MAP[row.name][0]) * 8 // printed.field
        assert (BANKED[row.banked], row.bytes) == (printed.banked, printed.bytes)
        assert row.sgis_fixed == (printed.sgis == "fixed")
        if row.access is not Access.RO:
            assert WRITES[row.write] == printed.write
        if row.access is Access.RW:
            assert row.writable == printed.bits


@pytest.mark.parametrize("printed", TABLES, ids=lambda printed: f"{printed.name}+{printed.first:#05x}")
def test_each_register_resets_as_printed(printed: Printed) -> None:
    """The Reset column, read from a GIC."""
    gic = Gic()
    for offset in printed.offsets:
        reset = printed.reset(offset)
        assert (reset is None) == (printed.type == "WO")
        assert gic.read(Frame[printed.name[:4]], 0, offset, 4) == (reset or 0)


def test_there_is_no_other_register() -> None:
    """Every word of the layout is printed, and only once."""
    printed = [(p.name[:4], offset) for p in TABLES for offset in p.offsets]
    assert sorted(printed) == sorted((frame.value, offset) for frame in Frame for offset in LAYOUT[frame])


def test_rows_do_not_overlap() -> None:
    for frame in Frame:
        rows = sorted((row for row in TABLE if row.frame is frame), key=lambda row: row.offset)
        assert all(a.offset + 4 * a.count <= b.offset for a, b in pairwise(rows))


def test_words_have_the_manuals_names() -> None:
    names = {at: word.register.word_name(word.number) for at, word in LAYOUT[Frame.GICD].items()}
    assert names[0x104] == "GICD_ISENABLER1"
    assert names[0x820] == "GICD_ITARGETSR8"
    assert LAYOUT[Frame.GICC][0x00C].register.word_name(0) == "GICC_IAR"


@pytest.mark.parametrize("config", MACHINES, ids=str)
def test_reset_values(config: GicConfig) -> None:
    """The Reset column, for every CPU; a WO register reads as zero."""
    gic = fresh(config)
    for row, n, offset in words():
        for cpu in range(config.cpus):
            expected = 0 if row.access is Access.WO else reset_value(config, row, n, cpu)
            assert gic.read(row.frame, cpu, offset, 4) == expected, row.word_name(n)
    assert gic == fresh(config), "reading changed something"


@pytest.mark.parametrize("config", MACHINES, ids=str)
def test_ones_reach_what_is_implemented(config: GicConfig) -> None:
    """The Type column and what a write does: RO and RAZ/WI stay, STORE keeps, W1S sets, W1C clears."""
    cpu = config.cpus - 1
    for row, n, offset in words():
        gic = fresh(config)
        before = gic.read(row.frame, cpu, offset, 4)
        gic.write(row.frame, cpu, offset, 4, ONES)
        after = gic.read(row.frame, cpu, offset, 4)
        reach = implemented(config, row, n) & ~fixed(row, n)
        if row.access is Access.WO or row.access is Access.RO or row.write is Write.IGNORED:
            expected = before
        elif row.write is Write.W1C:
            expected = before & ~reach
        else:
            expected = before & fixed(row, n) | reach
        if row.field is Field.LR and expected:
            expected = 0xFF8F_FFFF
        assert after == expected, row.word_name(n)


@pytest.mark.parametrize("config", MACHINES, ids=str)
def test_zeros_clear_only_what_is_stored(config: GicConfig) -> None:
    """A zero has no effect on a W1S or W1C register; a binary point stops at its minimum (4.4.3)."""
    minimum = {"GICC_BPR": config.minimum_bpr, "GICC_ABPR": config.minimum_bpr + 1}
    minimum |= {"GICV_BPR": 2, "GICV_ABPR": 3, "GICH_VMCR": 2 << 21 | 3 << 18}
    for row, n, offset in words():
        gic = fresh(config)
        gic.write(row.frame, 0, offset, 4, ONES)
        before = gic.read(row.frame, 0, offset, 4)
        gic.write(row.frame, 0, offset, 4, 0)
        stored = row.access is Access.RW and row.write is Write.STORE
        expected = minimum.get(row.name, before & fixed(row, n)) if stored else before
        assert gic.read(row.frame, 0, offset, 4) == expected, row.word_name(n)


@pytest.mark.parametrize("config", MACHINES, ids=str)
def test_pairs_of_set_and_clear_show_the_same_bits(config: GicConfig) -> None:
    """4.3.5 to 4.3.10, 4.3.16, 4.3.17: what one register set, the other shows and clears, bit by bit."""
    pairs = [
        (s, c)
        for s in TABLE
        for c in TABLE
        if (s.write, c.write) == (Write.W1S, Write.W1C) and s.field is c.field
    ]
    assert len(pairs) == 4
    for setter, clearer in pairs:
        for n in range(setter.count):
            gic = fresh(config)
            gic.write(Frame.GICD, 0, setter.offset + 4 * n, 4, ONES)
            value = gic.read(Frame.GICD, 0, setter.offset + 4 * n, 4)
            assert gic.read(Frame.GICD, 0, clearer.offset + 4 * n, 4) == value
            gic.write(Frame.GICD, 0, clearer.offset + 4 * n, 4, 0x5555_5555)
            left = value & (0xAAAA_AAAA | fixed(setter, n))
            assert gic.read(Frame.GICD, 0, setter.offset + 4 * n, 4) == left


@pytest.mark.parametrize("config", MACHINES[1:], ids=str)
def test_banking(config: GicConfig) -> None:
    """4.1.4: a banked register of one CPU is not another's; any other is the same for all."""
    writer, other = config.cpus - 1, 0
    for row, n, offset in words():
        if row.access is not Access.RW or row.write not in (Write.STORE, Write.W1S):
            continue
        gic = fresh(config)
        gic.write(row.frame, writer, offset, 4, ONES)
        private = row.banked is Banked.CPU or (row.banked is Banked.PRIVATE and n * row.fields < 32)
        expected = reset_value(config, row, n, other) if private else gic.read(row.frame, writer, offset, 4)
        assert gic.read(row.frame, other, offset, 4) == expected, row.word_name(n)


@pytest.mark.parametrize("config", MACHINES, ids=str)
def test_byte_accesses(config: GicConfig) -> None:
    """4.1.4: a byte reaches one field where bytes are allowed; elsewhere it is RAZ/WI."""
    assert {row.name for row in TABLE if row.bytes} == {
        "GICD_IPRIORITYR",
        "GICD_ITARGETSR",
        "GICD_CPENDSGIR",
        "GICD_SPENDSGIR",
    }
    for row, n, offset in words():
        for lane in range(4):
            whole, by_byte = fresh(config), fresh(config)
            value = 0xFF << 8 * lane
            if row.bytes:
                keep = whole.read(row.frame, 0, offset, 4) & ~value if row.write is Write.STORE else 0
                whole.write(row.frame, 0, offset, 4, keep | value)
            by_byte.write(row.frame, 0, offset + lane, 1, 0xFF)
            assert by_byte == whole, row.word_name(n)
            word = whole.read(row.frame, 0, offset, 4) if row.bytes else 0
            assert by_byte.read(row.frame, 0, offset + lane, 1) == word >> 8 * lane & 0xFF


@pytest.mark.parametrize("config", MACHINES[:2], ids=str)
def test_halfwords_and_misaligned_words_are_reserved(config: GicConfig) -> None:
    """4.1.4: no register has them; RAZ/WI here."""
    gic = fresh(config)
    for row, n, offset in words():
        for size, delta in ((2, 0), (2, 2), (4, 1), (4, 2), (3, 0), (16, 0)):
            gic.write(row.frame, 0, offset + delta, size, ONES)
            assert gic.read(row.frame, 0, offset + delta, size) == 0, row.word_name(n)
    assert gic == fresh(config)


def test_a_doubleword_is_two_words() -> None:
    gic = Gic(1, 96)
    gic.write(Frame.GICD, 0, 0x100, 8, 0x0000_0003_0001_0000)
    assert gic.read(Frame.GICD, 0, 0x100, 4) == 0x1_FFFF
    assert gic.read(Frame.GICD, 0, 0x104, 4) == 3
    assert gic.read(Frame.GICD, 0, 0x100, 8) == 0x0000_0003_0001_FFFF


def test_reserved_offsets_are_raz_wi() -> None:
    gic = Gic(2)
    for frame, layout in LAYOUT.items():
        end = 0x1000 if frame is Frame.GICH else 0x2000
        for offset in range(0, end, 4):
            if offset not in layout:
                gic.write(frame, 1, offset, 4, ONES)
                gic.write(frame, 1, offset, 1, 0xFF)
                assert gic.read(frame, 1, offset, 4) == 0
    assert gic == Gic(2)


@pytest.mark.parametrize(
    ("cpus", "intids", "typer"),
    [(1, 32, 0x00), (1, 288, 0x08), (2, 64, 0x21), (8, 992, 0xFE), (8, 1020, 0xFF)],
)
def test_typer(cpus: int, intids: int, typer: int) -> None:
    """4.3.2: CPUNumber and ITLinesNumber; no Security Extensions, no lockable SPIs."""
    assert Gic(cpus, intids).read(Frame.GICD, 0, 0x004, 4) == typer


def test_identification_is_a_gic400s() -> None:
    """4.3.3, 4.3.18, 4.4.14: ArchRev 2, JEP106 0x43B, the PrimeCell signature."""
    gic = Gic()
    assert gic.read(Frame.GICD, 0, 0x008, 4) == 0x0200_143B
    assert gic.read(Frame.GICC, 0, 0x0FC, 4) == 0x0202_143B
    assert gic.read(Frame.GICV, 0, 0x0FC, 4) == 0x0202_143B
    assert gic.read(Frame.GICD, 0, 0xFE8, 4) >> 4 == 2
    assert [gic.read(Frame.GICD, 0, 0xFF0 + 4 * n, 4) for n in range(4)] == [0x0D, 0xF0, 0x05, 0xB1]
    assert gic.read(Frame.GICH, 0, 0x004, 4) == 0x9000_0003


@pytest.mark.parametrize(
    "options",
    [
        {"cpus": 0},
        {"cpus": 9},
        {"intids": 0},
        {"intids": 33},
        {"intids": 1024},
        {"priority_bits": 3},
        {"priority_bits": 9},
        {"list_registers": 0},
        {"list_registers": 65},
    ],
)
def test_what_no_gicv2_can_be_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="a GICv2"):
        Gic(**options)
