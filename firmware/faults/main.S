// SPDX-License-Identifier: MIT
// faults: what the synchronous exceptions look like, from EL1 and from EL0, and how to get past each.
// See README.md.
#include "boot.inc"
#include "uart.inc"
#include "esr.inc"

#define FAULTS          12              // six at each level
#define NOWHERE         0x0d000000      // nothing answers there on this board
#define SVC_LEAVE       0xe1            // EL0 asks to go back to EL1
#define SPSR_EL0T       0x3c0           // DAIF set, EL0, SP_EL0
#define SPSR_EL1H       0x3c5

#define ISS_WNR         6               // data abort: 1 for a write

main:
        stp     x19, x30, [sp, #-16]!
        mov     x0, #VECTOR_EL1H_SYNC
        adr     x1, on_synchronous
        bl      vector_set
        mov     x0, #VECTOR_EL0_64_SYNC
        adr     x1, on_synchronous
        bl      vector_set
        bl      make_faults             // at EL1
        adr     x0, user_stack_top
        msr     sp_el0, x0
        adr     x0, user                // and at EL0
        msr     elr_el1, x0
        mov     x0, #SPSR_EL0T
        msr     spsr_el1, x0
        eret
back_at_el1:
        adr     x1, count
        ldr     x0, [x1]
        cmp     x0, #FAULTS
        b.ne    1f
        print   text_done
        mov     x0, #0
        ldp     x19, x30, [sp], #16
        ret
1:      print   text_failed
        mov     x0, #1
        ldp     x19, x30, [sp], #16
        ret

user:
        bl      make_faults
        svc     #SVC_LEAVE

// Six faults, at whatever level this runs. Clobbers x0, x1, x9.
make_faults:
        mov     x9, x30
        mov     x1, #NOWHERE
        svc     #0x12
        brk     #0x34
        .word   0                       // UDF #0, for ever undefined
        ldr     x0, [x1]
        str     x0, [x1, #8]
        blr     x1
        ret     x9

// The handler. In: x0 = frame. It says what came, and sets FRAME_ELR to where the program goes on:
// for SVC that is where ELR points already; BRK, UDF and a data abort leave ELR at the instruction, one
// before; for an instruction abort ELR is the target of the call, and x30 what lies behind the call.
on_synchronous:
        stp     x19, x30, [sp, #-32]!
        stp     x20, x21, [sp, #16]
        mov     x19, x0
        ldr     x20, [x19, #FRAME_ESR]
        ubfx    x21, x20, #ESR_EC_SHIFT, #ESR_EC_WIDTH
        cmp     x21, #EC_SVC64
        b.ne    1f
        and     x0, x20, #0xffff
        cmp     x0, #SVC_LEAVE
        b.eq    leave_el0
1:      bl      describe
        adr     x1, count
        ldr     x0, [x1]
        add     x0, x0, #1
        str     x0, [x1]
        ldr     x0, [x19, #FRAME_ELR]
        cmp     x21, #EC_SVC64
        b.eq    3f
        ldr     x1, [x19, #FRAME_X30]
        bic     x2, x21, #1             // the class of an abort has bit 0 set if the EL is the same
        cmp     x2, #EC_IABT_LOWER
        add     x0, x0, #4
        csel    x0, x1, x0, eq
        str     x0, [x19, #FRAME_ELR]
3:      ldp     x20, x21, [sp, #16]
        ldp     x19, x30, [sp], #32
        ret

// Return from the exception to EL1, behind the ERET that went to EL0.
leave_el0:
        adr     x0, back_at_el1
        str     x0, [x19, #FRAME_ELR]
        mov     x0, #SPSR_EL1H
        str     x0, [x19, #FRAME_SPSR]
        b       3b

// One line: level, class, syndrome, and what the syndrome of that class says. In: x19, x20, x21 as above.
describe:
        stp     x21, x30, [sp, #-16]!
        print   text_el
        ldr     x0, [x19, #FRAME_SPSR]
        ubfx    x0, x0, #2, #2
        bl      uart_put_dec
        print   text_colon
        mov     x0, x20
        bl      esr_ec_name
        bl      uart_puts
        print   text_esr
        mov     x0, x20
        mov     x1, #8
        bl      uart_put_hex
        cmp     x21, #EC_SVC64
        b.eq    1f
        cmp     x21, #EC_BRK64
        b.eq    1f
        cmp     x21, #EC_UNKNOWN
        b.eq    4f
        print   text_far                // the rest are aborts
        ldr     x0, [x19, #FRAME_FAR]
        mov     x1, #8
        bl      uart_put_hex
        bic     x0, x21, #1
        cmp     x0, #EC_DABT_LOWER
        b.ne    3f
        tbz     x20, #ISS_WNR, 2f
        print   text_write
        b       3f
2:      print   text_read
3:      print   text_comma
        mov     x0, x20
        bl      esr_fsc_name
        bl      uart_puts
        b       4f
1:      print   text_immediate
        and     x0, x20, #0xffff
        mov     x1, #4
        bl      uart_put_hex
4:      mov     w0, #'\n'
        bl      uart_putc
        ldp     x21, x30, [sp], #16
        ret

text_el:        .asciz "EL"
text_colon:     .asciz ": "
text_esr:       .asciz ": ESR="
text_immediate: .asciz " immediate="
text_far:       .asciz " FAR="
text_read:      .asciz ", read"
text_write:     .asciz ", write"
text_comma:     .asciz ", "
text_done:      .asciz "faults: back from all\n"
text_failed:    .asciz "faults: FAILED\n"
        .balign 4

        .bss
        .balign 16
count:  .space  8
        .balign 16
user_stack: .space 512
user_stack_top:
        .space  8
