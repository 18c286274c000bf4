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
from typing import TYPE_CHECKING, Final

from harness.arch import esr as syndrome
from harness.arch import pstate
from harness.arch.esr import EC
from harness.engine.emulator import probe as _probe

if TYPE_CHECKING:
    from harness.engine.pe import PE

WFE: Final = 0xD503_205F
SEV: Final = 0xD503_209F
SEVL: Final = 0xD503_20BF

_SCTLR_NTWE: Final = 1 << 18
_ISS_WFE: Final = syndrome.ALWAYS | 1  # TI (D17.2.37)


class EventRegister:
    """What one PE does at WFE, SEV and SEVL.

    ``registered``: the event register. ``asleep``: the PE waits in WFE; whoever runs it asks :meth:`awake` first.
    ``polls``: it waits with its exclusive monitor armed, and must look again once others have run.
    ``on_send`` is called for SEV; it sets the registers of all PEs.
    """

    def __init__(self, pe: PE) -> None:
        self._pe = pe
        self.registered = False
        self.asleep = False
        self.polls = False
        self.on_send: Callable[[], object] | None = None
        self.hints: Final = {WFE: self._wait, SEV: self._send, SEVL: self._send_local}

    def reset(self) -> None:
        """As at power-on. The register is UNKNOWN then; clear here."""
        self.registered = self.asleep = self.polls = False

    def awake(self) -> bool:
        """Whether the PE runs; a wake-up event ends its wait."""
        if self.asleep and (self.registered or self._interrupted()):
            self.wake()
            self.registered = False
        return not self.asleep

    def wake(self) -> None:
        """End the wait, whatever for."""
        self.asleep = self.polls = False

    def _interrupted(self) -> bool:
        """An interrupt that PSTATE does not mask is a wake-up event."""
        pe = self._pe
        if not (pe.virq or pe.vfiq):
            return False
        masks = pe.pstate
        return (pe.virq and not masks & pstate.I) or (pe.vfiq and not masks & pstate.F)

    # Before the instructions.

    def _send(self) -> None:
        self.registered = True
        if self.on_send is not None:
            self.on_send()

    def _send_local(self) -> None:
        self.registered = True

    def _wait(self) -> None:
        pe = self._pe
        if self.registered:
            self.registered = False
        elif pe.registers.level == 0 and not pe.sysreg["SCTLR_EL1"] & _SCTLR_NTWE:
            pe.defer(self._trap)
        elif not self._interrupted():
            pe.defer(self._sleep)

    def _trap(self) -> None:
        """WFE that would wait, at EL0 with SCTLR_EL1.nTWE clear (D17.2.118)."""
        self._pe.count_one()
        self._pe.enter_el1(syndrome.make(EC.WFX, _ISS_WFE))

    def _sleep(self) -> None:
        pe = self._pe
        pe.count_one()
        pe.advance()
        self.asleep, self.polls = True, _probe.monitor_armed(pe.handle)
        pe.stop()
