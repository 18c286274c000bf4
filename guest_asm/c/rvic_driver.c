// SPDX-License-Identifier: MIT
// RVIC driver, after Linux's: probe, start and end of a CPU, taking an interrupt, flows, operations.
#include "rvic_driver.h"

#include "lock.h"
#include "rvic_private.h"

#define BITS 64

unsigned rvic_trusted;
unsigned rvic_total;
struct irq_counters rvic_counters[MAX_CPUS];

uint8_t rvid_targets[RVIC_MAX_INTIDS];

static struct {
    irq_handler *handler;
    irq_flow *flow;
} handlers[RVIC_MAX_INTIDS];

// Masked by software, a bit each: trusted ones per CPU, untrusted ones.
static uint64_t trusted_masks[MAX_CPUS][RVIC_MAX_INTIDS / BITS];
static uint64_t untrusted_masks[RVIC_MAX_INTIDS / BITS];

// Guards untrusted_masks and rvid_targets, and each call that depends on them.
static struct lock rvid_lock;

static void mask_all(uint64_t *masks)
{
    for (unsigned word = 0; word < RVIC_MAX_INTIDS / BITS; word++)
        masks[word] = ~0ul;
}

// One interrupt for one exception. Acknowledge has masked it: so it stays, where there is no handler.
static void handle_irq(struct frame *frame, unsigned vector)
{
    (void)vector;
    struct irq_counters *counters = &rvic_counters[cpu_index()];
    struct smccc_result answer = rvic_call(RVIC_ACKNOWLEDGE, 0, 0);
    if (answer.x0 == RVIC_NO_INTERRUPTS)
        counters->spurious++;
    else if (answer.x0 != RVIC_SUCCESS)
        counters->error++;
    else if (answer.x1 >= rvic_total)
        counters->range++;
    else if (!handlers[answer.x1].flow)
        counters->unhandled++;
    else {
        struct irq irq = {answer.x1, 0, frame, handlers[answer.x1].handler};
        counters->taken++;
        handlers[irq.intid].flow(&irq);
    }
}

static int has_version(struct smccc_result answer)
{
    return answer.x0 == RVIC_SUCCESS && answer.x1 >> 16 == 0 && answer.x1 >= RVIC_VERSION_0_3;
}

int rvic_probe(void)
{
    if (!has_version(rvic_call(RVIC_VERSION, 0, 0)))
        return RVIC_PROBE_VERSION;
    struct smccc_result trusted = rvic_call(RVIC_INFO, RVIC_INFO_TRUSTED, 0);
    if (trusted.x0)
        return trusted.x0;
    struct smccc_result untrusted = rvic_call(RVIC_INFO, RVIC_INFO_UNTRUSTED, 0);
    if (untrusted.x0)
        return untrusted.x0;
    if (trusted.x1 < 32 || untrusted.x1 < 32 || (trusted.x1 | untrusted.x1) % 32 != 0)
        return RVIC_PROBE_LIMITS;
    if (trusted.x1 > RVIC_MAX_INTIDS || untrusted.x1 > RVIC_MAX_INTIDS - trusted.x1)
        return RVIC_PROBE_LIMITS;
    rvic_trusted = trusted.x1;
    rvic_total = trusted.x1 + untrusted.x1;
    mask_all(untrusted_masks);
    vector_set(VECTOR_EL1H_IRQ, handle_irq);
    vector_set(VECTOR_EL1T_IRQ, handle_irq);
    vector_set(VECTOR_EL0_64_IRQ, handle_irq);
    return rvic_cpu_start();
}

// Whatever state the instance was in, it is known after this.
int rvic_cpu_start(void)
{
    unsigned cpu = cpu_index();
    mask_all(trusted_masks[cpu]);
    uint64_t status = rvic_call(RVIC_DISABLE, 0, 0).x0;
    for (unsigned intid = 0; intid < rvic_total; intid++) {
        status |= rvic_call(RVIC_SET_MASKED, cpu, intid).x0;
        status |= rvic_call(RVIC_CLEAR_PENDING, cpu, intid).x0;
    }
    return status | rvic_call(RVIC_ENABLE, 0, 0).x0;
}

int rvic_cpu_dying(void)
{
    return rvic_call(RVIC_DISABLE, 0, 0).x0;
}

