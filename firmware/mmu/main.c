// SPDX-License-Identifier: MIT
// mmu: page tables of its own, an alias in the upper half, every kind of fault, and a program at EL0 whose
// memory comes on demand. See README.md.
#include "irq.h"
#include "string.h"
#include "tables.h"
#include "timer.h"
#include "uart.h"
#include "user.h"
#include "vectors.h"

#define RAM 0x40000000ul
#define RAM_SIZE (128ul << 20)
#define BLOCK (2ul << 20)
#define AGED_AT 0x4000200000ul // a page whose access flag is clear
#define PERIOD 10000

#define SPSR_EL1H 0x3c5 // with PSTATE.DAIF set

extern char __image_start[], __text_end[], __data_start[]; // guest.ld

static uint8_t frames[8][PAGE] __attribute__((aligned(PAGE))); // memory to give to EL0
static unsigned frames_used;
static const uint8_t zeros[PAGE] __attribute__((aligned(PAGE))); // what a page that was only read looks like

volatile uint64_t page_faults;   // of EL0, resolved
volatile uint64_t refusals;      // of EL0, not resolved
volatile uint64_t user_result;   // what it exits with
static volatile uint64_t *ticks; // where EL0 sees them
static uint64_t ticks_wanted;

// A fault that the code just below provokes: it is noted and skipped.
static volatile struct {
    int expected;
    uint64_t esr, far;
} probe;

static const char *fault_of(uint64_t esr)
{
    switch (esr & ISS_FSC & ~FSC_LEVEL) {
    case FSC_TRANSLATION:
        return "translation fault";
    case FSC_ACCESS_FLAG:
        return "access flag fault";
    case FSC_PERMISSION:
        return "permission fault";
    default:
        return "another fault";
    }
}

static int is_instruction_abort(uint64_t esr)
{
    return esr_class(esr) == EC_INSTRUCTION_ABORT_EL0 || esr_class(esr) == EC_INSTRUCTION_ABORT_EL1;
}

static void print_fault(uint64_t esr)
{
    const char *what = is_instruction_abort(esr) ? "fetch" : esr & ISS_WNR ? "write" : "read";
    print("%s, %s, level %u", what, fault_of(esr), (unsigned)(esr & FSC_LEVEL));
}

// Go on after what was refused: at the next instruction, or where a jump came from.
static void skip(struct frame *frame)
{
    frame->elr = is_instruction_abort(frame->esr) ? frame->x[30] : frame->elr + 4;
}

static void on_el1_sync(struct frame *frame, unsigned vector)
{
    if (!probe.expected)
        vector_unexpected(frame, vector);
    probe.expected = 0;
    probe.esr = frame->esr;
    probe.far = frame->far;
    skip(frame);
}

static void report(const char *what, uint64_t address)
{
    print("EL1: %s: ", what);
    if (probe.expected)
        print("no fault\n");
    else {
        print_fault(probe.esr);
        print("%s\n", probe.far == address ? "" : ", and a wrong FAR_EL1");
    }
    probe.expected = 0;
}

static void probe_read(const char *what, uint64_t address)
{
    probe.expected = 1;
    __asm__ volatile("ldr xzr, [%0]" : : "r"(address) : "memory");
    report(what, address);
}

static void probe_write(const char *what, uint64_t address)
{
    probe.expected = 1;
    __asm__ volatile("str xzr, [%0]" : : "r"(address) : "memory");
    report(what, address);
}

static void probe_call(const char *what, uint64_t address)
{
    probe.expected = 1;
    __asm__ volatile("blr %0" : : "r"(address) : "x30", "memory");
    report(what, address);
}

static void build_tables(void)
{
    lower[0] = VALID | DEVICE; // the GiB with the devices, as one block
    map_range(RAM, (uintptr_t)__image_start, KERNEL_DATA);
    map_range((uintptr_t)__image_start, (uintptr_t)__text_end, KERNEL_CODE);
    map_range((uintptr_t)__text_end, (uintptr_t)__data_start, KERNEL_CONSTANTS);
    map_range((uintptr_t)__data_start, RAM + BLOCK, KERNEL_DATA);
    volatile uint64_t *level2 = next_level(&lower[RAM >> 30]);
    for (uint64_t block = BLOCK; block < RAM_SIZE; block += BLOCK)
        level2[block / BLOCK] = (RAM + block) | VALID | KERNEL_DATA;
    upper[RAM >> 30] = lower[RAM >> 30]; // the same tables again, HIGH above
}

// PC, of this code wherever it is called.
static __attribute__((noinline)) uint64_t here(void)
{
    uint64_t pc;
    __asm__ volatile("adr %0, ." : "=r"(pc));
    return pc;
}

