// SPDX-License-Identifier: MIT
// The program that runs at EL0, and the way there and back. It is copied to a page of its own, so it is written
// to run at any address.
#ifndef USER_H
#define USER_H

#include <stdint.h>

// System calls: SVC #number, argument in x0.
#define SYS_EXIT 0  // x0 = what user_run returns
#define SYS_PRINT 1 // x0 = text
#define SYS_ALARM 2 // count ticks of the timer in the page of the kernel's choice, up to x0 of them

#define USER_CODE_AT 0x4000000000ul
#define USER_TICKS_AT 0x4000001000ul // a word that the kernel writes and EL0 may read
#define USER_STACK_AT 0x4000002000ul
#define USER_HEAP_AT 0x4000100000ul
#define USER_HEAP_PAGES 3

extern const char user_begin[], user_end[], user_return[];

// Run at EL0 from `entry`, interrupts enabled, until it exits.
uint64_t user_run(uint64_t entry, uint64_t stack);

__asm__(".pushsection .rodata.user, \"a\"\n"
        "        .balign 16\n"
        "user_begin:\n"
        "        adr     x0, 10f\n"
        "        svc     #1\n"
        // The heap: the first touch of a page is a write, of the last one a read, then a write.
        "        mov     x19, #0x4000000000\n"
        "        add     x20, x19, #0x1000\n"
        "        add     x19, x19, #0x100000\n"
        "        mov     x1, #40\n"
        "        str     x1, [x19]\n"
        "        mov     x1, #2\n"
        "        str     x1, [x19, #0x1000]\n"
        "        ldr     x21, [x19, #0x2000]\n"
        "        str     x1, [x19, #0x2000]\n"
        "        ldr     x1, [x19]\n"
        "        add     x21, x21, x1\n"
        "        ldr     x1, [x19, #0x1000]\n"
        "        add     x21, x21, x1\n"
        // What it may not do: the kernel says so, and goes on after it.
        "        adr     x0, 11f\n"
        "        svc     #1\n"
        "        adr     x1, user_begin\n"
        "        str     x1, [x1]\n"
        "        mov     x1, #0x40080000\n"
        "        ldr     x1, [x1]\n"
        "        str     x1, [x20]\n"
        "        adr     x30, 1f\n"
        "        br      x19\n"
        // Interrupts: three ticks come while it does nothing but wait.
        "1:      adr     x0, 12f\n"
        "        svc     #1\n"
        "        mov     x0, #3\n"
        "        svc     #2\n"
        "2:      ldr     x1, [x20]\n"
        "        cmp     x1, #3\n"
        "        b.lo    2b\n"
        "        mov     x0, x21\n"
        "        svc     #0\n"
        "10:     .asciz  \"EL0: filling the heap\\n\"\n"
        "11:     .asciz  \"EL0: writing to code, reading the kernel, writing to a constant, executing data\\n\"\n"
        "12:     .asciz  \"EL0: waiting for three ticks\\n\"\n"
        "        .balign 16\n"
        "user_end:\n"
        ".popsection\n"
        ".pushsection .text.user_run, \"ax\"\n"
        "        .globl  user_run\n"
        "user_run:\n"
        "        stp     x29, x30, [sp, #-96]!\n"
        "        stp     x27, x28, [sp, #16]\n"
        "        stp     x25, x26, [sp, #32]\n"
        "        stp     x23, x24, [sp, #48]\n"
        "        stp     x21, x22, [sp, #64]\n"
        "        stp     x19, x20, [sp, #80]\n"
        "        msr     elr_el1, x0\n"
        "        msr     sp_el0, x1\n"
        "        msr     spsr_el1, xzr\n" // EL0t, AArch64, nothing masked
        "        eret\n"
        "user_return:\n" // where SYS_EXIT makes the exception return to, at EL1 on this stack
        "        ldp     x19, x20, [sp, #80]\n"
        "        ldp     x21, x22, [sp, #64]\n"
        "        ldp     x23, x24, [sp, #48]\n"
        "        ldp     x25, x26, [sp, #32]\n"
        "        ldp     x27, x28, [sp, #16]\n"
        "        ldp     x29, x30, [sp], #96\n"
        "        ret\n"
        ".popsection\n");

#endif
