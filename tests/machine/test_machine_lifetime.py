# SPDX-License-Identifier: MIT
"""The end of a machine: no pointer outlives its owner, and each use of what is closed says so."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import pytest

from harness import Machine
from harness.asm import assemble
from harness.board import timers
from harness.engine import PE, Memory
from harness.engine.emulator import binding, probe
from harness.errors import ClosedError, ConfigError

Use = Callable[[Machine], object]
CALLS = "_start: mov x19, #0x77\nagain: mov w0, #0x84000000\nhvc #0\nb again"


@pytest.fixture(params=["c", "view", "api"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def make(backend: str) -> Callable[..., Machine]:
    """`make(cpus=2)`: a machine with a guest that calls for ever; nobody closes it."""

    def maker(**options: Any) -> Machine:
        machine = Machine(backend=backend, memory="32M", **options)
        machine.load(assemble(CALLS, name="guest.S"))
        machine.run(limit=3)
        return machine

    return maker


@pytest.fixture
def freed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Handles given back to Unicorn from now on."""
    probe.layout()  # which has an instance of its own
    gc.collect()
    handles: list[int] = []
    close = binding.close

    def closes(handle: int) -> None:
        handles.append(handle)
        close(handle)

    monkeypatch.setattr(binding, "close", closes)
    return handles


def assign(place: str, value: int) -> Use:
    def use(machine: Machine) -> None:
        setattr(machine.cpus[0], place, value)

    return use


USES: dict[str, Use] = {
    "with": lambda m: m.__enter__(),
    "run": lambda m: m.run(),
    "load": lambda m: m.load(assemble(CALLS, name="guest.S")),
    "load_bios": lambda m: m.load_bios("no such file"),
    "reset": lambda m: m.reset(),
    "at": lambda m: m.at(1 << 40, "spi=1"),
    "listen": lambda m: m.listen(print),
    "instructions": lambda m: m.instructions,
    "x": lambda m: m.cpus[0].x[0],
    "x[:]": lambda m: m.cpus[0].x[0:2],
    "x.tolist": lambda m: m.cpus[0].x.tolist(),
    "x =": lambda m: m.cpus[0].x.__setitem__(0, 1),
    "v": lambda m: m.cpus[0].v[0],
    "v =": lambda m: m.cpus[0].v.__setitem__(0, 1),
    "pc": lambda m: m.cpus[0].pc,
    "pc =": assign("pc", 0),
    "sp": lambda m: m.cpus[0].sp,
    "sp =": assign("sp", 0),
    "pstate": lambda m: m.cpus[0].pstate,
    "pstate =": assign("pstate", 0x3C5),
    "el": lambda m: m.cpus[0].el,
    "virq": lambda m: m.cpus[0].virq,
    "sysreg": lambda m: m.cpus[0].sysreg["VBAR_EL1"],
    "sysreg =": lambda m: m.cpus[0].sysreg.__setitem__("VBAR_EL1", 0),
    "timer": lambda m: m.cpus[0].sysreg["CNTVCT_EL0"],
    "timer =": lambda m: m.cpus[0].sysreg.__setitem__("CNTV_CTL_EL0", 0),
    "pe.run": lambda m: m.cpus[0].pe.run(1),
    "pe.x": lambda m: m.cpus[0].pe.x,
    "pe.v": lambda m: m.cpus[0].pe.v,
    "pe.sysreg": lambda m: m.cpus[0].pe.sysreg["VBAR_EL1"],
    "pe.retired": lambda m: m.cpus[0].pe.retired,
    "pe.reset": lambda m: m.cpus[0].pe.reset(0, 0),
    "pe.set_hcr": lambda m: m.cpus[0].pe.set_hcr(0),
    "pe.virq =": lambda m: setattr(m.cpus[0].pe, "virq", True),
    "pe.trap_wfi": lambda m: m.cpus[0].pe.trap_wfi,
    "pe.translate": lambda m: m.cpus[0].pe.translate(0),
    "pe.translate_data": lambda m: m.cpus[0].pe.translate_data(0, write=True),
    "pe.instruction": lambda m: m.cpus[0].pe.instruction(),
    "pe.fault_address": lambda m: m.cpus[0].pe.fault_address,
    "pe.fault_ipa": lambda m: m.cpus[0].pe.fault_ipa,
    "pe.advance": lambda m: m.cpus[0].pe.advance(),
    "pe.inject_undefined": lambda m: m.cpus[0].pe.inject_undefined(),
    "pe.mrs": lambda m: m.cpus[0].pe.mrs("VBAR_EL1"),
    "pe.msr": lambda m: m.cpus[0].pe.msr("VBAR_EL1", 0),
    "pe.flush_code": lambda m: m.cpus[0].pe.flush_code(),
    "pe.flush_addresses": lambda m: m.cpus[0].pe.flush_addresses(),
    "pe.add_breakpoint": lambda m: m.cpus[0].pe.add_breakpoint(0, print),
    "pe.remove_breakpoint": lambda m: m.cpus[0].pe.remove_breakpoint(("breakpoint", 1)),
    "pe.watch_exceptions": lambda m: m.cpus[0].pe.watch_exceptions(None, None),
}


