# SPDX-License-Identifier: MIT
"""PL011 against its manual, DDI 0183."""

import copy

import pytest

from harness.deadlines import NEVER
from harness.devices import Pl011
from harness.devices.pl011_registers import Pl011Register as Reg

RX, TX, RT, OE_INT, BE_INT = 1 << 4, 1 << 5, 1 << 6, 1 << 10, 1 << 9
RXFE, TXFF, RXFF, TXFE = 1 << 4, 1 << 5, 1 << 6, 1 << 7
FEN, LBE, UARTEN, TXE, RXE = 1 << 4, 1 << 7, 1, 1 << 8, 1 << 9
ENABLED = UARTEN | TXE | RXE


@pytest.fixture
def uart():
    return Pl011()


def read(uart, register):
    return uart.read(0, register, 4)


def write(uart, register, value):
    uart.write(0, register, 4, value)


def received(uart):
    got = bytearray()
    while not read(uart, Reg.UARTFR) & RXFE:
        got.append(read(uart, Reg.UARTDR) & 0xFF)
    return bytes(got)


def test_a_guest_that_enables_nothing_prints(uart):
    for character in b"hi\n":
        write(uart, Reg.UARTDR, character)
    assert uart.output == b"hi\n"


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_data_register_takes_any_width(uart, size):
    uart.write(0, Reg.UARTDR, size, 0x41)
    assert uart.output == b"A"
    uart.feed(b"B")
    assert uart.read(0, Reg.UARTDR, size) == 0x42


def test_reset_values_are_the_manuals():
    """Table 3-1."""
    reset = {
        Reg.UARTRSR: 0,
        Reg.UARTILPR: 0,
        Reg.UARTIBRD: 0,
        Reg.UARTFBRD: 0,
        Reg.UARTLCR_H: 0,
        Reg.UARTCR: 0x300,
    }
    reset |= {Reg.UARTIFLS: 0x12, Reg.UARTIMSC: 0, Reg.UARTRIS: 0, Reg.UARTMIS: 0, Reg.UARTDMACR: 0}
    assert {register: read(Pl011(), register) for register in reset} == reset
    flags = read(Pl011(), Reg.UARTFR)
    assert flags & (RXFE | TXFF | RXFF | TXFE) == RXFE | TXFE


@pytest.mark.parametrize(
    ("register", "kept"),
    [
        (Reg.UARTILPR, 0xFF),
        (Reg.UARTIBRD, 0xFFFF),
        (Reg.UARTFBRD, 0x3F),
        (Reg.UARTLCR_H, 0xFF),
        (Reg.UARTCR, 0xFF87),
        (Reg.UARTIFLS, 0x3F),
        (Reg.UARTIMSC, 0x7FF),
        (Reg.UARTDMACR, 0x7),
    ],
)
def test_registers_keep_their_defined_bits(uart, register, kept):
    """3.3."""
    write(uart, register, 0xFFFF_FFFF)
    assert read(uart, register) == kept


@pytest.mark.parametrize("register", [Reg.UARTFR, Reg.UARTRIS, Reg.UARTMIS, 0xFE0, 0x100])
def test_read_only_and_unknown_registers_ignore_writes(uart, register):
    before = copy.deepcopy(uart)
    write(uart, register, 0xFFFF_FFFF)
    assert uart == before


def test_identification_registers():
    """3.3.15, 3.3.16: part 0x011, designer 0x41, PrimeCell 0xB105F00D."""
    values = [Pl011().read(0, 0xFE0 + 4 * n, 4) for n in range(8)]
    assert values == [0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1]


@pytest.mark.parametrize(("lcr_h", "depth"), [(0, 1), (FEN, 16)])
def test_the_receive_fifo_is_16_deep_or_one(uart, lcr_h, depth):
    """2.4.3; 3.3.7 FEN. What has no room waits outside, and nothing is lost."""
    write(uart, Reg.UARTLCR_H, lcr_h)
    text = bytes(range(65, 65 + 40))
    uart.feed(text[: depth - 1])
    assert not read(uart, Reg.UARTFR) & RXFF
    uart.feed(text[depth - 1 :])
    assert read(uart, Reg.UARTFR) & (RXFF | RXFE) == RXFF
    assert received(uart) == text
    assert read(uart, Reg.UARTDR) == 0
    assert not read(uart, Reg.UARTRIS) & OE_INT


