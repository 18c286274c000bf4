# SPDX-License-Identifier: MIT
"""Watchpoints (DDI 0487, D2.10): exact to the byte, the direction and the Exception level, with their syndrome."""

from __future__ import annotations

import random

import pytest
from engine_rig import DEVICE, RAM, Rig, assemble
from thorough import ALL
from watchpoint_rig import (
    ANY,
    BOTH,
    DATA,
    EL0,
    EL1,
    KDE,
    LOAD,
    MDE,
    STORE,
    bas,
    base,
    mask,
    prepare,
    run,
    watch,
)

from harness.arch import pstate
from harness.arch.esr import EC
from harness.engine import Page

READ, WRITE = 0x22, 0x62  # DFSC: a debug exception; WnR


def syndrome(iss: int, ec: int = EC.WATCHPOINT_SAME) -> int:
    return ec << 26 | 1 << 25 | iss


MATCHES = [
    ("str x0, [x1]", DATA, bas(0xFF) | BOTH, WRITE, 0),
    ("ldr x0, [x1]", DATA, bas(0xFF) | BOTH, READ, 0),
    ("ldr x0, [x1]", DATA, bas(0xFF) | STORE, None, 0),
    ("str x0, [x1]", DATA, bas(0xFF) | LOAD, None, 0),
    ("strb w0, [x1, #3]", DATA, bas(0x08) | BOTH, WRITE, 3),
    ("strb w0, [x1, #2]", DATA, bas(0x08) | BOTH, None, 0),
    ("strh w0, [x1, #2]", DATA, bas(0x08) | BOTH, WRITE, 3),
    ("str w0, [x1, #4]", DATA, bas(0x0F) | BOTH, None, 0),
    ("str w0, [x1, #4]", DATA + 4, bas(0xFF) | BOTH, WRITE, 4),
    ("strb w0, [x1, #8]", DATA + 4, bas(0xFF) | BOTH, None, 0),  # of DBGWVRn with bit 2 set, BAS is four bits
    ("stp x0, x2, [x1, #-8]", DATA, bas(0x01) | BOTH, WRITE, 0),
    ("stp x0, x2, [x1, #-16]", DATA, bas(0x01) | BOTH, None, 0),
    ("ldr x0, [x1, #-8]!", DATA - 8, bas(0xFF) | BOTH, READ, -8),
    ("ldr x0, [x1], #8", DATA, bas(0x80) | BOTH, READ, 7),
    ("ldrsw x0, [x1, #64]", DATA, mask(7) | BOTH, READ, 64),
    ("ldrsw x0, [x1, #128]", DATA, mask(7) | BOTH, None, 0),
    ("ldr x0, [x1, #4088]", DATA, mask(12) | BOTH, READ, 4088),
    ("ldr x0, [x1]", DATA, mask(31) | BOTH, READ, 0),
    ("ldr x0, [x1]", DATA, mask(2) | BOTH, None, 0),  # reserved
    ("ldxr x0, [x1]", DATA, bas(0xF0) | BOTH, READ, 4),
    ("ldxr x0, [x1]\nstxr w2, x0, [x1]", DATA, bas(0xF0) | STORE, WRITE, 4),
    ("ldaxp x0, x2, [x1]", DATA + 8, bas(0x80) | BOTH, READ, 15),
    ("stlr w0, [x1]", DATA, bas(0x0C) | BOTH, WRITE, 2),
    ("ldar w0, [x1]", DATA + 4, bas(0xFF) | BOTH, None, 0),
    ("dc zva, x1", DATA, bas(0x10) | BOTH, WRITE, 4),
    ("add x2, x1, #63\ndc zva, x2", DATA, bas(0x01) | STORE, WRITE, 0),
    ("ld1 {v0.16b, v1.16b}, [x1]", DATA + 24, bas(0x80) | BOTH, READ, 31),
    ("ld1 {v0.16b, v1.16b}, [x1]", DATA + 32, bas(0xFF) | BOTH, None, 0),
    ("st3 {v0.8b, v1.8b, v2.8b}, [x1]", DATA + 16, bas(0x80) | BOTH, WRITE, 23),
    ("st2 {v0.h, v1.h}[3], [x1]", DATA, bas(0xF8) | BOTH, WRITE, 3),
    ("st2 {v0.h, v1.h}[3], [x1]", DATA, bas(0xF0) | BOTH, None, 0),
    ("ld4r {v0.2d, v1.2d, v2.2d, v3.2d}, [x1]", DATA + 24, bas(0xFF) | BOTH, READ, 24),
    ("stp q0, q1, [x1]", DATA + 24, bas(0x80) | BOTH, WRITE, 31),
    ("str q0, [x1]", DATA + 8, bas(0x80) | BOTH, WRITE, 15),
    ("prfm pldl1keep, [x1]", DATA, bas(0xFF) | BOTH, None, 0),
    ("dc cvac, x1\ndc cvau, x1\ndc civac, x1", DATA, bas(0xFF) | BOTH, None, 0),
    ("dc ivac, x1", DATA + 56, bas(0x80) | LOAD, None, 0),
    ("dc ivac, x1", DATA + 64, bas(0xFF) | BOTH, None, 0),
]


