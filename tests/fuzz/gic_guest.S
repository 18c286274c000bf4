// SPDX-License-Identifier: MIT
// Makes the accesses of a table, by two CPUs in its order, and writes what each gave into it: here and under QEMU.
//
//  offset  in                                                              out
//  0x0     u8 CPU, or END                                                  the same
//  0x1     u8: 0 load a word, 1 store a word, 2 load a byte, 3 store one   the same
//  0x4     u32 address                                                     the same
//  0x8     u32 value to store                                              what was loaded
//  0xc     -                                                               ISR_EL1 after it
//
// At the end CPU 0 comes by `finished`, and writes the table to the host's file `results` by semihosting.
#define TABLE   0x42000000
#define END     0xff

        .globl  _start
_start: mrs     x28, mpidr_el1
        and     x28, x28, #0xff
        cbnz    x28, begin
        movz    x0, #0x0003
        movk    x0, #0xc400, lsl #16    // CPU_ON
        mov     x1, #1
        adr     x2, _start
        hvc     #0
begin:  adr     x27, turn
next:   ldr     x26, [x27]
        ldrb    w0, [x26]
        cmp     w0, w28
        b.ne    not_mine
        ldrb    w1, [x26, #1]
        ldr     w2, [x26, #4]
        ldr     w3, [x26, #8]
        cmp     w1, #2
        b.hs    bytes
        cbnz    w1, store
        ldr     w3, [x2]
        b       done
store:  str     w3, [x2]
        b       done
bytes:  b.hi    store_byte
        ldrb    w3, [x2]
        b       done
store_byte:
        strb    w3, [x2]
done:   mrs     x4, isr_el1
        stp     w3, w4, [x26, #8]
        add     x26, x26, #16
        dmb     sy
        str     x26, [x27]
        b       next

not_mine:
        cmp     w0, #END
        b.ne    next
        cbnz    x28, asleep
finished:
        mov     w0, #1                  // SYS_OPEN
        adr     x1, open
        hlt     #0xf000
        adr     x1, write
        str     x0, [x1]
        mov     x3, #TABLE
        sub     x2, x26, x3
        stp     x3, x2, [x1, #8]
        mov     w0, #5                  // SYS_WRITE
        hlt     #0xf000
        mov     w0, #0x18               // SYS_EXIT
        adr     x1, exit
        hlt     #0xf000
asleep: wfi
        b       asleep

        .balign 8
turn:   .quad   TABLE
open:   .quad   name, 5, 7
write:  .quad   0, 0, 0
exit:   .quad   0x20026, 0
name:   .asciz  "results"
