# SPDX-License-Identifier: MIT
"""Forms of stage 1 that the architecture reserves (DDI 0487, D8.2, D8.3), with registers that read as written."""

from __future__ import annotations

import random

import pytest
import thorough
from engine_rig import RAM, Rig

from harness.arch import hyp
from harness.arch.esr import EC, FSC_MASK, FSC_TRANSLATION
from harness.engine import deviations
from harness.engine.deviations import Deviation
from harness.engine.memory.walk import walk

VBAR = RAM + 0x1_0000
LEVEL0, LEVEL1, EMPTY = RAM + 0x10_0000, RAM + 0x10_1000, RAM + 0x10_2000
AF, INNER, DEVICE_ATTR = 1 << 10, 3 << 8, 1 << 2
RAM_BLOCK = 0x4000_0000 | AF | INNER | 1
BLOCK0 = AF | INNER | 1  # of 512 GiB at zero, or of 4 TiB
TABLE = 3
SIZE0 = 1 << 39  # of what a level-0 descriptor translates
TCR_48 = 16 | 16 << 16 | 2 << 30 | 5 << 32
TCR_64K = 16 | 1 << 14 | 16 << 16 | 3 << 30 | 5 << 32
WRITE = "msr tcr_el1, x10\nmsr ttbr0_el1, x11\nmsr ttbr1_el1, x12\nisb\n"
ENABLE = f"{WRITE}mrs x0, sctlr_el1\norr x0, x0, #1\nmsr sctlr_el1, x0\nisb\n"


@pytest.fixture
def mmu(rig: Rig) -> Rig:
    """RAM at its own addresses by a level-1 table; TTBR1_EL1 has none; VBAR_EL1 is in RAM."""
    prepare(rig)
    return rig


def prepare(rig: Rig) -> None:
    rig.memory.write_u64(LEVEL0, LEVEL1 | TABLE)
    rig.memory.write_u64(LEVEL1 + 8, RAM_BLOCK)
    rig.load("mrs x8, esr_el1\nmrs x9, far_el1\nhvc #0x200\nhvc #0", VBAR + 0x200)
    for pe in rig.pes:
        pe.sysreg["VBAR_EL1"] = VBAR
        pe.x[10], pe.x[11], pe.x[12] = TCR_48, LEVEL0, EMPTY


def translation_fault(rig: Rig, level: int, far: int, kind: EC = EC.DATA_ABORT_SAME) -> bool:
    x = rig.pe.x
    return (x[8] >> 26, x[8] & FSC_MASK, x[9]) == (kind, FSC_TRANSLATION + level, far)


def test_a_level_0_block_under_the_reset_value_of_tcr(rig: Rig) -> None:
    """T0SZ = 0 counts as 16, so the one table of 1 GiB blocks is level 0: the next fetch faults, at level 0."""
    rig.memory.write_u64(LEVEL1, DEVICE_ATTR | BLOCK0)
    rig.memory.write_u64(LEVEL1 + 8, RAM_BLOCK)
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.pe.x[10], rig.pe.x[11], rig.pe.x[12] = 0, LEVEL1, 0
    rig.load(ENABLE + "hvc #0")
    rig.pe.run(100)
    assert rig.immediates() == []
    assert rig.pe.lockup is not None
    assert rig.pe.lockup.esr == EC.INSTRUCTION_ABORT_SAME << 26 | 1 << 25 | FSC_TRANSLATION


@pytest.mark.parametrize("high", [False, True])
@pytest.mark.parametrize("slot", [1, 255])
def test_a_level_0_block_beside_tables(mmu: Rig, slot: int, high: bool) -> None:
    """Its own addresses fault, those of the other descriptors do not."""
    table = EMPTY if high else LEVEL0
    mmu.memory.write_u64(table + 8 * slot, BLOCK0)
    va = slot * SIZE0 + RAM + 0x8000 | (0xFFFF << 48 if high else 0)
    mmu.pe.x[1] = va
    mmu.go(f"{ENABLE}hvc #1\nldr x0, [x1]\nhvc #2")
    assert mmu.immediates() == [1, 0x200, 0]
    assert translation_fault(mmu, 0, va)


