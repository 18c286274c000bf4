# SPDX-License-Identifier: MIT
"""Creation, reset, registers by name, the probe, and the end of a PE."""

from __future__ import annotations

import gc
import weakref

import pytest
from engine_rig import RAM, Rig, assemble

from harness.arch import pstate
from harness.arch.esr import EC
from harness.engine import PE, Backend, Memory, backends, native
from harness.engine.emulator import native_probe
from harness.engine.emulator import probe as _probe
from harness.errors import ConfigError


def test_reset_state(rig: Rig) -> None:
    """D1.3.1.4."""
    pe = rig.pe
    rig.go("mov x5, #1\nmov sp, x5\nmsr vbar_el1, x5\nmsr daifclr, #15\nmsr tpidr_el1, x5\nhvc #0")
    pe.virq = pe.vfiq = True
    pe.reset(RAM + 0x100, 77)
    assert pe.pc == RAM + 0x100
    assert pe.x.tolist() == [77] + [0] * 30
    assert pe.pstate == pstate.RESET
    assert pe.el == 1
    assert pe.sp == 0
    assert not pe.virq
    assert not pe.vfiq
    assert pe.sysreg["VBAR_EL1"] == pe.sysreg["TPIDR_EL1"] == 0
    assert not pe.sysreg["SCTLR_EL1"] & 1


def test_reset_keeps_what_el2_has_set(rig: Rig) -> None:
    """A reset of the guest is not one of its hypervisor."""
    controls = {
        "CNTHCTL_EL2": 1,
        "CNTVOFF_EL2": 0x1234,
        "CPTR_EL2": 0x33FF | 1 << 20,
        "HSTR_EL2": 1 << 3,
        "MDCR_EL2": 1 << 9,
        "VMPIDR_EL2": 1 << 31 | 5,
        "VPIDR_EL2": 0x410F_D034,
    }
    rig.pe.trap_wfi = False
    for name, value in controls.items():
        rig.pe.sysreg[name] = value
    rig.pe.reset(RAM, 0)
    assert not rig.pe.trap_wfi
    assert {name: rig.pe.sysreg[name] for name in controls} == controls


def test_reset_from_within_an_exit(rig: Rig) -> None:
    """SYSTEM_RESET: the PE goes on from its entry, at EL1, in the same slice."""
    rounds: list[int] = []

    def hvc(pe: PE, esr: int) -> None:
        rounds.append(pe.retired)
        if len(rounds) == 3:
            pe.stop()
        else:
            pe.reset(RAM, len(rounds))

    rig.pe.handlers[EC.HVC64] = hvc
    rig.load("mov x5, #1\nhvc #0\nb .")
    rig.pe.run(100)
    assert rounds == [2, 4, 6]
    assert rig.pe.x[0] == 2


def test_registers_are_64_bit(rig: Rig) -> None:
    pe = rig.pe
    pe.x[3] = (1 << 64) - 1
    assert pe.x[3] == (1 << 64) - 1
    assert list(pe.x[2:5]) == [0, (1 << 64) - 1, 0]
    assert len(pe.x) == 31
    for bad in (-1, 1 << 64):
        with pytest.raises(ValueError):  # noqa: PT011 -- memoryview words it, and it is all of one kind
            pe.x[0] = bad
    with pytest.raises(IndexError):
        pe.x[31] = 0


def test_pstate_banks_the_stack(rig: Rig) -> None:
    pe = rig.pe
    pe.sp = 0x1000
    pe.pstate = pstate.DAIF | pstate.Mode.EL1T
    pe.sp = 0x2000
    pe.pstate = pstate.RESET
    assert pe.sp == 0x1000
    assert pe.sysreg["SP_EL0"] == 0x2000


def test_flags_are_in_pstate(rig: Rig) -> None:
    rig.go("cmp x0, x0\nhvc #0")
    assert rig.pe.pstate & pstate.CONDITIONS == pstate.Z | pstate.C


