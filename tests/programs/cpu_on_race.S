// SPDX-License-Identifier: MIT
// CPUs 0, 2 and 3 turn CPU 1 on at the same time, four times over: each time one of them succeeds, and the others hear
// that it is on or about to be (DEN0022D, 5.6). An invalid function is NOT_SUPPORTED before that.
#include "boot.inc"

#define ROUNDS          4

main:   mov     x28, x30
        print   invalid
        mov     x0, #1337
        hvc     #0
        cmn     x0, #1
        cset    x0, eq
        bl      uart_put_dec
        mov     x27, #0                 // rounds done
1:      adr     x0, words               // nobody has answered yet
        stp     xzr, xzr, [x0]
        stp     xzr, xzr, [x0, #16]
        str     xzr, [x0, #32]
        mov     x0, #2
        adr     x1, caller
        bl      cpu_start
        mov     x0, #3
        adr     x1, caller
        bl      cpu_start
        adr     x4, words
        mov     x0, #1
        str     x0, [x4, #32]           // go
        sev
        mov     x0, #0
        bl      caller
        mov     x0, #2
        bl      cpu_wait_off
        mov     x0, #3
        bl      cpu_wait_off
        mov     x0, #1
        bl      cpu_wait_off
        print   round
        adr     x4, words
        ldr     x0, [x4, #0]            // each left 1 for a success, 16 for a refusal
        ldr     x1, [x4, #16]
        add     x0, x0, x1
        ldr     x1, [x4, #24]
        add     x0, x0, x1
        bl      uart_put_dec
        print   ran
        adr     x4, words
        ldr     x0, [x4, #8]
        bl      uart_put_dec
        add     x27, x27, #1
        cmp     x27, #ROUNDS
        b.lo    1b
        print   end
        mov     x0, #0
        ret     x28

// caller: x0 = this CPU. Waits for the word, then turns CPU 1 on.
caller: mov     x26, x30
        mov     x25, x0
        adr     x24, words
1:      ldr     x0, [x24, #32]
        cbnz    x0, 2f
        wfe
        b       1b
2:      mov     x0, #1
        adr     x1, target
        bl      cpu_start
        mov     x1, #1
        cbz     x0, 3f
        mov     x1, #16
        cmn     x0, #4                  // ALREADY_ON
        b.eq    3f
        cmn     x0, #5                  // ON_PENDING
        b.eq    3f
        mov     x1, #256
3:      str     x1, [x24, x25, lsl #3]
        ret     x26

// target: CPU 1. It ends when the three have their answers, so that no second call finds it off.
target: adr     x4, words
        mov     x0, #1
        str     x0, [x4, #8]
1:      ldr     x0, [x4]
        cbz     x0, 1b
        ldr     x0, [x4, #16]
        cbz     x0, 1b
        ldr     x0, [x4, #24]
        cbz     x0, 1b
        ret

invalid: .asciz "not supported "
round:  .asciz  "\nanswers "
ran:    .asciz  " started "
end:    .asciz  "\n"
        .bss
        .balign 16
words:  .space  64
