# SPDX-License-Identifier: MIT
"""The VM's own GICv2 as software state of EL2: the same model as the machine's, never on the bus.

The physical interrupts behind a guest's pass through it as *latched* pending interrupts: what re-triggers them is
the physical GIC, where they stay active until the guest is done.
"""

from __future__ import annotations

from harness.arch import intid as ids
from harness.arch.virt import GICC_BASE, GICD_BASE
from harness.el2.controller import Emulated
from harness.el2.gic_driver import IAR_INTID, GicDriver
from harness.el2.intake import Served
from harness.el2.vcpu import Vcpu
from harness.gic import LAYOUT, Frame, Gic

ISPENDR = 0x200
BITS_PER_REGISTER = 32
SGIR_TARGETS_SHIFT = 16
# Registers with a bit for each INTID: a store that names just one is about that one.
ONE_BIT = frozenset(
    {
        "GICD_ISENABLER",
        "GICD_ICENABLER",
        "GICD_ISPENDR",
        "GICD_ICPENDR",
        "GICD_ISACTIVER",
        "GICD_ICACTIVER",
    }
)
ONE_BYTE = frozenset({"GICD_ITARGETSR", "GICD_IPRIORITYR", "GICD_SPENDSGIR", "GICD_CPENDSGIR"})
BY_VALUE = frozenset(
    {"GICC_IAR", "GICC_AIAR", "GICC_EOIR", "GICC_AEOIR", "GICC_DIR", "GICC_HPPIR", "GICC_AHPPIR"}
)


class SoftGic:
    """Distributor and CPU interfaces that a guest's traps reach, and the physical interrupts linked to them."""

    def __init__(self, cpus: int, intids: int, physical: GicDriver) -> None:
        self.gic = Gic(cpus, intids)
        self._physical = physical
        # Physical interrupts left active for the guest: (CPU for a PPI, None for an SPI; INTID).
        self._linked: set[tuple[int | None, int]] = set()

    def pend(self, vcpu: Vcpu, iar: int) -> Served | None:
        """A physical interrupt came: latch it for the guest. None if the guest's GIC has no such INTID."""
        intid = iar & IAR_INTID
        if intid >= self.gic.config.intids:
            self._physical.deactivate(vcpu.index, iar)
            return None
        self._linked.add((vcpu.index if ids.is_private(intid) else None, intid))
        self.latch(vcpu.index, intid)
        targets = self.gic.state(intid, vcpu.index).targets
        target = (targets & -targets).bit_length() - 1 if targets else vcpu.index
        return Served(target, intid)

    def latch(self, cpu: int, intid: int) -> None:
        """Set the pending latch, as GICD_ISPENDR does."""
        register, bit = divmod(intid, BITS_PER_REGISTER)
        self.gic.write(Frame.GICD, cpu, ISPENDR + 4 * register, 4, 1 << bit)

    def is_linked(self, cpu: int, intid: int) -> bool:
        """Whether a physical interrupt stays active until the guest has done with this one."""
        return (cpu if ids.is_private(intid) else None, intid) in self._linked

    def unlink(self, cpu: int, intid: int) -> None:
        """The physical interrupt has been deactivated, by hardware."""
        self._linked.discard((cpu if ids.is_private(intid) else None, intid))

    def release(self, vcpu: Vcpu) -> None:
        """Deactivate the physical interrupts whose guest interrupt is neither pending nor active any more."""
        for cpu, intid in sorted(self._linked, key=lambda link: (link[1], link[0] or 0)):
            if cpu not in (None, vcpu.index):
                continue  # only a PPI's own CPU can deactivate it
            state = self.gic.state(intid, vcpu.index)
            if not state.pending and not state.active:
                self._linked.discard((cpu, intid))
                self._physical.deactivate(vcpu.index, intid)

    def access(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serve a trapped access to GICD or GICC, and say what it was about."""
        frame, base = (Frame.GICC, GICC_BASE) if ipa >= GICC_BASE else (Frame.GICD, GICD_BASE)
        offset = ipa - base
        word = LAYOUT[frame].get(offset & ~3)
        name = word.register.name if word is not None else None
        if value is None:
            result = self.gic.read(frame, vcpu.index, offset, size)
        else:
            self.gic.write(frame, vcpu.index, offset, size, value)
            result = value
            if name == "GICD_ITARGETSR":
                self._reroute(vcpu, offset - 0x800, size)
        return Emulated(result, name, *self._subject(vcpu, name, offset, size, result, value is not None))

    def _reroute(self, vcpu: Vcpu, first: int, size: int) -> None:
        """The physical SPI follows its guest's target."""
        for intid in range(max(first, ids.SPI_BASE), first + size):
            if intid < self.gic.config.intids:
                targets = self.gic.state(intid, vcpu.index).targets
                if targets:
                    self._physical.route(vcpu.index, intid, (targets & -targets).bit_length() - 1)

    def _subject(
        self, vcpu: Vcpu, name: str | None, offset: int, size: int, value: int, write: bool
    ) -> tuple[int | None, int | None]:
        """The INTID and the vCPU an access was about, where it names just one; for the ledger."""
        intid: int | None = None
        if name in BY_VALUE:
            intid = value & IAR_INTID if value & IAR_INTID < ids.SPURIOUS_GROUP1 else None
        elif name == "GICD_SGIR" and write:
            targets = self._sgi_targets(vcpu, value)
            first = (targets & -targets).bit_length() - 1 if targets else None
            return value & 0xF, first if first != vcpu.index else None
        elif name in ONE_BIT and write and value and not value & (value - 1):
            intid = (offset & 0x7C) * 8 + value.bit_length() - 1 + (offset & 3) * 8
        elif name in ONE_BYTE and write and size == 1:
            intid = offset & (0x3FF if name not in ("GICD_SPENDSGIR", "GICD_CPENDSGIR") else 0xF)
        if intid is None or intid < ids.SPI_BASE:
            return intid, None
        targets = self.gic.state(intid, vcpu.index).targets if intid < self.gic.config.intids else 0
        target = (targets & -targets).bit_length() - 1 if targets else vcpu.index
        return intid, target if target != vcpu.index else None

    def _sgi_targets(self, vcpu: Vcpu, value: int) -> int:
        everyone = (1 << self.gic.config.cpus) - 1
        match value >> 24 & 3:
            case 0:
                return value >> SGIR_TARGETS_SHIFT & 0xFF & everyone
            case 1:
                return everyone & ~(1 << vcpu.index)
            case 2:
                return 1 << vcpu.index
        return 0

    def why_not(self, cpu: int) -> str:
        """What is pending on a CPU, and what holds it back."""
        return pending_text(self.gic, cpu)


def pending_text(gic: Gic, cpu: int) -> str:
    """For people: what is pending for a CPU in a GIC, and what holds it back."""
    pending = []
    for intid in range(gic.config.intids):
        state = gic.state(intid, cpu)
        if state.pending and state.targets >> cpu & 1:
            reason = (
                "disabled in GICD" if not state.enabled else "held back by GICD_CTLR, GICC or its priority"
            )
            pending.append(f"INTID {intid} pending but {reason}")
    return ", ".join(pending) or "no interrupt is pending"
