# SPDX-License-Identifier: MIT
"""Runs a few lines against the guest library and tells what they asked of the interrupt controller."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness import Machine, StopReason
from harness.asm import assemble
from harness.machine.parts import GUEST_DEFINES
from harness.options import ControllerKind
from harness.trace.events import DataAbort, Event, Hvc, Smc

PREAMBLE = """
#include "boot.inc"
#include "smp.inc"
#include "testdev.inc"
main:   stp     x19, x30, [sp, #-16]!
        bl      irqc_probe
        cbnz    x0, leave
"""
ENDING = """
        mov     x0, #0
leave:  ldp     x19, x30, [sp], #16
        ret

mark:   mov     x9, x30                 // a handler that the trace shows
        smccc_call SMCCC_VERSION
        ret     x9
nothing:
        ret
        .bss
        .balign 8
result: .space  64
        .text
"""
MARK = "SMCCC_VERSION"
_ARGUMENTS = {"Info": 1, "Resample": 1, "Map": 3, "Unmap": 1}
_STARTED = ("Enable()", "GICD_CTLR = 0x1", "GICC_CTLR = 0x1")
_ARRAYS = {
    "GICD_ISENABLER": 0x100,
    "GICD_ICENABLER": 0x180,
    "GICD_ISPENDR": 0x200,
    "GICD_ICPENDR": 0x280,
    "GICD_ICACTIVER": 0x380,
    "GICD_IPRIORITYR": 0x400,
    "GICD_ITARGETSR": 0x800,
    "GICD_ICFGR": 0xC00,
    "GICD_CPENDSGIR": 0xF10,
    "GICD_SPENDSGIR": 0xF20,
    "GICC_APR": 0xD0,
}
_NONE = frozenset({"Version", "Enable", "Disable", "Acknowledge", MARK})


@dataclass
class Calls:
    """Listens to a machine: RVIC and RVID calls as text, such as ``0:SetMasked(1, 37)`` from CPU 0.

    Under a trapped GICv2, accesses to it: ``0:GICC_IAR -> 0x3ff``, ``1:GICD_SGIR = 0x10000``, with an index where
    there are several (``GICD_ITARGETSR[37] = 0x2``: of the byte, for a byte; else of the word).
    """

    lines: list[str] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        if isinstance(event, DataAbort) and event.register is not None:
            self.lines.append(f"{event.cpu}:{_access(event)}")
        if not isinstance(event, Hvc | Smc) or event.call is None or event.call.startswith("PSCI."):
            return
        name = event.call.rpartition(".")[2]
        count = 0 if name in _NONE else _ARGUMENTS.get(name, 2)
        self.lines.append(f"{event.cpu}:{name}({', '.join(map(str, event.args[:count]))})")

    def after_start(self) -> list[str]:
        """The calls after the last CPU's Enable, or the one that turns the distributor or its interface on."""
        last = max(n for n, line in enumerate(self.lines) if line.endswith(_STARTED))
        return self.lines[last + 1 :]


def _access(event: DataAbort) -> str:
    name = event.register or ""
    offset = event.ipa & 0xFFFF
    first = _ARRAYS.get(name)
    index = f"[{(offset - first) // event.size}]" if first is not None else ""
    return f"{name}{index} {'=' if event.write else '->'} {event.value:#x}"


@dataclass
class Ran:
    """What a run left behind."""

    calls: Calls
    reason: StopReason
    code: int | None
    console: str
    result: tuple[int, ...]
    counters: dict[str, int]

    @property
    def own(self) -> list[str]:
        """Calls of CPU 0 after the start."""
        return [line[2:] for line in self.calls.after_start() if line.startswith("0:")]


def run(
    body: str,
    *,
    extra: str = "",
    before: str = "",
    limit: int = 2_000_000,
    controller: str = "rvic",
    **options: object,
) -> Ran:
    """Run ``body`` in main, after irqc_probe; ``extra`` is more code, ``before`` stands before the includes."""
    source = before + PREAMBLE + body + ENDING + extra
    defines = GUEST_DEFINES[ControllerKind(controller)]
    counters = "gicv2_counters" if defines else "rvic_counters"
    calls = Calls()
    with Machine(controller=controller, **options) as machine:  # type: ignore[arg-type]  # options of any type, as its users give them
        machine.load(assemble(source, defines=defines))
        machine.events.add(calls)
        stop = machine.run(limit=limit)
        memory, symbols = machine.memory, machine.symbols
        names = ("taken", "spurious", "range", "unhandled", "error")
        return Ran(
            calls,
            stop.reason,
            stop.code,
            machine.console.text,
            tuple(memory.u64(symbols["result"] + 8 * n) for n in range(8)),
            {name: memory.u64(symbols[counters] + 8 * n) for n, name in enumerate(names)},
        )
