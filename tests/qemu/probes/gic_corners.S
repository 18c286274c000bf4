// SPDX-License-Identifier: MIT
// GICv2 where random accesses found the two apart: what may preempt, what is private to a CPU, what is presented again.
#include "probe.inc"
#include "psci.inc"

#define GICD            0x08000000
#define GICC            0x08010000
#define SHARED          0x42000000

// Within a probe: a word, or a byte, of the distributor (x3) or of the CPU interface (x4). Clobbers w2.
.macro  frames
        mov     x3, #GICD
        mov     x4, #GICC
.endm
.macro  put base, offset, value
        mov     w2, #\value
        str     w2, [\base, #\offset]
.endm
.macro  put_byte offset, value
        mov     w2, #\value
        strb    w2, [x3, #\offset]
.endm

// An enabled SPI of CPU 0 with a priority; `spi intid, priority` and `pend intid`.
.macro  spi intid, priority
        put_byte 0x400+\intid, \priority
        put_byte 0x800+\intid, 1
        put     x3, 0x104, 1<<(\intid-32)
.endm
.macro  pend intid
        put     x3, 0x204, 1<<(\intid-32)
.endm

// Ends what is active, and leaves no SPI pending, enabled or in Group 1.
.macro  quiet
        .irp    n, 0xd0, 0xd4, 0xd8, 0xdc, 0xe0, 0xe4, 0xe8, 0xec
        put     x4, \n, 0
        .endr
        mov     w2, #-1
        str     w2, [x3, #0x184]
        str     w2, [x3, #0x284]
        str     w2, [x3, #0x384]
        str     wzr, [x3, #0x84]
.endm

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init
        frames
        put     x3, 0, 3
        put     x4, 0, 3
        put     x4, 4, 0xff

        at_el1  "a group 1 SPI that cannot preempt: GICC_IAR without AckCtl"
        frames
        spi     40, 0x40
        pend    40
        ldr     w5, [x4, #0xc]
        spi     41, 0x80
        put     x3, 0x84, 1<<9
        pend    41
        ldr     w0, [x4, #0xc]
        str     w5, [x4, #0x10]
        done
        at_el1  "and when it could"
        frames
        ldr     w0, [x4, #0xc]
        done
        frames
        quiet

        at_el1  "GICD_ISPENDR0 of a PPI"
        frames
        put     x3, 0x200, 1<<20
        ldr     w0, [x3, #0x200]
        put     x3, 0x280, 1<<20
        done

        mov     x3, #GICD
        put     x3, 0xc04, 0x200        // PPI 20 is an edge
        mov     x0, #1
        adr     x1, other_cpu
        mov     x2, #SHARED
        str     xzr, [x2, #8]
        bl      psci_cpu_on
        mov     x2, #SHARED
1:      ldr     x0, [x2, #8]
        cbz     x0, 1b
        ldr     w0, [x2]
        show    "GICD_ICFGR1 of CPU1 after CPU0 wrote its own", x0
        mov     x3, #GICD
        put     x3, 0xc04, 0

        at_el1  "GICD_SPENDSGIR2 of CPUs that are absent"
        frames
        put_byte 0xf29, 0xff
        ldr     w0, [x3, #0xf28]
        mov     w2, #-1
        str     w2, [x3, #0xf18]
        done
        at_el1  "GICC_HPPIR of an SGI from CPU1"
        frames
        put     x3, 0x100, 0xffff
        put_byte 0xf29, 2
        ldr     w0, [x4, #0x18]
        done
        at_el1  "GICC_IAR of an SGI from CPU1"
        frames
        ldr     w0, [x4, #0xc]
        str     w0, [x4, #0x10]
        done

        at_el1  "GICC_RPR after a write of GICC_APR0"
        frames
        put     x4, 0xd0, 1
        ldr     w0, [x4, #0x14]
        done
        at_el1  "GICC_RPR after a write of another bit of GICC_APR0"
        frames
        put     x4, 0xd0, 0x100
        ldr     w0, [x4, #0x14]
        done
        at_el1  "GICC_RPR after a write of zero"
        frames
        put     x4, 0xd0, 0
        ldr     w0, [x4, #0x14]
        done
        at_el1  "GICC_RPR after a write of GICC_NSAPR0"
        frames
        put     x4, 0xe0, 1
        ldr     w0, [x4, #0x14]
        put     x4, 0xe0, 0
        done
        at_el1  "GICC_IAR after a write of GICC_APR0"
        frames
        spi     40, 0x40
        put     x4, 0xd0, 1
        pend    40
        ldr     w0, [x4, #0xc]
        put     x4, 0xd0, 0
        done
        at_el1  "and after a write of zero"
        frames
        ldr     w0, [x4, #0xc]
        done
        at_el1  "GICC_RPR when the active priorities are cleared under an SPI"
        frames
        put     x4, 0xd0, 0
        put     x4, 0xd4, 0             // with eight bits of priority this word has 0x40
        ldr     w0, [x4, #0x14]
        done
        at_el1  "and GICD_ISACTIVER1"
        frames
        ldr     w0, [x3, #0x304]
        done
        frames
        quiet

        at_el1  "group 0 is active, and group 1 has the coarser binary point"
        frames
        put     x4, 0, 7                // AckCtl
        put     x4, 0x8, 2
        put     x4, 0x1c, 7             // group priorities of 128: 0x48 counts as 0
        spi     40, 0x40
        pend    40
        ldr     w0, [x4, #0xc]
        done
        at_el1  "group 1 preempts it, whose group priority is 0"
        frames
        spi     41, 0x48
        put     x3, 0x84, 1<<9
        pend    41
        ldr     w0, [x4, #0xc]
        put     x4, 0x1c, 3
        put     x4, 0, 3
        done
        frames
        quiet

        at_el1  "an active SPI that GICD_ISACTIVER1 makes active: after its GICC_EOIR"
        frames
        spi     40, 0x40
        pend    40
        ldr     w5, [x4, #0xc]
        put     x3, 0x304, 1<<8
        str     w5, [x4, #0x10]
        ldr     w0, [x3, #0x304]
        done
        frames
        quiet

        at_el1  "a pending SPI that is moved to another CPU: GICC_IAR there"
        frames
        spi     42, 0x40
        put_byte 0x82a, 2
        pend    42
        put_byte 0x82a, 1
        ldr     w0, [x4, #0xc]
        done
        at_el1  "and GICD_ISPENDR1"
        frames
        ldr     w0, [x3, #0x204]
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret

// CPU 1: reads its own GICD_ICFGR1 to where x0 points, says so, and sleeps.
other_cpu:
        mov     x3, #GICD
        ldr     w2, [x3, #0xc04]
        str     w2, [x0]
        mov     x2, #1
        str     x2, [x0, #8]
2:      wfi
        b       2b
