# SPDX-License-Identifier: MIT
"""Writer of one aligned line of plain ASCII per event, for people.

     tick  cpu     event  what                                   answer                     where
    12340  CPU0 >> pIRQ   PPI 27 arrives                         -> INTID 27 virtual timer  idle+0x4
    12340  CPU0    vIRQ   line rises                             INTID 27 virtual timer
    12340  CPU0    vIRQ   taken at VBAR_EL1+0x280, from EL1h                                idle+0x4
    12345  CPU0 >> HVC    RVIC.Acknowledge                       -> SUCCESS INTID 27        irq_entry+0x14

``>>`` marks a world switch: the guest left for EL2 and came back. An address is shown as the symbol it lies
in, if there are symbols, else in hexadecimal. A line depends on its event, the names and the symbols only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TextIO

from harness.arch.intid import SGI_COUNT, SPURIOUS_GROUP1
from harness.arch.intid import name as physical_name
from harness.trace import events as ev
from harness.trace.names import Names
from harness.wording import plural

_VECTOR_OFFSET = 0x7FF  # VBAR_EL1 is 2 KiB aligned
_TAKEN_FROM = {0x000: "EL1t", 0x200: "EL1h", 0x400: "EL0", 0x600: "EL0 (AArch32)"}
_ANSWER, _WHERE = 41, 70  # columns after the event's name


class SymbolLookup(Protocol):
    """Names of addresses: :class:`harness.image.Symbols` is one."""

    def lookup(self, address: int) -> str | None:
        """Returns ``irq_entry+0x14``, or None where nothing is known."""
        ...


class _Columns(NamedTuple):
    kind: str
    what: str
    answer: str = ""
    pc: int | None = None


class _Speller(NamedTuple):
    """Words for the numbers of one machine."""

    names: Names
    symbols: SymbolLookup | None

    def place(self, address: int) -> str:
        """Returns an address as a symbol, else as a number."""
        symbol = None if self.symbols is None else self.symbols.lookup(address)
        return symbol or f"0x{address:x}"

    def intid(self, intid: int | None) -> str:
        """Returns ``INTID 27 virtual timer``; nothing for None."""
        return "" if intid is None else f"INTID {intid} {self.names.intid(intid)}"


def format_event(
    event: ev.Event,
    names: Names | None = None,
    symbols: SymbolLookup | None = None,
    width: int | None = None,
) -> str:
    """Returns the event as one line, without its newline; as more, where it has more than ``width`` columns."""
    speller = _Speller(names or _DEFAULT_NAMES, symbols)
    kind, what, answer, pc = _COLUMNS[type(event)](event, speller)
    mark = ">>" if event.world_switch else "  "
    where = "" if pc is None else speller.place(pc)
    head = f"{event.tick:>10}  CPU{event.cpu} {mark} {kind:<6} "
    return _laid_out(head, what, answer, where, width)


def header(width: int | None = None) -> str:
    """Returns the line of headings, for lines of so many columns at the most."""
    return _laid_out(f"{'tick':>10}  cpu     {'event':<6} ", "what", "answer", "where", width)


def _laid_out(head: str, what: str, answer: str, where: str, width: int | None) -> str:
    """Returns a line: its columns where they always are, or as near as they fit, or on a line below."""
    line = f"{head}{what:<40} {answer:<28} {where}".rstrip()
    if width is None or len(line) <= width:
        return line
    room, used = width - len(head), len(what)
    line = head + what
    for column, cell, rest in ((_ANSWER, answer, where), (_WHERE, where, "")):
        if not cell:
            continue
        need = len(cell) + 2 + len(rest) if rest else len(cell)
        if used + 2 + need > room:  # what comes after it goes below
            need = len(cell)
        start = max(used + 2, min(column, room - need))
        if start + need <= room:
            line += " " * (start - used) + cell
            used = start + len(cell)
        else:
            line += f"\n{'':{len(head) + 2}}{cell}"
            used = 2 + len(cell)
    return line


class TextWriter:
    """Listener that writes each event's line to ``stream``, after one line of headings if ``header``."""

    def __init__(
        self,
        stream: TextIO,
        *,
        names: Names | None = None,
        symbols: SymbolLookup | None = None,
        header: bool = False,
    ) -> None:
        self._stream = stream
        self._names = names or _DEFAULT_NAMES
        self._symbols = symbols
        if header:
            stream.write(HEADER + "\n")

    def __call__(self, event: ev.Event) -> None:
        """Writes one event."""
        self._stream.write(format_event(event, self._names, self._symbols) + "\n")


def _call(event: ev.Hvc | ev.Smc, spell: _Speller) -> _Columns:
    what = spell.names.call(event.function, event.args)
    answer = f"-> {spell.names.result(event.function, event.result)}"
    return _Columns(type(event).__name__.upper(), what, answer, event.pc)


