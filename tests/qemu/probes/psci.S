// SPDX-License-Identifier: MIT
// PSCI with two CPUs: every function and every error.
#include "probe.inc"

.macro  load64v reg, value
        movz    \reg, #(((\value) >> 16) & 0xffff), lsl #16
.endm

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        at_el1  "PSCI_VERSION"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x84000000
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of PSCI_VERSION"
        movz    x1, #0x0, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of CPU_SUSPEND, 32 bit"
        movz    x1, #0x1, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of CPU_SUSPEND"
        movz    x1, #0x1, lsl #0
        movk    x1, #0xc400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of CPU_OFF"
        movz    x1, #0x2, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of CPU_ON, 32 bit"
        movz    x1, #0x3, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of CPU_ON"
        movz    x1, #0x3, lsl #0
        movk    x1, #0xc400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of AFFINITY_INFO"
        movz    x1, #0x4, lsl #0
        movk    x1, #0xc400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of MIGRATE"
        movz    x1, #0x5, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of MIGRATE_INFO_TYPE"
        movz    x1, #0x6, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of SYSTEM_OFF"
        movz    x1, #0x8, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of SYSTEM_RESET"
        movz    x1, #0x9, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of PSCI_FEATURES"
        movz    x1, #0xa, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of CPU_FREEZE"
        movz    x1, #0xb, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of SYSTEM_SUSPEND"
        movz    x1, #0xe, lsl #0
        movk    x1, #0xc400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of SYSTEM_RESET2"
        movz    x1, #0x12, lsl #0
        movk    x1, #0xc400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of SMCCC_VERSION"
        movz    x1, #0x0, lsl #0
        movk    x1, #0x8000, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "PSCI_FEATURES of a function of nobody"
        movz    x1, #0xfff, lsl #0
        movk    x1, #0x8400, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400000a
        hvc     #0
        done
        at_el1  "MIGRATE_INFO_TYPE"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x84000006
        hvc     #0
        done
        at_el1  "MIGRATE"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x84000005
        hvc     #0
        done
        at_el1  "MIGRATE_INFO_UP_CPU"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0xc4000007
        hvc     #0
        done
        at_el1  "AFFINITY_INFO of this CPU"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0xc4000004
        hvc     #0
        done
        at_el1  "AFFINITY_INFO of a CPU that is off"
        mov     x1, #1
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0xc4000004
        hvc     #0
        done
        at_el1  "AFFINITY_INFO of no CPU"
        mov     x1, #7
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0xc4000004
        hvc     #0
        done
        at_el1  "AFFINITY_INFO, level 1"
        mov     x1, #0
        mov     x2, #1
        mov     x3, #0
        load32  x0, 0xc4000004
        hvc     #0
        done
        at_el1  "AFFINITY_INFO, level 3"
        mov     x1, #0
        mov     x2, #3
        mov     x3, #0
        load32  x0, 0xc4000004
        hvc     #0
        done
        at_el1  "AFFINITY_INFO, level 4"
        mov     x1, #0
        mov     x2, #4
        mov     x3, #0
        load32  x0, 0xc4000004
        hvc     #0
        done
        at_el1  "AFFINITY_INFO, bits outside the affinity"
        movz    x1, #0x0, lsl #0
        movk    x1, #0x100, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0xc4000004
        hvc     #0
        done
        at_el1  "AFFINITY_INFO, 32 bit"
        mov     x1, #1
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x84000004
        hvc     #0
        done
        at_el1  "CPU_ON of this CPU"
        mov     x1, #0
        adr     x2, second
        mov     x3, #0
        load32  x0, 0xc4000003
        hvc     #0
        done
        at_el1  "CPU_ON of no CPU"
        mov     x1, #9
        adr     x2, second
        mov     x3, #0
        load32  x0, 0xc4000003
        hvc     #0
        done
        at_el1  "CPU_ON with bits outside the affinity"
        movz    x1, #0x1, lsl #0
        movk    x1, #0x8000, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        adr     x2, second
        mov     x3, #0
        load32  x0, 0xc4000003
        hvc     #0
        done
        at_el1  "CPU_ON at a misaligned entry"
        mov     x1, #1
        movz    x2, #0x2, lsl #0
        movk    x2, #0x4008, lsl #16
        movk    x2, #0x0, lsl #32
        movk    x2, #0x0, lsl #48
        mov     x3, #0
        load32  x0, 0xc4000003
        hvc     #0
        done
        at_el1  "unknown function, PSCI range"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x8400001f
        hvc     #0
        done
        at_el1  "unknown function, 64 bit"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0xc400001f
        hvc     #0
        done
        at_el1  "unknown function, standard hypervisor range"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x85000000
        hvc     #0
        done
        at_el1  "unknown function, vendor range"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x86000000
        hvc     #0
        done
        at_el1  "unknown function, yielding"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x32000000
        hvc     #0
        done
        at_el1  "SMCCC_VERSION"
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x80000000
        hvc     #0
        done
        at_el1  "SMCCC_ARCH_FEATURES"
        movz    x1, #0x0, lsl #0
        movk    x1, #0x8000, lsl #16
        movk    x1, #0x0, lsl #32
        movk    x1, #0x0, lsl #48
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0x80000001
        hvc     #0
        done
        at_el1  "CPU_ON"
        mov     x1, #1
        adr     x2, second
        movz    x3, #0xcdef, lsl #0
        movk    x3, #0x89ab, lsl #16
        movk    x3, #0x4567, lsl #32
        movk    x3, #0x123, lsl #48
        load32  x0, 0xc4000003
        hvc     #0
        done
        bl      await
        ldr     x20, [x25, #8]
        show    "x0 of a started CPU", x20
        ldr     x20, [x25, #16]
        show    "CurrentEL of a started CPU", x20, 2
        ldr     x20, [x25, #24]
        show    "SCTLR_EL1 of a started CPU", x20, 8
        ldr     x20, [x25, #32]
        show    "DAIF of a started CPU", x20, 4
        ldr     x20, [x25, #40]
        show    "MPIDR_EL1 of a started CPU", x20, 8
        ldr     x20, [x25, #48]
        show    "SPSel of a started CPU", x20, 2
        ldr     x20, [x25, #56]
        show    "VBAR_EL1 of a started CPU", x20, 8
        at_el1  "CPU_ON of a CPU that is on"
        mov     x1, #1
        adr     x2, second
        mov     x3, #0
        load32  x0, 0xc4000003
        hvc     #0
        done
        at_el1  "AFFINITY_INFO of a CPU that is on"
        mov     x1, #1
        mov     x2, #0
        mov     x3, #0
        load32  x0, 0xc4000004
        hvc     #0
        done
        adr     x25, mailbox
        str     xzr, [x25]
        mov     x1, #1
        str     x1, [x25, #64]          // now it may leave
4:      mov     x1, #1
        mov     x2, #0
        load32  x0, 0xc4000004
        hvc     #0
        cbz     w0, 4b
        show    "AFFINITY_INFO after CPU_OFF", x0
        at_el1  "CPU_ON again, 32 bit"
        mov     x1, #1
        adr     x2, second
        movz    x3, #0x4321, lsl #0
        movk    x3, #0x8765, lsl #16
        movk    x3, #0xffff, lsl #32
        movk    x3, #0xffff, lsl #48
        load32  x0, 0x84000003
        hvc     #0
        done
        bl      await
        ldr     x20, [x25, #8]
        show    "x0 of a CPU started by the 32-bit function", x20
        at_el1  "x1 to x3 and x4 of a call that fails"
        mov     x1, #0x11
        mov     x2, #0x22
        mov     x3, #0x33
        mov     x4, #0x44
        load32  x0, 0x8400001f
        hvc     #0
        add     x0, x1, x2, lsl #8
        add     x0, x0, x3, lsl #16
        add     x0, x0, x4, lsl #24
        done
        at_el1  "the high half of a function number"
        load32  x0, 0x84000000
        movk    x0, #1, lsl #32
        hvc     #0
        done
        at_el1  "HVC with an immediate"
        load32  x0, 0x84000000
        hvc     #1
        done
        at_el1  "CPU_SUSPEND to standby with an interrupt pending"
        mov     x1, #0
        msr     cntv_tval_el0, x1
        mov     x1, #1
        msr     cntv_ctl_el0, x1
        load64v x2, 0x08000000
        mov     w1, #1
        str     w1, [x2]
        movz    w1, #0x0800, lsl #16
        str     w1, [x2, #0x100]
        load64v x2, 0x08010000
        mov     w1, #1
        str     w1, [x2]
        mov     w1, #0xff
        str     w1, [x2, #4]
        mov     x1, #0
        load32  x0, 0xc4000001
        hvc     #0
        msr     cntv_ctl_el0, xzr
        done

        adr     x25, mailbox
        mov     x1, #1
        str     x1, [x25, #64]
4:      mov     x1, #1
        mov     x2, #0
        load32  x0, 0xc4000004
        hvc     #0
        cbz     w0, 4b
        at_el1  "CPU_ON at an entry without memory"
        mov     x1, #1
        movz    x2, #0x0, lsl #0
        movk    x2, #0xd00, lsl #16
        movk    x2, #0x0, lsl #32
        movk    x2, #0x0, lsl #48
        mov     x3, #0
        load32  x0, 0xc4000003
        hvc     #0
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret

await:  adr     x25, mailbox
1:      ldr     x0, [x25]
        cbz     x0, 1b
        ret

// The other CPU: say what it woke to, wait until it may leave, and leave.
second: adr     x25, mailbox
        str     x0, [x25, #8]
        mrs     x1, currentel
        str     x1, [x25, #16]
        mrs     x1, sctlr_el1
        str     x1, [x25, #24]
        mrs     x1, daif
        str     x1, [x25, #32]
        mrs     x1, mpidr_el1
        str     x1, [x25, #40]
        mrs     x1, spsel
        str     x1, [x25, #48]
        mrs     x1, vbar_el1
        str     x1, [x25, #56]
        dsb     sy
        mov     x1, #1
        str     x1, [x25]
2:      ldr     x1, [x25, #64]
        cbz     x1, 2b
        load32  x0, 0x84000002
        hvc     #0

        .bss
        .balign 16
mailbox: .space 128
