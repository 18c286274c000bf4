/* SPDX-License-Identifier: MIT */
/*
 * One CPU of Unicorn: what happens at each translated block and at each exit, without Python where nobody has to hear.
 *
 * Unicorn's hooks call into this file. It counts instructions, takes SVC to EL1, answers reads of the counters, and hands
 * everything else to the engine's Python functions, for which it takes the GIL. harness/engine/emulator/registers.py
 * says what a CPU must be able to do; view_registers.py does the same in Python, and each trace is equal to the byte.
 *
 * No header of Unicorn or of Python is needed and neither library is linked: the addresses of Unicorn's functions and the
 * places of its CPU's state come from the probe (harness/engine/emulator/probe.py), which has tried them all.
 *
 * Sections: Python; Unicorn; state; time by blocks; calls into Python; memory; device accesses; cache maintenance; new
 * blocks; exceptions; MRS and MSR; running; the object.
 */

#define _DEFAULT_SOURCE /* for mmap's flags */

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* ---- Python: as much of its stable ABI (PEP 384) as is used here ------------------------------------------------ */

typedef intptr_t Py_ssize_t;
typedef struct PyObject {
    Py_ssize_t count;
    struct PyObject *type;
} PyObject;
typedef PyObject *(*PyFunction)(PyObject *, PyObject *);
typedef int (*PyVisit)(PyObject *, void *);
typedef struct { const char *name; void *function; int flags; const char *doc; } PyMethodDef;
typedef struct { const char *name; int type; Py_ssize_t offset; int flags; const char *doc; } PyMemberDef;
typedef struct { const char *name; void *get, *set; const char *doc; void *closure; } PyGetSetDef;
typedef struct { int slot; void *value; } PySlot;
typedef struct { const char *name; int basicsize, itemsize; unsigned flags; PySlot *slots; } PyType_Spec;
typedef struct {
    PyObject head;
    PyObject *(*init)(void);
    Py_ssize_t index;
    PyObject *copy;
    const char *name, *doc;
    Py_ssize_t size;
    PyMethodDef *methods;
    PySlot *slots;
    void *traverse, *clear, *free;
} PyModuleDef;

enum { METH_VARARGS = 1, METH_NOARGS = 4, METH_O = 8, METH_FASTCALL = 0x80 };
enum { T_BOOL = 14, T_ULONGLONG = 18, T_OBJECT = 6, READONLY = 1 };
enum { TP_CLEAR = 51, TP_DEALLOC = 52, TP_DOC = 56, TP_METHODS = 64, TP_NEW = 65, TP_TRAVERSE = 71, TP_MEMBERS = 72,
       TP_GETSET = 73, TP_FREE = 74, MODULE_EXEC = 2 };
enum { TPFLAGS_BASETYPE = 1 << 10, TPFLAGS_HAVE_GC = 1 << 14 };

extern PyObject _Py_NoneStruct, _Py_TrueStruct, _Py_FalseStruct;
extern void Py_IncRef(PyObject *), Py_DecRef(PyObject *);
extern PyObject *PyModuleDef_Init(PyModuleDef *), *PyType_FromSpec(PyType_Spec *), *PyType_GenericNew(void);
extern int PyModule_AddObjectRef(PyObject *, const char *, PyObject *), PyModule_AddIntConstant(PyObject *, const char *, long);
extern void *PyType_GetSlot(PyObject *, int);
extern void PyObject_GC_UnTrack(void *);
extern int PyArg_ParseTuple(PyObject *, const char *, ...);
extern PyObject *PyObject_Vectorcall(PyObject *, PyObject *const *, size_t, PyObject *); /* exported since 3.9 */
extern int PyObject_IsTrue(PyObject *);
extern int PyType_IsSubtype(PyObject *, PyObject *);
extern PyObject *Py_BuildValue(const char *, ...), *PyTuple_GetItem(PyObject *, Py_ssize_t);
extern Py_ssize_t PyTuple_Size(PyObject *);
extern PyObject *PyLong_FromLongLong(long long), *PyLong_FromUnsignedLongLong(unsigned long long);
extern long long PyLong_AsLongLong(PyObject *), PyLong_AsLongLongAndOverflow(PyObject *, int *);
extern unsigned long long PyLong_AsUnsignedLongLong(PyObject *), PyLong_AsUnsignedLongLongMask(PyObject *);
extern Py_ssize_t PySet_Size(PyObject *);
extern int PySet_Contains(PyObject *, PyObject *);
extern PyObject *PyDict_GetItemWithError(PyObject *, PyObject *);
extern int PyBytes_AsStringAndSize(PyObject *, char **, Py_ssize_t *);
extern PyObject *PyErr_Occurred(void), *PyExc_MemoryError, *PyExc_OverflowError, *PyExc_RuntimeError, *PyExc_TypeError, *PyExc_ValueError;
extern int PyErr_ExceptionMatches(PyObject *);
extern void PyErr_Fetch(PyObject **, PyObject **, PyObject **), PyErr_NormalizeException(PyObject **, PyObject **, PyObject **);
extern void PyErr_SetString(PyObject *, const char *), PyErr_SetObject(PyObject *, PyObject *), PyErr_WriteUnraisable(PyObject *);
extern int PyException_SetTraceback(PyObject *, PyObject *);
extern void *PyEval_SaveThread(void), PyEval_RestoreThread(void *);

static PyObject *none(void)
{
    Py_IncRef(&_Py_NoneStruct);
    return &_Py_NoneStruct;
}

static PyObject *boolean(int value)
{
    PyObject *object = value ? &_Py_TrueStruct : &_Py_FalseStruct;
    Py_IncRef(object);
    return object;
}

static void keep(PyObject **place, PyObject *object)
{
    PyObject *old = *place;
    Py_IncRef(object);
    *place = object;
    Py_DecRef(old);
}

/* ---- Unicorn: its numbers, and uc_arm64_cp_reg ------------------------------------------------------------------ */

enum { HOOK_INTR = 1 << 0, HOOK_INSN = 1 << 1, HOOK_CODE = 1 << 2, HOOK_BLOCK = 1 << 3, HOOK_EDGE_GENERATED = 1 << 15 };
enum { SVC = 2, PREFETCH_ABORT = 3, DATA_ABORT = 4, HVC = 11, SMC = 13 }; /* exception numbers of QEMU's Arm target */
#define HPFAR_FIPA 0xffffffffff0ull                       /* IPA bits 47:12, from bit 4 */
#define FOREVER (1ull << 63)                              /* an `until` that no guest reaches */

typedef struct { uint32_t crn, crm, op0, op1, op2; uint64_t value; } SystemRegister;
typedef struct { uint64_t pc; uint16_t instructions, size; } Block; /* uc_tb */

/* A system register as a number of 16 bits: op0, op1, CRn, CRm, op2. */
#define ENCODING(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum { ENCODINGS = 1 << 16, CNTPCT_EL0 = ENCODING(3, 3, 14, 0, 1), CNTVCT_EL0 = ENCODING(3, 3, 14, 0, 2) };

static uint32_t encoding(const SystemRegister *r)
{
    return ENCODING(r->op0, r->op1, r->crn, r->crm, r->op2);
}

/* ---- State ------------------------------------------------------------------------------------------------------ */