@pytest.mark.parametrize(("select", "level"), [(0, 2), (1, 4), (2, 8), (3, 12), (4, 14)])
def test_receive_interrupt_rises_at_the_trigger_level_and_falls_below(uart, select, level):
    """3.3.9 RXIFLSEL; 3.4.2."""
    write(uart, Reg.UARTLCR_H, FEN)
    write(uart, Reg.UARTIFLS, select << 3)
    uart.feed(b"x" * (level - 1))
    assert not read(uart, Reg.UARTRIS) & RX
    uart.feed(b"x")
    assert read(uart, Reg.UARTRIS) & RX
    read(uart, Reg.UARTDR)
    assert not read(uart, Reg.UARTRIS) & RX


def test_without_fifos_every_character_interrupts(uart):
    """3.4.2."""
    uart.feed(b"ab")
    assert read(uart, Reg.UARTRIS) & RX
    assert read(uart, Reg.UARTDR) == ord("a")
    assert read(uart, Reg.UARTRIS) & RX, "the next one has arrived"
    assert read(uart, Reg.UARTDR) == ord("b")
    assert not read(uart, Reg.UARTRIS) & RX


def test_the_line_is_raw_and_mask(uart):
    """2.8, UARTINTR; 3.3.10 to 3.3.13."""
    uart.feed(b"a")
    assert not uart.irq.level
    assert read(uart, Reg.UARTMIS) == 0
    write(uart, Reg.UARTIMSC, RX)
    assert uart.irq.level
    assert read(uart, Reg.UARTMIS) == RX
    write(uart, Reg.UARTICR, RX)
    assert not uart.irq.level


def test_transmit_interrupt_comes_with_the_first_character_not_with_the_mask(uart):
    """3.4.3: the interrupt is a transition through the level."""
    write(uart, Reg.UARTCR, ENABLED)
    write(uart, Reg.UARTIMSC, TX)
    assert not uart.irq.level
    write(uart, Reg.UARTDR, 65)
    assert uart.irq.level
    write(uart, Reg.UARTICR, TX)
    assert not uart.irq.level


def test_receive_timeout_after_32_bit_periods(uart):
    """3.4.4. At 115,200 baud 32 bits are 278 us, 17,361 ticks of 16 ns."""
    write(uart, Reg.UARTIBRD, 13)
    write(uart, Reg.UARTFBRD, 1)
    write(uart, Reg.UARTLCR_H, FEN)
    write(uart, Reg.UARTIMSC, RT)
    assert uart.next_action.tick == NEVER
    uart.advance(1000)
    uart.feed(b"abc")
    deadline = uart.next_action.tick
    assert deadline == 1000 + 32 * 16 * (13 * 64 + 1) * 62_500_000 // (64 * 24_000_000)
    uart.advance(deadline - 1)
    assert not uart.irq.level
    uart.advance(deadline)
    assert uart.irq.level
    assert uart.next_action.tick == NEVER
    assert received(uart) == b"abc"
    assert not uart.irq.level, "reading everything clears it"


def test_another_character_restarts_the_timeout(uart):
    write(uart, Reg.UARTLCR_H, FEN)
    write(uart, Reg.UARTIMSC, RT)
    uart.feed(b"a")
    first = uart.next_action.tick
    uart.advance(first - 1)
    uart.feed(b"b")
    uart.advance(first)
    assert not uart.irq.level
    assert uart.next_action.tick == 2 * first - 1


def test_a_cleared_timeout_comes_back_while_data_is_left(uart):
    write(uart, Reg.UARTLCR_H, FEN)
    write(uart, Reg.UARTIMSC, RT)
    uart.feed(b"ab")
    uart.advance(uart.next_action.tick)
    write(uart, Reg.UARTICR, RT)
    assert not uart.irq.level
    assert uart.next_action.tick != NEVER
    received(uart)
    assert uart.next_action.tick == NEVER


