# SPDX-License-Identifier: MIT
"""Breakpoints, observed vectors and returns, and Python exceptions in hooks."""

from __future__ import annotations

import _thread
import random
import struct
import threading

import pytest
import thorough
from engine_rig import RAM, Rig

from harness.arch.esr import EC
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine import PE
from harness.engine.emulator import binding

VBAR = RAM + 0x1_0000
LOOP = "mov x0, #3\nagain: sub x0, x0, #1\ncbnz x0, again\nhvc #0"


class TestBreakpoints:
    def test_before_each_execution(self, rig: Rig) -> None:
        seen: list[tuple[int, int, int]] = []
        rig.load(LOOP)
        rig.pe.add_breakpoint(RAM + 4, lambda pe: seen.append((pe.x[0], pe.pc, pe.retired)))
        rig.pe.run(100)
        assert seen == [(3, RAM + 4, 1), (2, RAM + 4, 3), (1, RAM + 4, 5)]
        assert rig.calls[0][3] == 8

    def test_stop_leaves_it_unexecuted(self, rig: Rig) -> None:
        rig.load(LOOP)
        rig.pe.add_breakpoint(RAM + 4, lambda pe: pe.stop())
        for left, ran in [(3, 1), (2, 2), (1, 2)]:
            assert rig.pe.run(100) == ran
            assert rig.pe.pc == RAM + 4
            assert rig.pe.x[0] == left
        rig.pe.run(100)
        assert rig.calls == [(0, 0, 0, 8)]

    def test_at_the_end_of_a_slice_it_fires_once(self, rig: Rig) -> None:
        seen: list[int] = []
        rig.load(LOOP)
        rig.pe.add_breakpoint(RAM + 4, lambda pe: seen.append(pe.retired))
        while not rig.calls:
            rig.pe.run(1)
        assert seen == [1, 3, 5]

    def test_removed_from_within(self, rig: Rig) -> None:
        seen: list[int] = []
        rig.load(LOOP)

        def once(pe: PE) -> None:
            seen.append(pe.retired)
            pe.remove_breakpoint(handle)

        handle = rig.pe.add_breakpoint(RAM + 4, once)
        rig.pe.run(100)
        assert seen == [1]
        assert rig.calls[0][3] == 8

    def test_two_at_one_place(self, rig: Rig) -> None:
        seen: list[str] = []
        rig.load(LOOP)
        first = rig.pe.add_breakpoint(RAM, lambda pe: seen.append("a"))
        rig.pe.add_breakpoint(RAM, lambda pe: seen.append("b"))
        rig.pe.run(2)
        rig.pe.remove_breakpoint(first)
        rig.pe.pc = RAM
        rig.pe.run(2)
        assert seen == ["a", "b", "b"]

    def test_added_after_the_code_was_translated(self, rig: Rig) -> None:
        seen: list[int] = []
        rig.go(LOOP)
        rig.pe.add_breakpoint(RAM + 8, lambda pe: seen.append(pe.x[0]))
        rig.pe.pc = RAM
        rig.pe.run(100)
        assert seen == [2, 1, 0]

    def test_a_host_write_from_a_breakpoint(self, rig: Rig) -> None:
        rig.load("nop\nmov x0, #1\nhvc #0")
        rig.pe.run(3)
        rig.pe.pc = RAM
        rig.calls.clear()
        rig.pe.add_breakpoint(RAM, lambda pe: rig.load("mov x0, #2", RAM + 4))
        rig.pe.run(3)
        assert rig.calls == [(0, 0, 2, 6)]

    def test_raising_the_line_in_a_breakpoint(self, rig: Rig) -> None:
        rig.pe.sysreg["VBAR_EL1"] = VBAR
        rig.load("hvc #0", VBAR + 0x280)
        rig.load("msr daifclr, #2\nnop\nnop\nb .")
        rig.pe.add_breakpoint(RAM + 8, lambda pe: setattr(pe, "virq", True))
        rig.pe.run(100)
        assert rig.calls == [(0, 0, 0, 3)]
        assert rig.pe.sysreg["ELR_EL1"] == RAM + 8


