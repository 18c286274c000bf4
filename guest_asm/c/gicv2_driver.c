// SPDX-License-Identifier: MIT
// GICv2 driver, after Linux's: probe, start and end of a CPU, taking an interrupt, flows, operations, SPIs.
#include "gicv2_driver.h"

#include "lock.h"
#include "mmio.h"

#define PRIORITY 0xa0a0a0a0u // four INTIDs: one priority for all
#define EVERY_BIT 0xffffffffu
#define EDGE 2u // field of GICD_ICFGR
#define LEVEL 0u

unsigned gicv2_total;
struct irq_counters gicv2_counters[MAX_CPUS];

static struct {
    irq_handler *handler;
    irq_flow *flow;
} gicv2_handlers[GIC_SPECIAL];

static uint8_t cpu_masks[MAX_CPUS]; // its bit in target lists; 0 until it has started
static struct lock configuration;   // guards GICD_ICFGR, whose words many INTIDs share

static uint32_t gicc_read(unsigned offset)
{
    return mmio_read32(GICC_BASE + offset);
}

static void gicc_write(unsigned offset, uint32_t value)
{
    mmio_write32(GICC_BASE + offset, value);
}

static void gicd_write(unsigned offset, uint32_t value)
{
    mmio_write32(GICD_BASE + offset, value);
}

// An INTID's bit in an array of one bit each.
static int write_bit(unsigned array, unsigned intid)
{
    gicd_write(array + intid / 32 * 4, 1u << intid % 32);
    return GICV2_SUCCESS;
}

// The words of all SPIs in an array with so many bits each.
static void fill(unsigned array, unsigned bits, uint32_t value)
{
    for (unsigned at = GIC_SPI * bits / 8; at < gicv2_total * bits / 8; at += 4)
        gicd_write(array + at, value);
}

static void end_of_interrupt(const struct irq *irq)
{
    gicc_write(GICC_EOIR, irq->token);
}

static void ignore(unsigned intid, struct frame *frame)
{
    (void)intid, (void)frame;
}

// One interrupt for one exception. What is spurious has no end: GICC_EOIR is not written.
static void gicv2_handle_irq(struct frame *frame, unsigned vector)
{
    (void)vector;
    struct irq_counters *counters = &gicv2_counters[cpu_index()];
    uint32_t token = gicc_read(GICC_IAR);
    struct irq irq = {token & GICC_IAR_INTID, token, frame, ignore};
    if (irq.intid >= GIC_SPURIOUS)
        counters->spurious++;
    else if (irq.intid >= gicv2_total)
        counters->range++;
    else if (!gicv2_handlers[irq.intid].flow) {
        counters->unhandled++;
        gicv2_flow_threaded(&irq); // masked until somebody unmasks it
    } else {
        counters->taken++;
        irq.handler = gicv2_handlers[irq.intid].handler;
        gicv2_handlers[irq.intid].flow(&irq);
    }
}

int gicv2_probe(void)
{
    if ((gicc_read(GICC_IIDR) >> GICC_IIDR_VERSION & 0xf) != 2)
        return GICV2_NOT_FOUND;
    gicv2_total = ((mmio_read32(GICD_BASE + GICD_TYPER) & GICD_TYPER_LINES) + 1) * 32;
    if (gicv2_total > GIC_SPECIAL)
        gicv2_total = GIC_SPECIAL; // what says 1024 has 1020
    vector_set(VECTOR_EL1H_IRQ, gicv2_handle_irq);
    vector_set(VECTOR_EL1T_IRQ, gicv2_handle_irq);
    vector_set(VECTOR_EL0_64_IRQ, gicv2_handle_irq);
    gicd_write(GICD_CTLR, 0);
    int status = gicv2_cpu_start();
    if (status)
        return status;
    fill(GICD_ICENABLER, 1, EVERY_BIT);
    fill(GICD_ICACTIVER, 1, EVERY_BIT);
    fill(GICD_ICFGR, 2, 0);
    fill(GICD_IPRIORITYR, 8, PRIORITY);
    fill(GICD_ITARGETSR, 8, cpu_masks[cpu_index()] * 0x01010101u);
    fill(GICD_ICPENDR, 1, EVERY_BIT);
    gicd_write(GICD_CTLR, GICD_CTLR_ENABLE);
    return GICV2_SUCCESS;
}

// Which bit of a target list this CPU is, its own (banked) GICD_ITARGETSR0 says: a CPU's number and that of its
// interface need not be the same. A GIC for one CPU answers 0 there, and ignores targets.
int gicv2_cpu_start(void)
{
    unsigned cpu = cpu_index();
    uint8_t mask = mmio_read8(GICD_BASE + GICD_ITARGETSR);
    if (!mask && cpu)
        return GICV2_NO_CPU;
    cpu_masks[cpu] = mask ? mask : 1;
    gicc_write(GICC_CTLR, 0);
    gicd_write(GICD_ICENABLER, EVERY_BIT); // where SGIs cannot be masked, this is for PPIs alone
    gicd_write(GICD_ICACTIVER, EVERY_BIT);
    gicd_write(GICD_ICPENDR, EVERY_BIT);
    for (unsigned at = 0; at < 16; at += 4)
        gicd_write(GICD_CPENDSGIR + at, EVERY_BIT);
    for (unsigned at = 0; at < GIC_SPI; at += 4)
        gicd_write(GICD_IPRIORITYR + at, PRIORITY);
    for (unsigned at = 0; at < 16; at += 4)
        gicc_write(GICC_APR + at, 0); // a CPU may have died with an interrupt active
    gicc_write(GICC_PMR, GICC_PMR_ALL);
    gicc_write(GICC_BPR, 0);
    gicc_write(GICC_CTLR, GICC_CTLR_ENABLE);
    return GICV2_SUCCESS;
}