enum { CLOSE = 1000 /* instructions from exit to exit */, HELD = 5000000 /* instructions at most */, FUNCTIONS = 16 };
#define ARGUMENTS_OFFSET ((size_t)1 << (8 * sizeof(size_t) - 1)) /* there is room before the arguments, for a bound method's self */
enum { INSTRUCTION = 4, NO_COUNT = -1, LONGEST_COUNT = 511 }; /* cflags_next_tb: blocks are 512 instructions at most */
enum { ESR_EC = 26, EC_DATA_ABORT_LOWER = 0x24, EC_STEP_LOWER = 0x32, EC_STEP_SAME = 0x33, IMM16 = 0xffff };
enum { ISS_ISV = 1 << 24, ISS_SAS = 22, ISS_SSE = 1 << 21, ISS_SRT = 16, ISS_SF = 1 << 15, ISS_S1PTW = 1 << 7, ISS_WNR = 1 << 6 };
enum { SCTLR_M = 1 << 0, SCTLR_EE = 1 << 25, SCTLR_E0E = 1 << 24, PSTATE_SS = 1 << 21, UC_PROT_READ = 1, UC_PROT_EXEC = 4, PAGE = 0x1000, REGIONS = 32, SOUGHT = 16, RING = 256 };

typedef struct { uint64_t base, size; const uint8_t *bytes; } Region;
typedef struct { uint32_t mask, value; } Pattern;

typedef struct Cpu Cpu;

/* Time, as on_block has it: bytes of code, so that nothing is divided at a block. */
typedef struct {
    int64_t left;         /* what may still run once the present block has; less by STOPPED where `stop` is set */
    uint64_t block, size; /* the present block, amid which we are; size 0: between two */
    Cpu *cpu;
    void *next; /* one that no CPU has */
} Time;

struct Cpu {
    PyObject head;

    Time *time;
    int64_t limit; /* instructions that start() was given, or fewer */
    uint64_t base; /* instructions retired before start() */
    int before;    /* a code hook runs: the instruction at pc is not counted yet */
    int stop;      /* leave for good */
    int cut;       /* left before a block or an instruction, to go on with less of it */
    char expired;  /* `limit` has run, and there was an instruction to follow */

    /* The CPU, in Unicorn's memory; x is NULL once it is closed. */
    void *uc, *cpu;
    uint64_t *x, *pc, *fault_address, *hpfar_el2, *sctlr_el1;
    uint32_t *pstate, *syndrome, *target_level, *next_block;
    uint8_t *flags; /* CF, VF, NF, ZF */

    int (*emu_start)(void *, uint64_t, uint64_t, uint64_t, size_t);
    int (*emu_stop)(void *);
    int (*hook_add)(void *, size_t *, int, void *, void *, uint64_t, uint64_t, ...);
    int (*reg_read)(void *, int, void *), (*reg_write)(void *, int, const void *);
    int (*translate)(void *, uint64_t, int, uint64_t *);
    void (*do_interrupt)(void *);
    int reg_cp, reg_x0, reg_x29, reg_x30, insn_mrs, insn_msr;

    /* What Python's side keeps here, since both look at it. */
    char event;                          /* the event register */
    uint64_t entered_at, entered_vector; /* the last exception taken to EL1 */
    char counts;                         /* CNTPCT_EL0 and CNTVCT_EL0 are read here: */
    uint64_t time_offset, time_rate, virtual_offset;
    SystemRegister hcr, cntkctl;
    char watched;            /* accesses have to be compared with ranges of addresses first */
    char asked;              /* on_load or on_store, about the present data abort: in vain */
    char has_more_memory;    /* than there is room for here: */
    unsigned regions;
    Region memory[REGIONS];
    unsigned patterns;       /* of instructions for which `look` is called */
    Pattern sought[SOUGHT];

    /* Python. */
    void *thread; /* its state, while the guest runs and the GIL is let go; NULL while it is held */
    int64_t served_at; /* the count of instructions at the last exit to Python */
    PyObject *turn_begun; /* in a turn that Python has not heard of: to be called before anything else of it is */
    int64_t turn;
    PyObject *fail, *hypercall, *exception, *read, *write, *on_call, *on_load, *on_store, *closed_error, *closed_message;
    PyObject *look, *mixed; /* mixed: a set, of the numbers of pages that execute and are stored to */
    PyObject *functions[FUNCTIONS]; /* of on_call: found for these function identifiers, by their lowest bits */
    uint32_t identifiers[FUNCTIONS];
    uint8_t reads[ENCODINGS / 8], writes[ENCODINGS / 8]; /* system registers of which `read` and `write` are asked */
};

/* ---- Time by blocks ----------------------------------------------------------------------------------------------
 *
 * Unicorn calls on_block before each block, with its length, and looks after that whether it is to leave: a stop there
 * leaves the block unrun. So time costs one subtraction a block. A block that is longer than what is left is not begun;
 * the rest is run as a block of exactly so many instructions, which Unicorn makes, and keeps, by its cflags_next_tb.
 *
 * Whoever leaves amid a block settles: what of it has not run is given back to `left`. Whoever stops takes so much from
 * `left` that no block follows, so that on_block has one thing to ask.
 *
 * Unicorn writes the address of on_block's argument into the code of each block. Below 4 GiB it takes half the room, and
 * short blocks are a tenth quicker; so the host is asked for pages there. Those of all CPUs lie together, a line of the
 * cache each, for CPUs that take turns.
 */

enum { TIMES = 4096, LINE = 64 };
#define STOPPED ((int64_t)1 << 62) /* more than is ever left */
#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif

static Time *unused_times; /* linked by `next`; the GIL is held by whoever takes or gives one */

/* Makes more of them; 0 where there is no memory. They are kept for good, as many as there were CPUs at a time. */
static int make_times(void)
{
    int rights = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    uint8_t *page = mmap(NULL, TIMES, rights, flags | MAP_32BIT, -1, 0);
    if (page == MAP_FAILED)
        page = mmap(NULL, TIMES, rights, flags, -1, 0);
    if (page == MAP_FAILED)
        return 0;
    for (int at = TIMES - LINE; at >= 0; at -= LINE) {
        Time *time = (Time *)(page + at);
        time->next = unused_times;
        unused_times = time;
    }
    return 1;
}

static int take_time(Cpu *c)
{
    if (!unused_times && !make_times())
        return 0;
    c->time = unused_times;
    unused_times = c->time->next;
    *c->time = (Time){.cpu = c};
    return 1;
}

static void give_time_back(Cpu *c)
{
    if (!c->time)
        return;
    c->time->next = unused_times;
    unused_times = c->time;
    c->time = NULL;
}

static int64_t left(const Cpu *c)
{
    return c->time->left + (c->stop ? STOPPED : 0);
}

/* Lets no further block begin. */
static void stop(Cpu *c)
{
    if (!c->stop)
        c->time->left -= STOPPED;
    c->stop = 1;
}

/* Returns how much of the present block has run, when the instruction at pc counts or (before a code hook) not yet. */
static uint64_t done(const Cpu *c)
{
    return *c->pc - c->time->block + (c->before ? 0 : INSTRUCTION);
}

static int64_t counter(const Cpu *c)
{
    int64_t bytes = left(c);
    if (c->time->size)
        bytes += (int64_t)(c->time->size - done(c));
    return c->limit - (bytes >> 2);
}

static void settle(Time *time, uint64_t executed)
{
    time->left += (int64_t)(time->size - executed);
    time->size = 0;
}

/* Does not begin the block that on_block was called for. */
static __attribute__((noinline, cold)) void refuse(Time *time)
{
    settle(time, 0);
    time->cpu->cut = 1;
    time->cpu->emu_stop(time->cpu->uc);
}

/* Alignment keeps its branch off the end of a line of code, where some processors are slow. */
static __attribute__((aligned(64))) void on_block(void *uc, uint64_t pc, uint32_t size, Time *time)
{
    (void)uc;
    time->block = pc;
    time->size = size;
    time->left -= size;
    if (__builtin_expect(time->left < 0, 0))
        refuse(time);
}

