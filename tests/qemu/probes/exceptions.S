// SPDX-License-Identifier: MIT
// Synchronous exceptions with the MMU off: class, syndrome, return address and saved state of each.
#include "probe.inc"

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        at_el1  "SVC at EL1"
        svc     #0x12
        done
        at_el0  "SVC at EL0"
        svc     #0xffee
        done
        at_el1  "BRK at EL1"
        brk     #0x34
        done
        at_el0  "BRK at EL0"
        brk     #0xffff
        done
        at_el1  "UDF at EL1"
        .word   0
        done
        at_el0  "UDF at EL0"
        .word   0x1234
        done
        at_el1  "unallocated instruction at EL1"
        .word   0xffffffff
        done
        at_el0  "HVC at EL0"
        hvc     #0
        done
        at_el0  "SMC at EL0"
        smc     #0
        done
        at_el1  "SMC at EL1 while the conduit is HVC"
        mov     x0, #0x84000000
        smc     #0
        done
        at_el0  "ERET at EL0"
        eret
        done
        at_el1  "HLT with an unknown immediate at EL1"
        hlt     #1
        done
        at_el1  "DCPS1 outside debug state"
        .word   0xd4a00001
        done
        at_el1  "MRS of an unallocated register at EL1"
        mrs     x0, s3_0_c15_c15_7
        done
        at_el0  "MRS of an unallocated register at EL0"
        mrs     x0, s3_3_c15_c15_7
        done
        at_el1  "MSR of an ID register at EL1"
        .word   0xd5180000              // msr midr_el1, x0
        done
        at_el0  "MRS SCTLR_EL1 at EL0"
        mrs     x0, sctlr_el1
        done
        at_el0  "MRS MIDR_EL1 at EL0"
        mrs     x0, midr_el1
        done
        at_el1  "MRS HCR_EL2 at EL1"
        mrs     x0, hcr_el2
        done
        at_el1  "MSR VBAR_EL2 at EL1"
        msr     vbar_el2, x0
        done
        at_el1  "MRS SCR_EL3 at EL1"
        mrs     x0, scr_el3
        done
        at_el1  "MRS CurrentEL at EL1"
        mrs     x0, currentel
        done
        at_el0  "MRS CurrentEL at EL0"
        mrs     x0, currentel
        done
        at_el0  "MSR SPSel at EL0"
        msr     spsel, #1
        done
        at_el0  "MSR DAIFSet at EL0 with SCTLR_EL1.UMA = 0"
        msr     daifset, #2
        done
        at_el0  "MRS DAIF at EL0 with SCTLR_EL1.UMA = 0"
        mrs     x0, daif
        done
        mrs     x1, sctlr_el1
        bic     x1, x1, #(1 << 16)      // nTWI
        bic     x1, x1, #(1 << 18)      // nTWE
        msr     sctlr_el1, x1
        isb
        at_el0  "WFI at EL0 with SCTLR_EL1.nTWI = 0"
        wfi
        done
        at_el0  "WFE at EL0 with SCTLR_EL1.nTWE = 0"
        wfe
        done
        at_el0  "DC ZVA at EL0 with SCTLR_EL1.DZE = 0"
        dc      zva, x0
        done
        at_el0  "MRS CTR_EL0 at EL0 with SCTLR_EL1.UCT = 0"
        mrs     x0, ctr_el0
        done
        at_el0  "IC IVAU at EL0 with SCTLR_EL1.UCI = 0"
        ic      ivau, x0
        done
        at_el0  "DC CVAU at EL0 with SCTLR_EL1.UCI = 0"
        dc      cvau, x0
        done
        at_el0  "DC CIVAC at EL0 with SCTLR_EL1.UCI = 0"
        dc      civac, x0
        done
        at_el0  "DC IVAC at EL0"
        dc      ivac, x0
        done
        at_el0  "TLBI VMALLE1 at EL0"
        tlbi    vmalle1
        done
        at_el0  "MRS DCZID_EL0 at EL0 with SCTLR_EL1.DZE = 0"
        mrs     x0, dczid_el0
        done

        // and allowed
        mrs     x1, sctlr_el1
        orr     x1, x1, #(1 << 9)       // UMA
        orr     x1, x1, #(1 << 14)      // DZE
        orr     x1, x1, #(1 << 15)      // UCT
        orr     x1, x1, #(1 << 16)      // nTWI
        orr     x1, x1, #(1 << 18)      // nTWE
        orr     x1, x1, #(1 << 26)      // UCI
        msr     sctlr_el1, x1
        isb
        at_el0  "MSR DAIFSet at EL0 with SCTLR_EL1.UMA = 1"
        msr     daifset, #2
        mrs     x0, daif
        done
        at_el0  "MSR DAIF at EL0 with SCTLR_EL1.UMA = 1"
        mov     x0, #0x3c0
        msr     daif, x0
        svc     #1
        done
        at_el0  "DC ZVA at EL0 with SCTLR_EL1.DZE = 1"
        movz    x1, #0x4200, lsl #16
        mov     x0, #-1
        str     x0, [x1, #56]
        dc      zva, x1
        ldr     x0, [x1, #56]
        done
        at_el0  "MRS CTR_EL0 at EL0 with SCTLR_EL1.UCT = 1"
        mrs     x0, ctr_el0
        done
        at_el0  "IC IVAU at EL0 with SCTLR_EL1.UCI = 1"
        mov     x0, x30
        ic      ivau, x30
        mov     x0, #0
        done
        at_el0  "DC CVAU at EL0 with SCTLR_EL1.UCI = 1"
        dc      cvau, x30
        done
        at_el0  "MRS DCZID_EL0 at EL0 with SCTLR_EL1.DZE = 1"
        mrs     x0, dczid_el0
        done
        at_el0  "MRS TPIDRRO_EL0 at EL0"
        mrs     x1, tpidrro_el0
        done
        at_el0  "MSR TPIDRRO_EL0 at EL0"
        msr     tpidrro_el0, x0
        done
        at_el0  "MSR TPIDR_EL0 at EL0"
        mov     x1, #0x77
        msr     tpidr_el0, x1
        mrs     x0, tpidr_el0
        done

        // nothing at the address
        at_el1  "load from where nothing is, EL1"
        movz    x1, #0x0d00, lsl #16
        ldr     x0, [x1, #8]
        done
        at_el1  "store to where nothing is, EL1"
        movz    x1, #0x0d00, lsl #16
        str     w0, [x1, #4]
        done
        at_el0  "load byte from where nothing is, EL0"
        movz    x1, #0x0d00, lsl #16
        ldrb    w0, [x1, #3]
        done
        at_el0  "store pair to where nothing is, EL0"
        movz    x1, #0x0d00, lsl #16
        stp     x0, x0, [x1]
        done
        at_el1  "fetch from where nothing is, EL1"
        movz    x1, #0x0d00, lsl #16
        br      x1
        done
        at_el0  "fetch from where nothing is, EL0"
        movz    x1, #0x0d00, lsl #16
        br      x1
        done
        at_el1  "load beyond the physical address space"
        movz    x1, #0x1000, lsl #32
        ldr     x0, [x1]
        done
        at_el1  "load from above 4 GiB"
        movz    x1, #0x7f, lsl #32
        ldr     x0, [x1]
        done
        at_el1  "DC CVAU where nothing is"
        movz    x1, #0x0d00, lsl #16
        dc      cvau, x1
        done

        // alignment
        at_el1  "branch to a misaligned address, EL1"
        add     x1, x30, #2
        br      x1
        done
        at_el0  "branch to a misaligned address, EL0"
        add     x1, x30, #1
        br      x1
        done
        at_el0  "return to a misaligned address by ERET"
        movz    x1, #0x4200, lsl #16
        add     x1, x1, #6
        ret     x1
        done
        at_el1  "load through a misaligned SP at EL1"
        mov     x1, sp
        add     x1, x1, #8
        mov     sp, x1
        ldr     x0, [sp]
        mov     x0, #0
        done
        at_el1  "misaligned load-exclusive"
        movz    x1, #0x4200, lsl #16
        add     x1, x1, #4
        ldxr    x0, [x1]
        done
        at_el1  "misaligned store-exclusive"
        movz    x1, #0x4200, lsl #16
        ldxr    x0, [x1]
        add     x1, x1, #1
        stxr    w2, x0, [x1]
        done
        at_el0  "misaligned load-acquire"
        movz    x1, #0x4200, lsl #16
        add     x1, x1, #2
        ldar    w0, [x1]
        done

        mrs     x1, sctlr_el1
        orr     x1, x1, #2              // A
        msr     sctlr_el1, x1
        isb
        at_el1  "unaligned load with SCTLR_EL1.A = 1"
        movz    x1, #0x4200, lsl #16
        ldur    x0, [x1, #1]
        done
        at_el0  "unaligned store with SCTLR_EL1.A = 1, EL0"
        movz    x1, #0x4200, lsl #16
        sturh   w0, [x1, #3]
        done
        at_el0  "aligned load with SCTLR_EL1.A = 1"
        movz    x1, #0x4200, lsl #16
        mov     x0, #1
        ldr     w0, [x1, #64]
        done
        mrs     x1, sctlr_el1
        bic     x1, x1, #2
        msr     sctlr_el1, x1
        isb

        // FP and SIMD
        msr     cpacr_el1, xzr
        isb
        at_el1  "FP at EL1 with CPACR_EL1.FPEN = 0"
        fmov    d0, x0
        done
        at_el0  "SIMD at EL0 with CPACR_EL1.FPEN = 0"
        movi    v0.16b, #1
        done
        at_el1  "MRS FPCR at EL1 with CPACR_EL1.FPEN = 0"
        mrs     x0, fpcr
        done
        at_el1  "load to a Q register with CPACR_EL1.FPEN = 0"
        movz    x1, #0x4200, lsl #16
        ldr     q0, [x1]
        done
        mov     x0, #(1 << 20)
        msr     cpacr_el1, x0
        isb
        at_el1  "FP at EL1 with CPACR_EL1.FPEN = 1"
        mov     x0, #5
        fmov    d0, x0
        fmov    x0, d0
        done
        at_el0  "FP at EL0 with CPACR_EL1.FPEN = 1"
        fmov    d0, x0
        done
        mov     x0, #(3 << 20)
        msr     cpacr_el1, x0
        isb
        at_el0  "FP at EL0 with CPACR_EL1.FPEN = 3"
        mov     x0, #7
        scvtf   d0, x0
        fcvtzs  x0, d0
        done
        at_el1  "FP arithmetic and its flags in FPSR"
        fmov    d0, #1.0
        fmov    d1, #3.0
        msr     fpsr, xzr
        fdiv    d2, d0, d1
        mrs     x0, fpsr
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