def test_a_level_1_block_of_the_64_kib_granule(mmu: Rig) -> None:
    """Only level 2 has blocks (FEAT_LPA is absent)."""
    level1, level2 = RAM + 0x20_0000, RAM + 0x21_0000
    mmu.memory.write_u64(level1, level2 | TABLE)
    mmu.memory.write_u64(level1 + 8, BLOCK0)
    mmu.memory.write_u64(level2 + 8 * 2, 0x4000_0000 | AF | INNER | 1)  # 512 MiB
    mmu.pe.x[10], mmu.pe.x[11], mmu.pe.x[1] = TCR_64K, level1, (1 << 42) + RAM
    mmu.go(f"{ENABLE}hvc #1\nldr x0, [x1]\nhvc #2")
    assert mmu.immediates() == [1, 0x200, 0]
    assert translation_fault(mmu, 1, (1 << 42) + RAM)


def test_the_registers_read_as_they_were_written(mmu: Rig) -> None:
    mmu.memory.write_u64(LEVEL0 + 8, BLOCK0)
    asid = 0x1234 << 48
    mmu.pe.x[10], mmu.pe.x[11] = TCR_48 & ~(3 << 30) | 1 << 30, LEVEL0 | asid  # TG1: 16 KiB
    mmu.go(f"{ENABLE}mrs x2, tcr_el1\nmrs x3, ttbr0_el1\nmrs x4, ttbr1_el1\nhvc #0")
    assert [mmu.pe.x[n] for n in (2, 3, 4)] == [mmu.pe.x[10], LEVEL0 | asid, EMPTY]
    assert [mmu.pe.mrs(name) for name in ("TCR_EL1", "TTBR0_EL1")] == [mmu.pe.x[10], LEVEL0 | asid]
    mmu.pe.reset(RAM, 0)
    assert [mmu.pe.mrs(name) for name in ("TCR_EL1", "TTBR0_EL1", "TTBR1_EL1")] == [0, 0, 0]


@pytest.mark.parametrize("granule", [0b00, 0b01, 0b10])
def test_a_granule_that_is_not_implemented_counts_as_one_that_is(mmu: Rig, granule: int) -> None:
    """TG1 = 0b00 is reserved, 0b01 is 16 KiB, which ID_AA64MMFR0_EL1 denies: 4 KiB instead (D17.2.139)."""
    mmu.memory.write_u64(EMPTY, LEVEL1 | TABLE)
    mmu.memory.write_u64(RAM + 0x8000, 77)
    mmu.pe.x[10] = TCR_48 & ~(3 << 30) | granule << 30
    mmu.pe.x[1] = RAM + 0x8000 | 0xFFFF << 48
    mmu.go(f"{ENABLE}ldr x5, [x1]\nhvc #0")
    assert mmu.immediates() == [0]
    assert mmu.pe.x[5] == 77


def test_a_descriptor_that_becomes_valid_needs_no_maintenance(mmu: Rig) -> None:
    """No TLB keeps an invalid one (D8.13.1): DSB and ISB are enough, beside a reserved block as elsewhere."""
    mmu.memory.write_u64(LEVEL0 + 8 * 2, BLOCK0)
    mmu.memory.write_u64(RAM + 0x8000, 77)
    va = 3 * SIZE0 + RAM + 0x8000
    mmu.pe.x[1], mmu.pe.x[2], mmu.pe.x[3] = va, LEVEL1 | TABLE, LEVEL0 + 8 * 3
    mmu.go(f"{ENABLE}str x2, [x3]\ndsb ish\nisb\nldr x5, [x1]\nhvc #0")
    assert mmu.immediates() == [0]
    assert mmu.pe.x[5] == 77
    assert mmu.calls[0][3] == (mmu.pe.pc - RAM) // 4  # what was made again counts once


