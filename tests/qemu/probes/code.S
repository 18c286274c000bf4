// SPDX-License-Identifier: MIT
// Code that changes, by its own CPU's hand and by another's; two CPUs that signal each other.
#include "probe.inc"
#include "psci.inc"

#define CODE            0x42010000
#define MOV_X0          0xd2800000      // mov x0, #0; the immediate from bit 5
#define RET             0xd65f03c0

// emit value: at CODE, a routine that returns it, made visible as IC IVAU wants.
.macro  emit value
        movz    x1, #(CODE >> 16), lsl #16
        load32  x2, (MOV_X0 + ((\value) << 5))
        str     w2, [x1]
        load32  x2, RET
        str     w2, [x1, #4]
        dc      cvau, x1
        dsb     ish
        ic      ivau, x1
        dsb     ish
        isb
.endm

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        at_el1  "code that was just written"
        emit    11
        blr     x1
        done
        at_el1  "code that is written anew after it ran"
        emit    12
        blr     x1
        emit    13
        blr     x1
        done
        at_el1  "the same, two hundred times"
        mov     x9, #200
        mov     x10, #0
4:      movz    x1, #(CODE >> 16), lsl #16
        load32  x2, MOV_X0
        add     w2, w2, w9, lsl #5
        str     w2, [x1]
        dc      cvau, x1
        dsb     ish
        ic      ivau, x1
        dsb     ish
        isb
        blr     x1
        add     x10, x10, x0
        subs    x9, x9, #1
        b.ne    4b
        mov     x0, x10
        done
        at_el1  "IC IALLU instead of IC IVAU"
        emit    14
        blr     x1
        load32  x2, (MOV_X0 + (15 << 5))
        str     w2, [x1]
        dsb     ish
        ic      iallu
        dsb     ish
        isb
        blr     x1
        done
        at_el1  "IC IALLUIS"
        load32  x2, (MOV_X0 + (16 << 5))
        movz    x1, #(CODE >> 16), lsl #16
        str     w2, [x1]
        dsb     ish
        ic      ialluis
        dsb     ish
        isb
        blr     x1
        done
        at_el1  "data and code in one page"
        mov     x9, #50
        mov     x10, #0
4:      emit    17
        str     x9, [x1, #64]
        blr     x1
        ldr     x2, [x1, #64]
        add     x10, x10, x0
        add     x10, x10, x2
        subs    x9, x9, #1
        b.ne    4b
        mov     x0, x10
        done

        // the other CPU: calls CODE each time it is asked, and says what came
        mov     x0, #1
        adr     x1, caller
        mov     x2, #0
        bl      psci_cpu_on
        at_el1  "code that another CPU runs"
        emit    21
        bl      ask
        done
        at_el1  "code that another CPU ran, changed here"
        emit    22
        bl      ask
        mov     x10, x0
        emit    23
        bl      ask
        add     x0, x0, x10, lsl #16
        done
        at_el1  "the same, fifty times"
        mov     x9, #50
        mov     x10, #0
4:      movz    x1, #(CODE >> 16), lsl #16
        load32  x2, MOV_X0
        add     w2, w2, w9, lsl #5
        str     w2, [x1]
        dc      cvau, x1
        dsb     ish
        ic      ivau, x1
        dsb     ish
        bl      ask
        add     x10, x10, x0
        subs    x9, x9, #1
        b.ne    4b
        mov     x0, x10
        done
        at_el1  "WFE ends when another CPU sends an event"
        adr     x25, asked
        mov     x1, #3
        str     x1, [x25, #16]          // ask it for SEV
        dsb     sy
4:      wfe
        ldr     x0, [x25, #24]
        cbz     x0, 4b
        done
        at_el1  "a counter that both CPUs add to"
        adr     x25, asked
        mov     x1, #4
        str     x1, [x25, #16]          // it adds 1000 too
        mov     x9, #1000
        movz    x1, #0x4202, lsl #16
4:      ldxr    x2, [x1]
        add     x2, x2, #1
        stxr    w3, x2, [x1]
        cbnz    w3, 4b
        subs    x9, x9, #1
        b.ne    4b
5:      ldr     x2, [x25, #32]
        cbz     x2, 5b
        ldr     x0, [x1]
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret

// ask: x0 := what the other CPU got from CODE. Clobbers x2, x25.
ask:    adr     x25, asked
        str     xzr, [x25, #8]
        mov     x2, #1
        str     x2, [x25]
1:      ldr     x2, [x25]
        cbnz    x2, 1b
        ldr     x0, [x25, #8]
        ret

caller: adr     x25, asked
1:      ldr     x2, [x25]
        cbnz    x2, 2f
        ldr     x2, [x25, #16]
        cbz     x2, 1b
        str     xzr, [x25, #16]
        cmp     x2, #3
        b.eq    3f
        cmp     x2, #4
        b.eq    4f
        b       1b
2:      isb
        movz    x1, #(CODE >> 16), lsl #16
        blr     x1
        str     x0, [x25, #8]
        dsb     sy
        str     xzr, [x25]
        b       1b
3:      mov     x2, #1
        str     x2, [x25, #24]
        dsb     sy
        sev
        b       1b
4:      movz    x1, #0x4202, lsl #16
        mov     x9, #1000
5:      ldxr    x2, [x1]
        add     x2, x2, #1
        stxr    w3, x2, [x1]
        cbnz    w3, 5b
        subs    x9, x9, #1
        b.ne    5b
        mov     x2, #1
        str     x2, [x25, #32]
        b       1b

        .bss
        .balign 16
asked:  .space  64
