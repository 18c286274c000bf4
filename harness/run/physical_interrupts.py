# SPDX-License-Identifier: MIT
"""Physical interrupts that come while a guest runs: EL2 takes them where the guest's instruction is complete."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from harness.board.clock import Clock
from harness.el2 import Hypervisor, Power, Vcpu


class PhysicalInterrupts:
    """Listener on nIRQ of every CPU.

    ``here()`` is called where it has risen for the CPU that runs, which takes its interrupt as soon as it can;
    ``elsewhere()`` where it has for another one, whose turn has to come first.
    """

    def __init__(
        self, hypervisor: Hypervisor, clock: Clock, here: Callable[[], None], elsewhere: Callable[[], None]
    ) -> None:
        self._hypervisor = hypervisor
        self._clock = clock
        self._here, self._elsewhere = here, elsewhere
        for vcpu in hypervisor.vcpus:
            vcpu.nirq.listen(partial(self._moved, vcpu, partial(self._take, vcpu)))

    def _moved(self, vcpu: Vcpu, take: Callable[[], None], level: bool) -> None:
        if not level:
            return
        pe = vcpu.pe
        if self._clock.running is not pe:
            if vcpu.power is Power.ON:
                self._elsewhere()
            return
        self._here()
        if pe.between:  # in EL2: the loop sees to it
            pe.shorten(0)
        else:
            pe.defer(take)

    def _take(self, vcpu: Vcpu) -> None:
        """Takes what is signalled to the running CPU; where its slice ends, other things may be due before."""
        if not vcpu.pe.goes_on:
            return
        self._hypervisor.after_exit(vcpu)
        if vcpu.nirq.level:
            vcpu.pe.shorten(0)
