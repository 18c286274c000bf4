# SPDX-License-Identifier: MIT
"""RVIC and RVID as EL2 offers them: calls in, lines out, and the physical interrupts that stand behind them.

A physical interrupt is acknowledged (GICC_IAR) and its priority dropped (GICC_EOIR) when it comes; it stays
*active* in the GIC, so that a level cannot storm, until the guest is done with it:

- an edge: deactivated (GICC_DIR) at once, for the next one may come while this one is handled;
- a trusted level (the timers): when RVIC.Resample finds the line low;
- a level device behind an untrusted INTID: when the INTID is idle again, which ClearMasked makes it. If the
  line is still high, the GIC signals it anew.

A level that cannot be delivered (input unmapped, instance disabled) is remembered by leaving it active; Map,
or Enable, deactivates it, and the GIC presents it again if it still holds. An edge is lost then.
"""

from __future__ import annotations

from functools import partial

from harness.arch import intid as ids
from harness.arch.gic import IAR_INTID
from harness.arch.virt import is_gic
from harness.devices import Lines
from harness.el2.access import Reach
from harness.el2.controllers.base import ForwardingController
from harness.el2.controllers.rvic_calls import RvicCalls
from harness.el2.controllers.rvic_words import delivery
from harness.el2.physical.forwarding import Forwarded
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.physical.timer_traps import TimerRegisters
from harness.el2.vcpu import Vcpu
from harness.el2.vm import Vm
from harness.rvic import Calls, Config, Edge, Signalled, Target, VmInterrupts
from harness.rvic.effects import CLEARED, ENABLED, MAPPED, RESAMPLED, UNMASKED
from harness.rvic.state import DROPPED, RISEN

TIMER_PPIS = (ids.PPI_VIRTUAL_TIMER, ids.PPI_PHYSICAL_TIMER)


class ActiveLevels:
    """Level-sensitive physical interrupts that are active in the GIC, and what they were forwarded as.

    ``private[cpu]``: PPIs of that CPU. ``shared``: SPI to the (vCPU, INTID) pairs it was signalled to; an empty
    set means that it could not be delivered.
    """

    def __init__(self, cpus: int) -> None:
        self.private: list[set[int]] = [set() for _ in range(cpus)]
        self.shared: dict[int, set[Target]] = {}

    def clear(self) -> None:
        """Forgets all of them."""
        for private in self.private:
            private.clear()
        self.shared.clear()


