// SPDX-License-Identifier: MIT
// The Generic Timer: conditions, signs, masks, the lines into PPI 27 and 30, and EL0 access.
#include "probe.inc"

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        movz    x28, #0x0800, lsl #16   // GICD
        mov     w1, #1
        str     w1, [x28]
        at_el1  "CNTV_CTL_EL0 at reset"
        mrs     x0, cntv_ctl_el0
        and     x0, x0, #1
        done
        at_el1  "CNTV_CVAL_EL0 keeps 64 bits"
        mov     x1, #-1
        msr     cntv_cval_el0, x1
        mrs     x0, cntv_cval_el0
        done
        at_el1  "CNTV_CTL_EL0 after all ones, not due"
        mov     x1, #-1
        msr     cntv_ctl_el0, x1
        isb
        mrs     x0, cntv_ctl_el0
        done
        at_el1  "CNTV_CTL_EL0, due, masked"
        msr     cntv_cval_el0, xzr
        mov     x1, #3
        msr     cntv_ctl_el0, x1
        isb
        mrs     x0, cntv_ctl_el0
        done
        at_el1  "CNTV, due, masked: the line"
        movz    x2, #0x0800, lsl #16
        isb
        ldr     w0, [x2, #0x200]
        and     w0, w0, #0x8000000
        done
        at_el1  "CNTV_CTL_EL0, due, unmasked"
        mov     x1, #1
        msr     cntv_ctl_el0, x1
        isb
        mrs     x0, cntv_ctl_el0
        done
        at_el1  "CNTV, due, unmasked: the line"
        movz    x2, #0x0800, lsl #16
        isb
        ldr     w0, [x2, #0x200]
        and     w0, w0, #0x8000000
        done
        at_el1  "CNTV, the pending bit of a level cannot be cleared"
        movz    x2, #0x0800, lsl #16
        mov     w1, #0x8000000
        str     w1, [x2, #0x280]
        ldr     w0, [x2, #0x200]
        and     w0, w0, #0x8000000
        done
        at_el1  "CNTV_CTL_EL0, due, disabled"
        msr     cntv_ctl_el0, xzr
        isb
        mrs     x0, cntv_ctl_el0
        done
        at_el1  "CNTV, disabled: the line"
        movz    x2, #0x0800, lsl #16
        isb
        ldr     w0, [x2, #0x200]
        and     w0, w0, #0x8000000
        done
        at_el1  "CNTV_TVAL_EL0 counts down below zero"
        msr     cntv_tval_el0, xzr
        isb
        nop
        nop
        isb
        mrs     x0, cntv_tval_el0
        cmp     w0, #0
        cset    w0, le
        done
        at_el1  "CNTV_TVAL_EL0 reads zero above bit 31"
        mov     x1, #-5
        msr     cntv_tval_el0, x1
        isb
        mrs     x0, cntv_tval_el0
        lsr     x0, x0, #32
        done
        at_el1  "CNTV_TVAL_EL0 is signed: a negative one is due at once"
        movz    x1, #0x8000, lsl #16
        msr     cntv_tval_el0, x1
        mov     x1, #3
        msr     cntv_ctl_el0, x1
        isb
        mrs     x0, cntv_ctl_el0
        done
        at_el1  "CNTV_TVAL_EL0 of the largest positive is not due"
        movz    x1, #0x7fff, lsl #16
        msr     cntv_tval_el0, x1
        isb
        mrs     x0, cntv_ctl_el0
        done
        at_el1  "CNTV_CVAL_EL0 is the count plus TVAL"
        mrs     x1, cntvct_el0
        mov     x2, #0x10000
        msr     cntv_tval_el0, x2
        mrs     x3, cntv_cval_el0
        sub     x3, x3, x1
        cmp     x3, x2
        cset    x0, ge
        done
        at_el1  "CNTV, a deadline passes while the guest waits for it"
        movz    x1, #0x1000
        msr     cntv_tval_el0, x1
        mov     x1, #3
        msr     cntv_ctl_el0, x1
4:      isb
        mrs     x0, cntv_ctl_el0
        tbz     x0, #2, 4b
        done
        msr     cntv_ctl_el0, xzr
        at_el1  "CNTV: WFI ends when it is due, though masked by PSTATE.I"
        movz    x2, #0x0800, lsl #16
        mov     w1, #0x8000000
        str     w1, [x2, #0x100]
        movz    x2, #0x0801, lsl #16
        mov     w1, #1
        str     w1, [x2]
        mov     w1, #0xff
        str     w1, [x2, #4]
        movz    x1, #0x1000
        msr     cntv_tval_el0, x1
        mov     x1, #1
        msr     cntv_ctl_el0, x1
        isb
        wfi
        mrs     x0, cntv_ctl_el0
        done
        at_el1  "CNTV: its interrupt is taken"
        msr     daifclr, #2
        isb
        nop
        done
        at_el1  "CNTV: GICC_IAR of its interrupt"
        movz    x2, #0x0801, lsl #16
        ldr     w0, [x2, #0xc]
        msr     cntv_ctl_el0, xzr
        isb
        str     w0, [x2, #0x10]
        done
        at_el1  "CNTP_CTL_EL0 at reset"
        mrs     x0, cntp_ctl_el0
        and     x0, x0, #1
        done
        at_el1  "CNTP_CVAL_EL0 keeps 64 bits"
        mov     x1, #-1
        msr     cntp_cval_el0, x1
        mrs     x0, cntp_cval_el0
        done
        at_el1  "CNTP_CTL_EL0 after all ones, not due"
        mov     x1, #-1
        msr     cntp_ctl_el0, x1
        isb
        mrs     x0, cntp_ctl_el0
        done
        at_el1  "CNTP_CTL_EL0, due, masked"
        msr     cntp_cval_el0, xzr
        mov     x1, #3
        msr     cntp_ctl_el0, x1
        isb
        mrs     x0, cntp_ctl_el0
        done
        at_el1  "CNTP, due, masked: the line"
        movz    x2, #0x0800, lsl #16
        isb
        ldr     w0, [x2, #0x200]
        and     w0, w0, #0x40000000
        done
        at_el1  "CNTP_CTL_EL0, due, unmasked"
        mov     x1, #1
        msr     cntp_ctl_el0, x1
        isb
        mrs     x0, cntp_ctl_el0
        done
        at_el1  "CNTP, due, unmasked: the line"
        movz    x2, #0x0800, lsl #16
        isb
        ldr     w0, [x2, #0x200]
        and     w0, w0, #0x40000000
        done
        at_el1  "CNTP, the pending bit of a level cannot be cleared"
        movz    x2, #0x0800, lsl #16
        mov     w1, #0x40000000
        str     w1, [x2, #0x280]
        ldr     w0, [x2, #0x200]
        and     w0, w0, #0x40000000
        done
        at_el1  "CNTP_CTL_EL0, due, disabled"
        msr     cntp_ctl_el0, xzr
        isb
        mrs     x0, cntp_ctl_el0
        done
        at_el1  "CNTP, disabled: the line"
        movz    x2, #0x0800, lsl #16
        isb
        ldr     w0, [x2, #0x200]
        and     w0, w0, #0x40000000
        done
        at_el1  "CNTP_TVAL_EL0 counts down below zero"
        msr     cntp_tval_el0, xzr
        isb
        nop
        nop
        isb
        mrs     x0, cntp_tval_el0
        cmp     w0, #0
        cset    w0, le
        done
        at_el1  "CNTP_TVAL_EL0 reads zero above bit 31"
        mov     x1, #-5
        msr     cntp_tval_el0, x1
        isb
        mrs     x0, cntp_tval_el0
        lsr     x0, x0, #32
        done
        at_el1  "CNTP_TVAL_EL0 is signed: a negative one is due at once"
        movz    x1, #0x8000, lsl #16
        msr     cntp_tval_el0, x1
        mov     x1, #3
        msr     cntp_ctl_el0, x1
        isb
        mrs     x0, cntp_ctl_el0
        done
        at_el1  "CNTP_TVAL_EL0 of the largest positive is not due"
        movz    x1, #0x7fff, lsl #16
        msr     cntp_tval_el0, x1
        isb
        mrs     x0, cntp_ctl_el0
        done
        at_el1  "CNTP_CVAL_EL0 is the count plus TVAL"
        mrs     x1, cntpct_el0
        mov     x2, #0x10000
        msr     cntp_tval_el0, x2
        mrs     x3, cntp_cval_el0
        sub     x3, x3, x1
        cmp     x3, x2
        cset    x0, ge
        done
        at_el1  "CNTP, a deadline passes while the guest waits for it"
        movz    x1, #0x1000
        msr     cntp_tval_el0, x1
        mov     x1, #3
        msr     cntp_ctl_el0, x1
4:      isb
        mrs     x0, cntp_ctl_el0
        tbz     x0, #2, 4b
        done
        msr     cntp_ctl_el0, xzr
        at_el1  "CNTP: WFI ends when it is due, though masked by PSTATE.I"
        movz    x2, #0x0800, lsl #16
        mov     w1, #0x40000000
        str     w1, [x2, #0x100]
        movz    x2, #0x0801, lsl #16
        mov     w1, #1
        str     w1, [x2]
        mov     w1, #0xff
        str     w1, [x2, #4]
        movz    x1, #0x1000
        msr     cntp_tval_el0, x1
        mov     x1, #1
        msr     cntp_ctl_el0, x1
        isb
        wfi
        mrs     x0, cntp_ctl_el0
        done
        at_el1  "CNTP: its interrupt is taken"
        msr     daifclr, #2
        isb
        nop
        done
        at_el1  "CNTP: GICC_IAR of its interrupt"
        movz    x2, #0x0801, lsl #16
        ldr     w0, [x2, #0xc]
        msr     cntp_ctl_el0, xzr
        isb
        str     w0, [x2, #0x10]
        done
        at_el1  "CNTFRQ_EL0"
        mrs     x0, cntfrq_el0
        done
        at_el1  "MSR CNTFRQ_EL0 at EL1"
        msr     cntfrq_el0, x0
        done
        at_el1  "MSR CNTVCT_EL0 at EL1"
        .word   0xd51be040
        done
        at_el1  "CNTVCT_EL0 and CNTPCT_EL0 are one"
        isb
        mrs     x1, cntvct_el0
        isb
        mrs     x2, cntpct_el0
        isb
        mrs     x3, cntvct_el0
        cmp     x1, x2
        cset    x0, ls
        cmp     x2, x3
        cset    x4, ls
        and     x0, x0, x4
        done
        at_el1  "CNTVCT_EL0 grows"
        mrs     x1, cntvct_el0
        isb
        mov     x2, #0x4000
4:      subs    x2, x2, #1
        b.ne    4b
        isb
        mrs     x2, cntvct_el0
        cmp     x2, x1
        cset    x0, hi
        done
        at_el1  "CNTHCTL_EL2 at EL1"
        mrs     x0, cnthctl_el2
        done
        at_el1  "CNTPS_CTL_EL1 at EL1"
        mrs     x0, cntps_ctl_el1
        done
        msr     cntkctl_el1, xzr
        isb
        at_el0  "CNTVCT_EL0 at EL0 with CNTKCTL_EL1 = 0"
        mrs     x0, cntvct_el0
        done
        at_el0  "CNTPCT_EL0 at EL0 with CNTKCTL_EL1 = 0"
        mrs     x0, cntpct_el0
        done
        at_el0  "CNTFRQ_EL0 at EL0 with CNTKCTL_EL1 = 0"
        mrs     x0, cntfrq_el0
        done
        at_el0  "CNTV_CTL_EL0 at EL0 with CNTKCTL_EL1 = 0"
        mrs     x0, cntv_ctl_el0
        done
        at_el0  "CNTP_CTL_EL0 at EL0 with CNTKCTL_EL1 = 0"
        msr     cntp_ctl_el0, x0
        done
        at_el0  "CNTV_TVAL_EL0 at EL0 with CNTKCTL_EL1 = 0"
        msr     cntv_tval_el0, xzr
        done
        at_el0  "CNTP_CVAL_EL0 at EL0 with CNTKCTL_EL1 = 0"
        mrs     x7, cntp_cval_el0
        done
        mov     x0, #0x303
        msr     cntkctl_el1, x0
        isb
        at_el0  "CNTVCT_EL0 at EL0 with CNTKCTL_EL1 = 0x303"
        mrs     x0, cntvct_el0
        mov     x0, #1
        done
        at_el0  "CNTPCT_EL0 at EL0 with CNTKCTL_EL1 = 0x303"
        mrs     x0, cntpct_el0
        mov     x0, #1
        done
        at_el0  "CNTFRQ_EL0 at EL0 with CNTKCTL_EL1 = 0x303"
        mrs     x0, cntfrq_el0
        mov     x0, #1
        done
        at_el0  "CNTV_CTL_EL0 at EL0 with CNTKCTL_EL1 = 0x303"
        mrs     x0, cntv_ctl_el0
        mov     x0, #1
        done
        at_el0  "CNTP_CTL_EL0 at EL0 with CNTKCTL_EL1 = 0x303"
        msr     cntp_ctl_el0, x0
        mov     x0, #1
        done
        at_el0  "CNTV_TVAL_EL0 at EL0 with CNTKCTL_EL1 = 0x303"
        msr     cntv_tval_el0, xzr
        mov     x0, #1
        done
        at_el0  "CNTP_CVAL_EL0 at EL0 with CNTKCTL_EL1 = 0x303"
        mrs     x7, cntp_cval_el0
        mov     x0, #1
        done
        mov     x0, #1
        msr     cntkctl_el1, x0
        isb
        at_el0  "CNTVCT_EL0 at EL0 with CNTKCTL_EL1.EL0PCTEN alone"
        mrs     x0, cntvct_el0
        mov     x0, #1
        done
        at_el0  "CNTPCT_EL0 at EL0 with CNTKCTL_EL1.EL0PCTEN alone"
        mrs     x0, cntpct_el0
        mov     x0, #1
        done
        at_el0  "CNTFRQ_EL0 at EL0 with CNTKCTL_EL1.EL0PCTEN alone"
        mrs     x0, cntfrq_el0
        mov     x0, #1
        done
        at_el0  "CNTKCTL_EL1 at EL0"
        mrs     x0, cntkctl_el1
        done
        at_el0  "MSR CNTVCT_EL0 at EL0"
        .word   0xd51be040
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
