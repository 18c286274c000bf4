// SPDX-License-Identifier: MIT
// Identification registers: what the CPU says it is.
#include "probe.inc"

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        at_el1  "MIDR_EL1"
        mrs     x0, midr_el1
        done
        at_el1  "MPIDR_EL1"
        mrs     x0, mpidr_el1
        done
        at_el1  "REVIDR_EL1"
        mrs     x0, revidr_el1
        done
        at_el1  "ID_AA64PFR0_EL1"
        mrs     x0, id_aa64pfr0_el1
        done
        at_el1  "ID_AA64PFR1_EL1"
        mrs     x0, id_aa64pfr1_el1
        done
        at_el1  "ID_AA64DFR0_EL1"
        mrs     x0, id_aa64dfr0_el1
        done
        at_el1  "ID_AA64DFR1_EL1"
        mrs     x0, id_aa64dfr1_el1
        done
        at_el1  "ID_AA64ISAR0_EL1"
        mrs     x0, id_aa64isar0_el1
        done
        at_el1  "ID_AA64ISAR1_EL1"
        mrs     x0, id_aa64isar1_el1
        done
        at_el1  "ID_AA64MMFR0_EL1"
        mrs     x0, id_aa64mmfr0_el1
        done
        at_el1  "ID_AA64MMFR1_EL1"
        mrs     x0, id_aa64mmfr1_el1
        done
        at_el1  "ID_AA64AFR0_EL1"
        mrs     x0, id_aa64afr0_el1
        done
        at_el1  "ID_AA64AFR1_EL1"
        mrs     x0, id_aa64afr1_el1
        done
        at_el1  "ID_AA64MMFR2_EL1"
        mrs     x0, s3_0_c0_c7_2
        done
        at_el1  "ID_AA64ZFR0_EL1"
        mrs     x0, s3_0_c0_c4_4
        done
        at_el1  "a reserved ID register"
        mrs     x0, s3_0_c0_c7_7
        done
        at_el1  "ID_PFR0_EL1"
        mrs     x0, id_pfr0_el1
        done
        at_el1  "ID_PFR1_EL1"
        mrs     x0, id_pfr1_el1
        done
        at_el1  "ID_DFR0_EL1"
        mrs     x0, id_dfr0_el1
        done
        at_el1  "ID_AFR0_EL1"
        mrs     x0, id_afr0_el1
        done
        at_el1  "ID_MMFR0_EL1"
        mrs     x0, id_mmfr0_el1
        done
        at_el1  "ID_MMFR1_EL1"
        mrs     x0, id_mmfr1_el1
        done
        at_el1  "ID_MMFR2_EL1"
        mrs     x0, id_mmfr2_el1
        done
        at_el1  "ID_MMFR3_EL1"
        mrs     x0, id_mmfr3_el1
        done
        at_el1  "ID_ISAR0_EL1"
        mrs     x0, id_isar0_el1
        done
        at_el1  "ID_ISAR1_EL1"
        mrs     x0, id_isar1_el1
        done
        at_el1  "ID_ISAR2_EL1"
        mrs     x0, id_isar2_el1
        done
        at_el1  "ID_ISAR3_EL1"
        mrs     x0, id_isar3_el1
        done
        at_el1  "ID_ISAR4_EL1"
        mrs     x0, id_isar4_el1
        done
        at_el1  "ID_ISAR5_EL1"
        mrs     x0, id_isar5_el1
        done
        at_el1  "MVFR0_EL1"
        mrs     x0, mvfr0_el1
        done
        at_el1  "MVFR1_EL1"
        mrs     x0, mvfr1_el1
        done
        at_el1  "MVFR2_EL1"
        mrs     x0, mvfr2_el1
        done
        at_el1  "CTR_EL0"
        mrs     x0, ctr_el0
        done
        at_el1  "DCZID_EL0"
        mrs     x0, dczid_el0
        done
        at_el1  "CLIDR_EL1"
        mrs     x0, clidr_el1
        done
        at_el1  "AIDR_EL1"
        mrs     x0, aidr_el1
        done
        at_el1  "CCSIDR_EL1, L1 data cache"
        mov     x1, #0
        msr     csselr_el1, x1
        isb
        mrs     x0, ccsidr_el1
        done
        at_el1  "CCSIDR_EL1, L1 instruction cache"
        mov     x1, #1
        msr     csselr_el1, x1
        isb
        mrs     x0, ccsidr_el1
        done
        at_el1  "CCSIDR_EL1, L2 cache"
        mov     x1, #2
        msr     csselr_el1, x1
        isb
        mrs     x0, ccsidr_el1
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
