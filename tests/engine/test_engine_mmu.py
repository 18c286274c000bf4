# SPDX-License-Identifier: MIT
"""With the guest's own stage 1 on: VA is not IPA, walks fault at stage 2, aborts go to EL1 (DDI 0487, D8)."""

from __future__ import annotations

import pytest
from engine_rig import DEVICE, MMU_ON, RAM, TABLES, Rig

from harness.arch import hyp
from harness.arch.esr import EC
from harness.engine import PE, Part, deviations

VBAR = RAM + 0x1_0000
HIGH = 0x40_0000_0000  # VA = IPA + HIGH by a second level-0 ... of a 39-bit space: a gigabyte of its own
VALID_TABLE, BLOCK = 0b11, 0b01
AF, INNER, NORMAL, DEVICE_ATTR = 1 << 10, 3 << 8, 0 << 2, 1 << 2
USER, READ_ONLY, PXN = 1 << 6, 1 << 7, 1 << 53
ALIAS_RAM, ALIAS_DEVICE, HOLE, BAD_WALK = 0x1_0000_0000, 0x1_4000_0000, 0x1_8000_0000, 0x1_C000_0000


def build(rig: Rig, tables: int = TABLES) -> None:
    """Level 1 of a 39-bit space: the identity, and aliases of RAM and of the device a few GiB up."""
    m = rig.memory
    identity = {0: 0 | DEVICE_ATTR, 1: 0x4000_0000 | NORMAL}
    for index, target in identity.items():
        m.write_u64(tables + 8 * index, target | AF | INNER | BLOCK)
    m.write_u64(tables + 8 * 4, 0x4000_0000 | NORMAL | AF | INNER | BLOCK)
    m.write_u64(tables + 8 * 5, 0 | DEVICE_ATTR | AF | INNER | BLOCK)
    m.write_u64(tables + 8 * 7, 0x2000_0000 | VALID_TABLE)  # a table where no RAM is


@pytest.fixture
def mmu(rig: Rig) -> Rig:
    build(rig)
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.load("hvc #0x200\nhvc #0", VBAR + 0x200)
    rig.load("hvc #0x400\nhvc #0", VBAR + 0x400)
    return rig


def address(value: int, register: str = "x1") -> str:
    return f"movz {register}, #{value & 0xFFFF}\n" + "".join(
        f"movk {register}, #{value >> s & 0xFFFF}, lsl #{s}\n" for s in (16, 32) if value >> s & 0xFFFF
    )


def test_code_and_data_through_an_alias(mmu: Rig) -> None:
    mmu.load("mov x5, #7\nstr x5, [x2]\nret", RAM + 0x4000)
    mmu.go(f"{MMU_ON}{address(ALIAS_RAM + 0x4000)}{address(ALIAS_RAM + 0x8000, 'x2')}blr x1\nhvc #0")
    assert mmu.immediates() == [0]
    assert mmu.memory.u64(RAM + 0x8000) == 7


def test_device_through_an_alias(mmu: Rig) -> None:
    """The IPA comes from HPFAR_EL2; FAR is the virtual address; the instruction is found by translation."""
    parts: list[Part] = []
    seen: list[tuple[int, int]] = []

    def abort(pe: PE, esr: int) -> None:
        seen.append((pe.fault_address, pe.fault_ipa))
        access = pe.access(esr)
        parts.extend(access.parts)
        pe.finish(access, [0x55] * len(access.parts))

    mmu.pe.handlers[EC.DATA_ABORT_LOWER] = abort
    mmu.load("ldr w5, [x2], #4\nldp x6, x7, [x2]\nret", RAM + 0x4000)
    mmu.go(f"{MMU_ON}{address(ALIAS_RAM + 0x4000)}{address(ALIAS_DEVICE + DEVICE + 4, 'x2')}blr x1\nhvc #0")
    assert mmu.immediates() == [0]
    assert seen[0] == (ALIAS_DEVICE + DEVICE + 4, DEVICE + 4)
    assert [(p.ipa, p.size) for p in parts] == [(DEVICE + 4, 4), (DEVICE + 8, 8), (DEVICE + 16, 8)]
    assert mmu.pe.x[2] == ALIAS_DEVICE + DEVICE + 8
    assert mmu.pe.x[7] == 0x55


@pytest.mark.parametrize("instruction", ["ldr x0, [x1]", "br x1"])
def test_a_translation_fault_goes_to_el1(mmu: Rig, instruction: str) -> None:
    mmu.go(f"{MMU_ON}{address(HOLE + 0x123 * 4)}{instruction}\nhvc #1")
    assert mmu.immediates() == [0x200, 0]
    esr = mmu.pe.sysreg["ESR_EL1"]
    assert esr >> 26 == (EC.INSTRUCTION_ABORT_SAME if instruction == "br x1" else EC.DATA_ABORT_SAME)
    assert esr & 0x3F == 0b000101  # translation fault, level 1
    assert mmu.pe.sysreg["FAR_EL1"] == HOLE + 0x123 * 4


