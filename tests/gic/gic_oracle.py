# SPDX-License-Identifier: MIT
"""IHI 0048B said a second time: one small object per interrupt, and a plain search for the best of them.

Slow and without registers; what harness.gic must agree with under random traffic. Five priority bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SPURIOUS, OTHER_GROUP = 1023, 1022


@dataclass
class Interrupt:
    intid: int
    enabled: bool = True
    edge: bool = False
    line: bool = False
    latch: bool = False
    active: bool = False
    priority: int = 0x80
    group: int = 0
    targets: set[int] = field(default_factory=set)
    sources: list[int] = field(default_factory=list)  # of an SGI

    @property
    def pending(self) -> bool:
        return bool(self.sources) or self.latch or (self.line and not self.edge)


@dataclass
class Cpu:
    pmr: int = 0xF8
    bpr: int = 2
    abpr: int = 3
    ack_ctl: bool = False
    fiq_en: bool = False
    cbpr: bool = False
    eoi_mode: bool = False
    groups: set[int] = field(default_factory=lambda: {0, 1})
    taken: tuple[set[int], set[int]] = field(
        default_factory=lambda: (set(), set())
    )  # group priorities, by group

    @property
    def running(self) -> set[int]:
        """Group priorities that are active."""
        return self.taken[0] | self.taken[1]


class Oracle:
    def __init__(self, cpus: int, spis: range) -> None:
        self.groups = {0, 1}  # those that GICD_CTLR forwards; Cpu.groups are those that GICC_CTLR signals
        self.cpus = [Cpu() for _ in range(cpus)]
        self.private = [
            {n: Interrupt(n, edge=n < 16, targets={cpu}) for n in range(32)} for cpu in range(cpus)
        ]
        self.shared = {n: Interrupt(n, targets={0}) for n in spis}

    def find(self, intid: int, cpu: int) -> Interrupt:
        return self.private[cpu][intid] if intid < 32 else self.shared[intid]

    def best(self, cpu: int) -> Interrupt | None:
        """The highest-priority pending interrupt: the CPU interface's enables play no part in it."""
        everything = [*self.private[cpu].values(), *self.shared.values()]
        ready = [
            i
            for i in everything
            if i.pending and i.enabled and not i.active and cpu in i.targets and i.group in self.groups
        ]
        return min(ready, key=lambda i: (i.priority, i.intid), default=None)

    def group_priority(self, cpu: int, interrupt: Interrupt) -> int:
        c = self.cpus[cpu]
        binary_point = c.abpr - 1 if interrupt.group == 1 and not c.cbpr else c.bpr
        return interrupt.priority // 2 ** (binary_point + 1) * 2 ** (binary_point + 1)

    def signalled(self, cpu: int) -> Interrupt | None:
        best, c = self.best(cpu), self.cpus[cpu]
        if best is None or best.group not in c.groups or best.priority >= c.pmr:
            return None
        if c.running and self.group_priority(cpu, best) >= min(c.running):
            return None
        return best

    def outputs(self) -> tuple[int, int]:
        irq = fiq = 0
        for cpu, c in enumerate(self.cpus):
            best = self.signalled(cpu)
            if best is not None and best.group == 0 and c.fiq_en:
                fiq |= 1 << cpu
            elif best is not None:
                irq |= 1 << cpu
        return irq, fiq

    def rpr(self, cpu: int) -> int:
        return min(self.cpus[cpu].running, default=0xFF)

    def shown(self, cpu: int, best: Interrupt | None) -> int:
        """What HPPIR or IAR gives for this interrupt."""
        if best is None:
            return SPURIOUS
        if best.group == 1 and not self.cpus[cpu].ack_ctl:
            return OTHER_GROUP
        return best.intid | (min(best.sources) << 10 if best.sources else 0)

    def acknowledge(self, cpu: int) -> int:
        best = self.signalled(cpu)
        value = self.shown(cpu, best)
        if best is None or value == OTHER_GROUP:
            return value
        best.active = True
        best.latch = False
        if best.sources:
            best.sources.remove(min(best.sources))
        self.cpus[cpu].taken[best.group].add(self.group_priority(cpu, best))
        return value

    def end(self, cpu: int, intid: int) -> None:
        c = self.cpus[cpu]
        if not c.running:
            return
        lowest = min(c.running)
        for taken in c.taken:
            taken.discard(lowest)
        if not c.eoi_mode:
            self.find(intid, cpu).active = False

    def deactivate(self, cpu: int, intid: int) -> None:
        if self.cpus[cpu].eoi_mode:
            self.find(intid, cpu).active = False

    def set_line(self, intid: int, level: bool, cpu: int) -> None:
        interrupt = self.find(intid, cpu)
        if interrupt.edge and level and not interrupt.line:
            interrupt.latch = True
        interrupt.line = level

    def sgi(self, sender: int, targets: int, intid: int) -> None:
        for cpu in range(len(self.cpus)):
            if targets >> cpu & 1:
                sources = self.private[cpu][intid].sources
                if sender not in sources:
                    sources.append(sender)
