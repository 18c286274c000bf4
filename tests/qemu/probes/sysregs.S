// SPDX-License-Identifier: MIT
// System control, debug and performance monitor registers, as a booting kernel touches them.
#include "probe.inc"

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        at_el1  "SCTLR_EL1 at reset"
        mrs     x0, sctlr_el1
        done
        at_el1  "ACTLR_EL1 at reset"
        mrs     x0, actlr_el1
        done
        at_el1  "CPACR_EL1 at reset"
        mrs     x0, cpacr_el1
        done
        at_el1  "TTBR0_EL1 at reset"
        mrs     x0, ttbr0_el1
        done
        at_el1  "TTBR1_EL1 at reset"
        mrs     x0, ttbr1_el1
        done
        at_el1  "TCR_EL1 at reset"
        mrs     x0, tcr_el1
        done
        at_el1  "MAIR_EL1 at reset"
        mrs     x0, mair_el1
        done
        at_el1  "AMAIR_EL1 at reset"
        mrs     x0, amair_el1
        done
        at_el1  "AFSR0_EL1 at reset"
        mrs     x0, afsr0_el1
        done
        at_el1  "AFSR1_EL1 at reset"
        mrs     x0, afsr1_el1
        done
        at_el1  "CONTEXTIDR_EL1 at reset"
        mrs     x0, contextidr_el1
        done
        at_el1  "TPIDR_EL0 at reset"
        mrs     x0, tpidr_el0
        done
        at_el1  "CNTKCTL_EL1 at reset"
        mrs     x0, cntkctl_el1
        done
        at_el1  "ISR_EL1 at reset"
        mrs     x0, isr_el1
        done
        at_el1  "TTBR0_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, ttbr0_el1
        msr     ttbr0_el1, x1
        isb
        mrs     x0, ttbr0_el1
        msr     ttbr0_el1, x2
        isb
        done
        at_el1  "TCR_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, tcr_el1
        msr     tcr_el1, x1
        isb
        mrs     x0, tcr_el1
        msr     tcr_el1, x2
        isb
        done
        at_el1  "MAIR_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, mair_el1
        msr     mair_el1, x1
        isb
        mrs     x0, mair_el1
        msr     mair_el1, x2
        isb
        done
        at_el1  "AMAIR_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, amair_el1
        msr     amair_el1, x1
        isb
        mrs     x0, amair_el1
        msr     amair_el1, x2
        isb
        done
        at_el1  "AFSR0_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, afsr0_el1
        msr     afsr0_el1, x1
        isb
        mrs     x0, afsr0_el1
        msr     afsr0_el1, x2
        isb
        done
        at_el1  "AFSR1_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, afsr1_el1
        msr     afsr1_el1, x1
        isb
        mrs     x0, afsr1_el1
        msr     afsr1_el1, x2
        isb
        done
        at_el1  "CONTEXTIDR_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, contextidr_el1
        msr     contextidr_el1, x1
        isb
        mrs     x0, contextidr_el1
        msr     contextidr_el1, x2
        isb
        done
        at_el1  "TPIDR_EL0 after all ones"
        mov     x1, #-1
        mrs     x2, tpidr_el0
        msr     tpidr_el0, x1
        isb
        mrs     x0, tpidr_el0
        msr     tpidr_el0, x2
        isb
        done
        at_el1  "TPIDRRO_EL0 after all ones"
        mov     x1, #-1
        mrs     x2, tpidrro_el0
        msr     tpidrro_el0, x1
        isb
        mrs     x0, tpidrro_el0
        msr     tpidrro_el0, x2
        isb
        done
        at_el1  "CSSELR_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, csselr_el1
        msr     csselr_el1, x1
        isb
        mrs     x0, csselr_el1
        msr     csselr_el1, x2
        isb
        done
        at_el1  "PAR_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, par_el1
        msr     par_el1, x1
        isb
        mrs     x0, par_el1
        msr     par_el1, x2
        isb
        done
        at_el1  "CNTKCTL_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, cntkctl_el1
        msr     cntkctl_el1, x1
        isb
        mrs     x0, cntkctl_el1
        msr     cntkctl_el1, x2
        isb
        done
        at_el1  "CPACR_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, cpacr_el1
        msr     cpacr_el1, x1
        isb
        mrs     x0, cpacr_el1
        msr     cpacr_el1, x2
        isb
        done
        at_el1  "FAR_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, far_el1
        msr     far_el1, x1
        isb
        mrs     x0, far_el1
        msr     far_el1, x2
        isb
        done
        at_el1  "ACTLR_EL1 after all ones"
        mov     x1, #-1
        mrs     x2, actlr_el1
        msr     actlr_el1, x1
        isb
        mrs     x0, actlr_el1
        msr     actlr_el1, x2
        isb
        done
        mov     x0, #(3 << 20)
        msr     cpacr_el1, x0
        isb
        at_el1  "FPCR after all ones"
        mov     x1, #-1
        mrs     x2, fpcr
        msr     fpcr, x1
        isb
        mrs     x0, fpcr
        msr     fpcr, x2
        isb
        done
        at_el1  "FPSR after all ones"
        mov     x1, #-1
        mrs     x2, fpsr
        msr     fpsr, x1
        isb
        mrs     x0, fpsr
        msr     fpsr, x2
        isb
        done
        at_el1  "ICC_SRE_EL1 with a GICv2"
        mrs     x0, s3_0_c12_c12_5
        done
        at_el1  "ICC_IAR1_EL1 with a GICv2"
        mrs     x0, s3_0_c12_c12_0
        done
        at_el1  "PAN, which this CPU has not"
        .word   0xd500419f              // msr pan, #1
        done
        at_el1  "UAO, which this CPU has not"
        mrs     x0, s3_0_c4_c2_4
        done
        at_el1  "RNDR, which this CPU has not"
        mrs     x0, s3_3_c2_c4_0
        done
        at_el1  "MDSCR_EL1"
        mrs     x0, mdscr_el1
        done
        at_el1  "OSLSR_EL1"
        mrs     x0, oslsr_el1
        done
        at_el1  "OSDLR_EL1"
        mrs     x0, osdlr_el1
        done
        at_el1  "MDCCSR_EL0"
        mrs     x0, mdccsr_el0
        done
        at_el1  "MDCCINT_EL1"
        mrs     x0, mdccint_el1
        done
        at_el1  "DBGPRCR_EL1"
        mrs     x0, dbgprcr_el1
        done
        at_el1  "DBGCLAIMSET_EL1"
        mrs     x0, dbgclaimset_el1
        done
        at_el1  "DBGCLAIMCLR_EL1"
        mrs     x0, dbgclaimclr_el1
        done
        at_el1  "DBGAUTHSTATUS_EL1"
        mrs     x0, dbgauthstatus_el1
        done
        at_el1  "MDRAR_EL1"
        mrs     x0, mdrar_el1
        done
        at_el1  "OSECCR_EL1"
        mrs     x0, oseccr_el1
        done
        at_el1  "DBGBVR0_EL1"
        mrs     x0, dbgbvr0_el1
        done
        at_el1  "DBGBCR0_EL1"
        mrs     x0, dbgbcr0_el1
        done
        at_el1  "DBGWVR0_EL1"
        mrs     x0, dbgwvr0_el1
        done
        at_el1  "DBGWCR0_EL1"
        mrs     x0, dbgwcr0_el1
        done
        at_el1  "DBGBCR5_EL1"
        mrs     x0, dbgbcr5_el1
        done
        at_el1  "DBGWCR3_EL1"
        mrs     x0, dbgwcr3_el1
        done
        at_el1  "DBGBCR6_EL1"
        mrs     x0, dbgbcr6_el1
        done
        at_el1  "DBGWCR4_EL1"
        mrs     x0, dbgwcr4_el1
        done
        at_el1  "DBGVCR32_EL2"
        mrs     x0, dbgvcr32_el2
        done
        at_el1  "MSR OSLAR_EL1 and OSLSR_EL1"
        mov     x1, #1
        msr     oslar_el1, x1
        isb
        mrs     x0, oslsr_el1
        msr     oslar_el1, xzr
        isb
        mrs     x2, oslsr_el1
        add     x0, x0, x2, lsl #8
        done
        at_el1  "MSR OSDLR_EL1"
        msr     osdlr_el1, xzr
        mov     x0, #1
        done
        at_el1  "MSR MDSCR_EL1 and back"
        mov     x1, #0x8000
        msr     mdscr_el1, x1
        isb
        mrs     x0, mdscr_el1
        msr     mdscr_el1, xzr
        done
        at_el1  "DBGBVR0_EL1 and back"
        movz    x1, #0x4008, lsl #16
        msr     dbgbvr0_el1, x1
        mrs     x0, dbgbvr0_el1
        done
        at_el1  "DBGBCR0_EL1 and back"
        mov     x1, #0x1e4
        msr     dbgbcr0_el1, x1
        mrs     x0, dbgbcr0_el1
        msr     dbgbcr0_el1, xzr
        done
        at_el0  "MDSCR_EL1 at EL0"
        mrs     x0, mdscr_el1
        done
        at_el0  "MDCCSR_EL0 at EL0"
        mrs     x0, mdccsr_el0
        done
        at_el1  "PMCR_EL0"
        mrs     x0, pmcr_el0
        done
        at_el1  "PMCNTENSET_EL0"
        mrs     x0, pmcntenset_el0
        done
        at_el1  "PMOVSCLR_EL0"
        mrs     x0, pmovsclr_el0
        done
        at_el1  "PMSELR_EL0"
        mrs     x0, pmselr_el0
        done
        at_el1  "PMCEID0_EL0"
        mrs     x0, pmceid0_el0
        done
        at_el1  "PMCEID1_EL0"
        mrs     x0, pmceid1_el0
        done
        at_el1  "PMUSERENR_EL0"
        mrs     x0, pmuserenr_el0
        done
        at_el1  "PMINTENSET_EL1"
        mrs     x0, pmintenset_el1
        done
        at_el1  "PMCCFILTR_EL0"
        mrs     x0, pmccfiltr_el0
        done
        at_el1  "PMXEVTYPER_EL0"
        mrs     x0, pmxevtyper_el0
        done
        at_el1  "PMXEVCNTR_EL0"
        mrs     x0, pmxevcntr_el0
        done
        at_el1  "PMEVCNTR0_EL0"
        mrs     x0, pmevcntr0_el0
        done
        at_el1  "PMEVTYPER0_EL0"
        mrs     x0, pmevtyper0_el0
        done
        at_el1  "PMCR_EL0 after a write of E, P and C"
        mrs     x2, pmcr_el0
        mov     x1, #7
        msr     pmcr_el0, x1
        isb
        mrs     x0, pmcr_el0
        msr     pmcr_el0, xzr
        done
        at_el1  "PMCCNTR_EL0 stands still while PMCR_EL0.E is 0"
        mov     x1, #100
        msr     pmccntr_el0, x1
        isb
        nop
        mrs     x0, pmccntr_el0
        done
        at_el1  "PMCCNTR_EL0 counts while it is enabled"
        mov     x1, #1
        msr     pmcr_el0, x1
        movz    x2, #0x8000, lsl #16
        msr     pmcntenset_el0, x2
        isb
        mrs     x3, pmccntr_el0
        mov     x5, #0x10000
4:      subs    x5, x5, #1
        b.ne    4b
        isb
        mrs     x4, pmccntr_el0
        cmp     x4, x3
        cset    x0, ne
        msr     pmcr_el0, xzr
        done
        at_el1  "PMUSERENR_EL0 after all ones"
        mov     x1, #-1
        msr     pmuserenr_el0, x1
        mrs     x0, pmuserenr_el0
        msr     pmuserenr_el0, xzr
        done
        at_el0  "PMCCNTR_EL0 at EL0 with PMUSERENR_EL0.EN = 0"
        mrs     x0, pmccntr_el0
        done
        at_el0  "PMCR_EL0 at EL0 with PMUSERENR_EL0.EN = 0"
        mrs     x0, pmcr_el0
        done
        at_el1  "MSR PMCNTENCLR_EL0 and PMINTENCLR_EL1"
        mov     x1, #-1
        msr     pmcntenclr_el0, x1
        msr     pmintenclr_el1, x1
        msr     pmovsclr_el0, x1
        mov     x0, #1
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
