// SPDX-License-Identifier: MIT
// Start of a C guest: the machine enters at `_start` on CPU 0 at EL1h with PSTATE.DAIF set and the MMU off.
//
// `int main(void *device_tree)` is called on CPU 0 with a stack, the vectors and a cleared .bss in place. It
// returns 0 for PSCI SYSTEM_OFF; anything else ends the machine by semihosting with that code.
#include "cpu.inc"

        .section .text.start, "ax"
        .globl  _start
_start:
        mov     x20, x0
        bl      cpu_setup
        adrp    x0, __bss_start
        add     x0, x0, :lo12:__bss_start
        adrp    x1, __bss_end
        add     x1, x1, :lo12:__bss_end
1:      cmp     x0, x1
        b.hs    2f
        stp     xzr, xzr, [x0], #16
        b       1b
2:      mov     x0, x20
        bl      main
        cbz     w0, 3f
        mov     w0, w0
        b       exit
3:      b       psci_system_off

// cpu_secondary: where cpu_start sends a CPU. x0 = the routine to call; when that returns, CPU_OFF.
        .globl  cpu_secondary
cpu_secondary:
        mov     x19, x0
        bl      cpu_setup
        cpu_index x0
        blr     x19
        b       psci_cpu_off

// cpu_setup: this CPU's own stack, and the vectors. Clobbers x1, x2, x3; sets SP, so it saves nothing.
cpu_setup:
        cpu_index x1
        adrp    x2, __stacks
        add     x2, x2, :lo12:__stacks
        add     x1, x1, #1
        mov     x3, #0x4000             // the linker script's size of each
        madd    x2, x1, x3, x2
        mov     sp, x2
        adrp    x1, vectors
        add     x1, x1, :lo12:vectors
        msr     vbar_el1, x1
        isb
        ret

// What C calls of the assembly library: its routines keep to the procedure call standard.
        .text
#include "exit.inc"
#include "lock.inc"
#include "psci.inc"
#include "uart.inc"
#include "vectors.inc"

        .globl  exit, vector_set, vector_unexpected
        .globl  psci_version, psci_features, psci_cpu_on, psci_cpu_off, psci_affinity_info
        .globl  psci_system_off, psci_system_reset
        .globl  uart_init, uart_putc, uart_puts, uart_put_hex, uart_put_dec, uart_getc
        .globl  uart_irq_enable, uart_irq_disable

// lock_take, lock_give: in x0 = the lock. lock_acquire and lock_release take it in x3.
        .globl  lock_take, lock_give
lock_take:
        mov     x3, x0
        b       lock_acquire
lock_give:
        mov     x3, x0
        b       lock_release
