/* SPDX-License-Identifier: MIT
 *
 * Least that bare Unicorn needs to run the benchmark's guests: one hook for every exception that Unicorn reports,
 * which keeps no state, checks nothing and answers at once. What the harness costs beyond it is the harness's own.
 *
 * No header of Unicorn: harness/engine/baseline.py hands over the addresses, and has the same structure.
 */
#include <stdint.h>

enum { DATA_ABORT = 4, HVC = 11 };                     /* exceptions, as UC_HOOK_INTR numbers them */
enum { SIGNAL = 0xC5000207, ACKNOWLEDGE = 0xC5000209, SYSTEM_OFF = 0x84000008, INTID = 7 };

struct bare {
    uint64_t *x, *pc;
    uint32_t *syndrome;
    int (*stop)(void *uc);
    int (*write)(void *uc, int reg, const void *value);
    const void *line_high, *line_low;
    int system_register;
};

void on_exception(void *uc, uint32_t number, struct bare *b)
{
    if (number == HVC) {
        uint64_t function = b->x[0];
        b->x[0] = 0;
        if (function == SIGNAL) {
            b->write(uc, b->system_register, b->line_high);
        } else if (function == ACKNOWLEDGE) {
            b->write(uc, b->system_register, b->line_low);
            b->x[1] = INTID;
        } else if (function == SYSTEM_OFF) {
            b->stop(uc);
        }
    } else if (number == DATA_ABORT) {                 /* a load: ISS.SRT := 0 */
        b->x[*b->syndrome >> 16 & 31] = 0;
        *b->pc += 4;
    } else {
        b->stop(uc);
    }
}

/* The least that can be done for each translated block: it is the floor of any time that is kept by blocks. */
void on_block(void *uc, uint64_t pc, uint32_t size, void *unused)
{
    (void)uc, (void)pc, (void)size, (void)unused;
}