@pytest.mark.parametrize("changed", ["reserved", "table"])
def test_a_changed_descriptor_is_seen_after_maintenance(mmu: Rig, changed: str) -> None:
    """Break-before-make, of the reserved block itself and of a table beside it."""
    slot = 2 if changed == "reserved" else 3
    other = RAM + 0x10_3000
    mmu.memory.write_u64(LEVEL0 + 8 * 2, BLOCK0)
    mmu.memory.write_u64(LEVEL0 + 8 * 3, LEVEL1 | TABLE)
    mmu.memory.write_u64(other + 8 * 2, 0x4000_0000 | AF | INNER | 1)
    mmu.memory.write_u64(RAM + 0x8000, 77)
    mmu.pe.x[1], mmu.pe.x[2], mmu.pe.x[3] = (
        slot * SIZE0 + (2 << 30) + 0x8000,
        other | TABLE,
        LEVEL0 + 8 * slot,
    )
    mmu.go(
        f"{ENABLE}str xzr, [x3]\ndsb ish\ntlbi vmalle1\ndsb ish\nstr x2, [x3]\ndsb ish\nisb\n"
        "ldr x5, [x1]\nhvc #0"
    )
    assert mmu.immediates() == [0]
    assert mmu.pe.x[5] == 77


def test_a_table_without_reserved_blocks_is_the_cpu_s_own_again(mmu: Rig) -> None:
    mmu.memory.write_u64(LEVEL0 + 8, BLOCK0)
    mmu.memory.write_u64(RAM + 0x10_3000, LEVEL1 | TABLE)
    mmu.pe.x[13] = RAM + 0x10_3000
    mmu.go(f"{ENABLE}hvc #1\nmsr ttbr0_el1, x13\nisb\nhvc #2\nhvc #0")
    assert mmu.immediates() == [1, 2, 0]
    assert mmu.pe.sysreg["TTBR0_EL1"] == RAM + 0x10_3000


def test_each_pe_has_its_own(mmu: Rig) -> None:
    mmu.add()
    prepare(mmu)
    mmu.memory.write_u64(LEVEL0 + 8, BLOCK0)
    mmu.load(f"{ENABLE}hvc #1\nldr x0, [x1]\nhvc #2")
    for pe in mmu.pes:
        pe.x[1] = SIZE0 + RAM
        pe.run(100)
    assert mmu.immediates(0) == mmu.immediates(1) == [1, 0x200, 0]
    assert mmu.pes[0].sysreg["TTBR0_EL1"] != mmu.pes[1].sysreg["TTBR0_EL1"]


def test_with_the_mmu_off_nothing_is_looked_at(mmu: Rig) -> None:
    mmu.memory.write_u64(LEVEL0, BLOCK0)
    mmu.go(f"{WRITE}hvc #1\nmrs x0, ttbr0_el1\nhvc #0")
    assert mmu.immediates() == [1, 0]
    assert mmu.pe.x[0] == LEVEL0


@pytest.mark.parametrize("seed", range(300 if thorough.ALL else 4))
def test_reserved_blocks_fault_wherever_they_are(mmu: Rig, seed: int) -> None:
    """Random first tables, written before the MMU is on and while it is: a load does what the walk says."""
    rnd = random.Random(seed)
    chosen = [rnd.choice([0, BLOCK0, LEVEL1 | TABLE, LEVEL1 | TABLE]) for _ in range(16)]
    chosen[0] = LEVEL1 | TABLE
    for n, descriptor in enumerate(chosen):
        mmu.memory.write_u64(LEVEL0 + 8 * n, descriptor)
    mmu.memory.write_u64(RAM + 0x8000, 77)
    mmu.load(f"{ENABLE}again: hvc #0\nmsr ttbr0_el1, x11\ntlbi vmalle1\ndsb sy\nisb\nldr x5, [x1]\nb again")
    mmu.load(
        "mrs x8, esr_el1\nmrs x9, elr_el1\nadd x9, x9, #4\nmsr elr_el1, x9\nmov x5, #-1\neret", VBAR + 0x200
    )
    pe = mmu.pe
    pe.run(100)
    for _ in range(12):
        slot = rnd.randrange(16)
        if slot and rnd.random() < 0.3:
            mmu.memory.write_u64(LEVEL0 + 8 * slot, rnd.choice([0, BLOCK0, LEVEL1 | TABLE]))
        va = slot * SIZE0 + RAM + 0x8000
        pe.x[1], pe.x[8] = va, 0
        pe.run(100)
        expected = walk(va, pe.stage1_controls.registers, mmu.memory)
        assert (pe.x[8] & FSC_MASK or None) == expected.status
        assert pe.x[5] == (77 if expected.status is None else (1 << 64) - 1)


