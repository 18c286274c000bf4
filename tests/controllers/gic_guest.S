// SPDX-License-Identifier: MIT
// Executes a table of accesses to a GICv2, at EL1. All CPUs share the table, and `turn` points at the entry to
// come; the CPU it names executes it, writes the result into it and moves `turn` on. So the table says in which
// order CPUs act, and no schedule changes that. At the end of the table CPU 0 comes by `finished`.
//
//  offset  in                              out
//  0x00    u32 CPU, or END                 the same
//  0x04    u32 action                      the same
//  0x08    address                         ISR_EL1 after
//  0x10    value                           the value read, or what the action says
//
// IRQs and FIQs are masked but in TAKE and WAIT. The handler keeps what GICC_IAR gave, with bit 15 set if it came by
// FIQ, and writes it to GICC_EOIR.
#define TABLE   0x41000000
#define END     0xff
#define GICC    0x08010000
#define IAR     0x0c
#define EOIR    0x10
#define FIQ     0x8000

        .globl  _start
_start:
        mrs     x28, mpidr_el1
        and     x28, x28, #0xff
        adr     x27, turn
        adr     x0, vectors
        msr     vbar_el1, x0
        isb
        lsl     x0, x28, #12
        mov     x1, #TABLE
        sub     sp, x1, x0
        mov     x19, #0                 // interrupts taken in the present action
        mov     x20, #0                 // what GICC_IAR gave, 16 bits each, the latest lowest
        mov     x21, #GICC
next:   ldr     x26, [x27]
        ldr     w0, [x26]
        cmp     w0, w28
        b.ne    not_mine
        ldr     w24, [x26, #0x04]
        ldp     x1, x2, [x26, #0x08]
        adr     x3, actions
        add     x3, x3, x24, lsl #4     // four instructions each
        br      x3
        .balign 16
actions:
        ldrb    w2, [x1]                // 0 to 3: load 1, 2, 4, 8 bytes
        b       done
        nop
        nop
        ldrh    w2, [x1]
        b       done
        nop
        nop
        ldr     w2, [x1]
        b       done
        nop
        nop
        ldr     x2, [x1]
        b       done
        nop
        nop
        strb    w2, [x1]                // 4 to 7: store 1, 2, 4, 8 bytes
        b       done
        nop
        nop
        strh    w2, [x1]
        b       done
        nop
        nop
        str     w2, [x1]
        b       done
        nop
        nop
        str     x2, [x1]
        b       done
        nop
        nop
        msr     daifclr, #3             // 8 TAKE: unmask for a moment; the result is the GICC_IAR values taken
        isb
        b       take
        nop
        b       wait                    // 9 WAIT: let the others go on, WFI; the next entry of this CPU: the values
        nop
        nop
        nop
        msr     cntv_cval_el0, x1       // 10 TIMER: CNTV_CVAL_EL0, CNTV_CTL_EL0
        msr     cntv_ctl_el0, x2
        b       done
        nop
        b       hvc                     // 11 CALL: HVC with x0 = address, x1 = value, x2 = _start
        nop
        nop
        nop
        mov     x2, x20                 // 12 TAKEN: the GICC_IAR values since the last such question
        mov     x20, #0
        b       done
        nop
        b       leave                   // 13 LEAVE: let the others go on, CPU_OFF
        nop
        nop
        nop
        b       suspend                 // 14 SUSPEND: let the others go on, CPU_SUSPEND to a powerdown state
        nop
        nop
        nop
take:   nop
        nop
        nop
        nop
        msr     daifset, #3
        mov     x2, x20
        mov     x20, #0
        b       done
hvc:    mov     x0, x1
        mov     x1, x2
        adr     x2, _start
        mov     x3, #0
        hvc     #0
        mov     x2, x0
done:   mrs     x1, isr_el1
        stp     x1, x2, [x26, #0x08]
        add     x26, x26, #0x18
        str     x26, [x27]
        b       next
wait:   add     x26, x26, #0x18
        str     x26, [x27]
        wfi
        msr     daifclr, #3
        isb
        nop
        msr     daifset, #3
        b       next
leave:  add     x26, x26, #0x18
        str     x26, [x27]
        mov     x0, #0x84000000
        add     x0, x0, #2
        hvc     #0
suspend:
        add     x26, x26, #0x18
        str     x26, [x27]
        movz    x0, #0xc400, lsl #16
        add     x0, x0, #1
        mov     x1, #0x10000
        adr     x2, _start              // where this CPU goes on with the entries that name it
        mov     x3, #0
        hvc     #0
        b       next                    // an interrupt was there already
not_mine:
        cmp     w0, #END
        b.ne    next
        cbnz    x28, next
finished:
        b       next

        .balign 0x800
vectors:
        .space  0x280
        mov     x23, #0                 // IRQ from EL1h
        b       take_one
        .balign 0x80
        mov     x23, #FIQ               // FIQ from EL1h
        b       take_one
        .balign 0x800
take_one:
        ldr     w22, [x21, #IAR]
        lsl     x20, x20, #16
        add     x20, x20, x22
        orr     x20, x20, x23
        str     w22, [x21, #EOIR]
        eret

        .balign 8
turn:   .quad   TABLE