void rvic_set_handler(unsigned intid, irq_handler *handler, irq_flow *flow)
{
    handlers[intid].handler = handler;
    handlers[intid].flow = flow;
}

int rvic_request(unsigned intid, irq_handler *handler, irq_flow *flow)
{
    rvic_set_handler(intid, handler, flow);
    return rvic_unmask(intid);
}

// Flows

void rvic_flow_ipi(const struct irq *irq)
{
    rvic_end_of_interrupt(irq->intid);
    irq_run_handler(irq);
}

void rvic_flow_timer(const struct irq *irq)
{
    irq_run_handler(irq);
    rvic_call(RVIC_RESAMPLE, irq->intid, 0);
    rvic_end_of_interrupt(irq->intid);
}

void rvic_flow_edge(const struct irq *irq)
{
    irq_run_handler(irq);
    rvic_end_of_interrupt(irq->intid);
}

// There is no Resample for an untrusted interrupt: on ClearMasked the hypervisor looks at the line again.
void rvic_flow_level(const struct irq *irq)
{
    irq_run_handler(irq);
    rvic_end_of_interrupt(irq->intid);
}

void rvic_flow_threaded(const struct irq *irq)
{
    rvic_mask(irq->intid);
    irq_run_handler(irq);
}

// Operations on one interrupt: with PSTATE.I set, and rvid_lock held for an untrusted one. Else an end of
// interrupt could undo the SetMasked in the middle of rvid_set_affinity, and one edge be handled twice.

struct rvic_hold rvic_hold(unsigned intid)
{
    struct rvic_hold hold = {.intid = intid, .bit = 1ul << intid % BITS, .daif = irq_save()};
    hold.untrusted = intid >= rvic_trusted;
    if (hold.untrusted) {
        lock_take(&rvid_lock);
        hold.cpu = rvid_targets[intid];
        hold.masks = &untrusted_masks[intid / BITS];
    } else {
        hold.cpu = cpu_index();
        hold.masks = &trusted_masks[hold.cpu][intid / BITS];
    }
    return hold;
}

void rvic_release(const struct rvic_hold *hold)
{
    if (hold->untrusted)
        lock_give(&rvid_lock);
    irq_restore(hold->daif);
}

static struct smccc_result call_on(unsigned function, const struct rvic_hold *hold)
{
    return rvic_call(function, hold->cpu, hold->intid);
}

static struct smccc_result call_held(unsigned function, unsigned intid)
{
    struct rvic_hold hold = rvic_hold(intid);
    struct smccc_result answer = call_on(function, &hold);
    rvic_release(&hold);
    return answer;
}

int rvic_mask(unsigned intid)
{
    struct rvic_hold hold = rvic_hold(intid);
    *hold.masks |= hold.bit;
    int status = call_on(RVIC_SET_MASKED, &hold).x0;
    rvic_release(&hold);
    return status;
}

int rvic_unmask(unsigned intid)
{
    struct rvic_hold hold = rvic_hold(intid);
    *hold.masks &= ~hold.bit;
    int status = call_on(RVIC_CLEAR_MASKED, &hold).x0;
    rvic_release(&hold);
    return status;
}

int rvic_end_of_interrupt(unsigned intid)
{
    struct rvic_hold hold = rvic_hold(intid);
    int masked = (*hold.masks & hold.bit) != 0;
    int status = masked ? RVIC_SUCCESS : (int)call_on(RVIC_CLEAR_MASKED, &hold).x0;
    rvic_release(&hold);
    return status;
}

int rvic_is_pending(unsigned intid)
{
    struct smccc_result answer = call_held(RVIC_IS_PENDING, intid);
    return answer.x0 ? -1 : (int)answer.x1;
}

int rvic_set_pending(unsigned intid)
{
    return call_held(RVIC_SIGNAL, intid).x0;
}

int rvic_retrigger(unsigned intid)
{
    return rvic_set_pending(intid);
}

int rvic_clear_pending(unsigned intid)
{
    return call_held(RVIC_CLEAR_PENDING, intid).x0;
}

int rvic_send_ipi(unsigned cpu, unsigned ipi)
{
    dsb();
    return rvic_call(RVIC_SIGNAL, cpu, ipi).x0;
}