class RvicController(ForwardingController):
    """EL2's part of RVIC and RVID. ``lines`` are the board's."""

    def __init__(
        self, vm: Vm, physical: GicDriver, timers: TimerRegisters, config: Config, lines: Lines
    ) -> None:
        super().__init__(vm, physical, timers)
        self.interrupts = VmInterrupts(config)
        self._config = config
        self._levels = ActiveLevels(len(vm.vcpus))
        # Where the board's injector found an SPI's route when its line rose. KVM's reads it there, and signals the
        # SPI only later.
        self._early_routes: dict[int, Target | None] = {}
        if config.defects.stale_route:
            for intid, wire in lines.spis.items():
                wire.listen(partial(self._line_moved, intid))
        self._calls = [self._make_calls(vm, vcpu) for vcpu in vm.vcpus]
        super().reset()

    def _make_calls(self, vm: Vm, vcpu: Vcpu) -> RvicCalls:
        calls = Calls(self.interrupts, vcpu.index, self._line_is_high)
        return RvicCalls(vm, vcpu, calls, self._forwarding, self._act, self._levels.shared)

    def reset(self) -> None:
        """Starts the physical GIC; leaves of the RVIC's state what the profile says a reset leaves."""
        self.interrupts.reset()
        self._levels.clear()
        self._early_routes.clear()
        super().reset()

    def calls(self, vcpu: Vcpu) -> RvicCalls:
        """Returns a vCPU's functions of the RVIC's and the RVID's ranges."""
        return self._calls[vcpu.index]

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Returns True if the RVIC line is high."""
        return self.interrupts.rvics[vcpu.index].line

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """Resets the instance as the profile does (CPU_ON); none of the vCPU's PPIs stays active."""
        self.interrupts.cpu_on(vcpu.index)
        private = self._levels.private[vcpu.index]
        for intid in sorted(private):
            self._physical.deactivate(vcpu.index, intid)
        private.clear()
        vcpu.pe.virq = self.has_interrupt(vcpu)

    def reach(self, ipa: int) -> Reach | None:
        """Shows no GIC to a guest of an RVIC; every other device is emulated, each access an exit."""
        return None if is_gic(ipa) else Reach(ipa)

    def why_not(self, vcpu: Vcpu) -> str:
        """Says what is pending on the vCPU, and what holds it back."""
        rvic = self.interrupts.rvics[vcpu.index]
        pending = [n for n in range(rvic.intids) if rvic.pending[n]]
        if not pending:
            return "no interrupt is pending" + ("" if rvic.enabled else ", and its RVIC instance is disabled")
        return ", ".join(f"INTID {n} {delivery(rvic, n)}" for n in pending) + " in RVIC"

    def physical(self, vcpu: Vcpu, intid: int) -> int | None:
        """Returns the timer of a trusted INTID, or the SPI of the input that is mapped to the INTID."""
        if intid in TIMER_PPIS:
            return intid
        mine = Target(vcpu.index, intid)
        inputs = range(self._config.untrusted)
        return next((n + ids.SPI_BASE for n in inputs if self.interrupts.rvid.target(n) == mine), None)

    @property
    def follows_schedule(self) -> bool:
        """True if the profile samples levels then."""
        return self._config.defects.timer_reinjected

    def scheduled(self, vcpu: Vcpu) -> None:
        """Samples the level of an active timer again, as KVM does when a vCPU is switched in (defect 7)."""
        if not self.follows_schedule:
            return
        for intid in sorted(self._levels.private[vcpu.index]):
            if self._physical.line_is_high(vcpu.index, intid):
                self._signal_timer(vcpu, intid)

    def _deliver(self, vcpu: Vcpu, iar: int) -> Forwarded | None:
        """Signals what a physical interrupt stands for."""
        physical = iar & IAR_INTID
        if physical in TIMER_PPIS:
            self._levels.private[vcpu.index].add(physical)
            return Forwarded(vcpu.index, physical) if self._signal_timer(vcpu, physical) else None
        if physical < ids.SPI_BASE:  # no other PPI has a guest interrupt
            self._physical.deactivate(vcpu.index, iar)
            return None
        signalled = self._signal_input(physical)
        target = signalled.target if signalled.delivered else None
        if self._physical.is_level(physical):
            self._levels.shared[physical] = {target} if target is not None else set()
        else:
            self._physical.deactivate(vcpu.index, iar)
        self._apply(signalled.edges, vcpu)
        return Forwarded(*target) if target is not None else None

    def _signal_timer(self, vcpu: Vcpu, intid: int) -> bool:
        """Signals a timer's interrupt, which is trusted under its own INTID; False if it was dropped."""
        edge = self.interrupts.rvics[vcpu.index].signal(intid)
        if edge == RISEN:
            self._forwarding.line_moved(vcpu, vcpu, True, intid)
        return edge != DROPPED

    def _line_moved(self, intid: int, level: bool) -> None:
        if level:
            self._early_routes[intid] = self.interrupts.rvid.target(intid - ids.SPI_BASE)

    def _signal_input(self, physical: int) -> Signalled:
        number = physical - ids.SPI_BASE
        early = self._early_routes.pop(physical, None)
        return self.interrupts.signal_input(number) if early is None else self.interrupts.signal(early)

    # Hypercalls

    def _act(self, vcpu: Vcpu, calls: Calls) -> None:
        """Does what a call's effect asks of the physical interrupts that stand behind the virtual ones."""
        effect = calls.effect
        if effect in (UNMASKED, CLEARED):
            self._finish_shared(vcpu, Target(calls.vcpu, calls.intid))
        elif effect == RESAMPLED:  # the line is low: let the next rise come
            self._finish_private(vcpu, calls.intid)
        elif effect == MAPPED:
            self._remap(vcpu, calls.input, Target(calls.vcpu, calls.intid))
        elif effect == ENABLED:
            self._resample_all(vcpu)

    def _line_is_high(self, cpu: int, intid: int) -> bool:
        """Returns the level of the line behind a trusted INTID; an IPI or an unused INTID has none: it is low."""
        return intid in self._levels.private[cpu] and self._physical.line_is_high(cpu, intid)

    def _finish_shared(self, vcpu: Vcpu, target: Target) -> None:
        """Deactivates the level devices behind an INTID that is idle again (ClearMasked, ClearPending)."""
        rvic = self.interrupts.rvics[target.vcpu]
        if not rvic.pending[target.intid] and not rvic.masked[target.intid]:
            for physical in [p for p, targets in self._levels.shared.items() if target in targets]:
                del self._levels.shared[physical]
                self._physical.deactivate(vcpu.index, physical)

    def _finish_private(self, vcpu: Vcpu, intid: int) -> None:
        if intid in self._levels.private[vcpu.index]:
            self._levels.private[vcpu.index].remove(intid)
            self._physical.deactivate(vcpu.index, intid)

    def _remap(self, vcpu: Vcpu, number: int, target: Target) -> None:
        """Lets the SPI follow a Map to the new vCPU's CPU, and so does what it stands behind."""
        physical = number + ids.SPI_BASE
        if not self._physical.has(physical):
            return
        self._physical.route(vcpu.index, physical, target.vcpu)
        targets = self._levels.shared.get(physical)
        if targets:
            targets.add(target)
        elif targets is not None:  # held back while unmapped: let the GIC present it again
            del self._levels.shared[physical]
            self._physical.deactivate(vcpu.index, physical)

    def _resample_all(self, vcpu: Vcpu) -> None:
        """Lets the GIC present again, at Enable, every level of this vCPU that could not be delivered."""
        for intid in sorted(self._levels.private[vcpu.index]):
            self._finish_private(vcpu, intid)
        for physical, pairs in sorted(self._levels.shared.items()):
            target = self.interrupts.rvid.target(physical - ids.SPI_BASE)
            if not pairs and target is not None and target.vcpu == vcpu.index:
                del self._levels.shared[physical]
                self._physical.deactivate(vcpu.index, physical)

    # Lines

    def _apply(self, edges: tuple[Edge, ...], caller: Vcpu) -> None:
        """Lets each line change reach its PE: here at once, on another CPU by a kick."""
        for edge in edges:
            self._forwarding.line_moved(caller, self._vcpus[edge.vcpu], edge.level, edge.intid)

    def _sync(self, vcpu: Vcpu) -> None:
        """Lets HCR_EL2.VI follow the RVIC line; a high line wakes."""
        level = self.interrupts.rvics[vcpu.index].line
        vcpu.pe.virq = level
        if level:
            vcpu.wake()