def test_a_walk_that_leaves_ram(mmu: Rig) -> None:
    """The level-2 table lies outside RAM: deviation "walk-outside-ram"; no exit."""
    mmu.go(f"{MMU_ON}{address(BAD_WALK)}ldr x0, [x1]\nhvc #1")
    assert mmu.immediates() == [0x200, 0]
    assert mmu.pe.sysreg["ESR_EL1"] & 0x3F == 0x16
    assert mmu.pe.deviations_met == {deviations.WALK_OUTSIDE_RAM: 1}


def test_counting_is_exact_with_walks(mmu: Rig) -> None:
    """Faults of walks at stage 2 do not count, whatever the slices."""
    mmu.load("mov x5, #7\nstr x5, [x2]\nret", RAM + 0x4000)
    source = f"{MMU_ON}{address(ALIAS_RAM + 0x4000)}{address(ALIAS_RAM + 0x8000, 'x2')}blr x1\nhvc #0"
    mmu.go(source)
    whole = list(mmu.calls)
    mmu.calls.clear()
    again = mmu.add()
    again.sysreg["VBAR_EL1"] = VBAR
    while not mmu.calls:
        again.run(1)
    assert [c[3] for c in whole] == [c[3] for c in mmu.calls]


def test_eret_watch_by_virtual_address(mmu: Rig) -> None:
    seen: list[int] = []
    mmu.pe.watch_exceptions(None, lambda pe: seen.append(pe.pc))
    mmu.load("eret", RAM + 0x4000)
    mmu.go(
        f"{MMU_ON}{address(ALIAS_RAM + 0x4000)}adr x0, back\nmsr elr_el1, x0\nmov x0, #0x3c5\n"
        "msr spsr_el1, x0\nbr x1\nback: hvc #0"
    )
    assert seen == [ALIAS_RAM + 0x4000]
    assert mmu.immediates() == [0]


def test_eret_watch_by_each_virtual_address(mmu: Rig) -> None:
    """One page, reached by two addresses."""
    seen: list[int] = []
    mmu.pe.watch_exceptions(None, lambda pe: seen.append(pe.pc))
    mmu.load("eret", RAM + 0x4000)
    mmu.go(
        f"{MMU_ON}{address(ALIAS_RAM + 0x4000)}{address(RAM + 0x4000, 'x2')}mov x0, #0x3c5\nmsr spsr_el1, x0\n"
        "adr x0, back\nmsr elr_el1, x0\nbr x1\nback: adr x0, out\nmsr elr_el1, x0\nbr x2\nout: hvc #0"
    )
    assert seen == [ALIAS_RAM + 0x4000, RAM + 0x4000]
    assert mmu.immediates() == [0]


def test_big_endian_data_does_not_break_the_host(mmu: Rig) -> None:
    """SCTLR_EL1.EE: RAM accesses are big-endian; the host survives."""
    mmu.load(
        "mrs x0, sctlr_el1\norr x0, x0, #0x2000000\nmsr sctlr_el1, x0\nisb\nmov x0, #1\nadr x1, data\n"
        "str x0, [x1]\nhvc #0\n.balign 8\ndata: .quad 0"
    )
    mmu.pe.run(100)
    assert mmu.immediates() == [0]
    assert mmu.memory.u64(mmu.pe.x[1]) == 1 << 56


EMPTY = TABLES + 0x1000
HIGH_HALF = (1 << 64) - (1 << 39)
ENABLE_BOTH = MMU_ON.replace("msr ttbr0_el1, x0", "msr ttbr0_el1, x0\n msr ttbr1_el1, x0").replace(
    "movk x0, #0x80, lsl #16", "movk x0, #0xb519, lsl #16"
)


@pytest.mark.parametrize("register", ["TTBR0_EL1", "TTBR1_EL1"])
def test_a_host_that_moves_the_tables_drops_what_was_cached(mmu: Rig, register: str) -> None:
    mmu.memory.write_u64(EMPTY + 8, 0x4000_0000 | NORMAL | AF | INNER | BLOCK)  # where the code is
    base = ALIAS_RAM if register == "TTBR0_EL1" else HIGH_HALF + ALIAS_RAM
    mmu.go(f"{ENABLE_BOTH}hvc #1\nhvc #0\nldr x5, [x1]\nhvc #0\nldr x5, [x1]\nhvc #2")
    mmu.pe.x[1] = base + 0x8000
    mmu.pe.run(100)
    mmu.pe.sysreg[register] = EMPTY
    mmu.pe.run(100)
    assert mmu.immediates() == [1, 0, 0, 0x200, 0]
    assert mmu.pe.sysreg["FAR_EL1"] == base + 0x8000


