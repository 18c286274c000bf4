# SPDX-License-Identifier: MIT
"""PrimeCell UART (PL011), the whole programmers' model of DDI 0183 3.2 to 3.4 but its test registers.

The wire is ideal: what is transmitted arrives at once, so the transmit FIFO is always empty, and the peer
is a terminal that is always ready (CTS, DSR and DCD asserted). What the host feeds waits until the receive
FIFO has room, so nothing is ever lost by typing fast. As under QEMU, a guest that never enables the UART
still prints and receives; one that has written UARTCR gets what it asked for when it receives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from harness.arch.virt import CNTFRQ
from harness.deadlines import NEVER, Deadline
from harness.devices.bus import Load
from harness.devices.output import Output
from harness.devices.pl011_modem import TERMINAL, modem_interrupts, modem_status
from harness.devices.pl011_registers import (
    AT_RESET,
    BE,
    CR_LBE,
    CR_RXE,
    CR_UARTEN,
    FE,
    FR_RXFE,
    FR_RXFF,
    FR_TXFE,
    INT_RT,
    INT_RX,
    INT_TX,
    LCR_BRK,
    LCR_FEN,
    OE,
    PE,
    STORAGE,
    Pl011Register,
)
from harness.devices.primecell import identification
from harness.wires import Wire
from harness.wording import plural

UARTCLK = 24_000_000  # Hz, as on QEMU's virt board
TICKS_PER_SECOND = CNTFRQ
FIFO_DEPTH = 16
_DEFAULT_DIVISOR = 13 * 64 + 1  # 115,200 baud, for the receive timeout of a guest that sets no rate
_TIMEOUT_BITS = 32


_ERROR_TO_INT_SHIFT = 1  # UARTDR 11:8 {OE, BE, PE, FE} to interrupt bits 10:7

_TRIGGER_EIGHTHS = (1, 2, 4, 6, 7, 7, 7, 7)  # UARTIFLS.RXIFLSEL; 0b101 and above are reserved
_IDENTIFICATION = identification(part=0x011, revision=1)


@dataclass(slots=True)
class Pl011:
    """One UART: ``output`` is what the guest printed, :meth:`feed` its keyboard, ``irq`` UARTINTR.

    ``eager``: UARTRXINTR rises with the first character whatever UARTIFLS says, as QEMU's does; a program that
    was only tried there may enable the FIFOs and wait for it, and would wait for eight characters on hardware.
    """

    eager: bool = False
    output: Output = field(default_factory=Output)
    now: int = 0
    ris: int = 0
    rsr: int = 0
    configured: bool = False  # UARTCR was written: its enables count from now on
    irq: Wire = field(default_factory=Wire)
    next_action: Deadline = field(default_factory=Deadline)  # the receive timeout, if it raises the line
    _stored: dict[int, int] = field(default_factory=lambda: dict(AT_RESET))
    _fifo: list[int] = field(default_factory=list)  # as UARTDR reads: error bits and data
    _backlog: bytearray = field(default_factory=bytearray)  # fed by the host, not yet received
    _overrun: bool = False  # the next character to enter the FIFO carries OE
    _timeout: int | None = None  # tick of the receive timeout, while one is running
    _flags: int = TERMINAL | FR_TXFE | FR_RXFE  # UARTFR

    def reset(self) -> None:
        """Takes registers and FIFO back to power-on; what was printed and what is fed stay."""
        self.ris = self.rsr = 0
        self.configured = False
        self._stored = dict(AT_RESET)
        self._fifo.clear()
        self._overrun = False
        self._timeout = None
        self._receive_backlog()
        self._show_flags()
        self._drive()

    def feed(self, data: bytes) -> None:
        """Types ``data``: it is received as soon as, and as fast as, the receive FIFO has room."""
        self._backlog += data
        self._receive_backlog()
        self._drive()

    @property
    def unreceived(self) -> int:
        """Number of characters that were typed and have no room in the receive FIFO yet."""
        return len(self._backlog)

    @property
    def held(self) -> str | None:
        """For people: what was typed and raises no interrupt, and why; None if there is no such thing."""
        count, imsc = len(self._fifo), self._stored[Pl011Register.UARTIMSC]
        if not count or self.irq.level:
            return None
        if not imsc & (INT_RX | INT_RT):
            return f"the UART holds {plural(count, 'character')}, and UARTIMSC masks its receive interrupts"
        if imsc & INT_RX and count < self._trigger:
            return (
                f"the UART holds {plural(count, 'character')}; UARTRXINTR comes at {self._trigger} (UARTIFLS),"
                " and UARTIMSC masks the receive timeout (RTIM)"
            )
        return None

    def take(self, most: int) -> bytes:
        """Takes up to so many of the typed bytes away from the guest's receiver (semihosting reads them)."""
        taken = bytearray()
        while self._fifo and len(taken) < most:
            taken.append(self._pop() & 0xFF)
        rest = most - len(taken)
        taken += self._backlog[:rest]
        del self._backlog[:rest]
        self._drive()
        return bytes(taken)

    def advance(self, now: int) -> None:
        """Lets time pass up to tick ``now``; the interrupt line follows."""
        self.elapse(now)
        self._drive()

    def elapse(self, now: int) -> None:
        """Lets time pass before an access at that tick, whose end the interrupt line follows."""
        self.now = now
        if self._timeout is not None and now >= self._timeout:
            self._timeout = None
            self.ris |= INT_RT

    def read(self, cpu: int, offset: int, size: int) -> int:
        """Returns the value of a register; of an odd part of one, that part."""
        value = self._read(offset & ~3) >> 8 * (offset & 3)
        self._drive()
        return value & (1 << 8 * size) - 1

    def quiet_loads(self) -> Mapping[int, Load]:
        """Returns what loads UARTFR and each register that only stores: the time and their loads change neither."""
        stored = {offset: partial(self._stored_value, offset) for offset in STORAGE}
        return {Pl011Register.UARTFR: self._read_flags, **stored}

    def _read_flags(self) -> int:
        return self._flags

    def _stored_value(self, offset: int) -> int:
        return self._stored[offset]

    def write(self, cpu: int, offset: int, size: int, value: int) -> None:
        """Writes a register, narrow writes zero-extended; to the odd part of one, nothing happens."""
        if offset & 3 or offset in (Pl011Register.UARTFR, Pl011Register.UARTRIS, Pl011Register.UARTMIS):
            return
        if offset == Pl011Register.UARTDR:
            self._transmit(value & 0xFF)
        elif offset == Pl011Register.UARTRSR:  # UARTECR: any value clears
            self.rsr = 0
        elif offset == Pl011Register.UARTICR:
            self._clear(value)
        elif offset in STORAGE:
            self._store(offset, value & STORAGE[offset])
        self._drive()

    def _drive(self) -> None:
        """Drives UARTINTR: any interrupt that is raised and not masked (2.8)."""
        unmasked = self._stored[Pl011Register.UARTIMSC]
        timeout = self._timeout
        self.next_action.set(timeout if timeout is not None and unmasked & INT_RT else NEVER)
        self.irq.drive(bool(self.ris & unmasked))

    def _read(self, offset: int) -> int:
        if offset == Pl011Register.UARTDR:
            return self._pop()
        if offset == Pl011Register.UARTRSR:
            return self.rsr
        if offset == Pl011Register.UARTFR:
            return self._flags
        if offset == Pl011Register.UARTRIS:
            return self.ris
        if offset == Pl011Register.UARTMIS:
            return self.ris & self._stored[Pl011Register.UARTIMSC]
        return self._stored.get(offset, _IDENTIFICATION.get(offset, 0))

    def _store(self, offset: int, value: int) -> None:
        before = self._stored[offset]
        self._stored[offset] = value
        if offset == Pl011Register.UARTCR:
            self.configured = True
            self.ris |= modem_interrupts(modem_status(before) ^ modem_status(value))
            self._receive_backlog()
            self._show_flags()
        elif offset == Pl011Register.UARTLCR_H:
            if value & ~before & LCR_BRK and self._loopback:
                self._push(BE)  # a break is received as one zero character (3.3.1)
            self._receive_backlog()
            self._show_flags()

    @property
    def _loopback(self) -> bool:
        return bool(self._stored[Pl011Register.UARTCR] & CR_LBE)

    @property
    def _depth(self) -> int:
        return FIFO_DEPTH if self._stored[Pl011Register.UARTLCR_H] & LCR_FEN else 1

    @property
    def _trigger(self) -> int:
        """Characters in the receive FIFO at which UARTRXINTR rises (3.3.9)."""
        if self.eager:
            return 1
        return max(1, self._depth * _TRIGGER_EIGHTHS[self._stored[Pl011Register.UARTIFLS] >> 3] // 8)

    @property
    def _receiving(self) -> bool:
        enables = CR_UARTEN | CR_RXE
        return not self.configured or self._stored[Pl011Register.UARTCR] & enables == enables

    def _show_flags(self) -> None:
        """Lets UARTFR follow the modem's lines and the receive FIFO."""
        flags = modem_status(self._stored[Pl011Register.UARTCR]) | FR_TXFE
        if not self._fifo:
            flags |= FR_RXFE
        if len(self._fifo) >= self._depth:
            flags |= FR_RXFF
        self._flags = flags

    def _transmit(self, character: int) -> None:
        self.output.append(character)
        if self._loopback and self._receiving:
            self._push(character)
        # By the transition through the trigger level as the character leaves the FIFO (3.4.3).
        self.ris |= INT_TX

    def _receive_backlog(self) -> None:
        """Lets as much of what the host fed enter the FIFO as has room."""
        if self._loopback or not self._receiving:
            return
        room = self._depth - len(self._fifo)
        if room > 0 and self._backlog:
            for character in self._backlog[:room]:
                self._push(character)
            del self._backlog[:room]

    def _push(self, character: int) -> None:
        """Receives a character, with its error bits."""
        if len(self._fifo) >= self._depth:
            self._overrun = True
            self.rsr |= OE >> 8
            self.ris |= OE >> _ERROR_TO_INT_SHIFT
            return
        if self._overrun:
            self._overrun = False
            character |= OE
        self._fifo.append(character)
        self.ris |= (character & (BE | PE | FE)) >> _ERROR_TO_INT_SHIFT
        if len(self._fifo) >= self._trigger:
            self.ris |= INT_RX
        self._start_timeout()
        self._show_flags()

    def _pop(self) -> int:
        """Reads UARTDR: the oldest character; an empty FIFO reads as zero."""
        if not self._fifo:
            return 0
        character = self._fifo.pop(0)
        self.rsr = self.rsr & (OE >> 8) | character >> 8
        if len(self._fifo) < self._trigger:
            self.ris &= ~INT_RX
        if not self._fifo:
            self.ris &= ~INT_RT
            self._timeout = None
        self._receive_backlog()
        self._show_flags()
        return character

    def _clear(self, value: int) -> None:
        """Clears the interrupts that UARTICR names. A timeout cleared with data left over starts anew."""
        self.ris &= ~value
        if value & INT_RT and self._fifo:
            self._start_timeout()

    def _start_timeout(self) -> None:
        """Raises UARTRTINTR 32 bit periods from now unless another character comes (3.4.4)."""
        divisor = (
            self._stored[Pl011Register.UARTIBRD] * 64 + self._stored[Pl011Register.UARTFBRD]
            or _DEFAULT_DIVISOR
        )
        cycles = _TIMEOUT_BITS * 16 * divisor  # in 64ths of a UARTCLK cycle
        self._timeout = self.now + max(1, cycles * TICKS_PER_SECOND // (64 * UARTCLK))