/* Leaves amid a block, before the instruction at pc. */
static void leave(Cpu *c)
{
    settle(c->time, *c->pc - c->time->block);
    c->before = 0;
    c->cut = 1;
    c->emu_stop(c->uc);
}

/* After an MRS that Python has served: it may want to stop, or have less time, and no block ends there. */
static void on_code_after(void *uc, uint64_t pc, uint32_t size, Cpu *c)
{
    (void)uc, (void)pc, (void)size;
    if (c->time->size && c->time->left < 0)
        leave(c);
}

/* Settles on an exception. */
static void settle_on_exception(Cpu *c, uint32_t number)
{
    if (!c->time->size)
        return;
    uint64_t executed = *c->pc - c->time->block; /* pc is after these: */
    uint32_t ec = *c->syndrome >> ESR_EC;
    if (number == PREFETCH_ABORT)
        executed = c->time->size; /* of the block before, which is complete */
    else if (ec == EC_STEP_LOWER || ec == EC_STEP_SAME)
        executed = *c->syndrome & ISS_ISV ? INSTRUCTION : 0; /* a block of one, or the exception was due before it */
    else if (number != SVC && number != HVC && number != SMC)
        executed += INSTRUCTION;
    settle(c->time, executed);
}

/* ---- Calls into Python ------------------------------------------------------------------------------------------- */

/* The GIL is let go while the guest runs, but not between exits that follow each other closely: this costs as much as
 * to serve one. Whether the next exit is close is guessed by the last one. Where that is wrong the GIL is held
 * until the slice ends, which is never more than some milliseconds away; and while an exit is served Python itself lets
 * it go when another thread wants it. */
static void take_gil(Cpu *c)
{
    if (c->thread)
        PyEval_RestoreThread(c->thread);
    c->thread = NULL;
}

static void let_gil_go(Cpu *c)
{
    int64_t now = counter(c);
    if (now - c->served_at > CLOSE || c->limit - now > HELD)
        c->thread = PyEval_SaveThread();
    c->served_at = now;
}

/* Calls a function, which may have itself replaced meanwhile: it stays until it has returned. */
static PyObject *call(PyObject *function, PyObject **arguments, size_t n)
{
    Py_IncRef(function);
    PyObject *result = PyObject_Vectorcall(function, arguments, n, NULL);
    Py_DecRef(function);
    return result;
}

/* Hands the exception that Python has raised to Slices.fail(). Ctrl-C may come in there as well: then once more. */
static void failed(Cpu *c)
{
    for (int attempt = 0; attempt < 4; attempt++) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_NormalizeException(&type, &value, &traceback);
        if (traceback)
            PyException_SetTraceback(value, traceback);
        PyObject *result = call(c->fail, &value, 1);
        Py_DecRef(type), Py_DecRef(value), Py_DecRef(traceback);
        if (result) {
            Py_DecRef(result);
            return;
        }
    }
    PyErr_WriteUnraisable(c->fail);
    stop(c);
}

/* Calls; says whether the result is true. An exception is kept, and counts as true: it has been dealt with. */
static int asked(Cpu *c, PyObject *function, PyObject **arguments, size_t n)
{
    PyObject *result = call(function, arguments, n);
    int truth = result ? PyObject_IsTrue(result) : -1;
    Py_DecRef(result);
    if (truth < 0)
        failed(c);
    return truth != 0;
}

/* Tells Python of the turn that runs, if it has not heard of it. */
static void tell_of_turn(Cpu *c)
{
    PyObject *begun = c->turn_begun;
    if (!begun)
        return;
    c->turn_begun = NULL;
    PyObject *number = PyLong_FromLongLong(c->turn);
    asked(c, begun, &number, 1);
    Py_DecRef(number);
}

/* Takes the GIL to call a function of the engine's, or of EL2's. */
static void enter_python(Cpu *c)
{
    take_gil(c);
    tell_of_turn(c);
}

