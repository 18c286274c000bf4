// SPDX-License-Identifier: MIT
// Stage 1 translation with a 4 KiB granule: every fault, from both levels, and what works.
#include "probe.inc"
#include "tables.inc"

#define TCR_BASE (16 | (25 << 16) | (2 << 30) | (4 << 32))      // T0SZ, T1SZ, TG1 = 4 KiB, IPS = 44 bits

.macro  try page, offset=0
        load64  x1, (TRY + 4096 * (\page) + \offset)
.endm

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init
        bl      tables_make
        load64  x0, TCR_BASE
        bl      mmu_on

        at_el1  "load, translation fault at level 0"
        movz    x1, #0x0080, lsl #32
        ldr     x0, [x1, #16]
        done
        at_el1  "store, translation fault at level 1"
        load64  x1, 0xc0000000
        str     x0, [x1, #16]
        done
        at_el0  "load, translation fault at level 2, EL0"
        load64  x1, 0x80200000
        ldr     x0, [x1, #16]
        done
        at_el0  "store, translation fault at level 3, EL0"
        try     P_INVALID, 0x123
        strb    w0, [x1]
        done
        at_el1  "load, reserved descriptor at level 3"
        try     P_RESERVED
        ldr     x0, [x1]
        done
        at_el1  "load, access flag fault at level 1"
        load64  x1, 0x100000000
        ldr     x0, [x1]
        done
        at_el1  "load, access flag fault at level 2"
        load64  x1, 0x80400000
        ldr     x0, [x1]
        done
        at_el0  "store, access flag fault at level 3, EL0"
        try     P_NO_AF
        str     x0, [x1]
        done
        at_el1  "store, permission fault at level 1"
        load64  x1, 0x140000000
        str     x0, [x1]
        done
        at_el1  "store, permission fault at level 2"
        load64  x1, 0x80600000
        str     x0, [x1]
        done
        at_el1  "store to read-only page, EL1"
        try     P_RO, 8
        str     w0, [x1]
        done
        at_el1  "load from read-only page, EL1"
        try     P_RO
        ldr     w0, [x1]
        done
        at_el0  "load from EL1's page, EL0"
        try     P_RW, 8
        ldr     w0, [x1]
        done
        at_el0  "store to read-only page, EL0"
        try     P_RO_EL0
        str     w0, [x1]
        done
        at_el0  "load and store where EL0 may"
        try     P_RW_EL0, 64
        mov     x0, #0x99
        str     x0, [x1]
        mov     x0, #0
        ldr     x0, [x1]
        done
        at_el1  "unprivileged load from EL1's page"
        try     P_RW, 8
        ldtr    w0, [x1]
        done
        at_el1  "unprivileged store where EL0 may not write"
        try     P_RO_EL0, 8
        sttr    w0, [x1]
        done
        at_el1  "load, address size fault at level 3"
        try     P_TOO_HIGH
        ldr     x0, [x1]
        done
        at_el1  "load, address size fault at level 2"
        load64  x1, 0x80a00000
        ldr     x0, [x1]
        done
        at_el1  "store below a table that forbids writes"
        load64  x1, 0x80c00000
        str     x0, [x1]
        done
        at_el0  "load below a table that allows it, EL0"
        load64  x1, 0x80c00000
        ldr     w0, [x1]
        done
        at_el1  "load, external abort on the walk"
        load64  x1, 0x180000000
        ldr     x0, [x1]
        done
        at_el1  "load from a page of nothing"
        try     P_NOTHING, 0x18
        ldr     x0, [x1]
        done
        at_el0  "load from a page of nothing, EL0"
        try     P_NOTHING, 0x18
        ldr     x0, [x1]
        done
        at_el1  "load pair across pages, the second unmapped"
        try     P_RO_EL0, 0xff8
        ldp     x0, x2, [x1]
        done
        at_el1  "unaligned load across pages, the second unmapped"
        try     P_RO_EL0, 0xffc
        ldr     x0, [x1]
        done
        at_el1  "pre-index load that faults leaves its base"
        try     P_INVALID
        ldr     x0, [x1, #8]!
        done
        at_el1  "load exclusive, translation fault"
        try     P_INVALID
        ldxr    x0, [x1]
        done
        at_el1  "store exclusive without a monitor, translation fault"
        clrex
        try     P_INVALID
        mov     x0, #7
        stxr    w0, x2, [x1]
        done
        at_el1  "prefetch of an unmapped address"
        try     P_INVALID
        prfm    pldl1keep, [x1]
        done
        at_el1  "DC CVAC, translation fault"
        try     P_INVALID, 0x40
        dc      cvac, x1
        done
        at_el1  "DC IVAC of a read-only page"
        try     P_RO, 0x40
        dc      ivac, x1
        done
        at_el1  "DC ZVA of a read-only page"
        try     P_RO, 0x40
        dc      zva, x1
        done
        at_el1  "IC IVAU, translation fault"
        try     P_INVALID, 0x40
        ic      ivau, x1
        done

        // fetches
        at_el1  "fetch, translation fault at level 0"
        movz    x1, #0x0080, lsl #32
        br      x1
        done
        at_el0  "fetch, translation fault at level 3, EL0"
        try     P_INVALID, 0x10
        br      x1
        done
        at_el1  "fetch, access flag fault"
        try     P_NO_AF
        br      x1
        done
        at_el1  "fetch where PXN is set, EL1"
        try     P_PXN
        br      x1
        done
        at_el0  "fetch where PXN is set, EL0"
        try     P_PXN
        br      x1
        done
        at_el0  "fetch where UXN is set, EL0"
        try     P_UXN
        br      x1
        done
        at_el1  "fetch where UXN is set, EL1"
        try     P_UXN
        br      x1
        done
        at_el1  "fetch at EL1 of what EL0 may write"
        try     P_RW_EL0
        br      x1
        done
        at_el0  "fetch at EL0 of what EL0 may write"
        try     P_RW_EL0
        br      x1
        done
        at_el0  "fetch at EL0 of what EL0 may not read"
        try     P_CODE
        br      x1
        done
        at_el1  "fetch below a table with PXNTable"
        load64  x1, 0x80c00000
        br      x1
        done
        at_el1  "fetch of device memory where nothing is"
        try     P_NOTHING
        br      x1
        done

        // what a handler gets to see of a fault amid other state
        at_el1  "flags and DAIF in SPSR"
        mov     x1, #0
        cmp     x1, #0
        msr     daifclr, #0xf
        try     P_INVALID
        ldr     x0, [x1]
        done
        at_el1  "abort at EL1t"
        msr     spsel, #0
        try     P_INVALID
        ldr     x0, [x1]
        done

        // address translation instructions
        at_el1  "AT S1E1R of a page"
        try     P_RW, 0x10
        at      s1e1r, x1
        isb
        mrs     x0, par_el1
        done
        at_el1  "AT S1E0R of EL1's page"
        try     P_RW, 0x10
        at      s1e0r, x1
        isb
        mrs     x0, par_el1
        done
        at_el1  "AT S1E1W of a read-only page"
        try     P_RO, 0x10
        at      s1e1w, x1
        isb
        mrs     x0, par_el1
        done
        at_el1  "AT S1E0W where EL0 may write"
        try     P_RW_EL0, 0x10
        at      s1e0w, x1
        isb
        mrs     x0, par_el1
        done
        at_el1  "AT S1E1R, translation fault at level 2"
        load64  x1, 0x80200000
        at      s1e1r, x1
        isb
        mrs     x0, par_el1
        done
        at_el1  "AT S1E1R of a device page"
        try     P_DEVICE
        at      s1e1r, x1
        isb
        mrs     x0, par_el1
        done
        at_el1  "AT S12E1R at EL1"
        try     P_RW
        at      s12e1r, x1
        done

        // the upper half, tags, and walks that are off
        at_el1  "load through TTBR1"
        load64  x1, 0xffffff8000000000
        ldr     w0, [x1]
        done
        at_el1  "load through TTBR1, translation fault"
        load64  x1, 0xffffff8000200000
        ldr     w0, [x1]
        done
        at_el1  "load from between the halves"
        load64  x1, 0x0123000080000000
        ldr     w0, [x1]
        done
        at_el1  "load below TTBR1's half"
        load64  x1, 0xffff000000000000
        ldr     w0, [x1]
        done
        load64  x0, TCR_BASE | (1 << 37)
        bl      mmu_on
        at_el1  "load by a tagged address with TBI0 = 1"
        load64  x1, 0x5a00000080000000
        ldr     w0, [x1]
        done
        at_el1  "fault by a tagged address with TBI0 = 1"
        load64  x1, 0x5a00000080004000
        ldr     w0, [x1]
        done
        at_el1  "branch to a tagged address with TBI0 = 1"
        load64  x1, 0x5a0000008000c000
        br      x1
        done
        load64  x0, TCR_BASE | (1 << 23)
        bl      mmu_on
        at_el1  "load through TTBR1 with EPD1 = 1"
        load64  x1, 0xffffff8000000000
        ldr     w0, [x1]
        done

        // a changed table is seen after TLBI
        load64  x0, TCR_BASE
        bl      mmu_on
        at_el1  "a page mapped by a store to the table and DSB"
        load64  x1, L3_TRY + 8 * 20
        load64  x2, DATA | PAGE
        str     x2, [x1]
        dsb     ish
        try     20
        ldr     w0, [x1]
        done
        at_el1  "TLBI VAE1 after the page is unmapped"
        try     20
        ldr     w0, [x1]
        load64  x2, L3_TRY + 8 * 20
        str     xzr, [x2]
        dsb     ish
        lsr     x2, x1, #12
        tlbi    vae1, x2
        dsb     ish
        isb
        ldr     w0, [x1]
        done
        at_el1  "TLBI VAAE1IS after the page is made read-only"
        try     P_RW
        str     wzr, [x1, #0x200]
        load64  x2, L3_TRY
        ldr     x3, [x2]
        orr     x3, x3, #AP_RO
        str     x3, [x2]
        dsb     ish
        lsr     x2, x1, #12
        tlbi    vaae1is, x2
        dsb     ish
        isb
        str     wzr, [x1, #0x200]
        done
        at_el1  "TLBI ASIDE1 after a non-global page is unmapped"
        load64  x1, L3_TRY + 8 * 21
        load64  x2, DATA | PAGE | (1 << 11)
        str     x2, [x1]
        dsb     ish
        try     21
        ldr     w0, [x1]
        load64  x2, L3_TRY + 8 * 21
        str     xzr, [x2]
        dsb     ish
        tlbi    aside1, xzr
        dsb     ish
        isb
        ldr     w0, [x1]
        done
        at_el1  "write of TTBR0_EL1 with new tables"
        load64  x1, L0
        load64  x2, L0 + 0x9000
        ldr     x3, [x1]
        str     x3, [x2]
        dsb     ish
        msr     ttbr0_el1, x2
        isb
        mrs     x0, ttbr0_el1
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
