// SPDX-License-Identifier: MIT
// RVID driver: which CPU and INTID an input of the distributor goes to. Input n becomes INTID T + n.
#include "rvic_private.h"

int rvid_probe(void)
{
    struct smccc_result answer = rvid_call(RVID_VERSION, 0, 0, 0);
    int fits = answer.x0 == RVIC_SUCCESS && answer.x1 >> 16 == 0 && answer.x1 >= RVIC_VERSION_0_3;
    return fits ? RVIC_SUCCESS : RVIC_PROBE_VERSION;
}

unsigned rvid_intid(unsigned input)
{
    return rvic_trusted + input;
}

int rvid_activate(unsigned input)
{
    unsigned intid = rvid_intid(input), cpu = cpu_index();
    if (intid >= rvic_total)
        return RVIC_ERROR_PARAMETER;
    rvid_targets[intid] = cpu;
    return rvid_call(RVID_MAP, input, cpu, intid).x0;
}

int rvid_deactivate(unsigned input)
{
    return rvid_call(RVID_UNMAP, input, 0, 0).x0;
}

int rvid_request(unsigned input, irq_handler *handler, irq_flow *flow)
{
    int status = rvid_activate(input);
    if (status)
        return status;
    rvic_set_handler(rvid_intid(input), handler, flow);
    return rvic_unmask(rvid_intid(input));
}

// Carry what is pending on the old CPU over to the new one.
static void carry_over(unsigned from, unsigned to, unsigned intid)
{
    if (!rvic_call(RVIC_IS_PENDING, from, intid).x1)
        return;
    rvic_call(RVIC_CLEAR_PENDING, from, intid);
    rvic_call(RVIC_SIGNAL, to, intid);
}

// Not one edge is lost: those before Map are pending on the old CPU and are carried over, those after it are the
// new CPU's. Not one is seen twice: both are masked meanwhile, so the old CPU cannot acknowledge what is carried
// over; and an end of interrupt that unmasks waits for rvic_hold, as does another move.
int rvid_set_affinity(unsigned input, unsigned cpu)
{
    struct rvic_hold hold = rvic_hold(rvid_intid(input));
    unsigned intid = hold.intid, old = hold.cpu;
    int status = RVIC_SUCCESS;
    if (cpu != old) {
        int masked = (*hold.masks & hold.bit) != 0;
        if (!masked)
            rvic_call(RVIC_SET_MASKED, old, intid);
        status = rvic_call(RVIC_SET_MASKED, cpu, intid).x0;
        if (!status)
            status = rvid_call(RVID_MAP, input, cpu, intid).x0;
        if (!status) {
            rvid_targets[intid] = cpu;
            carry_over(old, cpu, intid);
        }
        if (!masked)
            rvic_call(RVIC_CLEAR_MASKED, status ? old : cpu, intid);
    }
    rvic_release(&hold);
    return status;
}
