.set neg, -5
a: movz x0, #:abs_g0_s:neg
movn x0, #:abs_g0_s:neg
movz x0, #:abs_g1_s:0x12345678
movz x0, #:abs_g2_s:neg
movk x0, #:abs_g1_nc:neg
movk x0, #:abs_g0_nc:neg
movz w0, #:abs_g0_s:7
//----
movz x0, #:prel_g0:b
movk x0, #:prel_g1_nc:b
movz x1, #:prel_g3:b
movn x1, #:prel_g2:b
movk x1, #:prel_g0_nc:a
a: nop
b:
//----
b:
nop
movz x0, #:prel_g0:b
movk x0, #:prel_g1_nc:b
movz x1, #:prel_g3:b
movn x1, #:prel_g2:b
//----
adrp x0, :pg_hi21_nc:b
b:
//----
a: prfm pldl1keep, a
prfm pstl3strm, b
prfm #5, b
prfm plil2keep, a
b: prfm pldl1keep, [x0, #8]
prfm #31, b
//----
add x0, x0, #:lo12:a+4
a:
//----
ldr q0, =0x112233445566778899aabbccddeeff00
ldr x0, 1f
1:
//----
.arch armv8-a
nop