int gicv2_cpu_dying(void)
{
    gicc_write(GICC_CTLR, 0);
    return GICV2_SUCCESS;
}

void gicv2_set_handler(unsigned intid, irq_handler *handler, irq_flow *flow)
{
    gicv2_handlers[intid].handler = handler;
    gicv2_handlers[intid].flow = flow;
}

int gicv2_request(unsigned intid, irq_handler *handler, irq_flow *flow)
{
    gicv2_set_handler(intid, handler, flow);
    return gicv2_unmask(intid);
}

// Flows. Reading GICC_IAR has made the interrupt active, so that it does not come again, nor any of the same or a
// lower priority; writing the same value to GICC_EOIR, an SGI's sender included, ends both.

// The DSB is the other half of the sender's: what it stored before, the handler sees.
void gicv2_flow_ipi(const struct irq *irq)
{
    end_of_interrupt(irq);
    dsb();
    irq_run_handler(irq);
}

static void handle_then_end(const struct irq *irq)
{
    irq_run_handler(irq);
    end_of_interrupt(irq);
}

// Their addresses differ: by the flow gicv2_spi_request knows what to write to GICD_ICFGR.
void gicv2_flow_timer(const struct irq *irq)
{
    handle_then_end(irq);
}

void gicv2_flow_edge(const struct irq *irq)
{
    handle_then_end(irq);
}

void gicv2_flow_level(const struct irq *irq)
{
    handle_then_end(irq);
}

void gicv2_flow_threaded(const struct irq *irq)
{
    gicv2_mask(irq->intid);
    end_of_interrupt(irq);
    irq_run_handler(irq);
}

void gicv2_flow_threaded_level(const struct irq *irq)
{
    gicv2_flow_threaded(irq);
}

// Operations on one interrupt: each one write of one bit, so there is nothing to guard.

int gicv2_mask(unsigned intid)
{
    return write_bit(GICD_ICENABLER, intid);
}

int gicv2_unmask(unsigned intid)
{
    return write_bit(GICD_ISENABLER, intid);
}

int gicv2_is_pending(unsigned intid)
{
    return mmio_read32(GICD_BASE + GICD_ISPENDR + intid / 32 * 4) >> intid % 32 & 1;
}

// As its source would make it; an SGI, as if sent by this CPU.
int gicv2_set_pending(unsigned intid)
{
    if (intid >= GIC_PPI)
        return write_bit(GICD_ISPENDR, intid);
    mmio_write8(GICD_BASE + GICD_SPENDSGIR + intid, cpu_masks[cpu_index()]);
    return GICV2_SUCCESS;
}

int gicv2_retrigger(unsigned intid)
{
    return gicv2_set_pending(intid);
}

// Of an SGI, from whichever CPU.
int gicv2_clear_pending(unsigned intid)
{
    if (intid >= GIC_PPI)
        return write_bit(GICD_ICPENDR, intid);
    mmio_write8(GICD_BASE + GICD_CPENDSGIR + intid, 0xff);
    return GICV2_SUCCESS;
}

int gicv2_send_ipi(unsigned cpu, unsigned ipi)
{
    if (cpu >= MAX_CPUS || !cpu_masks[cpu])
        return GICV2_NO_CPU;
    dsb();
    gicd_write(GICD_SGIR, (uint32_t)cpu_masks[cpu] << GICD_SGIR_TARGETS | ipi);
    return GICV2_SUCCESS;
}

// SPIs

int gicv2_spi_probe(void)
{
    return gicv2_total > GIC_SPI ? GICV2_SUCCESS : GICV2_NO_SPIS;
}

unsigned gicv2_spi_intid(unsigned input)
{
    return GIC_SPI + input;
}

int gicv2_spi_activate(unsigned input)
{
    unsigned intid = gicv2_spi_intid(input);
    if (intid >= gicv2_total)
        return GICV2_NO_INPUT;
    mmio_write8(GICD_BASE + GICD_ITARGETSR + intid, cpu_masks[cpu_index()]);
    return gicv2_clear_pending(intid);
}

int gicv2_spi_deactivate(unsigned input)
{
    return gicv2_mask(gicv2_spi_intid(input));
}

static void set_trigger(unsigned intid, uint32_t trigger)
{
    unsigned array = GICD_BASE + GICD_ICFGR + intid / 16 * 4, shift = intid % 16 * 2;
    uint64_t daif = irq_save();
    lock_take(&configuration);
    mmio_write32(array, (mmio_read32(array) & ~(3u << shift)) | trigger << shift);
    lock_give(&configuration);
    irq_restore(daif);
}

int gicv2_spi_request(unsigned input, irq_handler *handler, irq_flow *flow)
{
    unsigned intid = gicv2_spi_intid(input);
    int level = flow == gicv2_flow_level || flow == gicv2_flow_threaded_level;
    if (intid >= gicv2_total)
        return GICV2_NO_INPUT;
    gicv2_set_handler(intid, handler, flow);
    set_trigger(intid, level ? LEVEL : EDGE);
    gicv2_spi_activate(input);
    return gicv2_unmask(intid);
}

// One write: an SPI is pending in the distributor, not on a CPU, and goes where its target is when somebody reads
// GICC_IAR. The old CPU may find 1023 there, if it took the exception before.
int gicv2_spi_set_affinity(unsigned input, unsigned cpu)
{
    if (cpu >= MAX_CPUS || !cpu_masks[cpu])
        return GICV2_NO_CPU;
    mmio_write8(GICD_BASE + GICD_ITARGETSR + gicv2_spi_intid(input), cpu_masks[cpu]);
    return GICV2_SUCCESS;
}
