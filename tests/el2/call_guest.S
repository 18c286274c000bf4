// SPDX-License-Identifier: MIT
// Executes a table of calls. The table is an array of 64-byte entries that all CPUs share, and `turn` points at
// the entry to come; the CPU it names executes it, writes the results into it and moves `turn` on. So the table
// says in which order CPUs call, and no schedule changes that. At the
// end of the table CPU 0 comes by `finished`.
//
//  offset  in                              out
//  0x00    u32 CPU, or END                 the same
//  0x04    u32 action: HVC, SMC, ...       the same
//  0x08    x0, x1, x2, x3                  x0, x1, x2, x3
//  0x28    -                               ISR_EL1 before, ISR_EL1 after
//  0x38    -                               0 if x4 to x17 and SP came back as they went
//
// WAIT and LEAVE write no results.
#define TABLE   0x41000000
#define END     0xff
#define SMC     1
#define STORE   2                       // w2 to the device register at x1
#define TIMER   3                       // x2 to CNTV_CTL_EL0
#define WAIT    4                       // let the others go on, then WFI
#define LEAVE   5                       // let the others go on, then HVC: a call that may not return

        .globl  _start
_start:
        mrs     x28, mpidr_el1
        and     x28, x28, #0xff
        adr     x27, turn
        lsl     x0, x28, #12
        mov     x1, #TABLE
        sub     sp, x1, x0
        msr     cntv_cval_el0, xzr      // the virtual timer's condition is met whenever it is on
next:   ldr     x26, [x27]
        ldr     w0, [x26]
        cmp     w0, w28
        b.ne    not_mine
        mrs     x25, isr_el1
        mov     x23, sp
        ldr     w24, [x26, #0x04]
        ldp     x0, x1, [x26, #0x08]
        ldp     x2, x3, [x26, #0x18]
        .irp    n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
        add     x\n, x26, #\n
        .endr
        cmp     w24, #SMC
        b.eq    smc
        b.hi    other
        hvc     #0
        b       called
smc:    smc     #0
        b       called
other:  cmp     w24, #TIMER
        b.eq    timer
        b.hi    posted
        str     w2, [x1]
        b       called
timer:  msr     cntv_ctl_el0, x2
called: stp     x0, x1, [x26, #0x08]
        stp     x2, x3, [x26, #0x18]
        mov     x1, sp
        eor     x0, x1, x23
        .irp    n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
        sub     x\n, x\n, x26
        sub     x\n, x\n, #\n
        orr     x0, x0, x\n
        .endr
        mrs     x1, isr_el1
        stp     x25, x1, [x26, #0x28]
        str     x0, [x26, #0x38]
        add     x26, x26, #0x40
        str     x26, [x27]
        b       next
posted: add     x30, x26, #0x40
        str     x30, [x27]
        cmp     w24, #LEAVE
        b.eq    leave
        wfi
        b       next
leave:  hvc     #0
        b       next

not_mine:
        cmp     w0, #END
        b.ne    next
        cbnz    x28, next
finished:
        b       next

        .balign 8
turn:   .quad   TABLE
