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

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.arch import intid as ids
from harness.el2.controllers.base import Emulated, Reach, Service
from harness.el2.controllers.rvic_words import delivery
from harness.el2.physical.forwarding import Intake, Served
from harness.el2.physical.gic_driver import IAR_INTID, GicDriver
from harness.el2.vcpu import Vcpu
from harness.rvic import Config, Edge, Effect, EffectKind, Reply, Signalled, Target, VmInterrupts, call

if TYPE_CHECKING:
    from harness.el2.hypervisor import Hypervisor

TIMER_PPIS = (ids.PPI_VIRTUAL_TIMER, ids.PPI_PHYSICAL_TIMER)


@dataclass(slots=True)
class Behind:
    """Level-sensitive physical interrupts that are active in the GIC, and what they stand behind.

    ``private[cpu]``: PPIs of that CPU. ``shared``: SPI to the (vCPU, INTID) pairs it was signalled to; an empty
    set means that it could not be delivered. ``routed``: where the board's injector found an SPI's route when
    its line rose; only the ``kvm`` profile uses it.
    """

    private: list[set[int]]
    shared: dict[int, set[Target]] = field(default_factory=dict)
    routed: dict[int, Target | None] = field(default_factory=dict)


class RvicController:
    """The ``rvic`` controller. ``interrupts`` is its state after a system reset; without it, as at power-on."""

    takes_irqs = True

    def __init__(
        self, hypervisor: Hypervisor, config: Config, gic: GicDriver, interrupts: VmInterrupts | None = None
    ) -> None:
        self.interrupts = interrupts if interrupts is not None else VmInterrupts(config)
        self._hypervisor = hypervisor
        self._config = config
        self._gic = gic
        self._vcpus = hypervisor.vcpus
        self._behind = Behind([set() for _ in self._vcpus])
        self._intake = Intake(hypervisor, gic, self._deliver, self._sync)
        # What a call's effect asks of the physical interrupts that stand behind the virtual ones.
        self._actions: dict[EffectKind, Callable[[Vcpu, Effect], None]] = {
            EffectKind.UNMASKED: self._finish_shared,
            EffectKind.CLEARED: self._finish_shared,
            EffectKind.RESAMPLED: self._resampled_low,
            EffectKind.MAPPED: self._remap,
            EffectKind.ENABLED: self._resample_all,
        }

    # Controller

    def start(self) -> None:
        """Start the physical GIC; trap CNTP_* (CNTHCTL_EL2.EL1PCEN = 0) on every PE."""
        self._intake.start()

    def services(self) -> dict[int, Service]:
        """Every function of the RVIC's and the RVID's ranges."""
        functions = (*self._config.rvic_functions, *self._config.rvid_functions)
        return dict.fromkeys(functions, self._call)

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Whether the RVIC line is high."""
        return self.interrupts.rvics[vcpu.index].line

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """CPU_ON: the instance as the profile resets it, and none of the vCPU's PPIs active."""
        self.interrupts.cpu_on(vcpu.index)
        private = self._behind.private[vcpu.index]
        for intid in sorted(private):
            self._gic.deactivate(vcpu.index, intid)
        private.clear()
        vcpu.pe.virq = self.has_interrupt(vcpu)

    def suspended(self, vcpu: Vcpu) -> None:
        """The RVIC is not part of a CPU: it stays as it is."""

    def resumed(self, vcpu: Vcpu) -> None:
        """Nothing to bring back."""

    def system_register(self, vcpu: Vcpu, esr: int) -> bool:
        """CNTP_* of the EL1 physical timer, which EL2 emulates as KVM does."""
        return self._intake.timers.emulate(vcpu, esr)

    def reach(self, ipa: int) -> Reach | None:
        """A guest of an RVIC sees no GIC; every other device is emulated, each access an exit."""
        return None if self._gic.owns(ipa) else Reach(ipa)

    def emulate(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """There is no register that this controller emulates."""
        raise LookupError(f"no emulated register at {ipa:#x}")

    def completes(self, vcpu: Vcpu, ipa: int, value: int) -> int | None:
        """Nothing ends an interrupt but a call."""
        return None

    def virq_wires(self) -> int | None:
        """The line is EL2's to drive."""
        return None

    def vfiq_wires(self) -> int | None:
        """An RVIC signals by IRQ alone."""
        return None

    def why_not(self, vcpu: Vcpu) -> str:
        """What is pending on the vCPU, and what holds it back."""
        rvic = self.interrupts.rvics[vcpu.index]
        pending = [n for n in range(rvic.intids) if rvic.is_pending(n)]
        if not pending:
            return "no interrupt is pending" + ("" if rvic.enabled else ", and its RVIC instance is disabled")
        return ", ".join(f"INTID {n} {delivery(rvic, n)}" for n in pending) + " in RVIC"

    # Physical interrupts

    def physical_irq(self, vcpu: Vcpu) -> None:
        """Take what is signalled to this CPU."""
        self._intake.physical_irq(vcpu)

    def line_rose(self, intid: int) -> None:
        """The board's injector saw an SPI rise. KVM's reads its route here, and signals it only later."""
        if self._config.defects.stale_route:
            self._behind.routed[intid] = self.interrupts.rvid.target(intid - ids.SPI_BASE)

    def scheduled(self, vcpu: Vcpu) -> None:
        """The vCPU was switched in. KVM samples the level of an active timer again (defect 7)."""
        if not self._config.defects.timer_reinjected:
            return
        for intid in sorted(self._behind.private[vcpu.index]):
            if self._gic.line_is_high(vcpu.index, intid):
                self._apply(self.interrupts.signal_trusted(vcpu.index, intid).edges, vcpu)

    def _deliver(self, vcpu: Vcpu, iar: int) -> Served | None:
        """Signal what a physical interrupt stands for."""
        physical = iar & IAR_INTID
        if physical in TIMER_PPIS:
            self._behind.private[vcpu.index].add(physical)
            signalled = self.interrupts.signal_trusted(vcpu.index, physical)
        elif physical < ids.SPI_BASE:  # no other PPI has a guest interrupt
            self._gic.deactivate(vcpu.index, iar)
            return None
        else:
            signalled = self._signal_input(physical)
        target = signalled.target if signalled.delivered else None
        if physical >= ids.SPI_BASE:
            if self._gic.is_level(physical):
                self._behind.shared[physical] = {target} if target is not None else set()
            else:
                self._gic.deactivate(vcpu.index, iar)
        self._apply(signalled.edges, vcpu)
        return Served(*target) if target is not None else None

    def _signal_input(self, physical: int) -> Signalled:
        number = physical - ids.SPI_BASE
        if physical not in self._behind.routed:
            return self.interrupts.signal_input(number)
        stale = self._behind.routed.pop(physical)
        return self.interrupts.signal(stale) if stale is not None else self.interrupts.signal_input(number)

    # Hypercalls

    def _call(self, vcpu: Vcpu, function: int, x1: int, x2: int, x3: int) -> Reply:
        reply = call(self.interrupts, vcpu.index, function, (x1, x2, x3), self._line_is_high)
        if reply.edges:
            self._apply(reply.edges, vcpu)
        effect = reply.effect
        if effect is not None:
            action = self._actions.get(effect.kind)
            if action is not None:
                action(vcpu, effect)
            self._hypervisor.after_exit(vcpu)
        return reply

    def _line_is_high(self, cpu: int, intid: int) -> bool:
        """The physical line behind a trusted INTID. IPIs and unused INTIDs have none: it is low."""
        return intid in self._behind.private[cpu] and self._gic.line_is_high(cpu, intid)

    def _finish_shared(self, vcpu: Vcpu, effect: Effect) -> None:
        """ClearMasked, ClearPending: deactivate the level devices behind an INTID that is idle again."""
        if not self._behind.shared:
            return
        assert effect.vcpu is not None
        assert effect.intid is not None
        pair = Target(effect.vcpu, effect.intid)
        rvic = self.interrupts.rvics[effect.vcpu]
        if not (rvic.pending | rvic.masked) >> effect.intid & 1:
            for physical in [p for p, pairs in self._behind.shared.items() if pair in pairs]:
                del self._behind.shared[physical]
                self._gic.deactivate(vcpu.index, physical)

    def _resampled_low(self, vcpu: Vcpu, effect: Effect) -> None:
        """Resample found the line low: the next rise may come."""
        assert effect.intid is not None
        self._finish_private(vcpu, effect.intid)

    def _finish_private(self, vcpu: Vcpu, intid: int) -> None:
        if intid in self._behind.private[vcpu.index]:
            self._behind.private[vcpu.index].remove(intid)
            self._gic.deactivate(vcpu.index, intid)

    def _remap(self, vcpu: Vcpu, effect: Effect) -> None:
        """Map: the SPI follows to the new vCPU's CPU, and so does what it stands behind."""
        assert effect.vcpu is not None
        assert effect.intid is not None
        assert effect.input is not None
        physical = effect.input + ids.SPI_BASE
        if not self._gic.has(physical):
            return
        self._gic.route(vcpu.index, physical, effect.vcpu)
        pairs = self._behind.shared.get(physical)
        if pairs:
            pairs.add(Target(effect.vcpu, effect.intid))
        elif pairs is not None:  # held back while unmapped: let the GIC present it again
            del self._behind.shared[physical]
            self._gic.deactivate(vcpu.index, physical)

    def _resample_all(self, vcpu: Vcpu, _effect: Effect) -> None:
        """Enable: every level of this vCPU that could not be delivered is presented again by the GIC."""
        for intid in sorted(self._behind.private[vcpu.index]):
            self._finish_private(vcpu, intid)
        for physical, pairs in sorted(self._behind.shared.items()):
            target = self.interrupts.rvid.target(physical - ids.SPI_BASE)
            if not pairs and target is not None and target.vcpu == vcpu.index:
                del self._behind.shared[physical]
                self._gic.deactivate(vcpu.index, physical)

    # Lines

    def _apply(self, edges: tuple[Edge, ...], caller: Vcpu) -> None:
        """Let each line change reach its PE: here at once, on another CPU by a kick."""
        for edge in edges:
            self._intake.line(*edge)
            self._intake.kick(caller, self._vcpus[edge.vcpu], edge.intid)

    def _sync(self, vcpu: Vcpu) -> None:
        """HCR_EL2.VI follows the RVIC line; a high line wakes."""
        level = self.interrupts.rvics[vcpu.index].line
        vcpu.pe.virq = level
        if level:
            vcpu.waiting = False
