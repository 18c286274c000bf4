# SPDX-License-Identifier: MIT
"""Device accesses of a guest, with a listener and without: the ways differ, what comes of it does not."""

from __future__ import annotations

import pytest

from harness import Machine
from harness.asm import assemble
from harness.trace.events import Event

INTERRUPTS = """
    .equ GICD, 0x08000000
    .equ GICC, 0x08010000
    .equ UART, 0x09000000
    .equ TESTDEV, 0x0b000000
_start:
    ldr     x0, =GICD
    ldr     x2, =GICC
    mov     w1, #1
    str     w1, [x0]
    mov     w1, #0xff
    str     w1, [x2, #4]
    mov     w1, #1
    str     w1, [x2]
    mov     w1, #-1
    str     w1, [x0, #0x100]
    str     w1, [x0, #0x104]
    mov     w1, #0x01010101
    str     w1, [x0, #0x820]        // SPIs 32 to 35: to CPU0
    adr     x1, vectors
    msr     vbar_el1, x1
    msr     cntv_cval_el0, xzr
    mov     x1, #1
    msr     cntv_ctl_el0, x1        // due at once, and again after each end
    ldr     x6, =UART
    mov     w1, #0x10
    str     w1, [x6, #0x38]         // UARTIMSC.RXIM
    ldr     w3, =0x02000005         // SGI 5, to itself
    mov     w20, #40
    msr     daifclr, #2
loop:
    str     w3, [x0, #0xf00]
    ldr     w7, [x6, #0x18]         // UARTFR
    strb    w20, [x6]
    ldr     w8, [x0, #0x200]        // GICD_ISPENDR0
    eor     x21, x21, x8
    ldrb    w8, [x0, #0x405]
    add     x21, x21, x7
    ldr     x9, [x0, #0x100]
    add     x21, x21, x9
    subs    w20, w20, #1
    b.ne    loop
    hvc     #1
    .ltorg
    .balign 2048
vectors:
    .space  0x280
    ldr     w5, [x2, #0xc]
    lsl     x22, x22, #3
    eor     x22, x22, x5
    cmp     w5, #33
    b.ne    2f
    ldr     w8, [x6]
    add     w24, w24, w8
2:  cmp     w5, #27
    b.ne    1f
    add     w23, w23, #1
    cmp     w23, #20
    b.lo    1f
    msr     cntv_ctl_el0, xzr
1:  str     w5, [x2, #0x10]
    eret
"""


def outcome(controller: str, *, listens: bool) -> tuple[object, ...]:
    with Machine(controller=controller, ledger=False) as machine:
        events: list[Event] = []
        if listens:
            machine.listen(events.append)
        machine.load(assemble(INTERRUPTS))
        machine.board.uart.feed(b"typed")
        stop = machine.run(limit=4000)
        assert bool(events) is listens
        cpu = machine.cpus[0]
        return stop, list(cpu.x), cpu.pc, machine.board.uart.output


@pytest.mark.parametrize("controller", ["gicv2", "vgic", "trap"])
def test_what_comes_of_it_does_not_depend_on_a_listener(controller: str) -> None:
    told, untold = outcome(controller, listens=True), outcome(controller, listens=False)
    assert untold == told
    x = told[1]
    assert isinstance(x, list)
    assert x[20] == 0, "the guest has not come to its end"
    assert x[23] >= 20, "its timer has not interrupted it"
    assert x[24] == sum(b"typed"), "it has not heard what was typed"