/* Says whether one of the functions that EL2 may have set is there. */
static int is_set(const PyObject *function)
{
    return function && function != &_Py_NoneStruct;
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static const Region *region(const Cpu *c, uint64_t ipa)
{
    for (unsigned n = 0; n < c->regions; n++)
        if (ipa - c->memory[n].base < c->memory[n].size)
            return &c->memory[n];
    return NULL;
}

/* Returns the memory that holds the code at a virtual address; NULL where there is none, or none is known of. */
static const uint8_t *code_at(Cpu *c, uint64_t va)
{
    uint64_t ipa = va;
    if (*c->sctlr_el1 & SCTLR_M && c->translate(c->uc, va, UC_PROT_EXEC, &ipa))
        return NULL;
    const Region *code = region(c, ipa);
    return code ? code->bytes + (ipa - code->base) : NULL;
}

/* ---- Device accesses ---------------------------------------------------------------------------------------------
 *
 * A plain access moves one general register, without writeback: ESR_EL2.ISS says all of it (DDI 0487, ISS encoding for
 * data aborts), and on_load or on_store serves it. What is anything else, or has to be looked at more closely, is left
 * to the engine's Python, which knows every kind (harness/engine/plain_accesses.py, harness/engine/mmio).
 */

/* Says whether a word is a load or store of one general register: unscaled, unprivileged, or with an offset that is an
 * immediate or a register (C4.1.94). Unicorn sets ISV for the forms with writeback, too, and before it has written. */
static int is_plain(uint32_t word)
{
    if ((word & 0x3f000000) == 0x39000000)
        return 1;
    return (word & 0x3f200400) == 0x38000000 || (word & 0x3f200c00) == 0x38200800;
}

/* Returns the address that such a word is about to access. */
static uint64_t address(const Cpu *c, uint32_t word)
{
    unsigned scale = word >> 30, m = word >> 16 & 31, option = word >> 13 & 7;
    uint64_t base = c->x[word >> 5 & 31]; /* 31 is SP */
    if (word & 1 << 24)
        return base + ((uint64_t)(word >> 10 & 0xfff) << scale);
    if (!(word & 1 << 21))
        return base + (uint64_t)((int64_t)((uint64_t)word << 43) >> 55); /* imm9, signed */
    uint64_t offset = m == 31 ? 0 : c->x[m];
    if (!(option & 1)) /* UXTW, SXTW */
        offset = option & 4 ? (uint64_t)(int32_t)offset : (uint32_t)offset;
    return base + (word & 1 << 12 ? offset << scale : offset);
}

/* Returns the instruction at pc; 0, which is none, where there is no memory. */
static uint32_t instruction(Cpu *c)
{
    const uint8_t *code = code_at(c, *c->pc);
    uint32_t word = 0;
    if (code)
        memcpy(&word, code, sizeof word);
    return word;
}

/* Says whether the instruction at pc is a plain access, all of which is in the page where it has stopped. */
static int is_plain_here(Cpu *c, unsigned size)
{
    uint64_t offset = *c->fault_address & (PAGE - 1);
    uint32_t word = instruction(c);
    return is_plain(word) && offset == (address(c, word) & (PAGE - 1)) && offset + size <= PAGE;
}

/* Asks on_load; says whether it has served the load. */
static int served_load(Cpu *c, PyObject **address_and_size, uint32_t iss, unsigned size)
{
    PyObject *result = call(c->on_load, address_and_size, 2);
    int overflow = 0;
    long long small = result ? PyLong_AsLongLongAndOverflow(result, &overflow) : 0;
    uint64_t value = overflow > 0 ? PyLong_AsUnsignedLongLongMask(result) : (uint64_t)small;
    Py_DecRef(result);
    if (PyErr_Occurred()) {
        failed(c);
        return 1;
    }
    if (small < 0 && overflow <= 0)
        return 0;
    if (iss & ISS_SSE && value >> (8 * size - 1))
        value |= ~0ull << (8 * size - 1);
    unsigned n = iss >> ISS_SRT & 31;
    if (n != 31)
        c->x[n] = iss & ISS_SF ? value : (uint32_t)value;
    *c->pc += INSTRUCTION;
    return 1;
}

/* Asks on_store; says whether it has served the store. */
static int served_store(Cpu *c, PyObject **address_and_size, uint32_t iss, unsigned size)
{
    unsigned n = iss >> ISS_SRT & 31;
    uint64_t value = n == 31 ? 0 : size == 8 ? c->x[n] : c->x[n] & ((1ull << 8 * size) - 1);
    PyObject *arguments[] = {address_and_size[0], address_and_size[1], PyLong_FromUnsignedLongLong(value)};
    PyObject *result = call(c->on_store, arguments, 3);
    int served = result ? PyObject_IsTrue(result) : -1;
    Py_DecRef(arguments[2]), Py_DecRef(result);
    if (served < 0)
        failed(c);
    else if (served)
        *c->pc += INSTRUCTION;
    return served != 0;
}

/* Serves a data abort to EL2; says whether that was done. */
static int served_access(Cpu *c)
{
    c->asked = 0;
    uint32_t iss = *c->syndrome;
    if (iss >> ESR_EC != EC_DATA_ABORT_LOWER || *c->target_level != 2 || (iss & (ISS_ISV | ISS_S1PTW)) != ISS_ISV)
        return 0;
    unsigned size = 1u << (iss >> ISS_SAS & 3);
    uint64_t ipa = (*c->hpfar_el2 & HPFAR_FIPA) << 8 | (*c->fault_address & (PAGE - 1));
    if (!is_set(iss & ISS_WNR ? c->on_store : c->on_load) || c->watched || c->has_more_memory || *c->pstate & PSTATE_SS ||
        *c->sctlr_el1 & (SCTLR_EE | SCTLR_E0E) || region(c, ipa) || !is_plain_here(c, size))
        return 0;
    enter_python(c);
    PyObject *arguments[] = {PyLong_FromUnsignedLongLong(ipa), PyLong_FromLongLong(size)};
    int served = (iss & ISS_WNR ? served_store : served_load)(c, arguments, iss, size);
    Py_DecRef(arguments[0]), Py_DecRef(arguments[1]);
    let_gil_go(c);
    c->asked = !served;
    return served;
}

/* ---- Cache maintenance -------------------------------------------------------------------------------------------
 *
 * HCR_EL2.TPU traps it, since what Unicorn has translated may be stale. DC CVAU makes nothing so, and IC IVAU only what
 * lies in a page that executes and is stored to. There are few of those, and kernels patch themselves line by line.
 */

/* ESR_ELx of a trapped System instruction, but for Rt. */
#define SYSTEM_ESR(op0, op1, crn, crm, op2) \
    (0x18u << ESR_EC | 1u << 25 | (op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
enum { ESR_RT = 5 };

/* Says whether a page, by its IPA, is such a one, or may be. */
static int is_mixed(Cpu *c, uint64_t ipa)
{
    take_gil(c);
    PyObject *number = PyLong_FromUnsignedLongLong(ipa / PAGE);
    int found = number ? PySet_Contains(c->mixed, number) : -1;
    Py_DecRef(number);
    if (found < 0)
        failed(c);
    let_gil_go(c);
    return found != 0;
}

/* Passes over maintenance that has nothing to do; says whether it was that. */
static int served_maintenance(Cpu *c)
{
    uint32_t esr = *c->syndrome, operation = esr & ~(31u << ESR_RT);
    unsigned n = esr >> ESR_RT & 31;
    if (*c->target_level != 2 || *c->pstate & PSTATE_SS || !c->mixed)
        return 0;
    if (operation == SYSTEM_ESR(1, 3, 7, 5, 1)) { /* IC IVAU */
        uint64_t va = n == 31 ? 0 : c->x[n], ipa = va;
        if (*c->sctlr_el1 & SCTLR_M && c->translate(c->uc, va, UC_PROT_READ, &ipa))
            return 0;
        if (is_mixed(c, ipa))
            return 0;
    } else if (operation != SYSTEM_ESR(1, 3, 7, 11, 1)) { /* DC CVAU */
        return 0;
    }
    *c->pc += INSTRUCTION;
    return 1;
}

/* ---- New blocks --------------------------------------------------------------------------------------------------
 *
 * Unicorn tells of a new block when the one before it has run to its end, and before its own first run. The engine looks
 * at it (harness/engine/completions/translation_checks.py) if it has an instruction that somebody looks for.
 */

static int in_set(const uint8_t *set, uint32_t n)
{
    return set[n >> 3] >> (n & 7) & 1;
}

/* Says whether a word is the MRS of a register that Python serves. */
static int is_served_read(const Cpu *c, uint32_t word)
{
    uint32_t which = word >> 5 & 0xffff;
    if ((word & 0xfff00000) != 0xd5300000 || !in_set(c->reads, which))
        return 0;
    return !c->counts || (which != CNTPCT_EL0 && which != CNTVCT_EL0);
}

/* Says whether a block may have an instruction that is looked for. */
static int is_sought(Cpu *c, uint64_t pc, uint64_t size)
{
    if (pc % INSTRUCTION || c->has_more_memory)
        return 1;
    const uint8_t *code = code_at(c, pc);
    if (size > PAGE - pc % PAGE)
        size = PAGE - pc % PAGE;
    for (; code && size >= INSTRUCTION; code += INSTRUCTION, size -= INSTRUCTION) {
        uint32_t word;
        memcpy(&word, code, sizeof word);
        if (is_served_read(c, word))
            return 1;
        for (unsigned n = 0; n < c->patterns; n++)
            if ((word & c->sought[n].mask) == c->sought[n].value)
                return 1;
    }
    return 0;
}

static void on_new_block(void *uc, const Block *block, const Block *previous, Time *time)
{
    Cpu *c = time->cpu;
    (void)uc, (void)previous;
    time->size = 0;
    if (!is_set(c->look) || !is_sought(c, block->pc, block->size))
        return;
    enter_python(c);
    PyObject *arguments[] = {PyLong_FromUnsignedLongLong(block->pc), PyLong_FromLongLong(block->size)};
    asked(c, c->look, arguments, 2);
    Py_DecRef(arguments[0]), Py_DecRef(arguments[1]);
    let_gil_go(c);
}

/* ---- Exceptions -------------------------------------------------------------------------------------------------- */

/* Takes SVC to EL1 as the CPU model does it (AArch64.TakeException), but for the flags, which it would clear. */
static void enter_el1(Cpu *c)
{
    uint8_t flags[16];
    memcpy(flags, c->flags, sizeof flags);
    c->do_interrupt(c->cpu);
    memcpy(c->flags, flags, sizeof flags);
    c->entered_at = c->base + (uint64_t)counter(c);
    c->entered_vector = *c->pc;
}

/* Returns who is asked first about a call, None for nobody; NULL with an exception. A guest uses few functions. */
static PyObject *who_is_asked(Cpu *c, uint32_t w0)
{
    PyObject **function = &c->functions[w0 % FUNCTIONS];
    if (!*function || c->identifiers[w0 % FUNCTIONS] != w0) {
        PyObject *key = PyLong_FromUnsignedLongLong(w0), *found = PyDict_GetItemWithError(c->on_call, key);
        Py_DecRef(key);
        if (PyErr_Occurred())
            return NULL;
        keep(function, found ? found : &_Py_NoneStruct);
        c->identifiers[w0 % FUNCTIONS] = w0;
    }
    return *function;
}

/* HVC #0: the function of on_call is asked first, with x1 to x3. */
static int served_call(Cpu *c)
{
    PyObject *function = who_is_asked(c, (uint32_t)c->x[0]);
    if (!function) {
        failed(c);
        return 1;
    }
    if (!is_set(function))
        return 0;
    PyObject *room_and_x[4], **x = room_and_x + 1;
    for (int n = 0; n < 3; n++)
        x[n] = PyLong_FromUnsignedLongLong(c->x[1 + n]);
    int served = asked(c, function, x, 3 | ARGUMENTS_OFFSET);
    for (int n = 0; n < 3; n++)
        Py_DecRef(x[n]);
    return served;
}

static void on_exception(void *uc, uint32_t number, Cpu *c)
{
    (void)uc;
    settle_on_exception(c, number);
    c->event = 1; /* by the return from it */
    if (number == SVC && *c->target_level == 1) {
        enter_el1(c);
        return;
    }
    if (number == DATA_ABORT ? served_access(c) : served_maintenance(c))
        return;
    enter_python(c);
    if (number != HVC)
        asked(c, c->exception, NULL, 0);
    else if (!is_set(c->on_call) || *c->syndrome & IMM16 || !served_call(c))
        asked(c, c->hypercall, NULL, 0);
    let_gil_go(c);
}

/* ---- MRS and MSR (register) --------------------------------------------------------------------------------------
 *
 * Unicorn asks about each; 0 means that it shall do it itself, 1 that it is done. pc is at the instruction.
 */

static void set_xt(Cpu *c, uint32_t reg, uint64_t value)
{
    int n = (int)reg - c->reg_x0;
    if (reg == (uint32_t)c->reg_x29)
        n = 29;
    else if (reg == (uint32_t)c->reg_x30)
        n = 30;
    if (n >= 0 && n <= 30)
        c->x[n] = value; /* else XZR */
}

static uint64_t now(const Cpu *c)
{
    return c->time_offset + c->time_rate * (c->base + (uint64_t)counter(c));
}

/* Reads CNTPCT_EL0 or CNTVCT_EL0; 0 where CNTKCTL_EL1 does not let EL0 do so, which is Unicorn's to trap. */
static uint32_t read_count(Cpu *c, uint32_t reg, uint32_t which)
{
    if (!(*c->pstate & 0xc)) {
        c->reg_read(c->uc, c->reg_cp, &c->cntkctl);
        if (!(c->cntkctl.value & (which == CNTPCT_EL0 ? 1 : 2))) /* EL0PCTEN, EL0VCTEN */
            return 0;
    }
    set_xt(c, reg, which == CNTVCT_EL0 ? now(c) - c->virtual_offset : now(c));
    return 1;
}

/* Asks read(0, register, cp_reg, 0) or write(...), as one of ctypes' callbacks would be. */
static uint32_t ask(Cpu *c, PyObject *function, uint32_t reg, const SystemRegister *r)
{
    enter_python(c);
    PyObject *zero = PyLong_FromLongLong(0), *number = PyLong_FromLongLong(reg);
    PyObject *address = PyLong_FromUnsignedLongLong((uintptr_t)r);
    PyObject *arguments[] = {zero, number, address, zero};
    PyObject *result = call(function, arguments, 4);
    uint32_t answer = result ? (uint32_t)PyLong_AsUnsignedLongLongMask(result) : 1;
    if (PyErr_Occurred()) {
        failed(c);
        answer = 1;
    }
    Py_DecRef(zero), Py_DecRef(number), Py_DecRef(address), Py_DecRef(result);
    let_gil_go(c);
    return answer;
}

static uint32_t on_mrs(void *uc, uint32_t reg, const SystemRegister *r, Cpu *c)
{
    (void)uc;
    uint32_t which = encoding(r);
    if (!in_set(c->reads, which))
        return 0;
    if (c->counts && (which == CNTPCT_EL0 || which == CNTVCT_EL0))
        return read_count(c, reg, which);
    return ask(c, c->read, reg, r);
}

static uint32_t on_msr(void *uc, uint32_t reg, const SystemRegister *r, Cpu *c)
{
    (void)uc;
    return in_set(c->writes, encoding(r)) ? ask(c, c->write, reg, r) : 0;
}

/* ---- Running ----------------------------------------------------------------------------------------------------- */

/* Runs from pc until time is up or somebody stops; returns a uc_err. The GIL has been let go. */
static int run(Cpu *c, uint64_t pc)
{
    Time *time = c->time;
    uint32_t only = time->left == INSTRUCTION ? 1 : (uint32_t)NO_COUNT;
    for (;;) {
        c->cut = 0;
        *c->next_block = only;
        int status = c->emu_start(c->uc, pc, FOREVER, 0, 0);
        *c->next_block = (uint32_t)NO_COUNT;
        if (time->size) /* complete, or not begun: who leaves amid a block has settled */
            settle(time, *c->pc == time->block ? 0 : time->size);
        if (status || c->stop || !c->cut)
            return status;
        if (time->left <= 0) {
            c->expired = 1;
            return status;
        }
        pc = *c->pc;
        int64_t rest = time->left / INSTRUCTION;
        only = rest <= LONGEST_COUNT ? (uint32_t)rest : (uint32_t)NO_COUNT;
    }
}

static void begin(Cpu *c, int64_t count)
{
    c->limit = count;
    c->time->left = count * INSTRUCTION;
    c->time->size = 0;
    c->before = 0;
    c->stop = 0;
    c->expired = 0;
    c->served_at = 0;
}

/* Ends a slice of which nothing is left to do. */
static void end(Cpu *c)
{
    c->base += (uint64_t)c->limit;
    c->time->left = c->limit * INSTRUCTION;
}

/* ---- The object: harness.engine.native._cpu.Cpu ------------------------------------------------------------------ */

static int is_closed(const Cpu *c)
{
    if (!c->x)
        PyErr_SetObject(c->closed_error, c->closed_message);
    return !c->x;
}

/* Returns an unsigned value of 64 bits; sets *bad, with a TypeError or a ValueError, for anything else. */
static uint64_t word(PyObject *value, int *bad)
{
    uint64_t found = PyLong_AsUnsignedLongLong(value);
    *bad = found == UINT64_MAX && PyErr_Occurred();
    if (*bad && PyErr_ExceptionMatches(PyExc_OverflowError))
        PyErr_SetString(PyExc_ValueError, "not an unsigned value of 64 bits");
    return found;
}

/* Says whether there are as many arguments as there should be; else a TypeError. */
static int has(Py_ssize_t n, Py_ssize_t wanted)
{
    if (n != wanted)
        PyErr_SetString(PyExc_TypeError, "another number of arguments is needed");
    return n == wanted;
}

static PyObject *cpu_connect(Cpu *c, PyObject *arguments)
{
    unsigned long long uc, cpu, env, start, stop, add, read, write, translate, interrupt;
    unsigned x, exception, hpfar, sctlr, flags, next;
    PyObject *fail, *closed_error, *closed_message;
    if (!PyArg_ParseTuple(arguments, "(KKK)(KKKKKKK)(IIIIII)(iiiiii)OOO", &uc, &cpu, &env, &start, &stop, &add, &read, &write,
                          &translate, &interrupt, &x, &exception, &hpfar, &sctlr, &flags, &next, &c->reg_cp, &c->reg_x0, &c->reg_x29,
                          &c->reg_x30, &c->insn_mrs, &c->insn_msr, &fail, &closed_error, &closed_message))
        return NULL;
    if (!take_time(c)) {
        PyErr_SetString(PyExc_MemoryError, "no page for a CPU's time");
        return NULL;
    }
    uint8_t *state = (uint8_t *)(uintptr_t)env;
    c->uc = (void *)(uintptr_t)uc;
    c->cpu = (void *)(uintptr_t)cpu;
    c->emu_start = (void *)(uintptr_t)start;
    c->emu_stop = (void *)(uintptr_t)stop;
    c->hook_add = (void *)(uintptr_t)add;
    c->reg_read = (void *)(uintptr_t)read;
    c->reg_write = (void *)(uintptr_t)write;
    c->translate = (void *)(uintptr_t)translate;
    c->do_interrupt = (void *)(uintptr_t)interrupt;
    c->x = (uint64_t *)(state + x);
    c->pc = c->x + 32; /* x0 to x30, SP, PC, PSTATE */
    c->pstate = (uint32_t *)(c->x + 33);
    c->syndrome = (uint32_t *)(state + exception);
    c->fault_address = (uint64_t *)(state + exception + 8);
    c->target_level = (uint32_t *)(state + exception + 16);
    c->hpfar_el2 = (uint64_t *)(state + hpfar);
    c->sctlr_el1 = (uint64_t *)(state + sctlr);
    c->flags = state + flags;
    c->next_block = (uint32_t *)((uint8_t *)c->cpu + next);
    c->hcr = (SystemRegister){1, 1, 3, 4, 0, 0};      /* HCR_EL2 */
    c->cntkctl = (SystemRegister){14, 1, 3, 0, 0, 0}; /* CNTKCTL_EL1 */
    c->entered_at = c->entered_vector = UINT64_MAX;
    keep(&c->fail, fail);
    keep(&c->closed_error, closed_error);
    keep(&c->closed_message, closed_message);
    size_t hook;
    int status = c->hook_add(c->uc, &hook, HOOK_BLOCK, on_block, c->time, (uint64_t)1, (uint64_t)0);
    status = status ? status : c->hook_add(c->uc, &hook, HOOK_EDGE_GENERATED, on_new_block, c->time, (uint64_t)1, (uint64_t)0);
    return PyLong_FromLongLong(status);
}

static PyObject *cpu_disconnect(Cpu *c, PyObject *unused)
{
    (void)unused;
    c->x = NULL;
    return none();
}

static PyObject *cpu_hook_exceptions(Cpu *c, PyObject *arguments)
{
    PyObject *hypercall, *exception;
    size_t hook;
    if (is_closed(c) || !PyArg_ParseTuple(arguments, "OO", &hypercall, &exception))
        return NULL;
    keep(&c->hypercall, hypercall);
    keep(&c->exception, exception);
    return PyLong_FromLongLong(c->hook_add(c->uc, &hook, HOOK_INTR, on_exception, c, (uint64_t)1, (uint64_t)0));
}

/* Notes registers as members of a set: pairs of bytes, each one's ENCODING. */
static int make_set(uint8_t *set, PyObject *bytes)
{
    const uint8_t *encodings;
    Py_ssize_t n;
    if (PyBytes_AsStringAndSize(bytes, (char **)&encodings, &n) < 0)
        return -1;
    for (Py_ssize_t k = 0; k + 1 < n; k += 2) {
        unsigned which = encodings[k] | encodings[k + 1] << 8;
        set[which >> 3] |= (uint8_t)(1 << (which & 7));
    }
    return 0;
}

static PyObject *cpu_hook_registers(Cpu *c, PyObject *arguments)
{
    PyObject *read, *reads, *write, *writes;
    size_t hook;
    if (is_closed(c) || !PyArg_ParseTuple(arguments, "OOOO", &read, &reads, &write, &writes) ||
        make_set(c->reads, reads) < 0 || make_set(c->writes, writes) < 0)
        return NULL;
    keep(&c->read, read);
    keep(&c->write, write);
    int status = c->hook_add(c->uc, &hook, HOOK_INSN, on_mrs, c, (uint64_t)1, (uint64_t)0, c->insn_mrs);
    status = status ? status : c->hook_add(c->uc, &hook, HOOK_INSN, on_msr, c, (uint64_t)1, (uint64_t)0, c->insn_msr);
    return PyLong_FromLongLong(status);
}

static PyObject *cpu_hook_new_blocks(Cpu *c, PyObject *look)
{
    if (is_closed(c))
        return NULL;
    keep(&c->look, look);
    return none();
}

/* Gets pairs of words, as bytes: a mask and a value. */
static PyObject *cpu_look_for(Cpu *c, PyObject *pairs)
{
    const char *bytes;
    Py_ssize_t n;
    if (is_closed(c) || PyBytes_AsStringAndSize(pairs, (char **)&bytes, &n) < 0)
        return NULL;
    if (n > (Py_ssize_t)sizeof c->sought) {
        PyErr_SetString(PyExc_ValueError, "more patterns than there is room for");
        return NULL;
    }
    memcpy(c->sought, bytes, (size_t)n);
    c->patterns = (unsigned)n / sizeof *c->sought;
    return none();
}

static PyObject *cpu_serve_maintenance(Cpu *c, PyObject *mixed)
{
    if (is_closed(c) || PySet_Size(mixed) < 0) /* a TypeError for what is no set */
        return NULL;
    keep(&c->mixed, mixed);
    return none();
}

static PyObject *cpu_hook_after(Cpu *c, PyObject *address)
{
    int bad;
    size_t hook;
    uint64_t va = word(address, &bad);
    if (bad || is_closed(c))
        return NULL;
    return PyLong_FromLongLong(c->hook_add(c->uc, &hook, HOOK_CODE, on_code_after, c, va, va));
}

/* Tells of memory that the CPU has at a physical address, which is its IPA. */
static PyObject *cpu_map(Cpu *c, PyObject *arguments)
{
    unsigned long long base, size, bytes;
    if (is_closed(c) || !PyArg_ParseTuple(arguments, "KKK", &base, &size, &bytes))
        return NULL;
    if (c->regions < REGIONS)
        c->memory[c->regions++] = (Region){base, size, (const uint8_t *)(uintptr_t)bytes};
    else
        c->has_more_memory = 1;
    return none();
}

static PyObject *cpu_start(Cpu *c, PyObject *const *arguments, Py_ssize_t n)
{
    int bad = !has(n, 2);
    uint64_t pc = bad ? 0 : word(arguments[0], &bad);
    int64_t count = bad ? 0 : PyLong_AsLongLong(arguments[1]);
    if (bad || is_closed(c) || PyErr_Occurred())
        return NULL;
    begin(c, count);
    c->thread = PyEval_SaveThread();
    int status = run(c, pc);
    take_gil(c);
    return PyLong_FromLongLong(status);
}

static PyObject *cpu_class; /* Cpu, of which each CPU is an instance */

/* Runs CPU after CPU, from the n-th on, a quantum each and `count` instructions in all, until something is left to do at
 * the end of a turn. Returns how many turns are complete, and the status of the one that is not: -1 if there is none.
 *
 * Python does not hear of a turn unless something happens in it: then begun(number) is called first, and it is Python's
 * to complete. */
static PyObject *cpu_take_turns(Cpu *self, PyObject *arguments)
{
    PyObject *ring, *begun;
    Py_ssize_t n;
    long long quantum, count;
    unsigned long long now, rate;
    if (!PyArg_ParseTuple(arguments, "OnLLKKO", &ring, &n, &quantum, &count, &now, &rate, &begun))
        return NULL;
    Cpu *cpus[RING];
    Py_ssize_t members = PyTuple_Size(ring);
    if (members < 1 || members > RING || n < 0 || quantum < 1 || count < 1) {
        PyErr_SetString(PyExc_ValueError, "no turns, or none to take them");
        return NULL;
    }
    for (Py_ssize_t k = 0; k < members; k++) {
        cpus[k] = (Cpu *)PyTuple_GetItem(ring, k);
        if (!PyType_IsSubtype(cpus[k]->head.type, cpu_class)) {
            PyErr_SetString(PyExc_TypeError, "not a CPU");
            return NULL;
        }
        if (is_closed(cpus[k]))
            return NULL;
    }
    int status = -1;
    int64_t turn = 0;
    Cpu *c = self;
    c->thread = PyEval_SaveThread();
    for (n %= members; count > 0; turn++) {
        void *thread = c->thread ? c->thread : PyEval_SaveThread();
        c->thread = NULL;
        c = cpus[n];
        n = n + 1 == members ? 0 : n + 1;
        begin(c, count < quantum ? count : quantum);
        c->time_offset = now - rate * c->base;
        c->time_rate = rate;
        c->turn = turn;
        c->turn_begun = begun;
        c->thread = thread;
        status = run(c, *c->pc);
        int untold = c->turn_begun != NULL;
        c->turn_begun = NULL;
        if (!untold || status || c->stop || !c->expired)
            break;
        end(c);
        status = -1;
        count -= c->limit;
        now += rate * (uint64_t)c->limit;
    }
    take_gil(c);
    return Py_BuildValue("Li", (long long)turn, status);
}

static PyObject *cpu_stop(Cpu *c, PyObject *unused)
{
    (void)unused;
    if (is_closed(c))
        return NULL;
    stop(c);
    if (!c->time->size) /* on an exception, or between two blocks */
        c->emu_stop(c->uc);
    return none();
}

static PyObject *cpu_arrive(Cpu *c, PyObject *unused)
{
    (void)unused;
    if (is_closed(c))
        return NULL;
    tell_of_turn(c);
    if (!c->time->size)
        return boolean(0); /* left already */
    if (c->time->left < 0) {
        leave(c);
        return boolean(0);
    }
    c->before = 1;
    return boolean(1);
}

static PyObject *cpu_ends_here(Cpu *c, PyObject *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : boolean(left(c) < 0 || counter(c) >= c->limit);
}

static PyObject *cpu_leave(Cpu *c, PyObject *unused)
{
    (void)unused;
    if (is_closed(c))
        return NULL;
    if (c->time->size)
        leave(c);
    return none();
}

static PyObject *cpu_proceed(Cpu *c, PyObject *unused)
{
    (void)unused;
    c->before = 0;
    return none();
}

static PyObject *cpu_write_hcr(Cpu *c, PyObject *value)
{
    int bad;
    uint64_t hcr = word(value, &bad);
    if (bad || is_closed(c))
        return NULL;
    c->hcr.value = hcr;
    return PyLong_FromLongLong(c->reg_write(c->uc, c->reg_cp, &c->hcr));
}

/* Gives a line in HCR_EL2 a level; says whether it was another. */
static PyObject *cpu_drive(Cpu *c, PyObject *const *arguments, Py_ssize_t n)
{
    int bad = !has(n, 2);
    uint64_t line = bad ? 0 : word(arguments[0], &bad);
    int high = bad ? -1 : PyObject_IsTrue(arguments[1]);
    if (high < 0 || is_closed(c))
        return NULL;
    uint64_t old = c->hcr.value, hcr = high ? old | line : old & ~line;
    if (hcr == old)
        return boolean(0);
    c->hcr.value = hcr;
    if (c->reg_write(c->uc, c->reg_cp, &c->hcr)) {
        PyErr_SetString(PyExc_RuntimeError, "Unicorn does not write HCR_EL2");
        return NULL;
    }
    c->event = 1; /* an interrupt may be taken, and returned from, unseen */
    return boolean(1);
}

static PyObject *cpu_answer(Cpu *c, PyObject *const *x, Py_ssize_t n)
{
    int bad = !has(n, 2);
    uint64_t x0 = bad ? 0 : word(x[0], &bad), x1 = bad ? 0 : word(x[1], &bad);
    if (bad || is_closed(c))
        return NULL;
    c->x[0] = x0;
    c->x[1] = x1;
    c->x[2] = c->x[3] = 0;
    return none();
}

static PyObject *cpu_serve_counts(Cpu *c, PyObject *value)
{
    int bad;
    uint64_t offset = word(value, &bad);
    if (bad || is_closed(c))
        return NULL;
    c->virtual_offset = offset;
    c->counts = 1;
    return none();
}

static PyObject *cpu_set_time(Cpu *c, PyObject *const *arguments, Py_ssize_t n)
{
    if (!has(n, 2) || is_closed(c))
        return NULL;
    c->time_offset = PyLong_AsUnsignedLongLongMask(arguments[0]); /* which may be negative */
    c->time_rate = PyLong_AsUnsignedLongLongMask(arguments[1]);
    return PyErr_Occurred() ? NULL : none();
}

static PyObject *cpu_syndrome(Cpu *c, PyObject *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromUnsignedLongLong(*c->syndrome);
}

static PyObject *cpu_fault_address(Cpu *c, PyObject *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromUnsignedLongLong(*c->fault_address);
}

static PyObject *cpu_fault_page(Cpu *c, PyObject *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromUnsignedLongLong((*c->hpfar_el2 & HPFAR_FIPA) << 8);
}

static PyObject *cpu_stage1(Cpu *c, PyObject *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : boolean(*c->sctlr_el1 & 1);
}

static PyObject *cpu_target_level(Cpu *c, PyObject *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromUnsignedLongLong(*c->target_level);
}

static PyMethodDef methods[] = {
    {"connect", cpu_connect, METH_VARARGS, NULL},
    {"disconnect", cpu_disconnect, METH_NOARGS, NULL},
    {"hook_exceptions", cpu_hook_exceptions, METH_VARARGS, NULL},
    {"hook_registers", cpu_hook_registers, METH_VARARGS, NULL},
    {"hook_new_blocks", cpu_hook_new_blocks, METH_O, NULL},
    {"look_for", cpu_look_for, METH_O, NULL},
    {"serve_maintenance", cpu_serve_maintenance, METH_O, NULL},
    {"hook_after", cpu_hook_after, METH_O, NULL},
    {"map", cpu_map, METH_VARARGS, NULL},
    {"start", cpu_start, METH_FASTCALL, NULL},
    {"take_turns", cpu_take_turns, METH_VARARGS, NULL},
    {"stop", cpu_stop, METH_NOARGS, NULL},
    {"stop_after", cpu_stop, METH_NOARGS, NULL},
    {"arrive", cpu_arrive, METH_NOARGS, NULL},
    {"ends_here", cpu_ends_here, METH_NOARGS, NULL},
    {"leave", cpu_leave, METH_NOARGS, NULL},
    {"proceed", cpu_proceed, METH_NOARGS, NULL},
    {"write_hcr", cpu_write_hcr, METH_O, NULL},
    {"drive", cpu_drive, METH_FASTCALL, NULL},
    {"answer", cpu_answer, METH_FASTCALL, NULL},
    {"serve_counts", cpu_serve_counts, METH_O, NULL},
    {"set_time", cpu_set_time, METH_FASTCALL, NULL},
    {"syndrome", cpu_syndrome, METH_NOARGS, NULL},
    {"fault_address", cpu_fault_address, METH_NOARGS, NULL},
    {"fault_page", cpu_fault_page, METH_NOARGS, NULL},
    {"stage1", cpu_stage1, METH_NOARGS, NULL},
    {"target_level", cpu_target_level, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}};

static PyObject *get_pc(Cpu *c, void *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromUnsignedLongLong(*c->pc);
}

static int set_pc(Cpu *c, PyObject *value, void *unused)
{
    (void)unused;
    int bad = 1;
    uint64_t pc = value ? word(value, &bad) : 0;
    if (bad || is_closed(c))
        return -1;
    *c->pc = pc;
    return 0;
}

static PyObject *get_sp(Cpu *c, void *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromUnsignedLongLong(c->x[31]);
}

static int set_sp(Cpu *c, PyObject *value, void *unused)
{
    (void)unused;
    int bad = 1;
    uint64_t sp = value ? word(value, &bad) : 0;
    if (bad || is_closed(c))
        return -1;
    c->x[31] = sp;
    return 0;
}

static PyObject *get_level(Cpu *c, void *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromLongLong(*c->pstate >> 2 & 3);
}

static PyObject *get_counter(Cpu *c, void *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromLongLong(counter(c));
}

static int set_counter(Cpu *c, PyObject *value, void *unused)
{
    (void)unused;
    int64_t wanted = value ? PyLong_AsLongLong(value) : 0;
    if (!value || is_closed(c) || (wanted == -1 && PyErr_Occurred()))
        return -1;
    c->time->left += (counter(c) - wanted) * INSTRUCTION;
    return 0;
}

static PyObject *get_retired(Cpu *c, void *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromUnsignedLongLong(c->base + (uint64_t)counter(c));
}

static PyObject *get_limit(Cpu *c, void *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromLongLong(c->limit);
}

static int set_limit(Cpu *c, PyObject *value, void *unused)
{
    (void)unused;
    int64_t limit = value ? PyLong_AsLongLong(value) : 0;
    if (!value || is_closed(c) || (limit == -1 && PyErr_Occurred()))
        return -1;
    c->time->left += (limit - c->limit) * INSTRUCTION;
    c->limit = limit;
    return 0;
}

static PyObject *get_now(Cpu *c, void *unused)
{
    (void)unused;
    return is_closed(c) ? NULL : PyLong_FromUnsignedLongLong(now(c));
}

static void forget_functions(Cpu *c)
{
    for (size_t n = 0; n < FUNCTIONS; n++) {
        PyObject *function = c->functions[n];
        c->functions[n] = NULL;
        Py_DecRef(function);
    }
}

static PyObject *get_on_call(Cpu *c, void *unused)
{
    (void)unused;
    PyObject *functions = c->on_call ? c->on_call : &_Py_NoneStruct;
    Py_IncRef(functions);
    return functions;
}

static int set_on_call(Cpu *c, PyObject *functions, void *unused)
{
    (void)unused;
    keep(&c->on_call, functions ? functions : &_Py_NoneStruct);
    forget_functions(c);
    return 0;
}

static PyGetSetDef computed[] = {
    {"now", get_now, NULL, NULL, NULL},
    {"on_call", get_on_call, set_on_call, NULL, NULL},
    {"pc", get_pc, set_pc, NULL, NULL},
    {"sp", get_sp, set_sp, NULL, NULL},
    {"level", get_level, NULL, NULL, NULL},
    {"counter", get_counter, set_counter, NULL, NULL},
    {"retired", get_retired, NULL, NULL, NULL},
    {"limit", get_limit, set_limit, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static PyMemberDef members[] = {
    {"base", T_ULONGLONG, offsetof(Cpu, base), 0, NULL},
    {"counts", T_BOOL, offsetof(Cpu, counts), READONLY, NULL},
    {"expired", T_BOOL, offsetof(Cpu, expired), READONLY, NULL},
    {"event", T_BOOL, offsetof(Cpu, event), 0, NULL},
    {"entered_at", T_ULONGLONG, offsetof(Cpu, entered_at), 0, NULL},
    {"entered_vector", T_ULONGLONG, offsetof(Cpu, entered_vector), 0, NULL},
    {"on_load", T_OBJECT, offsetof(Cpu, on_load), 0, NULL},
    {"on_store", T_OBJECT, offsetof(Cpu, on_store), 0, NULL},
    {"hcr", T_ULONGLONG, offsetof(Cpu, hcr) + offsetof(SystemRegister, value), READONLY, NULL},
    {"asked", T_BOOL, offsetof(Cpu, asked), READONLY, NULL},
    {"watched", T_BOOL, offsetof(Cpu, watched), 0, NULL},
    {NULL, 0, 0, 0, NULL}};

static int cpu_clear(Cpu *c)
{
    PyObject **held[] = {&c->fail,     &c->hypercall,    &c->exception,      &c->read, &c->write, &c->on_call, &c->on_load,
                         &c->on_store, &c->closed_error, &c->closed_message, &c->look, &c->mixed};
    for (size_t n = 0; n < sizeof held / sizeof *held; n++) {
        PyObject *object = *held[n];
        *held[n] = NULL;
        Py_DecRef(object);
    }
    forget_functions(c);
    return 0;
}

static int cpu_traverse(Cpu *c, PyVisit visit, void *argument)
{
    PyObject *held[] = {c->head.type, c->fail,     c->hypercall,    c->exception,      c->read, c->write, c->on_call,
                        c->on_load,   c->on_store, c->closed_error, c->closed_message, c->look, c->mixed};
    for (size_t n = 0; n < sizeof held / sizeof *held; n++) {
        int result = held[n] ? visit(held[n], argument) : 0;
        if (result)
            return result;
    }
    for (size_t n = 0; n < FUNCTIONS; n++) {
        int result = c->functions[n] ? visit(c->functions[n], argument) : 0;
        if (result)
            return result;
    }
    return 0;
}

static void cpu_dealloc(Cpu *c)
{
    PyObject *type = c->head.type;
    void (*release)(void *) = (void (*)(void *))PyType_GetSlot(type, TP_FREE);
    PyObject_GC_UnTrack(c);
    cpu_clear(c);
    give_time_back(c);
    release(c);
    Py_DecRef(type);
}

static PySlot cpu_slots[] = {
    {TP_NEW, PyType_GenericNew}, {TP_DEALLOC, cpu_dealloc}, {TP_TRAVERSE, cpu_traverse}, {TP_CLEAR, cpu_clear},
    {TP_METHODS, methods},       {TP_GETSET, computed},     {TP_MEMBERS, members},       {0, NULL}};

static PyType_Spec cpu_type = {"harness.engine.native._cpu.Cpu", sizeof(Cpu), 0, TPFLAGS_BASETYPE | TPFLAGS_HAVE_GC, cpu_slots};

#ifndef SOURCE /* a checksum of this file: compile.py gives it */
#define SOURCE 0
#endif

static int fill(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&cpu_type);
    keep(&cpu_class, type);
    int status = type ? PyModule_AddObjectRef(module, "Cpu", type) : -1;
    Py_DecRef(type);
    return status < 0 ? status : PyModule_AddIntConstant(module, "SOURCE", SOURCE);
}

static PySlot module_slots[] = {{MODULE_EXEC, fill}, {0, NULL}};
static PyModuleDef module = {.head = {1, NULL}, .name = "_cpu", .slots = module_slots};

__attribute__((visibility("default"))) PyObject *PyInit__cpu(void);
PyObject *PyInit__cpu(void)
{
    return PyModuleDef_Init(&module);
}
