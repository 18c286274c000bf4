// SPDX-License-Identifier: MIT
// Break-before-make by one CPU, and what another sees of it (D8.14): code and data, by every inner-shareable TLBI.
#include "probe.inc"
#include "psci.inc"
#include "tables.inc"

#define TCR_BASE        (16 | (25 << 16) | (2 << 30) | (4 << 32))
#define NG              (1 << 11)
#define P_DATA          20
#define P_FUNCTION      21
#define DATA_1          0x42012000
#define DATA_2          0x42013000
#define FUNCTION_1      0x42010000
#define FUNCTION_2      0x42011000
#define RET             0xd65f03c0

// break_page page: x1 = its entry, now invalid; x2 = what TLBI wants to know of it.
.macro  break_page page
        load64  x1, (L3_TRY + 8 * (\page))
        load64  x2, ((TRY >> 12) + (\page))
        str     xzr, [x1]
        dsb     ishst
.endm

// make_page target: the entry at x1 maps it. Clobbers x3.
.macro  make_page target
        dsb     ish
        isb
        load64  x3, (\target) | PAGE | NG
        str     x3, [x1]
        dsb     ishst
        isb
.endm

.macro  function address, value
        load64  x1, \address
        load32  x0, (0xd2800000 + ((\value) << 5)) // mov x0, #value
        str     w0, [x1]
        load32  x0, RET
        str     w0, [x1, #4]
.endm

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init
        bl      tables_make
        function FUNCTION_1, 1
        function FUNCTION_2, 2
        load64  x1, DATA_1
        mov     x0, #11
        str     x0, [x1]
        load64  x1, DATA_2
        mov     x0, #22
        str     x0, [x1]
        entry   L3_TRY, P_DATA, DATA_1 | PAGE | NG
        entry   L3_TRY, P_FUNCTION, FUNCTION_1 | PAGE | NG
        dsb     ish
        ic      iallu
        dsb     ish
        isb
        load64  x0, TCR_BASE
        bl      mmu_on
        mov     x0, #1
        adr     x1, other
        mov     x2, #0
        bl      psci_cpu_on

        at_el1  "what another CPU loads, before"
        bl      ask_data
        done
        at_el1  "what another CPU calls, before"
        bl      ask_function
        done
        at_el1  "what another CPU loads after TLBI VAE1IS"
        break_page P_DATA
        tlbi    vae1is, x2
        make_page DATA_2
        bl      ask_data
        done
        at_el1  "what another CPU calls after TLBI VAE1IS"
        break_page P_FUNCTION
        tlbi    vae1is, x2
        make_page FUNCTION_2
        bl      ask_function
        done
        at_el1  "what another CPU loads after TLBI VAAE1IS"
        break_page P_DATA
        tlbi    vaae1is, x2
        make_page DATA_1
        bl      ask_data
        done
        at_el1  "what another CPU calls after TLBI VAAE1IS"
        break_page P_FUNCTION
        tlbi    vaae1is, x2
        make_page FUNCTION_1
        bl      ask_function
        done
        at_el1  "what another CPU loads after TLBI VALE1IS"
        break_page P_DATA
        tlbi    vale1is, x2
        make_page DATA_2
        bl      ask_data
        done
        at_el1  "what another CPU calls after TLBI VALE1IS"
        break_page P_FUNCTION
        tlbi    vale1is, x2
        make_page FUNCTION_2
        bl      ask_function
        done
        at_el1  "what another CPU loads after TLBI VAALE1IS"
        break_page P_DATA
        tlbi    vaale1is, x2
        make_page DATA_1
        bl      ask_data
        done
        at_el1  "what another CPU calls after TLBI VAALE1IS"
        break_page P_FUNCTION
        tlbi    vaale1is, x2
        make_page FUNCTION_1
        bl      ask_function
        done
        at_el1  "what another CPU loads after TLBI VMALLE1IS"
        break_page P_DATA
        tlbi    vmalle1is
        make_page DATA_2
        bl      ask_data
        done
        at_el1  "what another CPU calls after TLBI VMALLE1IS"
        break_page P_FUNCTION
        tlbi    vmalle1is
        make_page FUNCTION_2
        bl      ask_function
        done
        at_el1  "what another CPU loads after TLBI ASIDE1IS"
        break_page P_DATA
        tlbi    aside1is, xzr
        make_page DATA_1
        bl      ask_data
        done
        at_el1  "what another CPU calls after TLBI ASIDE1IS"
        break_page P_FUNCTION
        tlbi    aside1is, xzr
        make_page FUNCTION_1
        bl      ask_function
        done
        at_el1  "what this CPU calls after its own TLBI VAE1IS, VAE1 and VMALLE1"
        mov     x10, #0
        break_page P_FUNCTION
        tlbi    vae1is, x2
        make_page FUNCTION_2
        bl      call_function
        break_page P_FUNCTION
        tlbi    vae1, x2
        make_page FUNCTION_1
        bl      call_function
        break_page P_FUNCTION
        tlbi    vmalle1
        make_page FUNCTION_2
        bl      call_function
        mov     x0, x10
        done
        at_el1  "the other CPU's fault where the page is gone for good"
        break_page P_DATA
        tlbi    vaae1is, x2
        dsb     ish
        isb
        bl      ask_data
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret

// call_function: x10 := x10 * 16 + what the page's function says. Clobbers x0, x3.
call_function:
        mov     x11, x30
        load64  x3, (TRY + 4096 * P_FUNCTION)
        blr     x3
        add     x10, x0, x10, lsl #4
        ret     x11

// ask_data, ask_function: x0 := what the other CPU got from the page. Clobbers x2, x3.
ask_data:
        mov     x2, #1
        b       1f
ask_function:
        mov     x2, #2
1:      adr     x3, asked
        str     x2, [x3]
2:      ldr     x2, [x3]
        cbnz    x2, 2b
        dmb     ish
        ldr     x0, [x3, #8]
        ret

other:  adr     x0, other_vectors
        msr     vbar_el1, x0
        load64  x0, TCR_BASE
        bl      mmu_on
        load64  x20, (TRY + 4096 * P_DATA)
        load64  x21, (TRY + 4096 * P_FUNCTION)
        adr     x22, asked
1:      ldr     x2, [x22]
        cbz     x2, 1b
        isb
        cmp     x2, #1
        b.eq    2f
        blr     x21
        b       3f
2:      ldr     x0, [x20]
3:      str     x0, [x22, #8]
        dmb     ish
        str     xzr, [x22]
        b       1b

        .balign 0x800
other_vectors:
        .space  0x200
        mrs     x0, esr_el1             // a fault is an answer too
        b       3b

        .bss
        .balign 16
asked:  .space  16
