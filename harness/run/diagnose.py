# SPDX-License-Identifier: MIT
"""Sentences for people: why a machine is idle, what a guest faulted on, where a run was cut off."""

from __future__ import annotations

from collections.abc import Callable

from harness.arch import esr as syndrome
from harness.arch import hyp
from harness.arch.esr import EC
from harness.build import disassemble
from harness.el2 import Controller, Power, Vcpu
from harness.engine import PE, Lockup
from harness.image import Program
from harness.run.closed_loops import ClosedLoop
from harness.run.storms import Suspect
from harness.trace import Ledger
from harness.wording import plural

INSTRUCTION_ABORTS = (EC.INSTRUCTION_ABORT_LOWER, EC.INSTRUCTION_ABORT_SAME)
Where = Callable[[int], str]
"""An address as ``symbol+offset (file:line)`` where known."""


def locator(programs: list[Program]) -> Where:
    """Returns a function that names an address by the symbols and lines of what is loaded."""

    def where(address: int) -> str:
        for program in reversed(programs):
            symbol = program.symbols.lookup(address)
            if symbol is not None:
                line = program.lines.lookup(address)
                place = f" ({line})" if line is not None else ""
                return f"`{symbol}`{place}"
        return f"{address:#x}"

    return where


def idle(vcpus: list[Vcpu], controller: Controller, where: Where) -> str:
    """Says why nothing can go on: each vCPU's state, and what holds its interrupts back."""
    started = [v for v in vcpus if v.power is Power.ON]
    if not started:
        return "every CPU is off"
    lines = [
        f"CPU{v.index} {_waits(v, where)}; nothing armed can wake it: {controller.why_not(v)}"
        for v in started
    ]
    return "\n".join(lines)


def _waits(vcpu: Vcpu, where: Where) -> str:
    """Says where a vCPU waits, and in WFE for what."""
    place = where(vcpu.pe.pc - 4)
    return (
        f"waits in WFE at {place}, and no CPU runs to send an event"
        if vcpu.pe.event_register.asleep
        else f"waits at {place}"
    )


def stuck(
    vcpus: list[Vcpu], loops: dict[int, ClosedLoop], controller: Controller, where: Where, ledger: Ledger
) -> str:
    """Says which loop each vCPU can never leave, and why no interrupt ends it."""
    lines = []
    for vcpu in vcpus:
        if vcpu.index in loops:
            goes_round = _goes_round(vcpu, loops[vcpu.index], controller, where)
            lines.append(f"CPU{vcpu.index} {goes_round}{_handles(vcpu, ledger)}")
        elif vcpu.power is Power.ON:
            lines.append(f"CPU{vcpu.index} {_waits(vcpu, where)}: {controller.why_not(vcpu)}")
    return "\n".join(lines)


def _goes_round(vcpu: Vcpu, loop: ClosedLoop, controller: Controller, where: Where) -> str:
    place = where(vcpu.pe.pc)
    what = (
        f"can never leave {place}, which branches to itself"
        if loop.instructions == 1
        else f"can never leave the loop of {loop.instructions} instructions at {place}, which changes nothing"
    )
    if controller.has_interrupt(vcpu):
        masks = [name for name, line in (("I", vcpu.pe.virq), ("F", vcpu.pe.vfiq)) if line]
        return f"{what}: an interrupt is signalled to it, but PSTATE.{' and '.join(masks)} masks it"
    if loop.masked:
        return f"{what}: it masks interrupts (PSTATE.I and F are set)"
    return f"{what}: nothing armed can interrupt it; {controller.why_not(vcpu)}"


def storm(suspect: Suspect, where: Where) -> str:
    """Says which interrupt a CPU takes for ever."""
    who = " and ".join(suspect.line.drivers) or "nobody"
    return (
        f"CPU{suspect.vcpu.index} takes INTID {suspect.intid} for ever: {suspect.count:,} times in a row, the last"
        f" {suspect.count - suspect.since:,} of them before the instruction at {where(suspect.place)} could run."
        f" Its line, held high by {who}, has not fallen: the handler ends the interrupt, and must clear its cause"
        " first"
    )


