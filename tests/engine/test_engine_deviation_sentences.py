# SPDX-License-Identifier: MIT
"""Sentences of the table of deviations that no other test is about, each shown as it says (docs/deviations.md)."""

from __future__ import annotations

import pytest
from engine_rig import DEVICE, MMU_ON, RAM, TABLES, Rig, assemble

from harness.arch.esr import EC
from harness.engine import Backend
from harness.engine.emulator.binding import CPU_MODELS

VBAR = RAM + 0x1_0000
DATA = RAM + 0x8000
DATA_BASE = f"movz x1, #{DATA >> 16}, lsl #16\nmovk x1, #{DATA & 0xFFFF}\n"
MMU_WITH_DEVICE_MEMORY = MMU_ON.replace("#0x00ff", "#0")


@pytest.fixture
def vectored(rig: Rig) -> Rig:
    """Every exception to EL1 is HVC #9 and the end."""
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    for offset in (0, 0x200, 0x400):
        rig.load("hvc #9\nhvc #0", VBAR + offset)
    return rig


@pytest.mark.parametrize("bit", [1, 3, 4], ids=["A", "SA", "SA0"])
def test_alignment_checks_have_no_effect(vectored: Rig, bit: int) -> None:
    """no-alignment-check: SCTLR_EL1.A, SA, SA0."""
    vectored.pe.sysreg["SCTLR_EL1"] |= 1 << bit
    vectored.go(
        f"{DATA_BASE}add x1, x1, #1\nldr x0, [x1]\nmov sp, x1\nldr x0, [sp, #8]\nstr x0, [sp]\nhvc #0"
    )
    assert vectored.immediates() == [0]


@pytest.mark.parametrize("mmu", ["", MMU_WITH_DEVICE_MEMORY], ids=["off", "Device"])
@pytest.mark.parametrize("access", ["ldr x0, [x1]", "str x0, [x1]", "ldar w0, [x1]", "stlr w0, [x1]"])
def test_unaligned_accesses_succeed(vectored: Rig, mmu: str, access: str) -> None:
    """no-alignment-check: with the MMU off and in Device memory; LDAR and STLR, too."""
    vectored.memory.write_u64(TABLES + 8, 0x4000_0000 | 1 << 10 | 3 << 8 | 1)
    vectored.go(f"{mmu}{DATA_BASE}add x1, x1, #3\n{access}\nhvc #0")
    assert vectored.immediates() == [0]


@pytest.mark.parametrize("model", sorted(CPU_MODELS))
def test_no_aarch32(backend: Backend, model: str) -> None:
    """aarch64-only: ID_AA64PFR0_EL1.EL0 and EL1 are 1, and a return to M[4:0] = 0b10000 is illegal."""
    rig = Rig(backend)
    rig.add(model=model)
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.load("mrs x8, esr_el1\nhvc #0", VBAR + 0x200)
    rig.go(
        "mrs x7, id_aa64pfr0_el1\nmov x0, #0x10\nmsr spsr_el1, x0\nadr x0, there\nmsr elr_el1, x0\neret\n"
        "there: nop"
    )
    assert rig.pe.x[7] & 0xFF == 0x11
    assert rig.pe.x[8] >> 26 == EC.ILLEGAL_STATE
    rig.pe.close()


def test_a_made_up_return_is_no_event(rig: Rig) -> None:
    """eret-no-event: only one that an exception led to is."""
    rig.go(
        "sevl\nwfe\nmov x0, #0x3c5\nmsr spsr_el1, x0\nadr x0, there\nmsr elr_el1, x0\neret\nthere: wfe\nhvc #0",
        100,
    )
    assert rig.pe.event_register.asleep


def test_the_monitor_compares_values(rig: Rig) -> None:
    """monitor-by-value: written in between, but with the same value, is not noticed; another value is."""
    outcomes = []
    for value in (7, 8):
        rig.memory.write_u64(DATA, 7)
        other = rig.pes[1] if len(rig.pes) > 1 else rig.add()
        rig.load(f"{DATA_BASE}ldxr x0, [x1]\nhvc #0\nstxr w2, x3, [x1]\nhvc #0")
        rig.load(f"{DATA_BASE}mov x0, #9\nstr x0, [x1]\nmov x0, #{value}\nstr x0, [x1]\nhvc #0", RAM + 0x1000)
        rig.pe.pc, other.pc = RAM, RAM + 0x1000
        for pe in (rig.pe, other, rig.pe):
            pe.run(100)
        outcomes.append(rig.pe.x[2])
    assert outcomes == [0, 1]


@pytest.mark.parametrize("maintained", [False, True])
def test_code_changed_a_few_words_ahead(rig: Rig, maintained: bool) -> None:
    """stale-block: the old instruction may still run; after IC and ISB it is the new one."""
    new = int.from_bytes(assemble("mov x0, #2"), "little")
    between = "dsb ish\nic ivau, x1\ndsb ish\nisb" if maintained else "nop"
    source = (
        f"mov x5, #3\nadr x1, spot\nagain: movz w2, #{new & 0xFFFF}\nmovk w2, #{new >> 16}, lsl #16\nstr w2, [x1]\n"
        f"{between}\nspot: mov x0, #1\nhvc #0"
    )
    rig.go(source)
    assert rig.pe.x[0] in ((2,) if maintained else (1, 2))


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("svc #0", 2),
        (".long 0", 2),
        ("ldr x0, [x9]", 2),
        ("br x9", 2),
    ],
    ids=["SVC", "undefined", "data abort", "instruction abort"],
)
def test_what_excepts_counts_as_retired(vectored: Rig, source: str, count: int) -> None:
    """exceptions-count: all but an instruction that cannot be fetched; BR counts and its target does not."""
    vectored.go(source)
    assert vectored.calls[0][3] == count


