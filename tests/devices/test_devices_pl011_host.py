# SPDX-License-Identifier: MIT
"""The host's side of the PL011: taking back what was typed, QEMU's way to interrupt, and why nothing interrupts."""

from __future__ import annotations

import pytest

from harness import Machine, StopReason
from harness.asm import assemble
from harness.devices import Pl011
from harness.devices.pl011_registers import Pl011Register as Reg
from harness.errors import ConfigError

RX, RT, FEN = 1 << 4, 1 << 6, 1 << 4


def uart(*, eager: bool = False, imsc: int = RX) -> Pl011:
    device = Pl011(eager=eager)
    device.write(0, Reg.UARTLCR_H, 4, FEN)
    device.write(0, Reg.UARTIMSC, 4, imsc)
    return device


@pytest.mark.parametrize("fen", [0, FEN])
def test_the_host_takes_what_the_guest_has_not_read(fen: int) -> None:
    device = Pl011()
    device.write(0, Reg.UARTLCR_H, 4, fen)
    device.feed(b"0123456789" * 3)
    assert device.read(0, Reg.UARTDR, 4) == ord("0")
    assert device.take(4) == b"1234"
    assert device.take(100) == b"56789" + b"0123456789" * 2
    assert (device.take(1), device.read(0, Reg.UARTRIS, 4) & RX) == (b"", 0)


def test_the_host_takes_from_a_uart_that_does_not_receive() -> None:
    device = Pl011()
    device.write(0, Reg.UARTCR, 4, 0)
    device.feed(b"abc")
    assert device.take(2) == b"ab"


def test_by_the_manual_the_interrupt_comes_at_the_level() -> None:
    """3.3.9: half of 16 at reset."""
    device = uart()
    device.feed(b"1234567")
    assert not device.irq.level
    device.feed(b"8")
    assert device.irq.level


def test_as_in_qemu_it_comes_with_the_first_character() -> None:
    device = uart(eager=True)
    device.feed(b"1")
    assert device.irq.level
    device.read(0, Reg.UARTDR, 4)
    assert not device.irq.level
    device.reset()
    assert device.eager


def test_what_raises_no_interrupt_is_said() -> None:
    assert uart().held is None
    device = uart()
    device.feed(b"12")
    assert device.held == (
        "the UART holds 2 characters; UARTRXINTR comes at 8 (UARTIFLS),"
        " and UARTIMSC masks the receive timeout (RTIM)"
    )
    device = uart(imsc=0)
    device.feed(b"12")
    assert device.held == "the UART holds 2 characters, and UARTIMSC masks its receive interrupts"
    device = uart(imsc=RX | RT)
    device.feed(b"12")
    device.advance(1 << 40)
    assert (device.irq.level, device.held) == (True, None)


WAITS = """
_start: ldr x1, =0x09000000
        mov w2, #0x10
        str w2, [x1, #0x2c]
        str w2, [x1, #0x38]
1:      wfi
        b 1b
"""


def test_an_idle_machine_says_so() -> None:
    with Machine(memory="2M") as machine:
        machine.load(assemble(WAITS))
        machine.at(1000, "uart=ab")
        stop = machine.run(limit=10_000)
        assert (stop.reason, stop.detail.splitlines()[-1][:31]) == (
            StopReason.IDLE,
            "the UART holds 2 characters; UA",
        )
    with Machine(memory="2M", uart="qemu") as machine:
        machine.load(assemble(WAITS))
        machine.at(1000, "uart=ab")
        assert "the UART holds" not in machine.run(limit=10_000).detail


def test_another_uart_is_refused() -> None:
    with pytest.raises(ConfigError, match="uart '16550': choose one of pl011, qemu"):
        Machine(uart="16550")
