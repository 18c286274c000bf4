# SPDX-License-Identifier: MIT
"""WFE, SEV and SEVL: the event register of one PE (DDI 0487, D1.6.1). Unicorn makes all three NOPs.

The register is set by SEV of any PE, by SEVL, and by exception returns. Returns are not watched: every
exception that Unicorn tells of, and every change of an interrupt line, sets it instead. So it may be set too
early, which lets a WFE complete as it may for any reason, and no event that followed an exception is lost.

The exclusive monitor has no event of its own here: who waits with it armed, as for a lock, waits until other
PEs have had their turns and looks again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.arch import esr as syndrome
from harness.arch import pstate
from harness.arch.esr import EC
from harness.engine.completions.exception_entry import ExceptionCore
from harness.engine.emulator import probe as _probe

WFE: Final = 0xD503_205F
SEV: Final = 0xD503_209F
SEVL: Final = 0xD503_20BF

_SCTLR_NTWE: Final = 1 << 18
_ISS_WFE: Final = syndrome.ALWAYS | 1  # TI (D17.2.37)


class EventRegister:
    """Event register of one PE, and its waits.

    ``is_set``: the register itself, which is among the CPU's. ``asleep``: the PE waits in WFE; whoever runs it
    asks :meth:`awake` first. ``polls``: it waits with its exclusive monitor armed, and must look again once
    others have run. ``on_sev`` is called for SEV; it sets the registers of all PEs.
    """

    def __init__(self, pe: ExceptionCore) -> None:
        self._pe = pe
        self.asleep = False
        self.polls = False
        self.on_sev: Callable[[], object] | None = None
        self.hints: Final = {WFE: self._wait, SEV: self._send, SEVL: self._send_local}

    @property
    def is_set(self) -> bool:
        """The register: every exception that Unicorn tells of sets it."""
        return self._pe.registers.event

    @is_set.setter
    def is_set(self, value: bool) -> None:
        self._pe.registers.event = value

    def reset(self) -> None:
        """Makes it as at power-on. The register is UNKNOWN then; clear here."""
        self.is_set = self.asleep = self.polls = False

    def awake(self) -> bool:
        """Says whether the PE runs; a wake-up event ends its wait."""
        if self.asleep and (self.is_set or self._interrupted()):
            self.wake()
            self.is_set = False
        return not self.asleep

    def may_wake(self) -> bool:
        """Says whether a wait ends as soon as somebody asks: there is a wake-up event, or it polls."""
        return self.polls or self.is_set or self._interrupted()

    def wake(self) -> None:
        """Ends the wait, whatever for."""
        self.asleep = self.polls = False

    def _interrupted(self) -> bool:
        """Says whether there is an interrupt that PSTATE does not mask: a wake-up event."""
        pe = self._pe
        if not (pe.virq or pe.vfiq):
            return False
        masks = pe.pstate
        return (pe.virq and not masks & pstate.I) or (pe.vfiq and not masks & pstate.F)

    # Before the instructions.

    def _send(self) -> None:
        self.is_set = True
        if self.on_sev is not None:
            self.on_sev()

    def _send_local(self) -> None:
        self.is_set = True

    def _wait(self) -> None:
        pe = self._pe
        if self.is_set:
            self.is_set = False
        elif pe.registers.level == 0 and not pe.sysreg["SCTLR_EL1"] & _SCTLR_NTWE:
            pe.defer(self._trap)
        elif not self._interrupted():
            pe.defer(self._sleep)

    def _trap(self) -> None:
        """Traps a WFE that would wait, at EL0 with SCTLR_EL1.nTWE clear (D17.2.118)."""
        self._pe.count_one()
        self._pe.enter_el1(syndrome.make(EC.WFX, _ISS_WFE))

    def _sleep(self) -> None:
        pe = self._pe
        pe.count_one()
        pe.advance()
        self.asleep, self.polls = True, _probe.monitor_armed(pe.handle)
        pe.stop()