def _access(write: bool, what: str, value: int | None) -> str:
    verb = "write" if write else "read"
    return f"{verb} {what}" if value is None else f"{verb} {what} = 0x{value:x}"


def _data_abort(event: ev.DataAbort, spell: _Speller) -> _Columns:
    place = event.register or f"0x{event.ipa:08x}"
    if event.size:
        place += f", {plural(event.size, 'byte')}"
    if event.fault is not None:
        answer = f"-> refused, DFSC 0x{event.fault:02x}"
    else:
        answer = "-> external abort" if event.value is None else spell.intid(event.intid)
    return _Columns("DABT", _access(event.write, place, event.value), answer, event.pc)


def _instruction_abort(event: ev.InstructionAbort, spell: _Speller) -> _Columns:
    return _Columns("IABT", f"fetch 0x{event.ipa:08x}", "-> external abort", event.pc)


def _sysreg(event: ev.SysregTrap, spell: _Speller) -> _Columns:
    return _Columns(
        "SYSREG", _access(event.write, event.register, event.value), spell.intid(event.intid), event.pc
    )


def _wfx(event: ev.Wfx, spell: _Speller) -> _Columns:
    return _Columns("WFE" if event.wfe else "WFI", "wait for an event" if event.wfe else "wait", "", event.pc)


def _delivery(intid: int | None, cpu: int, target: int | None, spell: _Speller) -> str:
    if intid is None:
        return "-> nobody"
    return f"-> {spell.intid(intid)}" + (f" on CPU{target}" if target not in (None, cpu) else "")


def _arrival(physical: int) -> str:
    if physical >= SPURIOUS_GROUP1:
        return f"spurious ({physical})"
    name = physical_name(physical)
    return f"kick ({name})" if physical < SGI_COUNT else f"{name} arrives"


def _irq(event: ev.PhysicalIrq, spell: _Speller) -> _Columns:
    spurious = event.physical >= SPURIOUS_GROUP1
    answer = "" if spurious else _delivery(event.intid, event.cpu, event.target, spell)
    return _Columns("pIRQ", _arrival(event.physical), answer, event.pc)


def _also_pending(event: ev.AlsoPending, spell: _Speller) -> _Columns:
    answer = _delivery(event.intid, event.cpu, event.target, spell)
    return _Columns("pIRQ", f"{_arrival(event.physical)}, already in EL2", answer)


def _raised(event: ev.VirqRaised, spell: _Speller) -> _Columns:
    return _Columns("vIRQ", "line rises", spell.intid(event.intid))


def _lowered(event: ev.VirqLowered, spell: _Speller) -> _Columns:
    return _Columns("vIRQ", "line falls", spell.intid(event.intid))


def _acknowledged(event: ev.Acknowledged, spell: _Speller) -> _Columns:
    return _Columns("vIRQ", "acknowledged by the guest, no exit", spell.intid(event.intid))


def _completed(event: ev.Completed, spell: _Speller) -> _Columns:
    return _Columns("vIRQ", "ended by the guest, no exit", spell.intid(event.intid))


def _taken(event: ev.VirqTaken, spell: _Speller) -> _Columns:
    offset = event.vector & _VECTOR_OFFSET
    what = f"taken at VBAR_EL1+0x{offset:03x}, from {_TAKEN_FROM[offset & 0x600]}"
    return _Columns("vIRQ", what, "", event.pc)


def _eret(event: ev.Eret, spell: _Speller) -> _Columns:
    return _Columns("ERET", f"return to {spell.place(event.to)}", "", event.pc)


def _mmio(event: ev.Mmio, spell: _Speller) -> _Columns:
    what = _access(event.write, f"{event.device} at 0x{event.address:08x}", event.value)
    return _Columns("MMIO", what, "", event.pc)


def _power(event: ev.PowerChange, spell: _Speller) -> _Columns:
    return _Columns("POWER", event.what + ("" if event.target is None else f" CPU{event.target}"))


def _deviation(event: ev.DeviationMet, _spell: _Speller) -> _Columns:
    return _Columns("DIFFER", f"deviation {event.name}", f"DDI 0487, {event.section}", event.pc)


_DEFAULT_NAMES = Names()
HEADER = header()
_COLUMNS: dict[type[ev.Event], Callable[[Any, _Speller], _Columns]] = {
    ev.Hvc: _call,
    ev.Smc: _call,
    ev.DataAbort: _data_abort,
    ev.InstructionAbort: _instruction_abort,
    ev.SysregTrap: _sysreg,
    ev.Wfx: _wfx,
    ev.PhysicalIrq: _irq,
    ev.AlsoPending: _also_pending,
    ev.VirqRaised: _raised,
    ev.VirqLowered: _lowered,
    ev.Acknowledged: _acknowledged,
    ev.Completed: _completed,
    ev.VirqTaken: _taken,
    ev.Eret: _eret,
    ev.Mmio: _mmio,
    ev.PowerChange: _power,
    ev.DeviationMet: _deviation,
}