def test_a_masked_timeout_is_no_deadline(uart):
    uart.feed(b"a")
    assert uart.next_action.tick == NEVER
    uart.advance(1 << 40)
    assert read(uart, Reg.UARTRIS) & RT


def test_a_receiver_that_was_switched_off_leaves_the_input_waiting(uart):
    """3.3.8 UARTEN and RXE."""
    write(uart, Reg.UARTCR, 0)
    uart.feed(b"abc")
    assert read(uart, Reg.UARTFR) & RXFE
    write(uart, Reg.UARTCR, ENABLED)
    assert received(uart) == b"abc"


def test_input_fed_before_the_guest_set_up_its_fifos_is_kept(uart):
    uart.feed(b"abc")
    write(uart, Reg.UARTCR, 0)
    write(uart, Reg.UARTLCR_H, FEN)
    write(uart, Reg.UARTCR, ENABLED)
    assert received(uart) == b"abc"


def test_loopback_receives_what_is_sent_and_not_the_wire(uart):
    """3.3.8 LBE."""
    write(uart, Reg.UARTLCR_H, FEN)
    write(uart, Reg.UARTCR, ENABLED | LBE)
    uart.feed(b"wire")
    for character in b"loop":
        write(uart, Reg.UARTDR, character)
    assert received(uart) == b"loop"
    write(uart, Reg.UARTCR, ENABLED)
    assert received(uart) == b"wire"


def test_overrun_marks_the_next_character_and_the_status(uart):
    """3.3.1, 3.3.2: OE."""
    write(uart, Reg.UARTCR, ENABLED | LBE)
    for character in b"abc":
        write(uart, Reg.UARTDR, character)
    assert read(uart, Reg.UARTRIS) & OE_INT
    assert read(uart, Reg.UARTRSR) & 8
    assert read(uart, Reg.UARTDR) == ord("a")
    write(uart, Reg.UARTDR, ord("d"))
    assert read(uart, Reg.UARTDR) == 0x800 | ord("d")
    write(uart, Reg.UARTRSR, 0)
    assert read(uart, Reg.UARTRSR) == 0
    write(uart, Reg.UARTDR, ord("e"))
    assert read(uart, Reg.UARTDR) == ord("e")


def test_a_break_in_loopback_is_one_zero_with_be(uart):
    """3.3.1 BE; 3.3.7 BRK."""
    write(uart, Reg.UARTCR, ENABLED | LBE)
    write(uart, Reg.UARTLCR_H, FEN | 1)
    write(uart, Reg.UARTLCR_H, FEN | 1)
    assert read(uart, Reg.UARTRIS) & BE_INT
    assert read(uart, Reg.UARTDR) == 0x400
    assert read(uart, Reg.UARTRSR) == 4
    assert read(uart, Reg.UARTFR) & RXFE


def test_modem_lines_loop_back_and_interrupt_when_they_change(uart):
    """3.3.3, 3.3.8 LBE: RTS to CTS, DTR to DSR, OUT1 to DCD, OUT2 to RI."""
    assert read(uart, Reg.UARTFR) & 0x107 == 0b111, "a terminal that is always ready"
    write(uart, Reg.UARTCR, ENABLED | LBE)
    assert read(uart, Reg.UARTFR) & 0x107 == 0
    assert read(uart, Reg.UARTRIS) & 0xF == 0b1110
    write(uart, Reg.UARTICR, 0xF)
    seen = []
    for out in (1 << 11, 1 << 10, 1 << 12, 1 << 13):
        write(uart, Reg.UARTCR, ENABLED | LBE | out)
        seen.append(read(uart, Reg.UARTFR) & 0x107)
    assert seen == [0x001, 0x002, 0x004, 0x100]
    assert read(uart, Reg.UARTRIS) & 0xF == 0xF


def test_reset_keeps_what_was_printed_and_what_is_typed(uart):
    write(uart, Reg.UARTCR, 0)
    write(uart, Reg.UARTDR, 65)
    uart.feed(b"x")
    uart.reset()
    assert uart.output == b"A"
    assert read(uart, Reg.UARTCR) == 0x300
    assert received(uart) == b"x"