@pytest.mark.parametrize(
    ("instruction", "value", "control", "iss", "offset"), MATCHES, ids=[str(n) for n in range(len(MATCHES))]
)
def test_bytes_and_direction(
    rig: Rig, instruction: str, value: int, control: int, iss: int | None, offset: int
) -> None:
    """D2.10.2: an access matches if any of its bytes is watched; FAR_EL1 is the lowest such byte."""
    prepare(rig)
    rig.pe.sysreg["CPACR_EL1"] = 3 << 20
    watch(rig, value, control | EL1)
    told = run(rig, base(DATA) + instruction)
    if iss is None:
        assert told is None
    else:
        at = RAM + 8 + 4 * instruction.count("\n")
        assert told == (syndrome(iss), DATA + offset, at)


def test_dc_ivac_counts_as_a_store_to_its_line(rig: Rig) -> None:
    """CM and WnR are 1, and FAR_EL1 is the address that the instruction has (D2.10, D17.2.37)."""
    prepare(rig)
    watch(rig, DATA + 56, bas(0x80) | STORE | EL1)
    told = run(rig, base(DATA + 20) + "dc ivac, x1")
    assert told == (syndrome(WRITE | 1 << 8), DATA + 20, RAM + 8)


LSE = [
    (0xF8220020, "ldadd", BOTH, READ),
    (0xF8220020, "ldadd", STORE, WRITE),
    (0xF8228020, "swp", LOAD, READ),
    (0xC8A27C20, "cas", STORE, WRITE),
    (0x48207C22, "casp", LOAD, READ),
    (0xF8BFC020, "ldapr", STORE, None),
    (0xF8BFC020, "ldapr", LOAD, READ),
]


@pytest.mark.parametrize(("word", "_name", "direction", "iss"), LSE, ids=[f"{c[1]}-{c[2]}" for c in LSE])
def test_atomics(make_max: Rig, word: int, _name: str, direction: int, iss: int | None) -> None:
    """WnR of an atomic is 0 if a load of the location would have matched (D17.2.37)."""
    prepare(make_max)
    watch(make_max, DATA, bas(0xFF) | direction | EL1)
    told = run(make_max, f"{base(DATA)}.long {word:#x}")
    assert told == (None if iss is None else (syndrome(iss), DATA, RAM + 8))


def watch_off(rig: Rig) -> None:
    rig.pe.sysreg["DBGWCR0_EL1"] = bas(0xFF) | BOTH | ANY


DISABLED = {
    "no MDE": lambda rig: prepare(rig, KDE),
    "no KDE": lambda rig: prepare(rig, MDE),
    "PSTATE.D": lambda rig: setattr(rig.pe, "pstate", rig.pe.pstate | pstate.D),
    "OS Lock": lambda rig: rig.pe.msr("OSLAR_EL1", 1),
    "E": watch_off,
    "PAC": lambda rig: watch(rig, DATA, bas(0xFF) | BOTH | EL0),
    "Secure": lambda rig: watch(rig, DATA, bas(0xFF) | BOTH | ANY | 2 << 14),
    "LSC": lambda rig: watch(rig, DATA, bas(0xFF) | ANY),
    "reset": prepare,
}


@pytest.mark.parametrize("why", DISABLED)
def test_what_keeps_it_from_matching(rig: Rig, why: str) -> None:
    """D2.3 and D2.10.3."""
    prepare(rig)
    watch(rig, DATA, bas(0xFF) | BOTH | ANY)
    assert run(rig, base(DATA) + "ldr x0, [x1]") is not None
    prepare(rig)
    watch(rig, DATA, bas(0xFF) | BOTH | ANY)
    DISABLED[why](rig)
    if why in ("no MDE", "no KDE"):
        watch(rig, DATA, bas(0xFF) | BOTH | ANY)
    assert run(rig, base(DATA) + "ldr x0, [x1]") is None


