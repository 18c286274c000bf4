// SPDX-License-Identifier: MIT
// PSTATE: stack pointer selection, exception return legal and illegal, masks, waiting.
#include "probe.inc"


// return_with spsr: ERET to the next instruction with this SPSR. Clobbers x1, x2.
.macro  return_with spsr
        adr     x1, 5f
        msr     elr_el1, x1
        mov     x2, #\spsr
        msr     spsr_el1, x2
        isb
        eret
5:
.endm

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        at_el1  "SVC at EL1t goes to the vectors for SP_EL0"
        msr     spsel, #0
        svc     #3
        done
        at_el1  "SP_EL0 and SP_EL1 are two"
        mov     x1, #0x5550
        msr     sp_el0, x1
        msr     spsel, #0
        mov     x0, sp
        done
        at_el1  "MRS SPSel at EL1t"
        msr     spsel, #0
        mrs     x0, spsel
        done
        at_el1  "MRS SP_EL0 at EL1t"
        msr     spsel, #0
        mrs     x0, sp_el0
        done
        at_el1  "MSR SP_EL1 at EL1"
        msr     sp_el1, x0
        done
        at_el1  "all flags in NZCV and SPSR"
        movz    x1, #0xf000, lsl #16
        msr     nzcv, x1
        svc     #1
        done
        at_el1  "DAIF as written"
        mov     x1, #0x140
        msr     daif, x1
        mrs     x0, daif
        done
        at_el1  "DAIFClr"
        msr     daifclr, #5
        mrs     x0, daif
        done
        at_el1  "MSR of all ones to SPSR_EL1"
        mov     x1, #-1
        msr     spsr_el1, x1
        mrs     x0, spsr_el1
        mov     x1, #0x3c5
        msr     spsr_el1, x1
        done
        at_el1  "MSR of all ones to ELR_EL1"
        mov     x1, #-1
        msr     elr_el1, x1
        mrs     x0, elr_el1
        done
        at_el1  "MSR of all ones to ESR_EL1"
        mov     x1, #-1
        msr     esr_el1, x1
        mrs     x0, esr_el1
        done
        at_el1  "VBAR_EL1 keeps its low bits clear"
        mrs     x2, vbar_el1
        orr     x1, x2, #0x7f
        msr     vbar_el1, x1
        mrs     x0, vbar_el1
        msr     vbar_el1, x2
        sub     x0, x0, x2
        done
        at_el1  "ERET to EL1t"
        return_with 0x3c4
        mrs     x0, spsel
        done
        at_el1  "ERET to EL0 with flags"
        movz    x2, #0x6000, lsl #16
        adr     x1, 4f
        msr     elr_el1, x1
        msr     spsr_el1, x2
        isb
        eret
4:      mrs     x0, nzcv
        done
        at_el1  "ERET to EL2"
        return_with 0x3c9
        done
        at_el1  "ERET to EL3"
        return_with 0x3cd
        done
        at_el1  "ERET to a reserved mode, M = 1"
        return_with 0x3c1
        done
        at_el1  "ERET to a reserved mode, M = 6"
        return_with 0x3c6
        done
        at_el1  "ERET to AArch32 EL1"
        return_with 0x3d3
        done
        at_el1  "ERET with SPSR.IL set"
        adr     x1, 4f
        msr     elr_el1, x1
        movz    x2, #0x0010, lsl #16
        movk    x2, #0x3c5
        msr     spsr_el1, x2
        isb
        eret
4:      nop
        done
        at_el1  "ERET to EL2, twice"
        return_with 0x2c9
        done
        at_el1  "ERET works after illegal ones"
        return_with 0x3c5
        mov     x0, #1
        done
        at_el1  "CurrentEL"
        mrs     x0, currentel
        done

        // waiting
        at_el1  "WFE after SEVL goes on"
        sevl
        wfe
        mov     x0, #1
        done
        at_el1  "WFE after SEV goes on"
        sev
        wfe
        mov     x0, #1
        done
        at_el1  "YIELD, hints without a meaning"
        yield
        hint    #0x7f
        mov     x0, #1
        done
        at_el1  "barriers"
        dmb     ish
        dsb     sy
        isb
        mov     x0, #1
        done

        // exclusives
        at_el1  "STXR after LDXR succeeds"
        movz    x1, #0x4200, lsl #16
        str     xzr, [x1]
        ldxr    x2, [x1]
        mov     x3, #5
        stxr    w0, x3, [x1]
        done
        at_el1  "STXR without LDXR fails"
        clrex
        movz    x1, #0x4200, lsl #16
        stxr    w0, x3, [x1]
        done
        at_el1  "STXR after CLREX fails"
        movz    x1, #0x4200, lsl #16
        ldxr    x2, [x1]
        clrex
        stxr    w0, x3, [x1]
        done
        at_el1  "second STXR fails"
        movz    x1, #0x4200, lsl #16
        ldxr    x2, [x1]
        stxr    w4, x3, [x1]
        stxr    w0, x3, [x1]
        done
        at_el1  "STXR elsewhere fails"
        movz    x1, #0x4200, lsl #16
        ldxr    x2, [x1]
        add     x1, x1, #0x1000
        stxr    w0, x3, [x1]
        done
        at_el1  "an exception clears the monitor"
        movz    x1, #0x4200, lsl #16
        ldxr    x2, [x1]
        adr     x4, 4f
        msr     elr_el1, x4
        mov     x5, #0x3c5
        msr     spsr_el1, x5
        isb
        eret
4:      stxr    w0, x3, [x1]
        done
        at_el1  "STXP after LDXP"
        movz    x1, #0x4200, lsl #16
        ldxp    x2, x3, [x1]
        mov     x4, #9
        stxp    w0, x4, x4, [x1]
        ldr     x5, [x1, #8]
        add     x0, x0, x5
        done
        at_el1  "STLXR after LDAXR, byte"
        movz    x1, #0x4200, lsl #16
        ldaxrb  w2, [x1]
        stlxrb  w0, w3, [x1]
        done
        at_el1  "LSE atomic"
        movz    x1, #0x4200, lsl #16
        mov     x0, #3
        str     x0, [x1]
        .word   0xf8200020              // ldadd x0, x0, [x1]
        ldr     x2, [x1]
        add     x0, x0, x2, lsl #4
        done
        at_el1  "LSE compare and swap"
        movz    x1, #0x4200, lsl #16
        mov     x0, #6
        str     x0, [x1]
        mov     x2, #0x21
        .word   0xc8a07c22              // cas x0, x2, [x1]
        ldr     x2, [x1]
        add     x0, x0, x2, lsl #4
        done
        at_el1  "unaligned load and store of RAM with the MMU off"
        movz    x1, #0x4200, lsl #16
        mov     x0, #0x77
        stur    x0, [x1, #3]
        ldur    x0, [x1, #3]
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