@pytest.mark.parametrize("high", [False, True])
def test_a_walk_of_either_half_that_leaves_ram(mmu: Rig, high: bool) -> None:
    """The level-2 table lies outside RAM, by TTBR0_EL1 or TTBR1_EL1: each has its own fields of TCR_EL1."""
    target = BAD_WALK + (HIGH_HALF if high else 0)
    mmu.go(f"{ENABLE_BOTH}hvc #0\nldr x0, [x1]\nhvc #1")
    mmu.pe.x[1] = target
    mmu.pe.run(100)
    assert mmu.immediates() == [0, 0x200, 0]
    assert mmu.pe.sysreg["ESR_EL1"] & 0x3F == 0x16
    assert mmu.pe.sysreg["FAR_EL1"] == target


def test_a_fetch_from_the_vector_by_el0_is_no_lockup(mmu: Rig) -> None:
    """EL0 may not execute the vector that EL1 was entered by before: it takes its abort there, like any other."""
    uxn = 1 << 54
    mmu.memory.write_u64(TABLES + 8, 0x4000_0000 | NORMAL | AF | INNER | BLOCK | uxn)
    mmu.memory.write_u64(TABLES + 8 * 4, 0x4000_0000 | NORMAL | AF | INNER | BLOCK | USER | PXN)
    mmu.load(
        "hvc #0x400\nadd x7, x7, #1\ncmp x7, #2\nb.eq out\neret\nout: mrs x8, esr_el1\nhvc #0", VBAR + 0x400
    )
    mmu.load("svc #0\nbr x2", RAM + 0x4000)
    mmu.go(
        f"{MMU_ON}{address(ALIAS_RAM + 0x4000)}{address(VBAR + 0x400, 'x2')}msr elr_el1, x1\n"
        "msr spsr_el1, xzr\neret"
    )
    assert mmu.pe.lockup is None
    assert mmu.immediates() == [0x400, 0x400, 0]
    assert mmu.pe.x[8] >> 26 == EC.INSTRUCTION_ABORT_LOWER