def test_the_guest_sets_it_itself(rig: Rig) -> None:
    """By MSR, in any order; MSR DAIFClr unmasks, and DAIFSet masks again."""
    prepare(rig, 0)
    rig.pe.pstate |= pstate.D
    setup = (
        f"{base(DATA)}msr dbgwvr1_el1, x1\nmov x2, #{bas(0xFF) | BOTH | EL1 | 1}\nmsr dbgwcr1_el1, x2\n"
        f"ldr x0, [x1]\nmov x2, #{MDE | KDE}\nmsr mdscr_el1, x2\nisb\nldr x0, [x1]\n"
    )
    assert run(rig, setup + "msr daifclr, #8\nmsr daifset, #8\nldr x0, [x1]") is None
    assert run(rig, setup + "msr daifclr, #8\nldr x0, [x1]\nmov x7, #1") == (
        syndrome(READ),
        DATA,
        RAM + 4 * 11,
    )


@pytest.mark.parametrize(("control", "matches"), [(EL0, True), (ANY, True), (EL1, False)])
@pytest.mark.parametrize("mdscr", [MDE, MDE | KDE])
def test_el0(rig: Rig, control: int, matches: bool, mdscr: int) -> None:
    """From EL0 it is taken whatever KDE and PSTATE.D are: EC 0x34."""
    prepare(rig, mdscr)
    watch(rig, DATA, bas(0xFF) | BOTH | control)
    told = run(
        rig,
        f"{base(DATA)}mov x2, #0x200\nmsr spsr_el1, x2\nadr x2, user\nmsr elr_el1, x2\neret\n"
        "user: str x0, [x1]\nsvc #0",
    )
    assert told is not None
    assert told[0] >> 26 == (EC.WATCHPOINT_LOWER if matches else EC.SVC64)
    if matches:
        assert told[:2] == (syndrome(WRITE, EC.WATCHPOINT_LOWER), DATA)


def test_unprivileged_accesses_are_those_of_el0(rig: Rig) -> None:
    """LDTR and STTR at EL1 (D2.10.3)."""
    for control, matches in ((EL0, True), (EL1, False)):
        prepare(rig)
        watch(rig, DATA, bas(0xFF) | BOTH | control)
        assert (run(rig, base(DATA) + "ldtr x0, [x1]") is not None) == matches


@pytest.mark.parametrize(("context", "kind", "matches"), [(7, 3, True), (8, 3, False), (7, 1, False)])
def test_linked_to_a_context(rig: Rig, context: int, kind: int, matches: bool) -> None:
    """WT = 1: only while CONTEXTIDR_EL1 is that of the linked breakpoint (D2.9)."""
    prepare(rig)
    rig.pe.sysreg["DBGBVR5_EL1"] = 7
    rig.pe.sysreg["DBGBCR5_EL1"] = kind << 20 | 1 | ANY | 0xF << 5
    rig.pe.sysreg["CONTEXTIDR_EL1"] = context
    watch(rig, DATA, bas(0xFF) | BOTH | ANY | 1 << 20 | 5 << 16)
    assert (run(rig, base(DATA) + "ldr x0, [x1]") is not None) == matches


def test_an_access_across_pages(rig: Rig) -> None:
    """Each page may be the watched one; both may be guarded and neither byte be meant."""
    edge = DATA + 0x1000
    for value, control, offset in ((edge, 0x01, 0), (edge - 8, 0x80, -1)):
        prepare(rig)
        watch(rig, value, bas(control) | BOTH | EL1)
        assert run(rig, base(edge - 4) + "str x0, [x1]") == (syndrome(WRITE), edge + offset, RAM + 8)
    prepare(rig)
    watch(rig, edge, bas(0x80) | BOTH | EL1)
    watch(rig, edge - 8, bas(0x01) | BOTH | EL1, n=1)
    assert run(rig, base(edge - 4) + "mov x0, #-1\nstr x0, [x1]\nldr x5, [x1]") is None
    assert rig.memory.u64(edge - 4) == rig.pe.x[5] == (1 << 64) - 1


def test_code_and_data_in_the_watched_page(rig: Rig) -> None:
    """Code runs, literals load, stores of the page to itself work; only the watched word stops."""
    prepare(rig)
    source = (
        "adr x1, data\nmov x4, #0\n1: ldr x0, =0x1122334455667788\nstr x4, [x1, #8]\nldr x5, [x1, #8]\n"
        "add x4, x4, #1\ncmp x4, #40\nb.ne 1b\n{}\nhvc #0\n.balign 8\ndata: .quad 0, 0, 0\n"
    )
    code = (
        source.replace("ldr x0, =0x1122334455667788", "ldr x0, data").replace("1:", "a1:").replace("1b", "a1")
    )
    at = RAM + len(assemble(code.format("nop"), RAM)) - 24
    watch(rig, at + 16, bas(0xFF) | BOTH | EL1)
    assert run(rig, code.format("nop")) is None
    assert rig.pe.x[5] == 39
    assert rig.memory.stage2.page(RAM) is Page.MIXED
    assert run(rig, code.format("str x4, [x1, #16]")) == (syndrome(WRITE), at + 16, RAM + 8 * 4)