class TestExceptionsObserved:
    GUEST = f"""
        movz x9, #{VBAR >> 16}, lsl #16
        msr vbar_el1, x9
        msr daifclr, #2
        hvc #1
        nop
        hvc #0
    """

    def prepare(self, rig: Rig) -> list[tuple[str, int, int]]:
        seen: list[tuple[str, int, int]] = []
        rig.load("hvc #2\neret", VBAR + 0x280)
        rig.load(self.GUEST)

        def hvc(pe: PE, esr: int) -> None:
            number = esr & 0xFFFF
            pe.virq = number == 1
            if not number:
                pe.stop()

        rig.pe.handlers[EC.HVC64] = hvc
        rig.pe.watch_exceptions(
            lambda pe, vector: seen.append(("virq", vector, pe.retired)),
            lambda pe: seen.append(("eret", pe.pc, pe.retired)),
        )
        return seen

    def test_entry_and_return(self, rig: Rig) -> None:
        seen = self.prepare(rig)
        rig.pe.run(100)
        assert seen == [("virq", VBAR + 0x280, 4), ("eret", VBAR + 0x284, 5)]
        assert rig.pe.retired == 8

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_the_same_in_any_slices(self, rig: Rig, size: int) -> None:
        seen = self.prepare(rig)
        while rig.pe.retired < 8:
            rig.pe.run(size)
        assert seen == [("virq", VBAR + 0x280, 4), ("eret", VBAR + 0x284, 5)]

    def test_off_again(self, rig: Rig) -> None:
        seen = self.prepare(rig)
        rig.pe.watch_exceptions(None, None)
        rig.pe.run(100)
        assert seen == []

    def test_switched_on_when_the_code_has_run_before(self, rig: Rig) -> None:
        seen = self.prepare(rig)
        rig.pe.watch_exceptions(None, None)
        rig.pe.run(100)
        rig.pe.reset(RAM, 0)
        rig.pe.watch_exceptions(None, lambda pe: seen.append(("eret", pe.pc, 0)))
        rig.pe.run(100)
        assert seen == [("eret", VBAR + 0x284, 0)]

    def test_a_page_that_is_fetched_again_reports_each_eret_once(self, rig: Rig) -> None:
        """A host write makes its page one to be looked at again."""
        seen = self.prepare(rig)
        for _ in range(3):
            rig.pe.reset(RAM, 0)
            rig.pe.run(100)
            rig.memory.write_u32(VBAR + 0x300, 0)
        assert [what for what, _, _ in seen] == ["virq", "eret"] * 3

    def test_on_a_pe_that_did_not_fault_the_page_in(self, rig: Rig) -> None:
        second = rig.add()
        seen: list[int] = []
        second.watch_exceptions(None, lambda pe: seen.append(pe.pc))
        rig.load("msr spsr_el1, x1\nadr x2, next\nmsr elr_el1, x2\neret\nnext: hvc #0")
        for pe in rig.pes:
            pe.x[1] = 0x3C5
            pe.run(100)
        assert seen == [RAM + 12]


PAGE = RAM + 0x2_0000
# Returns from each ERET of what lies at x1, x2 times, with the next one as the target of the jump.
ERET_BY_ERET = """
    mov x3, #0x3c5
    again: msr spsr_el1, x3
    adr x0, back
    msr elr_el1, x0
    br x1
    back: add x1, x1, #4
    subs x2, x2, #1
    b.ne again
    hvc #0
"""


