# SPDX-License-Identifier: MIT
"""The walk in software against the CPU's own, over random controls and tables (DDI 0487, D8.2 and D8.3)."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest
import thorough
from engine_rig import RAM, Rig

from harness.arch.esr import (
    EC,
    FSC_ACCESS_FLAG,
    FSC_ADDRESS_SIZE,
    FSC_EXTERNAL_ON_WALK,
    FSC_MASK,
    FSC_TRANSLATION,
)
from harness.engine import PE, deviations
from harness.engine.memory.walk import Walk, regime, walk

VBAR = RAM + 0x1_0000
CODE = RAM + 0x1_1000
OWN_TABLE = RAM + 0x1_2000  # of the half in which the code runs: RAM at its own offset, 39 bits
OWN_BASE = (0, (1 << 64) - (1 << 39))
TABLE_REGISTERS = ("TTBR0_EL1", "TTBR1_EL1")
TABLES = [RAM + 0x10_0000 + 0x1_0000 * n for n in range(4)]
HOLES = [0x2000_0000, 1 << 33, 1 << 38, 1 << 40, 1 << 43, 1 << 46]
VALID, TABLE, AF = 1, 2, 1 << 10
BLOCKS = -(1 << 30)  # no address bits below a block's size: see the deviation "block-address-bits"


class Controls(NamedTuple):
    """Controls of the half that is at random; the code runs in the other one."""

    high: bool
    txsz: int
    granule: int
    ips: int
    disabled: bool
    tagged: bool
    base: int

    def write(self, pe: PE) -> None:
        """Writes the registers, with the other half a plain map, and the MMU on."""
        tcr = self.ips << 32 | self.tagged << (38 if self.high else 37)
        fields = self.txsz | self.disabled << 7 | self.granule << 14
        own, own_fields = OWN_TABLE, 25 | (0b00 if self.high else 0b10) << 14
        low, high = (own_fields, fields) if self.high else (fields, own_fields)
        pe.sysreg["TCR_EL1"] = tcr | low | high << 16
        pe.sysreg["TTBR0_EL1"], pe.sysreg["TTBR1_EL1"] = (own, self.base) if self.high else (self.base, own)
        pe.sysreg["SCTLR_EL1"] |= 1


def some_controls(rnd: random.Random) -> Controls:
    base = rnd.choice([*TABLES, *TABLES, rnd.choice(TABLES) | rnd.getrandbits(12), rnd.choice(HOLES)])
    return Controls(
        high=rnd.random() < 0.5,
        txsz=rnd.choice([rnd.getrandbits(6), rnd.randrange(16, 40), 16, 25]),
        granule=rnd.choice([0, 2, rnd.randrange(4)]),
        ips=rnd.choice([5, rnd.randrange(8)]),
        disabled=rnd.random() < 0.05,
        tagged=rnd.random() < 0.5,
        base=base | rnd.getrandbits(16) << 48,
    )


def some_descriptor(rnd: random.Random) -> int:
    kind = rnd.random()
    target = rnd.choice(TABLES) if rnd.random() < 0.85 else rnd.choice(HOLES)
    accessed = AF if rnd.random() < 0.8 else 0
    if kind < 0.1:
        return rnd.getrandbits(64) & ~VALID
    if kind < 0.65:
        return target | accessed | TABLE | VALID
    return target & BLOCKS | accessed | VALID


def some_address(rnd: random.Random, *, high: bool) -> int:
    bits = rnd.choice([rnd.randrange(25, 49), 64 - 16, 39])
    va = rnd.getrandbits(bits) & ~7 | (-(1 << bits) if high else 0)
    if rnd.random() < 0.1:
        va ^= 1 << rnd.randrange(3, 55)
    if rnd.random() < 0.2:
        va ^= rnd.getrandbits(8) << 56
    return va & (1 << 64) - 1


def prepare(rig: Rig) -> None:
    entry = 0x4000_0000 | AF | 3 << 8 | VALID
    rig.memory.write_u64(OWN_TABLE + 8, entry)
    rig.load("hvc #0", VBAR + 0x200)
    rig.load("ldr x0, [x1]\nhvc #0", CODE)


def load(rig: Rig, controls: Controls, va: int) -> Walk:
    """Loads from an address; what the CPU says of it, as a walk would."""
    pe = rig.pe
    pe.reset(CODE, 0)
    exits: list[int] = []

    def abort(pe: PE, _esr: int) -> None:
        exits.append(pe.fault_ipa)
        pe.stop()

    pe.handlers[EC.DATA_ABORT_LOWER] = abort
    controls.write(pe)
    own = OWN_BASE[not controls.high]
    pe.sysreg["VBAR_EL1"] = own + VBAR
    pe.pc, pe.x[1] = own + CODE, va
    pe.run(10)
    if exits:
        return Walk(None, exits[0])
    esr = pe.sysreg["ESR_EL1"]
    if esr:
        assert esr >> 26 == EC.DATA_ABORT_SAME
        assert pe.sysreg["FAR_EL1"] == va
        return Walk(esr & FSC_MASK)
    found = pe.translate_data(va, write=False)
    assert found is not None
    assert pe.x[0] == rig.memory.u64(found)
    return Walk(None, found)


def same(by_cpu: Walk, by_software: Walk, rig: Rig, controls: Controls) -> bool:
    """Says whether two walks agree, but for what "address-size" lets the CPU do."""
    if by_cpu.status is None and by_software.status is None:
        return by_cpu.address == by_software.address
    if by_software.status is None or by_software.status & 0x3C != FSC_ADDRESS_SIZE:
        return by_cpu.status == by_software.status
    accessed = by_cpu.status != by_software.status + FSC_ACCESS_FLAG
    return by_cpu == by_software or not accessed or _output_size(controls, rig) < 39


def _output_size(controls: Controls, rig: Rig) -> int:
    return regime(rig.pe.sysreg, TABLE_REGISTERS[controls.high]).size


@pytest.mark.parametrize("seed", range(2000 if thorough.ALL else 6))
def test_the_walk_in_software_agrees_with_the_cpu(rig: Rig, seed: int) -> None:
    """Output address, or the fault's status and level, for every TxSZ, granule, size, base and descriptor."""
    rnd = random.Random(seed)
    prepare(rig)
    for table in TABLES:
        descriptors = [some_descriptor(rnd) for _ in range(64)]
        rig.memory.write(table, b"".join(d.to_bytes(8, "little") for d in descriptors) * 128)
    for _ in range(4):
        controls = some_controls(rnd)
        for _ in range(4):
            va = some_address(rnd, high=controls.high)
            if bool(va >> 55 & 1) != controls.high:
                continue
            by_cpu = load(rig, controls, va)
            by_software = walk(va, rig.pe.stage1_controls.registers, rig.memory)
            assert same(by_cpu, by_software, rig, controls), (controls, hex(va), by_cpu, by_software)


