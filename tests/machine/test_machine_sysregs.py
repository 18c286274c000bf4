# SPDX-License-Identifier: MIT
"""``m.cpus[n].sysreg``: the host reads and writes what the guest's own MRS and MSR do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import ConfigError, HarnessError, Machine, StopReason, until
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.machine.system_registers import UnknownRegisterError

Make = Callable[..., Machine]

# State in which few registers are zero: FP on, flags, cycles counted, both timers armed.
STATE = """
main:   mov x0, #3 << 20
        msr cpacr_el1, x0
        isb
        mov x0, #0x60000000
        msr nzcv, x0
        mov x0, #0x01000000
        msr fpcr, x0
        mov x0, #0x1f
        msr fpsr, x0
        msr tpidr_el0, x0
        mov x0, #0x80000000
        msr pmcntenset_el0, x0
        mov x0, #5
        msr pmcr_el0, x0
        mov x0, #1
        msr cntv_ctl_el0, x0
        mov x0, #0x1000
        msr cntv_tval_el0, x0
        msr cntp_cval_el0, x0
        mov x0, #3
        msr cntp_ctl_el0, x0
        msr cntkctl_el1, x0
"""
EL1 = [
    name
    for name in NAMES_TO_ENCODINGS
    if (name.endswith(("_EL0", "_EL1")) and name != "SP_EL1") or name in ("NZCV", "DAIF", "FPCR", "FPSR")
]


def mrs(name: str) -> str:
    op0, op1, crn, crm, op2 = NAMES_TO_ENCODINGS[name]
    word = 0xD530_0000 | (op0 & 1) << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5 | 1
    return f"        .inst {word:#x}\n"


@pytest.mark.parametrize("controller", ["rvic", "gicv2"])
@pytest.mark.parametrize("cpu", ["cortex-a72", "max"])
def test_the_host_reads_what_the_guest_reads(guest: Make, controller: str, cpu: str) -> None:
    """One MRS at a time: right after it the host sees its value."""
    machine = guest(STATE + "ready: nop\n", controller=controller, cpu=cpu)
    registers = machine.cpus[0].sysreg
    names = [name for name in EL1 if name in registers]
    assert len(names) > 60
    machine.close()
    machine = guest(
        STATE + "ready:\n" + "".join(map(mrs, names)) + "        b .\n", controller=controller, cpu=cpu
    )
    machine.run(until.symbol("ready"))
    for name in names:
        at = machine.cpus[0].pc
        machine.run(until.pc(at + 4), limit=1000)
        assert machine.cpus[0].pc == at + 4, name
        assert hex(machine.cpus[0].sysreg[name]) == hex(machine.cpus[0].x[1]), name


def test_no_host_clock_is_seen(guest: Make) -> None:
    machine = guest("main: b .\n")
    machine.run(limit=1000)
    registers = machine.cpus[0].sysreg
    assert registers["CNTVCT_EL0"] == registers["CNTPCT_EL0"] == machine.ticks
    assert registers["CNTV_TVAL_EL0"] == -machine.ticks & 0xFFFF_FFFF
    assert dict(registers) == dict(registers)


def test_a_timer_that_the_host_arms_wakes_the_guest(guest: Make) -> None:
    """The guest waits for good; writing CNTV_CVAL_EL0 and CNTV_CTL_EL0 is as if it had armed its timer."""
    machine = guest(
        """
