// SPDX-License-Identifier: MIT
// What GNU as understands and clang does not; sources meant for both do without.
        .arch   armv8.2-a
_start: adrp    x1, :pg_hi21:value
        add     x9, x9, #LATER
        ldr     x8, [x9, #LATER * 8]
        mov     ip0, ip1
        esb
        uxtw    x0, w1
        ldr     d8, =0x3ff1234500000001
        ldrsw   x11, =0x7fff1234
        ldr     x1, =1
        ldr     w2, =1
        ldr     x3, =-1
        ldr     x4, =0xffffffffffffffff
        .set    LATER, 12
        .data
value:  .quad   1