static void try_upper_half(void)
{
    static volatile uint64_t word;
    volatile uint64_t *alias = (volatile uint64_t *)((uintptr_t)&word + HIGH);
    uint64_t (*there)(void) = (uint64_t(*)(void))((uintptr_t)here + HIGH);
    word = 0x1234;
    print("EL1: a word written below and read above: %#lx\n", *alias);
    print("EL1: code runs above: %s\n", there() - here() == HIGH ? "yes" : "no");
}

static void try_faults(void)
{
    probe_read("an address above the tables", 0x8000000000);
    probe_read("a GiB without an entry", 0x2000000000);
    probe_read("2 MiB without an entry", RAM + RAM_SIZE);
    probe_read("a page without an entry", USER_CODE_AT + 0x8000);
    probe_write("a write to code", (uintptr_t)here);
    probe_write("a write to a constant", (uintptr_t)zeros);
    probe_write("a write to data", (uintptr_t)frames[7]);
    probe_call("a call into data", (uintptr_t)frames[7]);
    probe_call("a call into EL0's code", USER_CODE_AT);
    map_page(AGED_AT, (uintptr_t)zeros, KERNEL_CONSTANTS & ~ACCESS_FLAG);
    probe_read("a page that was never accessed", AGED_AT);
    map_page(AGED_AT, (uintptr_t)zeros, KERNEL_CONSTANTS);
    probe_read("the same, with its access flag set", AGED_AT);
}

// Memory on demand: read, a page is the one of zeros; written, it gets a frame of its own.
static int resolve(uint64_t esr, uint64_t far)
{
    int wanted = far >= USER_HEAP_AT && far < USER_HEAP_AT + USER_HEAP_PAGES * PAGE;
    if (!wanted || esr_class(esr) != EC_DATA_ABORT_EL0)
        return 0;
    uint64_t page = far & ~(PAGE - 1);
    if (esr & ISS_WNR)
        map_page(page, (uintptr_t)frames[frames_used++], USER_DATA);
    else
        map_page(page, (uintptr_t)zeros, USER_CONSTANTS);
    return 1;
}

static void on_tick(unsigned intid, struct frame *frame)
{
    (void)intid;
    if (!timer_expired())
        return;
    ++*ticks;
    print("EL1: tick %lu, taken from EL%u\n", *ticks, (unsigned)(frame->spsr >> 2 & 3));
    if (*ticks < ticks_wanted)
        timer_advance(PERIOD);
    else
        timer_stop();
}

static void on_svc(struct frame *frame)
{
    switch (frame->esr & 0xffff) {
    case SYS_EXIT:
        frame->elr = (uintptr_t)user_return;
        frame->spsr = SPSR_EL1H;
        break;
    case SYS_PRINT:
        uart_puts((const char *)frame->x[0]);
        break;
    case SYS_ALARM:
        ticks_wanted = frame->x[0];
        timer_start(PERIOD);
        break;
    }
}

static void on_el0_sync(struct frame *frame, unsigned vector)
{
    unsigned class = esr_class(frame->esr);
    if (class == EC_SVC64) {
        on_svc(frame);
        return;
    }
    if (class != EC_DATA_ABORT_EL0 && class != EC_INSTRUCTION_ABORT_EL0)
        vector_unexpected(frame, vector);
    print("EL0 at %#lx: ", frame->far);
    print_fault(frame->esr);
    if (resolve(frame->esr, frame->far)) {
        page_faults++;
        print(": %s\n", frame->esr & ISS_WNR ? "a frame for it" : "the page of zeros");
    } else {
        refusals++;
        print(": refused\n");
        skip(frame);
    }
}

static void load_user(void)
{
    uint8_t *code = frames[frames_used++];
    memcpy(code, user_begin, user_end - user_begin);
    sync_code((uintptr_t)code, (uintptr_t)code + PAGE);
    map_page(USER_CODE_AT, (uintptr_t)code, USER_CODE);
    ticks = (volatile uint64_t *)frames[frames_used++];
    map_page(USER_TICKS_AT, (uintptr_t)ticks, USER_CONSTANTS);
    map_page(USER_STACK_AT, (uintptr_t)frames[frames_used++], USER_DATA);
}

int main(void)
{
    vector_set(VECTOR_EL1H_SYNC, on_el1_sync);
    vector_set(VECTOR_EL0_64_SYNC, on_el0_sync);
    build_tables();
    turn_on();
    print("EL1: the MMU is on\n");
    try_upper_half();
    load_user();
    try_faults();
    if (irq_probe() || irq_request(TIMER_INTID, on_tick, irq_flow_timer)) {
        print("mmu: FAILED\n");
        return 1;
    }
    user_result = user_run(USER_CODE_AT, USER_STACK_AT + PAGE);
    print("EL1: EL0 has ended with %lu; page faults: %lu, refusals: %lu\n", user_result, page_faults, refusals);
    return 0;
}
