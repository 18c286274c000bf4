# SPDX-License-Identifier: MIT
"""The C core: how it is compiled, what it does without Python, and that time is exact in every kind of block."""

from __future__ import annotations

import gc
import os
import struct
import subprocess
import sys
import weakref
from functools import partial
from pathlib import Path
from random import Random

import pytest
from engine_rig import RAM, Rig, assemble

from harness.arch.esr import EC
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine import PE, Memory, Page, native
from harness.engine.mmio.loadstore import decode
from harness.engine.native import compile as compiling

NATIVE = pytest.mark.parametrize("backend", ["c"])
VECTORS = RAM + 0x1_0000


# The compiler.


def test_it_is_compiled_without_headers_of_python(tmp_path: Path) -> None:
    made = compiling.build(tmp_path)
    assert made == tmp_path / "_cpu.abi3.so"
    assert [path.name for path in tmp_path.iterdir()] == [made.name]
    code = "import _cpu; c = _cpu.Cpu(); c.base = 5; print(c.base, c.counts)"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert shown.stdout == "5 False\n"


def test_each_compiler_is_tried_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuses = tmp_path / "refuses"
    refuses.write_text("#!/bin/sh\necho 'no licence' >&2\nexit 1\n")
    refuses.chmod(0o755)
    monkeypatch.setattr(compiling, "compilers", lambda: iter([[str(refuses)], [str(tmp_path / "absent")]]))
    with pytest.raises(compiling.CompilerError) as caught:
        compiling.build(tmp_path)
    assert str(caught.value).splitlines() == [
        f"{refuses}: no licence",
        f"{tmp_path / 'absent'}: {os.strerror(2)}",
    ]
    assert list(tmp_path.iterdir()) == [refuses]


def test_without_a_compiler_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "compilers", lambda: iter(()))
    with pytest.raises(compiling.CompilerError, match=r"^no C compiler"):
        compiling.build(tmp_path)