class TestPagesOfErets:
    """However many ERETs a page has: each is reported when it is executed, and their number costs nothing."""

    def fill(self, rig: Rig, pages: int) -> list[int]:
        rig.memory.write(PAGE, struct.pack("<I", 0xD69F_03E0) * (1024 * pages))
        seen: list[int] = []
        rig.pe.watch_exceptions(None, lambda pe: seen.append(pe.pc))
        return seen

    @pytest.mark.parametrize("count", [1, 15, 16, 17, 18, 300])
    def test_each_is_reported_once(self, rig: Rig, count: int) -> None:
        seen = self.fill(rig, 1)
        rig.pe.x[1], rig.pe.x[2] = PAGE, count
        rig.go(ERET_BY_ERET)
        assert seen == [PAGE + 4 * n for n in range(count)]
        assert rig.calls[0][3] == 1 + count * 8 + 1

    def test_the_hooks_on_a_page_are_few(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """One for every ERET that is executed, up to a limit, and none for those that are not."""
        made: list[int] = []
        really = binding.hook_add

        def hook_add(*arguments: object, **more: object) -> int:
            made.append(1)
            return really(*arguments, **more)

        monkeypatch.setattr(binding, "hook_add", hook_add)
        seen = self.fill(rig, 3)
        rig.pe.x[1], rig.pe.x[2] = PAGE + 0x1000 - 4, 1026
        rig.go(ERET_BY_ERET)
        assert len(seen) == 1026
        assert len(made) == 1 + (16 + 1) + 1

    @pytest.mark.parametrize("count", [3, 100])
    def test_a_breakpoint_on_one_of_them(self, rig: Rig, count: int) -> None:
        """Both tell of it, once, and a stop leaves it unexecuted."""
        seen = self.fill(rig, 1)
        there = PAGE + 4 * (count - 1)
        rig.pe.add_breakpoint(there, lambda pe: pe.stop())
        rig.pe.x[1], rig.pe.x[2] = PAGE, count
        rig.load(ERET_BY_ERET)
        rig.pe.run(10_000)
        assert rig.pe.pc == there
        assert rig.calls == []
        rig.pe.run(10_000)
        assert seen == [PAGE + 4 * n for n in range(count)]
        assert rig.immediates() == [0]

    @pytest.mark.parametrize("count", [1, 100])
    def test_other_code_in_its_place(self, rig: Rig, count: int) -> None:
        seen = self.fill(rig, 1)
        rig.pe.x[1], rig.pe.x[2] = PAGE, count
        rig.go(ERET_BY_ERET)
        seen.clear()
        rig.memory.write(PAGE, struct.pack("<I", 0xD61F_0000) * 1024)  # BR X0
        rig.pe.reset(RAM, 0)
        rig.pe.x[1], rig.pe.x[2] = PAGE, count
        rig.pe.run(10_000)
        assert rig.immediates() == [0, 0]
        assert seen == []

    @pytest.mark.parametrize("seed", range(100 if thorough.ALL else 4))
    def test_in_any_order_and_slices(self, rig: Rig, seed: int) -> None:
        """Pages of ERETs and branches, entered anywhere: what is reported is what is executed."""
        rnd = random.Random(seed)
        words = [rnd.choice([0xD69F_03E0, 0xD61F_0000]) for _ in range(2048)]
        rig.memory.write(PAGE, struct.pack("<2048I", *words))
        seen: list[int] = []
        rig.pe.watch_exceptions(None, lambda pe: seen.append(pe.pc))
        rig.load(
            "mov x3, #0x3c5\nagain: msr spsr_el1, x3\nadr x0, back\nmsr elr_el1, x0\nldr w1, [x4], #4\n"
            "add x1, x1, x5\nbr x1\nback: subs x2, x2, #1\nb.ne again\nhvc #0"
        )
        targets = [rnd.randrange(rnd.choice([16, 40, 2048])) for _ in range(200)]
        rig.memory.write(RAM + 0x8000, struct.pack("<200I", *(4 * n for n in targets)))
        rig.pe.x[2], rig.pe.x[4], rig.pe.x[5] = len(targets), RAM + 0x8000, PAGE
        while not rig.calls:
            rig.pe.run(rnd.randrange(1, 50))
        assert seen == [PAGE + 4 * n for n in targets if words[n] == 0xD69F_03E0]


def run_for_ever(pe: PE) -> None:
    while True:
        pe.run(1_000_000)


EXITS = ["a: hvc #1\nb a", "a: mrs x0, cntvct_el0\nb a", "movz x1, #0x900, lsl #16\na: ldr w0, [x1]\nb a"]


class TestErrors:
    """A Python exception anywhere in a hook comes out of run() with its traceback."""

    def boom(self, *_arguments: object) -> int:
        raise KeyError("boom")

    def check(self, rig: Rig) -> None:
        with pytest.raises(KeyError, match="boom") as caught:
            rig.pe.run(100)
        assert any(entry.name == "boom" for entry in caught.traceback)

    def test_in_a_handler(self, rig: Rig) -> None:
        rig.pe.handlers[EC.HVC64] = self.boom
        rig.load("nop\nhvc #1\nnop\nb .")
        self.check(rig)
        assert rig.pe.retired == 2
        assert rig.pe.pc == RAM + 8

    def test_in_a_data_abort(self, rig: Rig) -> None:
        rig.pe.handlers[EC.DATA_ABORT_LOWER] = self.boom
        rig.load("ldr x0, [xzr]".replace("xzr", "x1"))
        self.check(rig)

    def test_in_a_register(self, rig: Rig) -> None:
        rig.pe.on_system_register[NAMES_TO_ENCODINGS["CNTVCT_EL0"]] = (self.boom, None)
        rig.load("mrs x0, cntvct_el0\nb .")
        self.check(rig)

    def test_in_a_breakpoint(self, rig: Rig) -> None:
        rig.load("nop\nb .")
        rig.pe.add_breakpoint(RAM, self.boom)
        self.check(rig)

    def test_in_on_halt(self, rig: Rig) -> None:
        rig.pe.on_halt = self.boom
        rig.load(".long 0xd45e0000\nb .")
        self.check(rig)

    def test_no_handler_is_a_host_bug(self, rig: Rig) -> None:
        rig.load("wfi")
        with pytest.raises(LookupError, match=r"no handler .* WFI"):
            rig.pe.run(10)

    @pytest.mark.parametrize("guest", EXITS, ids=["hvc", "mrs", "mmio"])
    def test_a_signal_ends_the_run(self, rig: Rig, guest: str) -> None:
        """Ctrl-C while the guest runs is not lost between Unicorn and Python, wherever it comes."""
        runs = [threading.Event()]

        def exits(*_arguments: object) -> int:
            if not runs[-1].is_set():  # nothing here takes a lock once the interrupt may come
                runs[-1].set()
            return 0

        def interrupt() -> None:
            if runs[-1].wait(60):
                _thread.interrupt_main()

        rig.pe.handlers[EC.HVC64] = exits
        rig.pe.handlers[EC.DATA_ABORT_LOWER] = lambda pe, esr: pe.finish(pe.access(esr), [exits()])
        rig.pe.on_system_register[NAMES_TO_ENCODINGS["CNTVCT_EL0"]] = (exits, None)
        rig.load(guest)
        for _ in range(20):
            runs.append(threading.Event())
            thread = threading.Thread(target=interrupt)
            thread.start()
            with pytest.raises(KeyboardInterrupt):
                run_for_ever(rig.pe)
            thread.join()

    def test_an_empty_slice_is_a_host_bug(self, rig: Rig) -> None:
        with pytest.raises(ValueError, match="0 instructions"):
            rig.pe.run(0)


def test_semihosting_halt(rig: Rig) -> None:
    """HLT #0xF000 with pc at it; a handler that advances makes it an ordinary call."""
    seen: list[tuple[int, int]] = []

    def halt(pe: PE, imm: int) -> bool:
        seen.append((pe.pc, imm))
        pe.advance()
        return True

    rig.pe.on_halt = halt
    rig.go("nop\n.long 0xd45e0000\nhvc #0")
    assert seen == [(RAM + 4, 0xF000)]
    assert rig.calls[0][3] == 3


def test_shorten(rig: Rig) -> None:
    """The slice ends exactly n instructions after the exit."""
    rig.pe.handlers[EC.HVC64] = lambda pe, esr: pe.shorten(esr & 0xFFFF)
    rig.load("nop\nhvc #3\nnop\nnop\nnop\nnop\nb .")
    assert rig.pe.run(1000) == 5
    assert rig.pe.pc == RAM + 20


@pytest.mark.parametrize("n", [0, 1, 2])
def test_shorten_in_a_register_and_a_breakpoint(rig: Rig, n: int) -> None:
    rig.pe.on_system_register[NAMES_TO_ENCODINGS["CNTVCT_EL0"]] = (lambda pe: pe.shorten(n) or 0, None)
    rig.load("nop\nmrs x0, cntvct_el0\nnop\nnop\nnop\nb .")
    assert rig.pe.run(1000) == 2 + n
    rig.pe.reset(RAM, 0)
    rig.pe.on_system_register.clear()
    rig.pe.add_breakpoint(RAM + 4, lambda pe: pe.shorten(n))
    assert rig.pe.run(1000) == 1 + n


def test_stop_in_a_register(rig: Rig) -> None:
    rig.pe.on_system_register[NAMES_TO_ENCODINGS["CNTVCT_EL0"]] = (lambda pe: pe.stop() or 9, None)
    rig.load("nop\nmrs x0, cntvct_el0\nmov x0, #1\nb .")
    assert rig.pe.run(1000) == 2
    assert rig.pe.x[0] == 9
    assert rig.pe.pc == RAM + 8