@pytest.mark.parametrize(
    ("level", "descriptor", "told"),
    [
        (1, 0x4000_0000, []),
        (1, 0x4010_0000, [deviations.BLOCK_ADDRESS_BITS]),
        (2, 0x4020_0000, []),
        (2, 0x4021_0000, [deviations.BLOCK_ADDRESS_BITS]),
    ],
)
def test_address_bits_of_a_block_below_its_size_are_told(
    mmu: Rig, level: int, descriptor: int, told: list[Deviation]
) -> None:
    """They are RES0 (D8.3.1), and Unicorn ORs them in: named when the MMU is turned on."""
    table = EMPTY if level == 2 else LEVEL1
    if level == 2:
        mmu.memory.write_u64(LEVEL1 + 8 * 3, EMPTY | TABLE)
    mmu.memory.write_u64(table + 8 * 5, descriptor | AF | INNER | 1)
    mmu.pe.x[12] = 0
    mmu.go(f"{ENABLE}{ENABLE}hvc #0")
    assert list(mmu.pe.deviations_met) == told
    assert all(count == 1 for count in mmu.pe.deviations_met.values())


@pytest.mark.parametrize(("ips", "told"), [(0, True), (1, False), (5, False)])
def test_ram_beyond_the_size_of_output_addresses_is_told(mmu: Rig, ips: int, told: bool) -> None:
    """TCR_EL1.IPS = 0 is 4 GiB: hardware has an address size fault above (D8.2.2), here it is only named."""
    mmu.memory.add_ram(1 << 32, 1 << 20)
    mmu.memory.write_u64(LEVEL1 + 8 * 4, 1 << 32 | AF | INNER | 1)
    mmu.pe.x[10] = TCR_48 & ~(7 << 32) | ips << 32
    mmu.go(f"{ENABLE}hvc #0")
    assert mmu.immediates() == [0]
    assert list(mmu.pe.deviations_met) == [deviations.ADDRESS_SIZE] * told


def test_tables_that_are_their_own_are_looked_at_once(mmu: Rig) -> None:
    """A descriptor may point anywhere: the look at the tables ends."""
    for n in range(512):
        mmu.memory.write_u64(EMPTY + 8 * n, EMPTY | TABLE)
    mmu.memory.write_u64(LEVEL0 + 8, EMPTY | TABLE)
    mmu.go(f"{ENABLE}hvc #0")
    assert mmu.immediates() == [0]


@pytest.mark.parametrize("instruction", ["smc #0", "msr cntfrq_el0, x0"])
def test_an_undefined_instruction_at_the_last_address_of_all(mmu: Rig, instruction: str) -> None:
    """PC is past it when the CPU tells, which is zero."""
    top = (1 << 64) - (1 << 30)
    mmu.memory.write_u64(LEVEL1 + 8 * 511, RAM_BLOCK)
    mmu.memory.write_u64(LEVEL0 + 8 * 511, LEVEL1 | TABLE)
    mmu.memory.add_ram(0x8000_0000 - 0x1000, 0x1000)
    mmu.load(instruction, 0x8000_0000 - 4)
    mmu.pe.handlers[EC.SMC64] = lambda pe, esr: pe.inject_undefined_before()
    mmu.pe.sysreg["HCR_EL2"] &= ~hyp.HCR_TSC
    mmu.pe.x[12], mmu.pe.x[1] = LEVEL0, top + (1 << 30) - 4
    mmu.go(f"{ENABLE}br x1")
    assert mmu.immediates() == [0x200, 0]
    assert mmu.pe.x[8] == 1 << 25
    assert mmu.pe.sysreg["ELR_EL1"] == (1 << 64) - 4
