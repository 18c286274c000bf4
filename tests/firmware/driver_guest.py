# SPDX-License-Identifier: MIT
"""Runs a few lines against the guest library and tells which RVIC and RVID calls they made."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness import Machine, StopReason
from harness.guest import assemble
from harness.trace.events import Event, Hvc, Smc

PREAMBLE = """
#include "boot.inc"
#include "smp.inc"
#include "testdev.inc"
main:   stp     x19, x30, [sp, #-16]!
        bl      rvic_probe
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
_NONE = frozenset({"Version", "Enable", "Disable", "Acknowledge", MARK})


@dataclass
class Calls:
    """Listens to a machine: RVIC and RVID calls as text, such as ``0:SetMasked(1, 37)`` from CPU 0."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Hvc | Smc) or event.call is None or event.call.startswith("PSCI."):
            return
        name = event.call.rpartition(".")[2]
        count = 0 if name in _NONE else _ARGUMENTS.get(name, 2)
        self.lines.append(f"{event.cpu}:{name}({', '.join(map(str, event.args[:count]))})")

    def after_start(self) -> list[str]:
        """The calls after the last CPU's Enable."""
        last = max(n for n, line in enumerate(self.lines) if line.endswith("Enable()"))
        return self.lines[last + 1 :]


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


def run(body: str, *, extra: str = "", before: str = "", limit: int = 2_000_000, **options: object) -> Ran:
    """Run ``body`` in main, after rvic_probe; ``extra`` is more code, ``before`` stands before the includes."""
    source = before + PREAMBLE + body + ENDING + extra
    calls = Calls()
    with Machine(**options) as machine:  # type: ignore[arg-type]  # options of any type, as its users give them
        machine.load(assemble(source))
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
            {name: memory.u64(symbols["rvic_counters"] + 8 * n) for n, name in enumerate(names)},
        )