main:   rvic_call RVIC_ENABLE
        mov x1, #0
        mov x2, #27
        rvic_call RVIC_CLEAR_MASKED
        wfi
        b psci_system_off
        """
    )
    assert machine.run(limit=1000).reason is StopReason.IDLE
    registers = machine.cpus[0].sysreg
    registers["CNTV_CVAL_EL0"] = 5000
    registers["CNTV_CTL_EL0"] = 1
    assert machine.run(limit=1000).reason is StopReason.POWER_OFF
    assert machine.ticks > 5000
    assert registers["CNTV_CTL_EL0"] == 5


def test_a_timer_that_the_host_lets_fire_drives_its_line_at_once(guest: Make) -> None:
    machine = guest("main: b .\n", controller="gicv2")
    machine.run(limit=10)
    machine.cpus[0].sysreg["CNTP_CTL_EL0"] = 1
    assert machine.board.lines.private(30, 0).level
    machine.cpus[0].sysreg["CNTP_TVAL_EL0"] = 100
    assert not machine.board.lines.private(30, 0).level
    machine.run(until.tick(machine.ticks + 100), limit=1000)
    assert machine.board.lines.private(30, 0).level


def test_the_host_starts_and_sets_the_cycle_counter(guest: Make) -> None:
    machine = guest("main: b .\n")
    registers = machine.cpus[0].sysreg
    registers["PMCNTENSET_EL0"] = 1 << 31
    registers["PMCR_EL0"] = 1
    registers["PMCCNTR_EL0"] = 500
    machine.run(limit=100)
    assert registers["PMCCNTR_EL0"] == 600


def test_the_host_writes_what_the_guest_reads(guest: Make) -> None:
    machine = guest("main: mrs x1, nzcv\n mrs x2, tpidr_el1\n b .\n")
    machine.cpus[0].sysreg["NZCV"] = 0xA000_0000
    machine.cpus[0].sysreg["tpidr_el1"] = 0x1234_5678_9ABC_DEF0
    machine.run(limit=10)
    assert machine.cpus[0].x[1] == 0xA000_0000
    assert machine.cpus[0].x[2] == machine.cpus[0].sysreg["S3_0_C13_C0_4"] == 0x1234_5678_9ABC_DEF0


def test_an_illegal_return_that_the_host_prepares_is_one(guest: Make) -> None:
    """SPSR_EL1 for EL3h: ERET sets PSTATE.IL, and the next instruction takes its exception (D1.3.4)."""
    machine = guest(
        "main: adr x0, vectors\n msr vbar_el1, x0\nback: eret\n.balign 2048\nvectors: .space 0x200\ntaken: b .\n"
    )
    machine.run(until.symbol("back"))
    machine.cpus[0].sysreg["ELR_EL1"] = machine.symbols["main"]
    machine.cpus[0].sysreg["SPSR_EL1"] = 0b1101
    assert machine.run(until.symbol("taken"), limit=10).reason is StopReason.UNTIL
    assert machine.cpus[0].sysreg["ESR_EL1"] >> 26 == 0x0E


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("VBAR_EL", "no system register 'VBAR_EL' is known here; did you mean VBAR_EL1 or VBAR_EL2?"),
        ("VBAR", "no system register 'VBAR' is known here; did you mean VBAR_EL1 or VBAR_EL2?"),
        ("vbar_ell", "no system register 'vbar_ell' is known here; did you mean VBAR_EL1 or VBAR_EL2?"),
        ("CurrentEL", "CurrentEL is not in `sysreg`: the CPU has `el`"),
        ("S3_0_C15_C0_0", "no system register 'S3_0_C15_C0_0' is known here"),
        ("RNDR", "this CPU has no system register RNDR"),
        ("PMEVTYPER30_EL0", "this CPU has no system register PMEVTYPER30_EL0"),
        (7, "no system register 7 is known here"),
    ],
)
def test_a_register_that_is_not_there_is_named(guest: Make, name: str, message: str) -> None:
    registers = guest("main: b .\n").cpus[0].sysreg
    with pytest.raises(UnknownRegisterError) as read:
        registers[name]
    with pytest.raises(KeyError):
        registers[name] = 0
    assert str(read.value) == message
    assert isinstance(read.value, HarnessError)
    assert name not in registers


def test_what_cannot_be_done_to_a_register_is_refused(guest: Make) -> None:
    registers = guest("main: b .\n").cpus[0].sysreg
    for name in ("MIDR_EL1", "ID_AA64PFR0_EL1", "CNTVCT_EL0", "CNTFRQ_EL0"):
        with pytest.raises(ConfigError, match=f"{name} can only be read"):
            registers[name] = 1
    with pytest.raises(ConfigError, match="OSLAR_EL1 can only be written"):
        registers["OSLAR_EL1"]
    with pytest.raises(ConfigError, match="64 bits"):
        registers["VBAR_EL1"] = -1
