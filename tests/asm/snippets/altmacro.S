.altmacro
.macro m a
.word a, \a
.endm
m 5
//----
.altmacro
.macro m a
LOCAL l1, l2
l1: .word l1-l2
l2: .word a&1
.endm
m 5
m 6
//----
.altmacro
.macro m a, b
x_&a&_&b: .word 1
x_a: .word 2
.endm
m p, q
.word x_p_q - x_a
//----
.altmacro
.irp r, 1, 2
.word r
.endr
//----
.altmacro
.set n, 5
.macro m a
.if a
.word a
m %a-1
.endif
.endm
m n
//----
.macro m a
LOCAL x
.endm
.altmacro
.macro k
LOCAL foo
foo: b foo
.endm
k
k
//----
.altmacro
.macro m a
.ascii "a&b &a"
.endm
m x
//----
.macro m a
.ascii "\a"
.endm
m "x y"
//----
.altmacro
.macro m a, b
.word a, b
.endm
m %1+2 3
//----
.altmacro
.macro m a, b
.word a, b
.endm
m %1+2, 3
//----
.altmacro
.macro m a, b
.word a, b
.endm
m %(1 + 2), %(3 * 4)
//----
.altmacro
.macro m a b
.ascii a
.byte b
.endm
m <"x <y> z"> 3
m "k" 4
//----
.altmacro
.macro m a b
.ascii a
.byte b
.endm
m <"x!<y"> 3
//----
.altmacro
.set k, 9
.macro m a
n&a: .word 1
.word n9 - n&a
.endm
m %k
//----
.altmacro
.macro m a
 .macro q b
 .word a, b
 .endm
.endm
m 1
q 2
//----
.altmacro
.macro m
LOCAL x
LOCAL y
x: .word y - x
y:
.endm
m
m
//----
.altmacro
.macro m a
.word \a + a + a&
.endm
m 7
//----
.altmacro
.irpc c, 123
.word c, 1&c
.endr
