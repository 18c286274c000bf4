// SPDX-License-Identifier: MIT
// GICv2: the distributor and the CPU interface as their registers read; two CPUs.
#include "probe.inc"

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        at_el1  "GICD_CTLR at reset"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x0]
        done
        at_el1  "GICD_TYPER"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x4]
        done
        at_el1  "GICD_IIDR"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x8]
        done
        at_el1  "GICD_ICPIDR0"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xfe0]
        done
        at_el1  "GICD_ICPIDR1"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xfe4]
        done
        at_el1  "GICD_ICPIDR2"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xfe8]
        done
        at_el1  "GICD_ICPIDR3"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xfec]
        done
        at_el1  "GICD_ICPIDR4"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xfd0]
        done
        at_el1  "GICD_ICCIDR0"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xff0]
        done
        at_el1  "GICD_ICCIDR1"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xff4]
        done
        at_el1  "GICD_ICCIDR2"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xff8]
        done
        at_el1  "GICD_ICCIDR3"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xffc]
        done
        at_el1  "GICD_CTLR after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x0]
        ldr     w0, [x1, #0x0]
        done
        at_el1  "GICD_ISENABLER0 at reset"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x100]
        done
        at_el1  "GICD_ISENABLER0 after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x100]
        ldr     w0, [x1, #0x100]
        done
        at_el1  "GICD_ICENABLER0 reads the same"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x180]
        done
        at_el1  "GICD_ISENABLER0 after ICENABLER0 of all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x180]
        ldr     w0, [x1, #0x100]
        done
        at_el1  "GICD_ISENABLER1 after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x104]
        ldr     w0, [x1, #0x104]
        mov     w2, #-1
        str     w2, [x1, #0x184]
        done
        at_el1  "GICD_ISENABLER9, beyond the last interrupt"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x124]
        ldr     w0, [x1, #0x124]
        done
        at_el1  "GICD_IGROUPR0 after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x80]
        ldr     w0, [x1, #0x80]
        mov     w2, #0
        str     w2, [x1, #0x80]
        done
        at_el1  "GICD_IPRIORITYR0 after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x400]
        ldr     w0, [x1, #0x400]
        mov     w2, #0
        str     w2, [x1, #0x400]
        done
        at_el1  "GICD_IPRIORITYR8 after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x420]
        ldr     w0, [x1, #0x420]
        mov     w2, #0
        str     w2, [x1, #0x420]
        done
        at_el1  "a byte of GICD_IPRIORITYR8"
        movz    x1, #0x0800, lsl #16
        mov     w2, #0xa0
        strb    w2, [x1, #0x421]
        ldr     w0, [x1, #0x420]
        str     wzr, [x1, #0x420]
        done
        at_el1  "GICD_ITARGETSR0"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x800]
        done
        at_el1  "GICD_ITARGETSR7"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x81c]
        done
        at_el1  "GICD_ITARGETSR0 is read-only"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x800]
        ldr     w0, [x1, #0x800]
        done
        at_el1  "GICD_ITARGETSR8 at reset"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x820]
        done
        at_el1  "GICD_ITARGETSR8 after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x820]
        ldr     w0, [x1, #0x820]
        mov     w2, #0
        str     w2, [x1, #0x820]
        done
        at_el1  "GICD_ITARGETSR71, beyond the last interrupt"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x920]
        ldr     w0, [x1, #0x91c]
        done
        at_el1  "GICD_ICFGR0"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xc00]
        done
        at_el1  "GICD_ICFGR0 after zero"
        movz    x1, #0x0800, lsl #16
        mov     w2, #0
        str     w2, [x1, #0xc00]
        ldr     w0, [x1, #0xc00]
        done
        at_el1  "GICD_ICFGR1 at reset"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xc04]
        done
        at_el1  "GICD_ICFGR1 after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0xc04]
        ldr     w0, [x1, #0xc04]
        mov     w2, #0
        str     w2, [x1, #0xc04]
        done
        at_el1  "GICD_ICFGR2 after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0xc08]
        ldr     w0, [x1, #0xc08]
        mov     w2, #0
        str     w2, [x1, #0xc08]
        done
        at_el1  "GICD_ISPENDR0 of SGIs is read-only"
        movz    x1, #0x0800, lsl #16
        mov     w2, #65535
        str     w2, [x1, #0x200]
        ldr     w0, [x1, #0x200]
        done
        at_el1  "GICD_ISPENDR2 of an SPI without a target"
        movz    x1, #0x0800, lsl #16
        mov     w2, #2
        str     w2, [x1, #0x208]
        ldr     w0, [x1, #0x208]
        done
        at_el1  "GICD_ISPENDR2 of an SPI with a target"
        movz    x1, #0x0800, lsl #16
        mov     w2, #1
        strb    w2, [x1, #0x841]
        mov     w2, #2
        str     w2, [x1, #0x208]
        ldr     w0, [x1, #0x208]
        done
        at_el1  "GICD_ICPENDR2 clears it"
        movz    x1, #0x0800, lsl #16
        mov     w2, #2
        str     w2, [x1, #0x288]
        ldr     w0, [x1, #0x208]
        done
        at_el1  "GICD_ISACTIVER2 of an SPI"
        movz    x1, #0x0800, lsl #16
        mov     w2, #4
        str     w2, [x1, #0x308]
        ldr     w0, [x1, #0x308]
        done
        at_el1  "GICD_ICACTIVER2 clears it"
        movz    x1, #0x0800, lsl #16
        mov     w2, #4
        str     w2, [x1, #0x388]
        ldr     w0, [x1, #0x308]
        done
        at_el1  "GICD_SGIR to self, GICD_SPENDSGIR0"
        movz    x1, #0x0800, lsl #16
        movz    w2, #0x0200, lsl #16
        movk    w2, #3
        str     w2, [x1, #0xf00]
        ldr     w0, [x1, #0xf20]
        done
        at_el1  "GICD_ISPENDR0 shows the SGI"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x200]
        done
        at_el1  "GICD_CPENDSGIR0 clears it"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0xf10]
        ldr     w0, [x1, #0x200]
        done
        at_el1  "GICD_SPENDSGIR1 sets one"
        movz    x1, #0x0800, lsl #16
        mov     w2, #1
        strb    w2, [x1, #0xf25]
        ldr     w0, [x1, #0xf24]
        mov     w2, #-1
        str     w2, [x1, #0xf14]
        done
        at_el1  "GICD_SGIR to a list with no CPU"
        movz    x1, #0x0800, lsl #16
        movz    w2, #0x00fc, lsl #16
        str     w2, [x1, #0xf00]
        ldr     w0, [x1, #0x200]
        done
        at_el1  "GICD_SGIR with the reserved filter"
        movz    x1, #0x0800, lsl #16
        movz    w2, #0x0301, lsl #16
        str     w2, [x1, #0xf00]
        ldr     w0, [x1, #0x200]
        movz    w2, #0xffff
        movk    w2, #0xffff, lsl #16
        str     w2, [x1, #0xf10]
        done
        at_el1  "GICD_SGIR is write-only"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xf00]
        done
        at_el1  "GICD_NSACR0 after all ones"
        movz    x1, #0x0800, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0xe00]
        ldr     w0, [x1, #0xe00]
        done
        at_el1  "a reserved distributor register"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0xc]
        done
        at_el1  "GICD_TYPER as a byte"
        movz    x1, #0x0800, lsl #16
        ldrb    w0, [x1, #0x4]
        done
        at_el1  "GICC_CTLR at reset"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x0]
        done
        at_el1  "GICC_CTLR after all ones"
        movz    x1, #0x0801, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x0]
        ldr     w0, [x1, #0x0]
        mov     w2, #1
        str     w2, [x1, #0x0]
        done
        at_el1  "GICC_PMR at reset"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x4]
        done
        at_el1  "GICC_PMR after all ones"
        movz    x1, #0x0801, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x4]
        ldr     w0, [x1, #0x4]
        done
        at_el1  "GICC_PMR after 0x13"
        movz    x1, #0x0801, lsl #16
        mov     w2, #19
        str     w2, [x1, #0x4]
        ldr     w0, [x1, #0x4]
        mov     w2, #255
        str     w2, [x1, #0x4]
        done
        at_el1  "GICC_BPR at reset"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x8]
        done
        at_el1  "GICC_BPR after zero"
        movz    x1, #0x0801, lsl #16
        mov     w2, #0
        str     w2, [x1, #0x8]
        ldr     w0, [x1, #0x8]
        done
        at_el1  "GICC_BPR after all ones"
        movz    x1, #0x0801, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x8]
        ldr     w0, [x1, #0x8]
        mov     w2, #0
        str     w2, [x1, #0x8]
        done
        at_el1  "GICC_ABPR at reset"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x1c]
        done
        at_el1  "GICC_ABPR after zero"
        movz    x1, #0x0801, lsl #16
        mov     w2, #0
        str     w2, [x1, #0x1c]
        ldr     w0, [x1, #0x1c]
        done
        at_el1  "GICC_IAR with nothing pending"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xc]
        done
        at_el1  "GICC_RPR with nothing active"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x14]
        done
        at_el1  "GICC_HPPIR with nothing pending"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x18]
        done
        at_el1  "GICC_AIAR with nothing pending"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x20]
        done
        at_el1  "GICC_AHPPIR with nothing pending"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x28]
        done
        at_el1  "GICC_APR0"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xd0]
        done
        at_el1  "GICC_IIDR"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xfc]
        done
        at_el1  "GICC_EOIR is write-only"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x10]
        done
        at_el1  "GICC_HPPIR with an SPI pending"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #1
        str     w2, [x3]
        str     w2, [x1]
        mov     w2, #0xff
        str     w2, [x1, #4]
        mov     w2, #144
        strb    w2, [x3, #1064]
        mov     w2, #1
        strb    w2, [x3, #2088]
        mov     w2, #0x100
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        ldr     w0, [x1, #0x18]
        done
        at_el1  "GICC_IAR takes it"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xc]
        done
        at_el1  "GICC_RPR while it is active"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x14]
        done
        at_el1  "GICC_APR0 while it is active"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xd0]
        done
        at_el1  "GICD_ISACTIVER1 while it is active"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x304]
        done
        at_el1  "GICD_ISPENDR1 while it is active"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x204]
        done
        at_el1  "GICC_IAR of a less urgent one"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #160
        strb    w2, [x3, #1065]
        mov     w2, #1
        strb    w2, [x3, #2089]
        mov     w2, #0x200
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        ldr     w0, [x1, #0xc]
        done
        at_el1  "GICC_IAR of a more urgent one"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #64
        strb    w2, [x3, #1066]
        mov     w2, #1
        strb    w2, [x3, #2090]
        mov     w2, #0x400
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        ldr     w0, [x1, #0xc]
        done
        at_el1  "GICC_RPR with two active"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x14]
        done
        at_el1  "GICC_APR0 with two active"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xd0]
        done
        at_el1  "GICC_RPR after GICC_EOIR of the second"
        movz    x1, #0x0801, lsl #16
        mov     w2, #42
        str     w2, [x1, #0x10]
        ldr     w0, [x1, #0x14]
        done
        at_el1  "GICC_RPR after GICC_EOIR of the first"
        movz    x1, #0x0801, lsl #16
        mov     w2, #40
        str     w2, [x1, #0x10]
        ldr     w0, [x1, #0x14]
        done
        at_el1  "GICC_IAR of the one that waited"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xc]
        done
        at_el1  "GICC_RPR after its GICC_EOIR"
        movz    x1, #0x0801, lsl #16
        mov     w2, #41
        str     w2, [x1, #0x10]
        ldr     w0, [x1, #0x14]
        done
        at_el1  "GICC_EOIR of 1023 changes nothing"
        movz    x1, #0x0801, lsl #16
        mov     w2, #1023
        str     w2, [x1, #0x10]
        ldr     w0, [x1, #0x14]
        done
        at_el1  "EOImode: GICC_RPR after GICC_EOIR"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #0x201
        str     w2, [x1]
        mov     w2, #128
        strb    w2, [x3, #1067]
        mov     w2, #1
        strb    w2, [x3, #2091]
        mov     w2, #0x800
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        ldr     w4, [x1, #0xc]
        str     w4, [x1, #0x10]
        ldr     w0, [x1, #0x14]
        done
        at_el1  "EOImode: GICD_ISACTIVER1 before GICC_DIR"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x304]
        done
        at_el1  "EOImode: GICD_ISACTIVER1 after GICC_DIR"
        movz    x1, #0x0800, lsl #16
        movz    x3, #0x0801, lsl #16
        add     x4, x3, #0x1000
        mov     w2, #43
        str     w2, [x4]
        mov     w2, #1
        str     w2, [x3]
        ldr     w0, [x1, #0x304]
        done
        at_el1  "GICC_PMR masks a pending SPI: GICC_IAR"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #0x80
        str     w2, [x1, #4]
        mov     w2, #128
        strb    w2, [x3, #1068]
        mov     w2, #1
        strb    w2, [x3, #2092]
        mov     w2, #0x1000
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        ldr     w0, [x1, #0xc]
        done
        at_el1  "GICC_PMR masks a pending SPI: GICC_HPPIR"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x18]
        done
        at_el1  "GICC_PMR lets it pass"
        movz    x1, #0x0801, lsl #16
        mov     w2, #136
        str     w2, [x1, #0x4]
        ldr     w0, [x1, #0xc]
        done
        at_el1  "and it ends"
        movz    x1, #0x0801, lsl #16
        mov     w2, #44
        str     w2, [x1, #0x10]
        mov     w2, #255
        str     w2, [x1, #0x4]
        ldr     w0, [x1, #0x14]
        done
        at_el1  "a disabled SPI stays pending: GICC_IAR"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #128
        strb    w2, [x3, #1069]
        mov     w2, #1
        strb    w2, [x3, #2093]
        mov     w2, #0x2000
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        mov     w2, #0x2000
        str     w2, [x3, #0x184]
        ldr     w0, [x1, #0xc]
        done
        at_el1  "a disabled SPI stays pending: GICD_ISPENDR1"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x204]
        mov     w2, #0x2000
        str     w2, [x1, #0x284]
        done
        at_el1  "GICC_IAR of an SGI has its sender"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #0xffff
        str     w2, [x3, #0x100]
        movz    w2, #0x0200, lsl #16
        movk    w2, #5
        str     w2, [x3, #0xf00]
        ldr     w0, [x1, #0xc]
        str     w0, [x1, #0x10]
        done
        at_el1  "of two with one priority the lower INTID comes first"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #128
        strb    w2, [x3, #1071]
        mov     w2, #1
        strb    w2, [x3, #2095]
        mov     w2, #0x8000
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        mov     w2, #128
        strb    w2, [x3, #1070]
        mov     w2, #1
        strb    w2, [x3, #2094]
        mov     w2, #0x4000
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        ldr     w0, [x1, #0xc]
        str     w0, [x1, #0x10]
        done
        at_el1  "then the other"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xc]
        str     w0, [x1, #0x10]
        done
        at_el1  "GICD_CTLR disables forwarding: GICC_IAR"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #128
        strb    w2, [x3, #1072]
        mov     w2, #1
        strb    w2, [x3, #2096]
        mov     w2, #0x10000
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        str     wzr, [x3]
        ldr     w0, [x1, #0xc]
        done
        at_el1  "GICC_CTLR disables signalling: GICC_IAR"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #1
        str     w2, [x3]
        str     wzr, [x1]
        ldr     w0, [x1, #0xc]
        mov     w2, #1
        str     w2, [x1]
        ldr     w2, [x1, #0xc]
        str     w2, [x1, #0x10]
        done
        at_el1  "group 1: GICC_IAR without AckCtl"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        mov     w2, #3
        str     w2, [x3]
        mov     w2, #3
        str     w2, [x1]
        mov     w2, #2
        str     w2, [x3, #0x84]
        mov     w2, #128
        strb    w2, [x3, #1057]
        mov     w2, #1
        strb    w2, [x3, #2081]
        mov     w2, #0x2
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        ldr     w0, [x1, #0xc]
        done
        at_el1  "group 1: GICC_HPPIR without AckCtl"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x18]
        done
        at_el1  "group 1: GICC_AIAR"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0x20]
        str     w0, [x1, #0x24]
        done
        movz    x1, #0x0800, lsl #16    // leave nothing of it
        mov     w2, #2
        str     w2, [x1, #0x184]
        str     w2, [x1, #0x284]
        str     wzr, [x1, #0x84]
        at_el1  "an SPI is taken as an IRQ"
        movz    x1, #0x0801, lsl #16
        movz    x3, #0x0800, lsl #16
        str     wzr, [x3, #0x84]
        movz    x3, #0x0800, lsl #16
        mov     w2, #1
        str     w2, [x3]
        str     w2, [x1]
        mov     w2, #0xff
        str     w2, [x1, #4]
        mov     w2, #128
        strb    w2, [x3, #1074]
        mov     w2, #1
        strb    w2, [x3, #2098]
        mov     w2, #0x40000
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        msr     daifclr, #2
        isb
        nop
        done
        at_el1  "ISR_EL1 while it is pending"
        mrs     x0, isr_el1
        done
        at_el0  "and at EL0"
        nop
        nop
        done
        at_el1  "it is acknowledged"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xc]
        str     w0, [x1, #0x10]
        done
        at_el1  "a group 0 interrupt is an FIQ with FIQEn"
        movz    x1, #0x0801, lsl #16
        mov     w2, #9
        str     w2, [x1]
        movz    x3, #0x0800, lsl #16
        mov     w2, #128
        strb    w2, [x3, #1075]
        mov     w2, #1
        strb    w2, [x3, #2099]
        mov     w2, #0x80000
        str     w2, [x3, #0x104]
        str     w2, [x3, #0x204]
        msr     daifclr, #1
        isb
        nop
        done
        at_el1  "and is acknowledged"
        movz    x1, #0x0801, lsl #16
        ldr     w0, [x1, #0xc]
        str     w0, [x1, #0x10]
        mov     w2, #1
        str     w2, [x1]
        done
        at_el1  "the GICH frame"
        movz    x1, #0x0803, lsl #16
        ldr     w0, [x1, #4]
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