@pytest.mark.parametrize("high", [False, True])
@pytest.mark.parametrize(
    "txsz", range(64) if thorough.ALL else (0, 8, 15, 16, 24, 25, 33, 34, 39, 40, 52, 63)
)
def test_a_base_outside_ram_is_an_external_abort_at_the_first_level(rig: Rig, txsz: int, high: bool) -> None:
    """Any TxSZ, which counts as 16 below and as 39 above (D8.2.7): DFSC 0x14 and the level, no other status."""
    prepare(rig)
    controls = Controls(high, txsz, 2 if high else 0, 5, disabled=False, tagged=False, base=0x2000_0000)
    va = (1 << 64) - 0x1000 if high else 0x1000
    level = [0, 1, 2][(min(max(txsz, 16), 39) - 16) // 9]
    assert load(rig, controls, va) == Walk(FSC_EXTERNAL_ON_WALK + level)
    assert rig.pe.deviations_met[deviations.WALK_OUTSIDE_RAM] == 1


@pytest.mark.parametrize("high", [False, True])
def test_a_walk_that_is_disabled(rig: Rig, high: bool) -> None:
    """TCR_EL1.EPDn: a level-0 translation fault (D17.2.139)."""
    prepare(rig)
    controls = Controls(high, 25, 2 if high else 0, 5, disabled=True, tagged=False, base=TABLES[0])
    assert load(rig, controls, OWN_BASE[high] | 0x1000) == Walk(FSC_TRANSLATION)


def test_a_table_in_flash_that_is_a_device_now_is_an_external_abort(rig: Rig) -> None:
    """Outside array mode flash is no memory: a walk reads no descriptor there, and is no access to the device."""
    flash = 0x1000_0000
    prepare(rig)
    rig.memory.add_ram(flash, 0x1000, readonly=True)
    rig.memory.write_u64(flash, 0x4000_0000 | AF | VALID)
    controls = Controls(False, 25, 0, 5, disabled=False, tagged=False, base=flash)
    assert load(rig, controls, 0x8000) == Walk(None, RAM + 0x8000)
    rig.memory.trap(flash, True)
    assert load(rig, controls, 0x8000) == Walk(FSC_EXTERNAL_ON_WALK + 1)