@pytest.mark.parametrize("model", ["cortex-a53", "cortex-a57", "cortex-a72", "max"])
def test_models(backend: Backend, model: str) -> None:
    rig = Rig(backend)
    pe = rig.add(model=model)
    rig.go("mrs x0, currentel\nsvc #0" if model == "" else "mrs x0, currentel\nhvc #0")
    assert pe.x[0] == 4
    assert pe.has_pan == (model == "max")
    pe.close()


def test_pan_is_set_on_entry_where_it_exists(make_max: Rig) -> None:
    """SCTLR_EL1.SPAN clear: PSTATE.PAN set on taking an exception to EL1 (D8.4.2.3)."""
    rig = make_max
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.pe.sysreg["SCTLR_EL1"] = rig.pe.sysreg["SCTLR_EL1"] & ~(1 << 23)
    rig.load("hvc #0", RAM + 0x1_0200)
    rig.go("svc #0")
    assert rig.pe.pstate & pstate.PAN
    assert not rig.pe.sysreg["SPSR_EL1"] & pstate.PAN


PAN_ON, PAN_OFF = 0xD500_419F, 0xD500_409F  # MSR PAN, #1 and #0
SPAN = 1 << 23


@pytest.mark.parametrize("span", [False, True])
@pytest.mark.parametrize("pan", [False, True])
def test_pan_on_entry_is_by_span(make_max: Rig, pan: bool, span: bool) -> None:
    """SCTLR_EL1.SPAN set: PSTATE.PAN stays as it is on taking an exception to EL1, else it is set (D8.4.2.3)."""
    vbar = RAM + 0x1_0000
    make_max.load("mrs x1, s3_0_c4_c2_3\nmrs x2, spsr_el1\nhvc #0", vbar + 0x200)
    make_max.go(
        f"movz x9, #{vbar >> 16}, lsl #16\nmsr vbar_el1, x9\nmrs x9, sctlr_el1\n"
        f"{'orr' if span else 'and'} x9, x9, #{SPAN if span else ~SPAN & (1 << 64) - 1:#x}\n"
        f"msr sctlr_el1, x9\nisb\n.long {PAN_ON if pan else PAN_OFF}\nsvc #0"
    )
    assert make_max.immediates() == [0]
    assert bool(make_max.pe.x[1] & pstate.PAN) is (pan or not span)
    assert bool(make_max.pe.x[2] & pstate.PAN) is pan


def test_pan_comes_back_with_the_exceptions_return(make_max: Rig) -> None:
    """PAN that an entry kept is that of the state returned to as well, and what an entry sets is not."""
    vbar = RAM + 0x1_0000
    make_max.load("add x7, x7, #1\neret", vbar + 0x200)
    make_max.pe.sysreg["VBAR_EL1"] = vbar
    make_max.go(
        f".long {PAN_ON}\nsvc #0\nmrs x1, s3_0_c4_c2_3\n.long {PAN_OFF}\nsvc #0\nmrs x2, s3_0_c4_c2_3\nhvc #0"
    )
    assert make_max.pe.x[7] == 2
    assert make_max.pe.x[1] & pstate.PAN
    assert not make_max.pe.x[2] & pstate.PAN


def test_unknown_model() -> None:
    with pytest.raises(ConfigError, match="cortex-a1"):
        PE(0, Memory(), mpidr=0, model="cortex-a1")


def test_the_c_core_is_the_default_where_it_is_built() -> None:
    layout = _probe.layout()
    assert layout.view is not None
    assert layout.native is not None
    pe = PE(0, Memory(), mpidr=0)
    assert pe.backend == ("view" if native.absence() else "c")
    pe.close()


