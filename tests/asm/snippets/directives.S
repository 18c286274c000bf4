.extern foo
nop
//----
.word 12L
//----
.word 0x12U
//----
.ascii "\e"
//----
.ascii "\v\a\q"
//----
.float 1.5, -2, 0f1.25, 0x10, 1e10, inf, nan, -nan, -inf, .5, 5.
//----
.single 1.5e-40
.double 1.1, 2e300, 0d3.5, 0r4.25, 1
//----
.float16 1.5, 0.1
//----
.bfloat16 1.5, 0.1
//----
.uleb128 0, 1, 127, 128, 300, 1<<40, -1
.sleb128 0, 1, -1, 63, 64, -64, -65, 128, 1<<40
//----
.data
.byte 1
.even
.byte 2
//----
.struct 0
a: .struct a+4
b: .struct b+8
c:
.text
.word a,b,c
//----
.struct 8
x: .skip 4
y: .skip 8
z:
.text
.word x,y,z
mov x0, #y
//----
.offset 4
x: .skip 4
y: .balign 16
z:
.previous
.word x,y,z
//----
.text 1
.word 1
.text 0
.word 0
.subsection 2
.word 2
.data 1
.word 11
.data
.word 10
.subsection 1
.word 12
//----
.text
nop
.pushsection .data, 2
.word 5
.popsection
.subsection 3
.word 3
.previous
.word 0
//----
.section .rodata
.byte 1
.subsection 1
.byte 2
.subsection 0
.byte 3
//----
.dc 1,2
.dc.b 1,2
.dc.w 3
.dc.l 4
.dc.a 5
.dc.s 1.5
.dc.d 1.5
//----
.dcb.b 3, 7
.dcb.w 2, 0x1234
.dcb 2, 9
.dcb.l 2, 1
.dcb.s 2, 1.5
.dcb.d 2,2.5
//----
.ds 2
.ds.b 3
.ds.w 2
.ds.l 2
.byte 1
.ds.s 1
.ds.d 1
.ds.p 1
.ds.x 1
.byte 2
//----
.string8 "abc"
.string16 "ab"
.string32 "ab"
.string64 "ab"
//----
.nop
.nop
//----
.func foo
.endfunc
.version "1"
nop
//----
.eqv a, b
.set b, 4
.word a
//----
.lsym a, 4
.word a
//----
.rep 2
.word 1
.endr
//----
.symver a, b@c
a: nop
//----
.weakref a, b
b: nop
 bl b
 bl a
//----
.weakref a, b
 b: nop
 .word 1
//----
.gnu_attribute 4, 1
nop
//----
.loc_mark_labels 1
nop
//----
.xcom a, 8
nop
//----
.common a, 8, 4
.lcomm b, 8
.comm c, 8, 16
nop
//----
.zero 4, 5
.skip 4, 5
.space 2, 3
//----
.quad 1
.dword 2
.xword 3
.octa 0x112233445566778899aabbccddeeff00
//----
.ident "a"
.local a
.size a, 4
.type a, %function
a: nop
.attach_to_group x
nop
//----
.print "hi"
.warning "w"
nop
//----
.ifdef foo
.word 1
.elseif 1
.word 2
.endif
.ifc a b, a b
.word 3
.elsec
.word 3
.endc
//----
.irep a, 1, 2
.word \a
.endr
//----
.irpc c, 123
.word \c
.endr
//----
.stabs "a",1,2,3,4
nop
//----
.section .foo,"ax",@progbits
nop
//----
.section .text.x,"ax",%progbits,unique,1
nop
//----
.section .rodata.str,"aMS",@progbits,1
.string "a"
//----
.section .g,"axG",@progbits,grp,comdat
nop
//----
.section .init_array,"aw"
.quad 1
//----
.sect .data
.word 1
//----
.list
.page
.plen 4
.format
.name "x"
nop
//----
.align 3, 0xff
.p2align 4,,8
.balign 8,0x1
.word 1
//----
.fill 3,2,0x1234
.fill 2
//----
.org 0x20, 0xff
.word 1
//----
.word 1,,2
//----
.ascii "a" "b", "c"
//----
.bss
a: .space 4
.text
.word 5
//----
.cpu cortex-a53+crypto
aese v0.16b,v1.16b
//----
.arch armv8-a+crc
crc32b w0,w1,w2
//----
.macro m a
.word 0x10 & \a
.word 0x10&\a&1
.endm
m 0x11
//----
.float 0x10
//----
.uleb128 -1
//----
.sleb128 1<<63, -1<<63, 0xffffffffffffffff
//----
.uleb128 0xffffffffffffffff
//----
.ascii "\e\v\a\q\8\19"
//----
.altmacro
.macro m a
.asciz "x a y ab"
.endm
m 5
//----
.fill 2, 4, -1
.byte -1, 0xff
//----
.macro m a:vararg
.word \a
.endm
m 1, 2, 3
//----
.macro m a b
.word \a, \b
.endm
m 1 + 2 3
//----
.float nan, -nan, inf
//----
.macro m a, b
\a\()_x\b: .word 1
.endm
m q r
.word q_xr-q_xr
//----
.dcb 2, 9
//----
.ds.x 1
.byte 1
//----
.string16 "aé"
//----
.word 1 == 1, 1 <> 2, !0, !5, ~1
//----
a == b + 1
.set b, 4
.word a
.set b, 5
.word a
//----
.eqv a, b + 1
.set b, 4
.word a
.set b, 5
.word a
//----
.set b, 4
a = b + 1
.set b, 5
.word a
