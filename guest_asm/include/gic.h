// SPDX-License-Identifier: MIT
// GICv2 (IHI 0048B): the registers of the distributor and the CPU interface. The driver is gicv2_driver.h.
#ifndef GIC_H
#define GIC_H

#ifndef GICD_BASE
#define GICD_BASE 0x08000000
#endif
#ifndef GICC_BASE
#define GICC_BASE 0x08010000
#endif

// Distributor (4.3). One bit, two bits or a byte for each INTID, from the given offset on; those of INTIDs
// 0 to 31 are the accessing CPU's own. ISxR and ICxR: write 1 to set, to clear.
#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ISPENDR 0x200
#define GICD_ICPENDR 0x280
#define GICD_ICACTIVER 0x380
#define GICD_IPRIORITYR 0x400 // a byte each
#define GICD_ITARGETSR 0x800  // a byte each: a bit for each CPU; of an SGI or PPI, the CPU's own bit
#define GICD_ICFGR 0xc00      // two bits each: 0b10 edge, 0b00 level
#define GICD_SGIR 0xf00
#define GICD_CPENDSGIR 0xf10 // a byte each, SGIs only: a bit for each CPU that sent it
#define GICD_SPENDSGIR 0xf20

#define GICD_CTLR_ENABLE 1
#define GICD_TYPER_LINES 0x1f // ITLinesNumber: INTIDs / 32 - 1
#define GICD_SGIR_TARGETS 16  // shift of the target list

// CPU interface (4.4). Every CPU finds its own at the same address; words only.
#define GICC_CTLR 0x00
#define GICC_PMR 0x04
#define GICC_BPR 0x08
#define GICC_IAR 0x0c
#define GICC_EOIR 0x10
#define GICC_APR 0xd0 // four words
#define GICC_IIDR 0xfc

#define GICC_CTLR_ENABLE 1     // and EOImode = 0: EOIR drops the priority and deactivates
#define GICC_PMR_ALL 0xf0      // every priority that is not the lowest
#define GICC_IIDR_VERSION 16   // bits 19:16, architecture version
#define GICC_IAR_INTID 0x3ff   // bits 9:0; bits 12:10 say which CPU sent an SGI

#define GIC_PPI 16        // INTIDs: SGIs 0 to 15, PPIs 16 to 31, SPIs from 32 on
#define GIC_SPI 32
#define GIC_SPECIAL 1020  // 1020 to 1023 are no interrupts
#define GIC_SPURIOUS 1022 // nothing to acknowledge: 1023, or 1022, "not in this group"

#endif