def test_it_says_why_it_is_not_there() -> None:
    code = (
        "import sys; sys.modules['harness.engine.native._cpu'] = None\n"
        "from harness.engine import native, PE, Memory\n"
        "print(native.absence()); print(PE(0, Memory(), mpidr=0).backend)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "the C core has not been compiled\nview\n"


def test_one_of_another_source_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout, where the source is edited; it does not matter when that was."""
    assert native.absence.__wrapped__() is None
    source = tmp_path / "cpu.c"
    source.write_bytes(compiling.SOURCE.read_bytes())
    monkeypatch.setattr(native, "_HERE", tmp_path)
    assert native.absence.__wrapped__() is None
    source.write_bytes(source.read_bytes() + b"\n")
    assert native.absence.__wrapped__().startswith("the C core was compiled from another source: python -m ")
    monkeypatch.setattr(native, "_CHECKOUT", tmp_path / "absent")
    assert native.absence.__wrapped__() is None


# What it is told by the engine.


@NATIVE
def test_it_looks_for_so_many_instructions_and_no_more(rig: Rig) -> None:
    rig.pe.registers.look_for(bytes(16 * 8))
    with pytest.raises(ValueError, match="more patterns"):
        rig.pe.registers.look_for(bytes(17 * 8))


@NATIVE
def test_new_blocks_are_told_of_by_what_they_have(rig: Rig) -> None:
    seen: list[tuple[int, int]] = []
    rig.pe.registers.hook_new_blocks(lambda pc, size: seen.append((pc, size)))
    rig.pe.registers.look_for(struct.pack("<4I", 0xFFFF_FFFF, 0xD503_209F, 0xFF00_0000, 0xAA00_0000))
    rig.go("nop\n b a\na: nop\n sev\n b b\nb: mov x1, x2\n b c\nc: mrs x1, cntvct_el0\n b d\nd: hvc #0")
    assert seen == [(RAM + 8, 12), (RAM + 20, 8), (RAM + 28, 8)]


@NATIVE
def test_maintenance_is_passed_over_but_where_a_page_is_mixed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    rig.pe.handlers[EC.SYSREG] = lambda pe, esr: told.append(esr)
    whole = rig.memory.instruction_line_maintenance
    lines: list[int] = []

    def noted(ipa: int) -> None:
        lines.append(ipa)
        whole(ipa)

    monkeypatch.setattr(rig.memory, "instruction_line_maintenance", noted)
    rig.memory.stage2.set_page(RAM + 0x3000, Page.MIXED)
    code = f"movz x1, #{RAM >> 16}, lsl #16\n movk x1, #0x2040\n ic ivau, x1\n dc cvau, x1\n"
    rig.go(f"{code} movk x1, #0x3040\n dc cvau, x1\n ic ivau, x1\n mov x2, #1\n hvc #0")
    assert (rig.pe.x[2], rig.pe.retired, lines, told) == (1, 9, [RAM + 0x3040], [])


# Blocks.


@pytest.mark.parametrize("seed", range(4))
def test_a_stretch_of_code_that_is_longer_than_any_block(rig: Rig, seed: int) -> None:
    """Unicorn ends a block after 512 instructions, and sooner if they are costly: all are counted, and once."""
    random = Random(seed)
    costly = ("ldp q0, q1, [x1]", "st1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x1]", "mul v3.16b, v4.16b, v5.16b")
    words = [assemble(each) for each in (*costly, "add x2, x2, #1")]
    rig.memory.write(RAM, b"".join(random.choices(words, k=1500)) + assemble("hvc #0"))
    pe = rig.pe
    pe.sysreg["CPACR_EL1"] = 3 << 20
    pe.x[1] = RAM + 0x2_0000
    for again in range(2):
        pe.pc, at = RAM, 0
        while at < 1501:
            piece = min(random.choice((1, 2, 7, 100, 511, 512, 513, 900)), 1501 - at)
            at += piece
            assert pe.run(piece) == piece
            assert pe.pc == RAM + 4 * at
        assert pe.retired == 1501 * (again + 1)


@pytest.mark.parametrize("level", [0, 1])
def test_a_reader_stops_amid_a_block(rig: Rig, level: int) -> None:
    """An MRS does not end a block: what it asks for comes right after it all the same."""
    pe, encoding = rig.pe, NAMES_TO_ENCODINGS["CNTVCT_EL0"]
    pe.on_system_register[encoding] = (lambda pe: pe.stop() or pe.retired, None)
    pe.sysreg["CNTKCTL_EL1"] = 3
    rig.load("nop\nmrs x0, cntvct_el0\nadd x0, x0, #8\nmrs x2, cntvct_el0\nmrs x1, cntvct_el0\nb .", RAM)
    pe.pstate = 0x3C0 if level == 0 else 0x3C5
    for run, (ran, pc) in enumerate([(2, 8), (2, 16), (1, 20)]):
        assert (run, pe.run(100), pe.pc) == (run, ran, RAM + pc)
    assert pe.x[0] == 10
    assert pe.x[1] == 5


# What is done without Python.


@NATIVE
def test_svc_is_taken_as_by_hand(rig: Rig, backend: str) -> None:
    """The same registers, flags included, from EL0 and from EL1, as ExceptionCore.enter_el1 gives."""
    taken = {}
    for each in (backend, "view"):
        other = Rig(each)  # type: ignore[arg-type]
        pe = other.add(model="max")
        pe.sysreg["VBAR_EL1"] = VECTORS
        for vector in (0x200, 0x400):
            other.load("hvc #0", VECTORS + vector)
        states = []
        for state in (0x3C5, 0xA000_03C0, 0x5000_0000, 0x6040_0305, 0x9000_0004):
            for span in (0, 1 << 23):
                pe.sysreg["SCTLR_EL1"] = pe.sysreg["SCTLR_EL1"] & ~(1 << 23) | span
                pe.pstate = state
                pe.pc = RAM
                other.load("svc #0x123", RAM)
                pe.run(10)
                names = ("ESR_EL1", "ELR_EL1", "SPSR_EL1", "SP_EL0", "SP_EL1", "FAR_EL1")
                states.append((pe.pc, pe.pstate, pe.retired, *(pe.sysreg[name] for name in names)))
        taken[each] = states
        pe.close()
    assert taken["c"] == taken["view"]
    assert len(set(taken["c"])) == 10


@NATIVE
def test_counters_are_read_from_the_time(rig: Rig, backend: str) -> None:
    """At EL1 always, at EL0 by CNTKCTL_EL1; whoever is not allowed is trapped (D11.2.4)."""
    pe = rig.pe
    for name in ("CNTPCT_EL0", "CNTVCT_EL0"):
        pe.on_system_register[NAMES_TO_ENCODINGS[name]] = (lambda _pe: 0, None)
    pe.serve_counts(1000)
    pe.set_time(5000, 10)
    pe.sysreg["VBAR_EL1"] = VECTORS
    rig.load("hvc #0", VECTORS + 0x400)
    rig.load("mrs x0, cntpct_el0\nmrs x1, cntvct_el0\nmrs xzr, cntvct_el0\nmrs x30, cntvct_el0\nhvc #0", RAM)
    pe.run(100)
    assert (pe.x[0], pe.x[1], pe.x[30]) == (5010, 4020, 4040)
    for allowed, seen in ((0, (0, 0)), (1, (1, 0)), (3, (1, 1))):
        pe.sysreg["CNTKCTL_EL1"] = allowed
        pe.pstate, pe.pc = 0x3C0, RAM
        pe.x[0] = pe.x[1] = 0
        pe.run(100)
        assert (bool(pe.x[0]), bool(pe.x[1])) == seen
        assert pe.pc == VECTORS + 0x404


@NATIVE
def test_only_what_is_plain_is_decoded(rig: Rig, backend: str) -> None:
    """Each load or store that C takes for plain is one of a single register, without writeback."""
    pe, random, taken = rig.pe, Random(5), 0
    asked: list[tuple[int, ...]] = []
    pe.on_load = lambda ipa, size: asked.append((ipa, size)) or 0  # type: ignore[func-returns-value]
    pe.on_store = lambda ipa, size, _value: asked.append((ipa, size)) or True  # type: ignore[func-returns-value]
    pe.handlers[EC.DATA_ABORT_LOWER] = lambda pe, _esr: pe.stop()
    pe.sysreg["VBAR_EL1"] = VECTORS
    rig.load("hvc #0", VECTORS + 0x200)
    for _ in range(300):
        word = 7 << 27 | random.getrandbits(32) & ~(1 << 26)
        insn = decode(word)
        rig.memory.write(RAM, word.to_bytes(4, "little"))
        for n in range(31):
            pe.x[n] = 0x0900_0800 + 8 * random.randrange(64) - (n & 1) * 0x0900_0800
        pe.sp, pe.pc, pe.pstate = 0x0900_0800, RAM, 0x3C5
        asked.clear()
        pe.run(1)
        if asked:
            assert insn is not None
            assert insn.is_plain
            taken += 1
    assert taken > 30


# The end.


def _served(_pe: PE, *_x: int) -> bool:
    return True


@NATIVE
def test_a_cpu_that_nobody_holds_goes(backend: str) -> None:
    """The C core holds the engine's functions, and these hold it: a circle that the collector finds."""
    pe = PE(0, Memory(), mpidr=0, backend="c")
    pe.on_call = {1: partial(_served, pe)}
    gone = weakref.ref(pe)
    del pe
    gc.collect()
    assert gone() is None
