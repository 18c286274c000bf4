// SPDX-License-Identifier: MIT
// IMPLEMENTATION DEFINED registers of Arm's cores, as their start-up code touches them, on a machine of two CPUs.
#include "probe.inc"

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        at_el1  "CPUACTLR_EL1"
        mrs     x0, s3_1_c15_c2_0
        done
        at_el1  "CPUACTLR_EL1 after all ones"
        mov     x1, #-1
        msr     s3_1_c15_c2_0, x1
        isb
        mrs     x0, s3_1_c15_c2_0
        done
        at_el1  "CPUECTLR_EL1"
        mrs     x0, s3_1_c15_c2_1
        done
        at_el1  "CPUECTLR_EL1 after all ones"
        mov     x1, #-1
        msr     s3_1_c15_c2_1, x1
        isb
        mrs     x0, s3_1_c15_c2_1
        done
        at_el1  "CPUMERRSR_EL1"
        mrs     x0, s3_1_c15_c2_2
        done
        at_el1  "CPUMERRSR_EL1 after all ones"
        mov     x1, #-1
        msr     s3_1_c15_c2_2, x1
        isb
        mrs     x0, s3_1_c15_c2_2
        done
        at_el1  "L2MERRSR_EL1"
        mrs     x0, s3_1_c15_c2_3
        done
        at_el1  "L2MERRSR_EL1 after all ones"
        mov     x1, #-1
        msr     s3_1_c15_c2_3, x1
        isb
        mrs     x0, s3_1_c15_c2_3
        done
        at_el1  "L2CTLR_EL1"
        mrs     x0, s3_1_c11_c0_2
        done
        at_el1  "L2CTLR_EL1 after all ones"
        mov     x1, #-1
        msr     s3_1_c11_c0_2, x1
        isb
        mrs     x0, s3_1_c11_c0_2
        done
        at_el1  "L2ECTLR_EL1"
        mrs     x0, s3_1_c11_c0_3
        done
        at_el1  "L2ECTLR_EL1 after all ones"
        mov     x1, #-1
        msr     s3_1_c11_c0_3, x1
        isb
        mrs     x0, s3_1_c11_c0_3
        done
        at_el1  "L2ACTLR_EL1"
        mrs     x0, s3_1_c15_c0_0
        done
        at_el1  "L2ACTLR_EL1 after all ones"
        mov     x1, #-1
        msr     s3_1_c15_c0_0, x1
        isb
        mrs     x0, s3_1_c15_c0_0
        done
        at_el1  "CBAR_EL1"
        mrs     x0, s3_1_c15_c3_0
        done
        at_el1  "MSR CBAR_EL1"
        msr     s3_1_c15_c3_0, x0
        done
        at_el1  "RVBAR_EL1"
        mrs     x0, s3_0_c12_c0_1
        done
        at_el1  "MSR RVBAR_EL1"
        msr     s3_0_c12_c0_1, x0
        done
        at_el0  "CPUECTLR_EL1 at EL0"
        mrs     x0, s3_1_c15_c2_1
        done
        at_el0  "MSR CPUECTLR_EL1 at EL0"
        msr     s3_1_c15_c2_1, x0
        done
        at_el0  "CBAR_EL1 at EL0"
        mrs     x0, s3_1_c15_c3_0
        done
        at_el0  "RVBAR_EL1 at EL0"
        mrs     x0, s3_0_c12_c0_1
        done
        at_el1  "RVBAR_EL2"
        mrs     x0, s3_4_c12_c0_1
        done
        at_el1  "RVBAR_EL3"
        mrs     x0, s3_6_c12_c0_1
        done
        at_el1  "RMR_EL1"
        mrs     x0, s3_0_c12_c0_2
        done
        at_el1  "RAMINDEX"
        msr     s3_3_c15_c4_0, x0
        done
        at_el1  "DL1DATA0_EL1"
        mrs     x0, s3_0_c15_c1_0
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
