# SPDX-License-Identifier: MIT
"""Registers of a GICv2 over the oracle of tests/gic: IHI 0048B, 4.3 and 4.4, said a second time, one `case` each.

For a GICv2 without the Security Extensions, with 64 INTIDs and five bits of priority. What no case covers is
reserved, and reads as zero.
"""

from __future__ import annotations

from collections.abc import Callable

from gic_oracle import SPURIOUS, Interrupt, Oracle

INTIDS = 64
LEVEL = 8  # between two priorities that are implemented
CTLR_BITS = 0x21F
BYTES = (
    range(0x400, 0x7FC),
    range(0x800, 0xBFC),
    range(0xF10, 0xF30),
)  # where a byte may be accessed (4.1.4)
IDENTITY = dict(enumerate((4, 0, 0, 0, 0x90, 0xB4, 0x2B, 0, 0x0D, 0xF0, 0x05, 0xB1)))  # from 0xfd0 on


class Registers(Oracle):
    """The oracle, reset, with its registers. `taken` counts what was acknowledged."""

    def __init__(self, cpus: int) -> None:
        super().__init__(cpus, range(32, INTIDS))
        self.groups = set()
        self.acknowledged = 0
        self.control = [0] * cpus
        for interrupt in [*self.shared.values(), *(i for own in self.private for i in own.values())]:
            interrupt.priority, interrupt.enabled = 0, interrupt.intid < 16
            if interrupt.intid >= 32:
                interrupt.targets = {0} if cpus == 1 else set()
        for c in self.cpus:
            c.pmr, c.groups = 0, set()

    def _each(self, cpu: int, first: int, count: int) -> list[tuple[int, Interrupt]]:
        return [(n, self.find(first + n, cpu)) for n in range(count) if first + n < INTIDS]

    # The distributor

    def read_distributor(self, cpu: int, offset: int, size: int) -> int:
        if size == 1:
            if not any(offset in span for span in BYTES):
                return 0
            return self.read_distributor(cpu, offset & ~3, 4) >> 8 * (offset & 3) & 0xFF
        if offset & 3:
            return 0
        kind, word = offset & ~0x7F, (offset & 0x7F) // 4
        if 0x400 <= offset < 0x7FC:
            return sum(i.priority << 8 * n for n, i in self._each(cpu, offset - 0x400, 4))
        if 0x800 <= offset < 0xBFC:
            return sum(self._targets(cpu, i) << 8 * n for n, i in self._each(cpu, offset - 0x800, 4))
        if 0xC00 <= offset < 0xD00:
            return sum(2 * i.edge << 2 * n for n, i in self._each(cpu, (offset - 0xC00) * 4, 16))
        if 0xF10 <= offset < 0xF30:
            return sum(self._sources(i) << 8 * n for n, i in self._each(cpu, offset & 0xF, 4))
        bit: Callable[[Interrupt], bool] | None = {
            0x080: lambda i: i.group == 1,
            0x100: lambda i: i.enabled,
            0x180: lambda i: i.enabled,
            0x200: lambda i: i.pending,
            0x280: lambda i: i.pending,
            0x300: lambda i: i.active,
            0x380: lambda i: i.active,
        }.get(kind)
        if bit is not None:
            return sum(bit(i) << n for n, i in self._each(cpu, 32 * word, 32))
        match offset:
            case 0x000:
                return sum(1 << group for group in self.groups)
            case 0x004:
                return INTIDS // 32 - 1 | len(self.cpus) - 1 << 5
            case 0x008:
                return 0x0200_143B
        return 0 if offset & 3 else IDENTITY.get((offset - 0xFD0) // 4, 0)

    def _targets(self, cpu: int, interrupt: Interrupt) -> int:
        if len(self.cpus) == 1:
            return 0  # 4.3.12: RAZ/WI in a uniprocessor
        return sum(1 << n for n in interrupt.targets) if interrupt.intid >= 32 else 1 << cpu

    @staticmethod
    def _sources(interrupt: Interrupt) -> int:
        return sum(1 << n for n in interrupt.sources)

    def write_distributor(self, cpu: int, offset: int, size: int, value: int) -> None:
        if size == 1:
            if any(offset in span for span in BYTES):
                self._write_bytes(cpu, offset, [value & 0xFF])
            return
        if offset & 3:
            return
        value &= 0xFFFF_FFFF
        if any(offset in span for span in BYTES):
            self._write_bytes(cpu, offset, list(value.to_bytes(4, "little")))
        elif 0xC00 <= offset < 0xD00:
            for n, interrupt in self._each(cpu, (offset - 0xC00) * 4, 16):
                if interrupt.intid >= 16:
                    interrupt.edge = bool(value >> 2 * n & 2)
        elif offset == 0x000:
            self.groups = {group for group in (0, 1) if value >> group & 1}
        elif offset == 0xF00:
            targets = {0: value >> 16 & 0xFF, 1: 0xFF & ~(1 << cpu), 2: 1 << cpu}.get(value >> 24 & 3, 0)
            self.sgi(cpu, targets, value & 0xF)
        elif 0x080 <= offset < 0x400:
            for n, interrupt in self._each(cpu, (offset & 0x7F) * 8, 32):
                self._write_bit(offset & ~0x7F, interrupt, bool(value >> n & 1))

    @staticmethod
    def _write_bit(kind: int, interrupt: Interrupt, one: bool) -> None:
        if kind == 0x080:
            interrupt.group = int(one)
        elif one and kind in (0x300, 0x380):
            interrupt.active = kind == 0x300
        elif one and interrupt.intid >= 16:  # of SGIs these are fixed (4.3.5 to 4.3.8)
            if kind in (0x100, 0x180):
                interrupt.enabled = kind == 0x100
            else:
                interrupt.latch = kind == 0x200

    def _write_bytes(self, cpu: int, offset: int, values: list[int]) -> None:
        every = (1 << len(self.cpus)) - 1
        for at, value in enumerate(values, offset):
            if 0xF10 <= at < 0xF30:
                interrupt = self.find(at & 0xF, cpu)
                old = self._sources(interrupt)
                new = old | value & every if at >= 0xF20 else old & ~value
                interrupt.sources = [n for n in range(8) if new >> n & 1]
            elif at < 0x7FC and at - 0x400 < INTIDS:
                self.find(at - 0x400, cpu).priority = value // LEVEL * LEVEL
            elif at >= 0x820 and at - 0x800 < INTIDS and len(self.cpus) > 1:
                self.find(at - 0x800, cpu).targets = {n for n in range(8) if value & every & 1 << n}

    # The CPU interface

    def read_interface(self, cpu: int, offset: int, size: int) -> int:
        c = self.cpus[cpu]
        if size != 4 or offset & 3:
            return 0
        match offset:
            case 0x000:
                return self.control[cpu]
            case 0x004:
                return c.pmr
            case 0x008:
                return c.bpr
            case 0x00C | 0x020:
                value = self.acknowledge(cpu) if offset == 0x00C else self._acknowledge_group_1(cpu)
                self.acknowledged += value < 1020
                return value
            case 0x014:
                return self.rpr(cpu)
            case 0x018:
                return self.shown(cpu, self.best(cpu))
            case 0x01C:
                return c.abpr
            case 0x028:
                best = self.best(cpu)
                return self._name(best) if best is not None and best.group else SPURIOUS
            case 0x0D0 | 0x0E0:
                return sum(1 << priority // LEVEL for priority in c.taken[offset == 0x0E0])
            case 0x0FC:
                return 0x0202_143B
        return 0

    @staticmethod
    def _name(interrupt: Interrupt) -> int:
        return interrupt.intid | (min(interrupt.sources) << 10 if interrupt.sources else 0)

    def _acknowledge_group_1(self, cpu: int) -> int:
        """GICC_AIAR: as GICC_IAR with AckCtl set, of Group 1 alone (4.4.9)."""
        best, c = self.signalled(cpu), self.cpus[cpu]
        if best is None or not best.group:
            return SPURIOUS
        kept, c.ack_ctl = c.ack_ctl, True
        value = self.acknowledge(cpu)
        c.ack_ctl = kept
        return value

    def write_interface(self, cpu: int, offset: int, size: int, value: int) -> None:
        if size != 4 or offset & 3:
            return
        c, intid = self.cpus[cpu], value & 0x3FF
        match offset:
            case 0x000:
                self.control[cpu] = value = value & CTLR_BITS
                c.groups = {group for group in (0, 1) if value >> group & 1}
                c.ack_ctl, c.fiq_en, c.cbpr = bool(value & 4), bool(value & 8), bool(value & 16)
                c.eoi_mode = bool(value & 0x200)
            case 0x004:
                c.pmr = (value & 0xFF) // LEVEL * LEVEL
            case 0x008:
                c.bpr = max(2, value & 7)
            case 0x01C:
                c.abpr = max(3, value & 7)
            case 0x010 if intid < INTIDS:
                self.end(cpu, intid)
            case 0x024 if intid < INTIDS and self.find(intid, cpu).group:
                self.end(cpu, intid)
            case 0x1000 if intid < INTIDS:
                self.deactivate(cpu, intid)
            case 0x0D0 | 0x0E0:
                taken = c.taken[offset == 0x0E0]
                taken.clear()
                taken.update(LEVEL * n for n in range(32) if value >> n & 1)