def test_without_the_c_core_the_view_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has not been compiled, or this is another build of Unicorn; and who asks for it is told so."""
    monkeypatch.setattr(backends, "absence", lambda backend: "not today" if backend == "c" else None)
    pe = PE(0, Memory(), mpidr=0)
    assert pe.backend == "view"
    pe.close()
    with pytest.raises(ConfigError, match=r"^backend 'c': not today$"):
        PE(0, Memory(), mpidr=0, backend="c")


@pytest.mark.parametrize("name", ["_NEXT_BLOCK", "_DO_INTERRUPT", "_FLAGS_SPAN"])
def test_the_c_core_needs_each_of_its_parts(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _probe.probe.cache_clear()
    monkeypatch.setattr(native_probe, name, {"_FLAGS_SPAN": 0x100}.get(name, getattr(native_probe, name) + 4))
    try:
        assert _probe.layout().view is not None
        assert _probe.layout().native is None
    finally:
        _probe.probe.cache_clear()


def test_without_the_view_the_api_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another build of Unicorn: offsets that do not hold are noticed, and nothing crashes."""
    _probe.probe.cache_clear()
    monkeypatch.setattr(_probe, "UC_CPU", 0x1C8)
    try:
        assert _probe.layout().view is None
        pe = PE(0, Memory(), mpidr=0)
        assert pe.backend == "api"
        pe.close()
    finally:
        _probe.probe.cache_clear()


@pytest.mark.parametrize("name", ["CPU_ENV", "ENV_X", "ENV_PC", "UC_COUNTER", "UC_COUNT", "ENV_PSTATE"])
def test_each_offset_is_checked(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _probe.probe.cache_clear()
    monkeypatch.setattr(_probe, name, getattr(_probe, name) + 8)
    try:
        assert _probe.layout().view is None
    finally:
        _probe.probe.cache_clear()


def test_ram_added_later_is_seen(rig: Rig) -> None:
    rig.memory.add_ram(0x8000_0000, 0x1000)
    rig.memory.write(0x8000_0000, assemble("hvc #0"))
    rig.go("movz x0, #0x8000, lsl #16\nbr x0")
    assert rig.immediates() == [0]


def test_sparse_ram(rig: Rig) -> None:
    """Regions in different gigabytes have tables of their own."""
    for base in (0x1_0000_0000, 0x7F_C000_0000):
        rig.memory.add_ram(base, 0x20_0000)
    rig.go(
        "mov x1, #0x100000000\nmov x2, #0x7fc0000000\nadd x2, x2, #0x100, lsl #12\n"
        "mov x3, #9\nstr x3, [x1]\nstr x3, [x2]\nhvc #0"
    )
    assert rig.memory.u64(0x1_0000_0000) == rig.memory.u64(0x7F_C010_0000) == 9


def test_a_closed_pe_is_gone(backend: Backend) -> None:
    rig = Rig(backend)
    rig.add()
    reference = weakref.ref(rig.pe)
    rig.pe.close()
    rig.pe.close()
    rig.memory.write(RAM, b"\0" * 8)
    rig.pes.clear()
    gc.collect()
    assert reference() is None


def test_misaligned_pc_does_not_break_the_host(rig: Rig) -> None:
    """Deviation "no-alignment-check"."""
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.load("hvc #0", RAM + 0x1_0200)
    rig.load("adr x0, here\nadd x0, x0, #2\nbr x0\nhere: nop\nnop\nnop")
    assert 0 < rig.pe.run(20) <= 20


def test_random_words_never_break_the_host(rig: Rig) -> None:
    """Whatever a guest executes ends in an exit, an exception or a lockup."""
    import random

    rng = random.Random(7)
    rig.pe.handlers[:] = [lambda pe, esr: pe.advance() if esr >> 26 != 0x16 else None] * 64
    rig.pe.handlers[0x20] = lambda pe, esr: pe.inject_external_abort(pe.fault_address, instruction=True)
    for _ in range(150):
        words = b"".join(rng.getrandbits(32).to_bytes(4, "little") for _ in range(64))
        rig.memory.write(RAM, words)
        rig.memory.write(RAM + 0x1_0000, words * 8)
        rig.pe.reset(RAM, 0)
        rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
        before = rig.pe.retired
        ran = rig.pe.run(300)
        assert rig.pe.retired - before == ran <= 300