@pytest.mark.parametrize(
    ("sign", "succeeds"), [(0xDAC10801 | 31 << 5, True), (0xDAC12BE1, False)], ids=["SP", "zero"]
)
def test_ldraa_authenticates_with_sp(make_max: Rig, sign: int, succeeds: bool) -> None:
    """ldraa-modifier: PACDA x1, sp is what it accepts, PACDZA x1 what it should."""
    rig = make_max
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.load("hvc #9\nhvc #0", VBAR + 0x200)
    rig.pe.sysreg["SCTLR_EL1"] |= 1 << 27  # EnDA
    rig.memory.write_u64(DATA, 5)
    key = "mov x3, #0x1234\nmsr s3_0_c2_c2_0, x3\nmsr s3_0_c2_c2_1, x3\n"
    rig.go(f"{key}{DATA_BASE}mov x4, #0x8000\nmov sp, x4\n.long {sign:#x}\n.long 0xf8200420\nhvc #0")
    assert rig.immediates() == ([0] if succeeds else [9, 0])


@pytest.mark.parametrize("key", [0, 1 << 31, 1 << 30, 1 << 27, 1 << 13], ids=["none", "IA", "IB", "DA", "DB"])
@pytest.mark.parametrize(
    ("word", "register"),
    [(0xDAC1_43E1, 1), (0xDAC1_47E1, 1), (0xD503_20FF, 30)],
    ids=["XPACI", "XPACD", "XPACLRI"],
)
def test_xpac_strips_while_a_key_is_enabled(make_max: Rig, word: int, register: int, key: int) -> None:
    """xpac-without-keys: what is stripped is the code above the address, whichever key is enabled."""
    rig = make_max
    rig.pe.sysreg["SCTLR_EL1"] |= key
    signed = 0x0012_3456_789A_BCD0
    rig.pe.x[register] = signed
    rig.go(f".long {word:#x}\nhvc #0")
    assert rig.pe.x[register] == (signed & (1 << 48) - 1 if key else signed)


@pytest.mark.parametrize("bits", [1 << 25, 1 << 24, 3 << 24], ids=["EE", "E0E", "both"])
def test_a_device_access_is_never_swapped(rig: Rig, bits: int) -> None:
    """no-big-endian-mmio."""
    rig.pe.handlers[EC.DATA_ABORT_LOWER] = lambda pe, esr: pe.finish(pe.access(esr), [0x11223344])
    rig.pe.sysreg["SCTLR_EL1"] |= bits
    rig.go(f"movz x1, #{DEVICE >> 16}, lsl #16\nldr w0, [x1]\nhvc #0")
    assert rig.pe.x[0] == 0x11223344


def test_cycles_are_neither_filtered_nor_divided(rig: Rig) -> None:
    """cycles-are-instructions: PMCCFILTR_EL0.P and PMCR_EL0.D have no effect."""
    rig.go(
        "movz x1, #0x8000, lsl #16\nmsr pmccfiltr_el0, x1\nmsr pmcntenset_el0, x1\nmov x2, #9\nmsr pmcr_el0, x2\n"
        "mrs x3, pmccntr_el0\nnop\nnop\nmrs x4, pmccntr_el0\nhvc #0"
    )
    assert rig.pe.x[4] - rig.pe.x[3] == 3


HIGH: str = "movz x1, #1, lsl #32\n"  # the virtual address 0x1_0000_0000
LEVEL2 = TABLES + 0x1000


def tables(rig: Rig) -> None:
    rig.memory.write_u64(TABLES + 8, 0x4000_0000 | 1 << 10 | 3 << 8 | 1)
    rig.memory.write_u64(TABLES + 32, LEVEL2 | 3)


def test_address_bits_of_a_block_are_ored_in(vectored: Rig) -> None:
    """block-address-bits: a 2 MiB block at RAM + 0x8000 reaches there."""
    tables(vectored)
    vectored.memory.write_u64(LEVEL2, DATA | 1 << 10 | 3 << 8 | 1)
    vectored.memory.write_u64(DATA, 77)
    vectored.go(f"{MMU_WITH_DEVICE_MEMORY}{HIGH}ldr x2, [x1]\nhvc #0")
    assert vectored.pe.x[2] == 77


def test_a_late_reserved_block_translates(vectored: Rig) -> None:
    """late-reserved-block: a level-0 block that is stored when the MMU is on, and not told of by TLBI alone."""
    level0, level1 = TABLES + 0x2000, TABLES
    vectored.memory.write_u64(level0, level1 | 3)
    vectored.memory.write_u64(level1 + 8, 0x4000_0000 | 1 << 10 | 3 << 8 | 1)
    vectored.memory.write_u64(DATA, 78)
    setup = MMU_WITH_DEVICE_MEMORY.replace("msr ttbr0_el1, x0", "add x0, x0, #2, lsl #12\nmsr ttbr0_el1, x0")
    setup = setup.replace("#0x3519", "#0x3510")
    store = f"movz x5, #{level0 >> 16}, lsl #16\nmovk x5, #0x2008\nmovz x6, #{0x40000000 >> 16}, lsl #16\n"
    store += "movk x6, #0x701\nstr x6, [x5]\ndsb ish\nisb\n"
    vectored.go(f"{setup}{store}movz x1, #0x80, lsl #32\nmovk x1, #0x8000\nldr x2, [x1]\nhvc #0")
    assert vectored.pe.x[2] == 78
