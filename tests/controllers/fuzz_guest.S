// SPDX-License-Identifier: MIT
// vCPU 1 misbehaves: it executes a table of random loads, stores and calls, and skips whatever faults. vCPU 0 runs
// a timer meanwhile, and counts its ticks in `ticks`. It comes by `beat` from time to time.
//
// The vCPUs of a VM trust each other: they share a distributor, and an RVIC lets any vCPU mask, clear or end any
// other's interrupts. So vCPU 0 puts right, in each beat, what vCPU 1 may have told the controller about it:
// GICD_CTLR; or its own mask of the timer, the level that was cleared, and its instance's enable.
//
//  table entry: u64 action (an index below, END at the end), u64 x1, u64 x2, u64 x3, u64 function
#define TABLE   0x41000000
#define END     0xff
#define PERIOD  3000                    // instructions of all vCPUs between ticks
#define PAUSE   1000
#define TIMER   27
#define GICD    0x08000000
#define GICC    0x08010000

        .globl  _start
_start:
        adr     x0, vectors
        msr     vbar_el1, x0
        isb
        mov     x20, #GICD
        mov     x21, #GICC
        mov     x22, #TIMER
        mov     x23, #PERIOD
        adr     x19, ticks
        mov     w0, #0xf8
        msr     cntv_tval_el0, x23
        mov     x1, #1
        msr     cntv_ctl_el0, x1
#ifdef IRQ_GICV2
        str     w0, [x21, #0x04]        // GICC_PMR
        str     w1, [x21]               // GICC_CTLR
        lsl     w0, w1, w22
        str     w0, [x20, #0x100]       // GICD_ISENABLER0
#endif
        ldr     x0, =0xc4000003         // PSCI CPU_ON
        mov     x1, #1
        adr     x2, misbehave
        mov     x3, #0
        hvc     #0
        msr     daifclr, #2
beat:
#ifdef IRQ_GICV2
        mov     w1, #1
        str     w1, [x20]               // GICD_CTLR
#else
        msr     daifset, #2
        ldr     x0, =0xc500020a         // RVIC Resample
        mov     x1, x22
        hvc     #0
        ldr     x0, =0xc5000205         // ClearMasked
        mov     x1, #0
        mov     x2, x22
        hvc     #0
        ldr     x0, =0xc5000202         // Enable
        hvc     #0
        msr     daifclr, #2
#endif
        mov     x9, #PAUSE
1:      sub     x9, x9, #1
        cbnz    x9, 1b
        b       beat

        .balign 16
actions:
        ldrb    w4, [x1]                // 0 to 7: loads and stores of 1, 2, 4, 8 bytes
        b       next
        nop
        nop
        ldrh    w4, [x1]
        b       next
        nop
        nop
        ldr     w4, [x1]
        b       next
        nop
        nop
        ldr     x4, [x1]
        b       next
        nop
        nop
        strb    w2, [x1]
        b       next
        nop
        nop
        strh    w2, [x1]
        b       next
        nop
        nop
        str     w2, [x1]
        b       next
        nop
        nop
        str     x2, [x1]
        b       next
        nop
        nop
        ldp     w4, w5, [x1]            // 8 to 13: those without a syndrome
        b       next
        nop
        nop
        stp     x2, x3, [x1]
        b       next
        nop
        nop
        ldrsw   x4, [x1], #4
        b       next
        nop
        nop
        str     q0, [x1]
        b       next
        nop
        nop
        ldxr    w4, [x1]
        b       next
        nop
        nop
        ld1     {v1.4s}, [x1]
        b       next
        nop
        nop
        mov     x0, x4                  // 14 to 16: calls; x0 is the function
        hvc     #0
        b       next
        nop
        mov     x0, x4
        smc     #0
        b       next
        nop
        mov     x0, x4
        hvc     #0x123
        b       next
        nop
        msr     cntv_tval_el0, x2       // 17, 18: its own timers
        msr     cntv_ctl_el0, x3
        b       next
        nop
        msr     cntp_tval_el0, x2
        msr     cntp_ctl_el0, x3
        b       next
        nop

misbehave:
        adr     x0, vectors
        msr     vbar_el1, x0
        isb
        ldr     x26, =TABLE
        adr     x25, actions
next:   ldp     x24, x1, [x26]
        ldp     x2, x3, [x26, #0x10]
        ldr     x4, [x26, #0x20]
        add     x26, x26, #0x28
        cmp     x24, #END
        b.eq    finished
        add     x24, x25, x24, lsl #4
        br      x24
finished:
        nop
        b       finished

        .balign 0x800
vectors:
        .space  0x200
        mrs     x0, elr_el1             // from EL1h, synchronous: skip it
        add     x0, x0, #4
        msr     elr_el1, x0
        eret
        .balign 0x80
        b       irq
        .balign 0x800
irq:
#ifdef IRQ_GICV2
        ldr     w10, [x21, #0x0c]       // GICC_IAR
        and     w11, w10, #0x3ff
        cmp     w11, #1020
        b.hs    2f
        cmp     w11, w22
        b.ne    1f
        bl      ticked
        str     w10, [x21, #0x10]       // GICC_EOIR
        eret
1:      lsr     w12, w11, #5            // nobody handles it: disable it
        add     x12, x20, x12, lsl #2
        mov     w13, #1
        lsl     w13, w13, w11
        str     w13, [x12, #0x180]
        str     w10, [x21, #0x10]
2:      eret
#else
        mov     x14, x0
        mov     x15, x1
        mov     x16, x2
        mov     x17, x3
        ldr     x0, =0xc5000209         // Acknowledge
        hvc     #0
        cbnz    x0, 2f
        cmp     x1, x22
        b.ne    2f                      // nobody handles it: it stays masked
        bl      ticked
        ldr     x0, =0xc500020a         // Resample
        mov     x1, x22
        hvc     #0
        ldr     x0, =0xc5000205         // ClearMasked
        mov     x1, #0
        mov     x2, x22
        hvc     #0
2:      mov     x0, x14
        mov     x1, x15
        mov     x2, x16
        mov     x3, x17
        eret
#endif
ticked: msr     cntv_tval_el0, x23
        ldr     x18, [x19]
        add     x18, x18, #1
        str     x18, [x19]
        ret
        .ltorg

        .balign 8
ticks:  .quad   0