@pytest.mark.parametrize("use", USES)
def test_each_use_of_a_closed_machine_is_one_clear_error(make: Callable[..., Machine], use: str) -> None:
    with make() as machine:
        pass
    with pytest.raises(ClosedError, match="the machine is closed") as caught:
        USES[use](machine)
    assert isinstance(caught.value, ConfigError)


def test_registers_that_were_taken_before_are_closed_too(make: Callable[..., Machine]) -> None:
    with make() as machine:
        cpu, pe = machine.cpus[0], machine.cpus[0].pe
        x, v, sysreg, raw_v, raw_sysreg, registers = cpu.x, cpu.v, cpu.sysreg, pe.v, pe.sysreg, pe.registers
    for use in (
        lambda: x[0],
        lambda: x[0:2],
        lambda: v[0],
        lambda: sysreg["VBAR_EL1"],
        lambda: raw_v[0],
        lambda: raw_sysreg["VBAR_EL1"],
        lambda: raw_sysreg.__setitem__("VBAR_EL1", 1),
        lambda: registers.pc,
        lambda: registers.counter + registers.start(0, 1),
    ):
        with pytest.raises(ClosedError):
            use()


def test_a_raw_view_kept_beyond_the_end_raises(make: Callable[..., Machine]) -> None:
    machine = make()
    raw = machine.cpus[0].pe.x
    machine.close()
    with pytest.raises((ClosedError, ValueError)):
        raw[0]


def test_a_slice_of_a_raw_view_defers_the_end(make: Callable[..., Machine], freed: list[int]) -> None:
    """The engine's own view may be cut up: its memory stays until the last part is gone."""
    machine = make()
    part = machine.cpus[0].pe.x[19:20]
    machine.close()
    assert part[0] == 0x77
    del part
    assert len(freed) == 1


def test_close_gives_back_at_once_and_again_does_nothing(
    make: Callable[..., Machine], freed: list[int]
) -> None:
    machine = make(cpus=2)
    x = machine.cpus[0].x
    machine.close()
    machine.close()
    assert len(freed) == 2
    with pytest.raises(ClosedError):
        x[0]


def test_what_a_closed_machine_has_gathered_can_be_read(make: Callable[..., Machine]) -> None:
    with make() as machine:
        base = machine.cpus[0].pc & ~0xFFF
    assert machine.ticks == 3
    assert machine.memory.read(base, 4)
    machine.memory.write(base, b"\0" * 4)
    assert repr(machine.cpus[0]) == "<CPU0 closed>"
    assert "closed" in repr(machine.cpus[0].pe)
    assert "closed" in repr(machine.cpus[0].x)
    assert machine.symbols["again"]


def test_registers_keep_their_cpu(make: Callable[..., Machine], freed: list[int]) -> None:
    """Other machines come and go meanwhile, in what would have been its memory."""
    kept = []
    for take in (
        lambda cpu: cpu.x,
        lambda cpu: cpu.pe.x,
        lambda cpu: cpu.pe.x[15:],
        lambda cpu: cpu.pe.registers,
    ):
        machine = make()
        kept.append(take(machine.cpus[0]))
        del machine
    gc.collect()
    for _ in range(3):
        make().cpus[0].x[19] = 0x55
    gc.collect()
    x, raw, part, registers = kept
    assert x[19] == raw[19] == 0x77
    assert registers.x[19] == 0x77
    assert part[4] == 0x77
    del kept, x, raw, part, registers
    gc.collect()
    assert len(freed) == 7


