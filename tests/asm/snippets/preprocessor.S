#define P(fmt, ...) .word fmt, __VA_ARGS__
P(1, 2, 3)
//----
#define P(fmt, args...) .word fmt, ##args
P(1, 2, 3)
P(1)
//----
#define P(...) .word __VA_ARGS__
P(1)
P(1,2)
//----
#define P(a, ...) .word a, ## __VA_ARGS__
P(1)
P(1,2)
P(1,)
//----
#define P(a, ...) .word a __VA_OPT__(,) __VA_ARGS__
P(1)
P(1,2)
//----
.word __LINE__
#define L .word __LINE__
L
 L
//----
#define CAT(a,b) CAT2(a,b)
#define CAT2(a,b) a##b
CAT(x,__LINE__): .word 1
.word x3-x3
//----
#define P(a,b) .word a,b
P(1,
  2)
.word 3
//----
.word __COUNTER__, __COUNTER__
//----
#define STR(x) #x
.ascii STR(  a   b  "c" )
//----
#define S(x...) #x
.ascii S(a, b)
//----
#if __has_include("nope.h")
.word 1
#else
.word 2
#endif
//----
#if 'a' == 97 && 10UL > 5 && (1 ? 2 : 0) == 2
.word 1
#endif
//----
#define F() .word 7
F()
//----
#define A(x) B(x)
#define B(x) .word x + A
.set A, 5
A(1)
//----
#define f(x) x+1
#define g f
.word g(2)
//----
#define X 5
.ascii "X"
.word X// comment X
.word X /* c */ + X
//----
#define lock /* nothing */
 lock nop
//----
#ifdef A
#elif 1
.word 1
#endif
#ifndef B
.word 2
#else
#garbage
#endif
//----
#undef FOO
#ifdef FOO extra
#endif extra
.word 1
//----
.word 0x09000000UL
#define UART (0x09000000UL + 0x10)
ldr x0, =UART
mov x1, #(1UL << 16)
//----
#define _AC(X,Y) __AC(X,Y)
#define __AC(X,Y) (X##Y)
#define _UL(x) _AC(x, UL)
mov x0, #_UL(5)
//----
#define _AC(X,Y) X
mov x0, #_AC(5, UL)
//----
#define BIT(n) (UL(1) << (n))
#define UL(x) (x##UL)
mov x0, #BIT(12)
//----
#if 1 /* multi
line */
.word __LINE__
#endif
//----
#define M(a, b) a ## b
.word M(1, 2), M(,3), M(4,)
//----
#define f(a) a*g
#define g(a) f(a)
.set f, 3
.set g, 4
.set a, 2
.word f(2)
//----
#define A() B
#define B() .word 9
A()()
//----
#define P(a, b...) .word a, b
P(1, 2, 3)
//----
#define HDR .word \
  1, \
  2
HDR
//----
#if 0
.word 1
#elifdef __ELF__
.word 2
#endif