@pytest.mark.parametrize("form", ["vae1is, x4", "vmalle1is"])
def test_tlb_maintenance_reaches_other_pes(mmu: Rig, form: str) -> None:
    """Break-before-make by another PE (D8.14), between two slices; it is no exit, and counts as one instruction."""
    mmu.memory.write_u64(RAM + 0x8000, 1)
    mmu.memory.write_u64(RAM + 0x20_8000, 2)
    entry = 0x4000_0000 | AF | INNER | VALID_TABLE
    level2, level3 = TABLES + 0x1000, TABLES + 0x2000
    mmu.memory.write_u64(TABLES + 8 * 4, level2 | VALID_TABLE)
    mmu.memory.write_u64(level2, level3 | VALID_TABLE)
    mmu.memory.write_u64(level3 + 8 * 8, entry | 0x8000)
    changer = mmu.add()
    mmu.go(f"{MMU_ON}{address(ALIAS_RAM + 0x8000)}again: ldr x0, [x1]\nhvc #0\nb again")
    mmu.load(
        f"{address(level3 + 8 * 8)}{address(entry | 0x20_8000, 'x3')}movz x4, #{ALIAS_RAM >> 28}, lsl #16\n"
        f"orr x4, x4, #8\nstr xzr, [x1]\ndsb ishst\ntlbi {form}\ndsb ish\nstr x3, [x1]\nhvc #0",
        RAM + 0x1000,
    )
    changer.pc = RAM + 0x1000
    changer.run(100)
    mmu.pe.run(100)
    assert [x0 for pe, _, x0, _ in mmu.calls if pe == 0] == [1, 2]
    assert [retired for pe, _, _, retired in mmu.calls if pe == 1] == [(changer.pc - RAM - 0x1000) // 4]


def test_tlb_maintenance_traps_only_where_there_is_more_than_one_pe(mmu: Rig) -> None:
    assert not mmu.pe.sysreg["HCR_EL2"] & hyp.HCR_TTLB
    mmu.add()
    mmu.pe.reset(RAM, 0)
    assert all(pe.sysreg["HCR_EL2"] & hyp.HCR_TTLB for pe in mmu.pes)


def test_a_branch_to_no_target_is_an_exception_of_its_own(mmu: Rig) -> None:
    """FEAT_BTI: EC 0x0D with BTYPE, IL 1 as for any 32-bit instruction (D17.2.37), ELR the target."""
    guarded = 1 << 50
    mmu.memory.write_u64(TABLES + 8 * 4, 0x4000_0000 | NORMAL | AF | INNER | BLOCK | guarded)
    mmu.load("nop\nhvc #1", RAM + 0x4000)
    pe = mmu.add(model="max")
    pe.sysreg["VBAR_EL1"] = VBAR
    mmu.load(f"{MMU_ON}{address(ALIAS_RAM + 0x4000)}br x1")
    pe.run(100)
    assert mmu.immediates(1) == [0x200, 0]
    assert (
        pe.sysreg["ESR_EL1"] == EC.BRANCH_TARGET << 26 | 1 << 25 | 0b01
    )  # BR from a page that is not guarded
    assert pe.sysreg["ELR_EL1"] == ALIAS_RAM + 0x4000


def test_a_walk_that_leaves_ram_at_the_last_level(mmu: Rig) -> None:
    """The level-2 table is there, the level-3 table is not: DFSC 0x17."""
    mmu.memory.write_u64(TABLES + 8 * 7, EMPTY | VALID_TABLE)
    mmu.memory.write_u64(EMPTY + 8 * 5, 0x2000_0000 | VALID_TABLE)
    mmu.go(f"{MMU_ON}{address(BAD_WALK + (5 << 21))}ldr x0, [x1]\nhvc #1")
    assert mmu.immediates() == [0x200, 0]
    assert mmu.pe.sysreg["ESR_EL1"] & 0x3F == 0x17


def test_tables_beyond_the_size_of_addresses(mmu: Rig) -> None:
    """TCR_EL1.IPS is 36 bits: an address size fault of TTBR1_EL1, level 0 (D8.2.2)."""
    mmu.go(f"{ENABLE_BOTH}hvc #0\nldr x0, [x1]\nhvc #1")
    mmu.pe.sysreg["TTBR1_EL1"] = 1 << 37
    mmu.pe.x[1] = HIGH_HALF + ALIAS_RAM
    mmu.pe.run(100)
    assert mmu.immediates() == [0, 0x200, 0]
    assert mmu.pe.sysreg["ESR_EL1"] & 0x3F == 0


PAN_1, PAN_0, UAO_1, UAO_0 = (
    f".long {word:#x}" for word in (0xD500_419F, 0xD500_409F, 0xD500_417F, 0xD500_407F)
)
PAN_X0, UAO_X0 = "mov x0, #0x400000\n.long 0xd5184260", "mov x0, #0x800000\n.long 0xd5184280"
PAN_BY_ERET = (
    "mov x0, #0x3c5\nmovk x0, #0x40, lsl #16\nmsr spsr_el1, x0\nadr x0, next\nmsr elr_el1, x0\n"
    "eret\nnext: nop"
)


@pytest.mark.parametrize(
    ("before", "access", "faults"),
    [
        ("nop", "ldr x5, [x1]", False),
        (PAN_1, "ldr x5, [x1]", True),
        (PAN_X0, "ldr x5, [x1]", True),
        (PAN_BY_ERET, "ldr x5, [x1]", True),
        (f"{PAN_1}\n{PAN_0}", "ldr x5, [x1]", False),
        (PAN_1, "ldtr x5, [x1]", False),
        (f"{PAN_1}\n{UAO_1}", "ldtr x5, [x1]", True),
        ("nop", "ldtr x5, [x2]", True),
        (UAO_1, "ldtr x5, [x2]", False),
        (UAO_X0, "ldtr x5, [x2]", False),
        (f"{UAO_1}\n{UAO_0}", "ldtr x5, [x2]", True),
    ],
)
def test_pan_and_uao_act_on_the_next_access(make_max: Rig, before: str, access: str, faults: bool) -> None:
    """PSTATE.PAN and UAO, however written (D8.4.2): x1 is EL0's page, x2 is EL1's."""
    rig = make_max
    build(rig)
    rig.memory.write_u64(TABLES + 8 * 4, 0x4000_0000 | NORMAL | AF | INNER | BLOCK | USER | PXN)
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.load("mrs x8, esr_el1\nhvc #0x200\nhvc #0", VBAR + 0x200)
    rig.pe.x[1], rig.pe.x[2] = ALIAS_RAM + 0x8000, RAM + 0x8000
    rig.go(f"{MMU_ON}{before}\n{access}\nhvc #0")
    assert rig.immediates() == ([0x200, 0] if faults else [0])
    assert not faults or rig.pe.x[8] == EC.DATA_ABORT_SAME << 26 | 1 << 25 | 0b001101