def restarts(count: int) -> str:
    """Says that a guest has restarted itself too often."""
    return (
        f"the guest called PSCI SYSTEM_RESET again, after {plural(count, 'restart')} in this run:"
        " it restarts no more (--restarts allows more)"
    )


def _handles(vcpu: Vcpu, ledger: Ledger) -> str:
    """Says which interrupts a vCPU has acknowledged and not ended, if any."""
    handled = [f"INTID {intid} since tick {tick:,}" for intid, tick in ledger.in_service(vcpu.index)]
    return f"; it is inside the handler of {', '.join(handled)}" if handled else ""


def limit(vcpus: list[Vcpu], count: int, where: Where, ledger: Ledger) -> str:
    """Says where each vCPU was when the limit of instructions was reached."""
    return f"{plural(count, 'instruction')} without an end: {places(vcpus, where, ledger)}"


def places(vcpus: list[Vcpu], where: Where, ledger: Ledger) -> str:
    """Says where each vCPU that is on was when a run was cut off."""
    each = [
        f"CPU{v.index} {'waits at ' + where(v.pe.pc - 4) if v.waits else 'is at ' + where(v.pe.pc)}"
        + _handles(v, ledger)
        for v in vcpus
        if v.power is Power.ON
    ]
    return ", ".join(each) or "every CPU is off"


def fault(vcpu: Vcpu, lockup: Lockup, where: Where) -> str:
    """Says what a guest could not survive: its exception, where that came from, and why its vector was no use."""
    registers = vcpu.pe.sysreg
    first, far = registers["ESR_EL1"], registers["FAR_EL1"]  # what the vector that faults was entered for
    place = where(registers["ELR_EL1"])
    name = f"CPU{vcpu.index}"
    if syndrome.exception_class(first) in INSTRUCTION_ABORTS:
        what = f"{name} {_cannot_fetch(vcpu.pe, far, where)}: {syndrome.fault_status(first)}"
        if vcpu.pe.x[30]:
            what += f"; x30 is {where(vcpu.pe.x[30])}"
    elif syndrome.is_abort(first):
        what = f"{name} at {place}: {syndrome.describe(first)}, address {far:#x}"
    else:
        what = f"{name} at {place}: {syndrome.describe(first)}"
        if syndrome.exception_class(first) == EC.UNKNOWN:
            what += _of_later_version(vcpu.pe, registers["ELR_EL1"])
    vector = f"the exception vector at {where(lockup.pc)} faults too ({syndrome.describe(lockup.esr)})"
    base = "VBAR_EL1 is 0: was it set?" if not lockup.vbar else f"VBAR_EL1 is {lockup.vbar:#x}"
    return f"{what}. It could not be handled: {vector}; {base}"


def _of_later_version(pe: PE, address: int) -> str:
    """Says of an undefined instruction if the CPU model is too old for it; ID_AA64ISAR1_EL1 is 0 before Armv8.3."""
    registers = pe.sysreg
    if (
        registers["ID_AA64ISAR1_EL1"]
        or registers["SCTLR_EL1"] & hyp.SCTLR_M
        or not pe.memory.is_ram(address, 4)
    ):
        return ""
    text = disassemble(pe.memory.read(address, 4), address)[0].text
    from harness.asm.encoding.extensions import (
        is_of_later_version,
    )  # much to load for a run that needs it not

    if not is_of_later_version(text.split()[0]):
        return ""
    return f", `{text}`, which this CPU model does not have; `--cpu max` has it"


def _cannot_fetch(pe: PE, far: int, where: Where) -> str:
    """Says of an address that has no code if it was jumped to: the MMU is off, and no code lies before it."""
    if pe.sysreg["SCTLR_EL1"] & hyp.SCTLR_M:
        return f"cannot fetch from {where(far)} with the MMU on"
    if pe.memory.is_ram(far - 4, 4):
        return f"ran to {where(far)}, and nothing can be fetched there"
    return f"jumped to {where(far)}, and nothing can be fetched there"