def test_it_changes_no_count_of_instructions(rig: Rig) -> None:
    """An access that is let through retires once, in slices of any length, as without a watchpoint."""
    source = (
        base(DATA)
        + "mov x3, #30\na1: str x3, [x1, #8]\nldp x4, x5, [x1, #8]\nsubs x3, x3, #1\nb.ne a1\nhvc #0"
    )
    counts = []
    for watched in (False, True):
        for length in (1, 3, 1000):
            prepare(rig)
            if watched:
                watch(rig, DATA, bas(0xFF) | BOTH | EL1)
            rig.load(source)
            before = rig.pe.retired
            while not rig.calls:
                assert rig.pe.run(length) <= length
            counts.append(rig.calls[0][3] - before)
    assert set(counts) == {3 + 30 * 4 + 1}


def test_another_pe_is_not_stopped(rig: Rig) -> None:
    """Watchpoints are a PE's own; the guard on the page is not seen by others."""
    prepare(rig)
    watch(rig, DATA, bas(0xFF) | BOTH | ANY)
    other = rig.add()
    rig.load(base(DATA) + "mov x0, #5\nstr x0, [x1]\nldr x2, [x1]\nhvc #0", RAM + 0x1000)
    other.pc = RAM + 0x1000
    other.run(100)
    assert other.x[2] == rig.memory.u64(DATA) == 5
    assert run(rig, base(DATA) + "ldr x0, [x1]") is not None


def test_an_access_to_a_device(rig: Rig) -> None:
    """It stops before the device sees it; FAR_EL1 is the virtual address."""
    prepare(rig)
    seen: list[int] = []
    rig.pe.handlers[EC.DATA_ABORT_LOWER] = lambda pe, esr: (seen.append(esr), pe.advance())
    watch(rig, DEVICE, bas(0x0F) | STORE | EL1)
    assert run(rig, base(DEVICE) + "ldr w0, [x1]\nstr w0, [x1, #4]") is None
    assert len(seen) == 2
    assert run(rig, base(DEVICE) + "str w0, [x1]") == (syndrome(WRITE), DEVICE, RAM + 8)
    assert len(seen) == 2


FORMS = [
    ("ldrb w0, [x1]", 1, False),
    ("ldrh w0, [x1]", 2, False),
    ("ldr w0, [x1]", 4, False),
    ("ldr x0, [x1]", 8, False),
    ("ldp x0, x2, [x1]", 16, False),
    ("strb w3, [x1]", 1, True),
    ("sturh w3, [x1]", 2, True),
    ("str w3, [x1]", 4, True),
    ("str x3, [x1]", 8, True),
    ("stp x3, x4, [x1]", 16, True),
]


def test_random_watchpoints_match_as_the_manual_says(rig: Rig) -> None:
    """Up to four watchpoints, any BAS, MASK, LSC and PAC, against random accesses around them; a model decides."""
    for seed in range(2000 if ALL else 60):
        rng = random.Random(seed)
        prepare(rig)
        named: list[tuple[set[int], int]] = []
        for n in range(rng.randrange(1, 5)):
            value = DATA + 0x1000 * rng.randrange(2) + 8 * rng.randrange(8) - 32 + 4 * (rng.random() < 0.3)
            bits, selected = rng.choice([0, 0, 0, 3, 4, 6, 12]), rng.randrange(256)
            lsc, pac = rng.randrange(4), rng.choice([EL1, EL0, ANY])
            if bits:
                start = value >> bits << bits
                names = set(range(start, start + (1 << bits)))
            else:
                names = {value + k for k in range(4 if value & 4 else 8) if selected >> k & 1}
            control = (mask(bits) if bits else bas(selected)) | lsc << 3 | pac
            watch(rig, value, control, n)
            if pac & EL1:
                named.append((names, lsc))
        address = DATA + 0x1000 * rng.randrange(2) - 40 + rng.randrange(80)
        form, size, store = rng.choice(FORMS)
        hit = [
            min(common)
            for names, lsc in named
            if (common := names & set(range(address, address + size))) and lsc >> store & 1
        ]
        told = run(rig, base(address) + form)
        if hit:
            assert told == (syndrome(WRITE if store else READ), hit[0], RAM + 8), seed
        else:
            assert told is None, seed
