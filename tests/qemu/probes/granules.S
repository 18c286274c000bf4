// SPDX-License-Identifier: MIT
// A 64 KiB granule, and the MMU off and on again.
#include "probe.inc"
#include "tables.inc"

#define L2_64           0x41010000      // 42-bit addresses: from level 2, 512 MiB each
#define L3_64           0x41020000
#define TCR_64          (22 | (1 << 14) | (1 << 23) | (4 << 32))

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init
        bl      tables_make
        entry   L2_64, 0, BLOCK | ATTR_DEVICE | PXN | UXN
        entry   L2_64, 2, 0x40000000 | BLOCK
        entry   L2_64, 4, L3_64 | VALID_TABLE
        entry   L2_64, 5, 0x40000000 | BLOCK | AP_RO
        entry   L2_64, 6, 0x40000000 | VALID_BLOCK | SHARED
        entry   L3_64, 0, 0x42000000 | PAGE
        entry   L3_64, 1, 0x42000000 | PAGE | AP_RO
        entry   L3_64, 2, 0x42000000 | PAGE | AP_EL0
        entry   L3_64, 4, 0x42000000 | VALID_PAGE
        load64  x0, TCR_64
        msr     tcr_el1, x0
        load64  x1, L2_64
        msr     ttbr0_el1, x1
        mov     x1, #0x04ff
        msr     mair_el1, x1
        dsb     ish
        tlbi    vmalle1
        dsb     ish
        isb
        mrs     x1, sctlr_el1
        orr     x1, x1, #1
        msr     sctlr_el1, x1
        isb

        at_el1  "64 KiB: load of a page"
        load64  x2, 0x4200f000
        mov     x0, #0x55
        str     x0, [x2]
        load64  x1, 0x8000f000
        ldr     x0, [x1]
        done
        at_el1  "64 KiB: translation fault at level 2"
        load64  x1, 0xe0000000
        ldr     x0, [x1]
        done
        at_el1  "64 KiB: translation fault at level 3"
        load64  x1, 0x80030000
        ldr     x0, [x1]
        done
        at_el1  "64 KiB: permission fault at level 2"
        load64  x1, 0xa0000000
        str     x0, [x1]
        done
        at_el1  "64 KiB: permission fault at level 3"
        load64  x1, 0x8001f000
        str     x0, [x1]
        done
        at_el0  "64 KiB: load at EL0 where it may"
        load64  x1, 0x8002f000
        ldr     x0, [x1]
        done
        at_el1  "64 KiB: access flag fault at level 2"
        load64  x1, 0xc0000000
        ldr     x0, [x1]
        done
        at_el1  "64 KiB: access flag fault at level 3"
        load64  x1, 0x80040000
        ldr     x0, [x1]
        done
        at_el1  "64 KiB: beyond the input address size"
        movz    x1, #0x0400, lsl #32
        ldr     x0, [x1]
        done
        at_el1  "64 KiB: AT S1E1R"
        load64  x1, 0x80002000
        at      s1e1r, x1
        isb
        mrs     x0, par_el1
        done

        mrs     x1, sctlr_el1
        bic     x1, x1, #1
        msr     sctlr_el1, x1
        isb
        load64  x0, 16 | (25 << 16) | (2 << 30) | (4 << 32) | (1 << 23)
        bl      mmu_on
        at_el1  "the MMU on again"
        load64  x1, TRY
        ldr     w0, [x1]
        done
        mrs     x1, sctlr_el1
        bic     x1, x1, #1
        msr     sctlr_el1, x1
        isb
        at_el1  "load with the MMU off again"
        load64  x1, DATA
        ldr     w0, [x1]
        done
        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