def test_vector_and_system_registers_keep_their_cpu(make: Callable[..., Machine]) -> None:
    machine = make()
    machine.cpus[0].v[3] = 1 << 100
    machine.cpus[0].sysreg["TPIDR_EL1"] = 5
    pe = machine.cpus[0].pe
    v, sysreg, raw = pe.v, machine.cpus[0].sysreg, pe.sysreg
    del machine, pe
    gc.collect()
    assert v[3] == 1 << 100
    assert sysreg["TPIDR_EL1"] == raw["TPIDR_EL1"] == 5


def test_a_machine_in_a_circle_works_until_the_last_finalizer(
    make: Callable[..., Machine], freed: list[int]
) -> None:
    """The garbage collector calls __del__ in any order, and the owner's may use the machine."""
    seen: list[int | str] = []

    class Owner:
        def __init__(self, machine: Machine) -> None:
            self.machine, self.me = machine, self
            machine.listen(self.hear)

        def hear(self, _event: object) -> None:
            pass

        def __del__(self) -> None:
            try:
                self.machine.run(limit=1)
                self.machine.reset()
                seen.append(self.machine.cpus[0].x[0])
            except ClosedError as error:
                seen.append(str(error))
            self.machine.close()

    for _ in range(3):
        Owner(make())
        early = make()
        owner = Owner(early)
        del early, owner
    gc.collect()
    assert len(seen) == len(freed) == 6


def test_close_from_within_a_run_is_refused(make: Callable[..., Machine]) -> None:
    refused = []

    def close(machine: Machine) -> None:
        with pytest.raises(ConfigError, match="is running: close") as caught:
            machine.close()
        refused.append(str(caught.value))
        with pytest.raises(ConfigError, match="is running: run"):
            machine.run()

    machine = make()
    again = machine.symbols["again"]
    machine.events.add(lambda event: close(machine))
    machine.run(limit=10)
    heard = len(refused)
    assert heard
    machine.at(machine.ticks + 1, close)
    machine.cpus[0].pe.add_breakpoint(again, lambda pe: close(machine))
    machine.run(limit=10)
    assert len(refused) > heard + 2
    machine.close()


def test_a_cpu_is_not_closed_or_run_from_within_its_run(make: Callable[..., Machine]) -> None:
    machine = make()
    pe = machine.cpus[0].pe
    said: list[str] = []

    def misuse(pe: PE) -> None:
        for use in (pe.close, lambda: pe.run(1)):
            with pytest.raises(ConfigError, match="CPU 0 is running") as caught:
                use()
            said.append(str(caught.value))

    pe.add_breakpoint(machine.symbols["again"], misuse)
    machine.run(limit=6)
    pe.defer(lambda: misuse(pe))
    pe.restart()
    machine.run(limit=6)
    assert len(said) >= 4
    machine.close()


def test_an_exception_that_ends_a_run_leaves_a_machine_to_close(make: Callable[..., Machine]) -> None:
    def boom(_event: object) -> None:
        raise KeyError("boom")

    machine = make()
    machine.events.add(boom)
    with machine, pytest.raises(KeyError, match="boom"):
        machine.run()
    with pytest.raises(ClosedError):
        machine.run()


def test_a_machine_that_cannot_be_made_leaks_no_cpu(
    backend: str, freed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def boom(*_arguments: object, **_options: object) -> None:
        raise KeyError("boom")

    monkeypatch.setattr(timers.Timers, "_serve", boom)
    with pytest.raises(KeyError):
        Machine(cpus=2, backend=backend)
    gc.collect()
    assert len(freed) == 2


@pytest.mark.parametrize("part", ["TranslationChecks", "MrsMsrHooks", "Breakpoints"])
def test_a_cpu_that_cannot_be_made_is_given_back_at_once(
    backend: Any, freed: list[int], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def boom(*_arguments: object, **_options: object) -> None:
        raise KeyError("boom")

    monkeypatch.setattr(f"harness.engine.pe.{part}", boom)
    memory = Memory()
    with pytest.raises(KeyError):
        PE(0, memory, mpidr=0, backend=backend)
    assert len(freed) == 1
    assert memory.sharers == 0


@pytest.mark.parametrize("part", ["SystemRegisterFile", "VectorRegisters", "SavedContext"])
def test_nor_does_half_a_core_stay(
    backend: Any, freed: list[int], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def boom(*_arguments: object, **_options: object) -> None:
        raise KeyError("boom")

    monkeypatch.setattr(f"harness.engine.core.{part}", boom)
    memory = Memory()
    with pytest.raises(KeyError):
        PE(0, memory, mpidr=0, backend=backend)
    assert len(freed) == 1
    assert memory.sharers == 0


def test_a_slice_is_a_tuple_that_stays(make: Callable[..., Machine]) -> None:
    machine = make()
    x = machine.cpus[0].x
    x[0], x[1] = 5, 6
    first = x[0:2]
    x[0] = 7
    assert first == (5, 6)
    assert isinstance(first, tuple)
    assert x[:] == tuple(x) == tuple(x.tolist())
    assert len(x) == len(x[:]) == 31
    assert x[30:28:-1] == (x[30], x[29])
    machine.close()
    assert first == (5, 6)


WRONG: list[tuple[Callable[[Any], object], type[Exception], str]] = [
    (lambda cpu: cpu.x.__setitem__(0, -1), ValueError, r"x\[0\] = -1: a register holds 64 bits, unsigned"),
    (lambda cpu: cpu.x.__setitem__(0, 1 << 64), ValueError, "a register holds 64 bits"),
    (lambda cpu: cpu.x.__setitem__(0, 1.5), TypeError, r"x\[0\] = 1\.5: a register holds a whole number"),
    (lambda cpu: cpu.x.__setitem__(0, "1"), TypeError, r"x\[0\] = '1': a register holds a whole number"),
    (lambda cpu: cpu.x[31], IndexError, r"x\[31\]: there is no such register, only 0 to 30"),
    (lambda cpu: cpu.x[-1], IndexError, r"x\[-1\]: there is no such register"),
    (lambda cpu: cpu.x["a"], TypeError, r"x\['a'\]: a register's number is needed, 0 to 30"),
    (lambda cpu: cpu.x.__setitem__(31, 0), IndexError, "only 0 to 30"),
    (lambda cpu: cpu.x.__setitem__(slice(0, 2), 0), TypeError, "a register's number is needed"),
    (lambda cpu: cpu.v[32], IndexError, r"v\[32\]: there is no such register, only 0 to 31"),
    (lambda cpu: cpu.v["a"], TypeError, "a register's number is needed"),
    (lambda cpu: cpu.v.__setitem__(0, 1 << 128), ValueError, "a register holds 128 bits"),
    (lambda cpu: cpu.v.__setitem__(0, -1), ValueError, "a register holds 128 bits"),
    (lambda cpu: cpu.v.__setitem__(0, 1.5), TypeError, "whole number"),
    (lambda cpu: setattr(cpu, "pc", -4), ValueError, "pc = -4: a register holds 64 bits"),
    (lambda cpu: setattr(cpu, "pc", "main"), TypeError, "pc = 'main': a register holds a whole number"),
    (lambda cpu: setattr(cpu, "sp", 1 << 64), ValueError, "sp = 18446744073709551616"),
    (lambda cpu: setattr(cpu, "pstate", 0x3C9), ValueError, "EL2h is not a state of a guest"),
    (lambda cpu: setattr(cpu, "pstate", None), TypeError, "pstate = None"),
    (lambda cpu: cpu.sysreg.__setitem__("VBAR_EL1", 1.5), TypeError, "VBAR_EL1 = 1.5"),
    (lambda cpu: cpu.sysreg.__setitem__("VBAR_EL1", -1), ValueError, "VBAR_EL1 = -1"),
]


@pytest.mark.parametrize(("use", "kind", "message"), WRONG)
def test_a_wrong_register_or_value_is_said_in_words(
    make: Callable[..., Machine], use: Callable[[Any], object], kind: type[Exception], message: str
) -> None:
    with make() as machine:
        before = machine.cpus[0].x[:]
        with pytest.raises(kind, match=message) as caught:
            use(machine.cpus[0])
        assert isinstance(caught.value, ConfigError)
        assert machine.cpus[0].x[:] == before


def test_whole_numbers_of_other_kinds_will_do(make: Callable[..., Machine]) -> None:
    class Number:
        def __index__(self) -> int:
            return 3

    number: Any = Number()
    with make() as machine:
        x, v = machine.cpus[0].x, machine.cpus[0].v
        x[number] = v[number] = number
        assert x[3] == v[3] == 3
        assert list(v)[3] == 3
        assert "x3 0x3" in repr(x)


def test_no_hook_stays_when_a_run_has_ended(make: Callable[..., Machine]) -> None:
    before = sys.unraisablehook
    with make() as machine:
        machine.run(limit=5)
        assert sys.unraisablehook is before
    assert sys.unraisablehook is before
