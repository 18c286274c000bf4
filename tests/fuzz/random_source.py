# SPDX-License-Identifier: MIT
"""Random assembly sources: directives, expressions, macros, lines of the C preprocessor and instructions."""

from __future__ import annotations

from random import Random
from typing import Final

_NUMBERS: Final = ("0", "1", "7", "0x7f", "0b101", "010", "255", "0x1234", "12UL", "0xffffffff", "'a'", "-1")
_OPERATORS: Final = ("+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "==", "<", "&&", "||")
_FLOATS: Final = ("0", "1.5", "-2e10", "0.1", "1e-20", "inf", "-nan", "0f3.25", "16777219", ".5", "7.")
_STRINGS: Final = (r'"a"', r'"\n\t\\"', r'"\101\x41\e"', '"a" "b"', '""', '"x;y // z"')
# GNU as 2.40 forgets at .bss, unlike at .section .bss, to which section .previous leads.
_SECTIONS: Final = (
    ".text",
    ".data",
    ".section .rodata",
    '.section .text.b, "ax"',
    ".section .bss",
    ".previous",
)
_INTEGERS: Final = (".byte", ".hword", ".word", ".quad", ".2byte", ".4byte", ".dc.b", ".dc.l", ".long")
_INSTRUCTIONS: Final = (
    "add x{a}, x{b}, #{n}",
    "sub w{a}, w{b}, w{c}, lsl #{s}",
    "and x{a}, x{b}, #0xff",
    "ldr x{a}, [x{b}, #{m}]",
    "ldr x{a}, =0x12345678{s}",
    "ldr w{a}, =l{l}",
    "str w{a}, [sp, #-16]!",
    "ldp x{a}, x{b}, [x{c}], #16",
    "movz x{a}, #{n}, lsl #16",
    "movk x{a}, #:abs_g1_nc:l{l}",
    "movz x{a}, #:abs_g0_s:{s}",
    "adrp x{a}, l{l}",
    "add x{a}, x{b}, :lo12:l{l}",
    "b.ne l{l}",
    "cbz x{a}, 1b",
    "tbnz w{a}, #{s}, l{l}",
    "csel x{a}, x{b}, x{c}, gt",
    "mrs x{a}, vbar_el1",
    "msr daifclr, #2",
    "dsb sy",
    "fadd d{a}, d{b}, d{c}",
    "fmul v{a}.4s, v{b}.4s, v{c}.s[{i}]",
    "ldaddal w{a}, w{b}, [x{c}]",
    "casp x{e}, x{f}, x2, x3, [sp]",
    "pacia x{a}, sp",
    "fadd h{a}, h{b}, h{c}",
    "fcmla v{a}.4s, v{b}.4s, v{c}.4s, #90",
    "ldapur x{a}, [x{b}, #-{s}]",
    "sdot v{a}.2s, v{b}.8b, v{c}.4b[{i}]",
    "prfm pldl1keep, l{l}",
    "eor3 v{a}.16b, v{b}.16b, v{c}.16b, v1.16b",
    "udf #{n}",
    "nop",
)
_RUBBISH: Final = (
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    '"',
    "\\",
    "#",
    "1f",
    "r0",
    "=",
    ":",
    ";",
    "/*",
    "\\@",
    "é",
    "<",
    "!",
)
LABELS: Final = 4


def expression(rng: Random, depth: int = 2) -> str:
    """Returns an expression of numbers."""
    if depth == 0 or rng.random() < 0.4:
        return rng.choice(_NUMBERS)
    left, right = expression(rng, depth - 1), expression(rng, depth - 1)
    return f"({left} {rng.choice(_OPERATORS)} {right})"


def instruction(rng: Random) -> str:
    """Returns an instruction that is right, or nearly so."""
    even = rng.randrange(0, 28, 2)
    fields = {
        **{name: rng.randrange(31) for name in "abc"},
        "n": rng.randrange(4096),
        "m": 8 * rng.randrange(4096),
        "s": rng.randrange(32),
        "i": rng.randrange(4),
        "l": rng.randrange(LABELS),
        "e": even,
        "f": even + 1,
    }
    return rng.choice(_INSTRUCTIONS).format(**fields)


def _data(rng: Random) -> str:
    values = [expression(rng) for _ in range(rng.randint(1, 3))]
    return rng.choice(
        (
            f"{rng.choice(_INTEGERS)} {', '.join(values)}",
            f"{rng.choice(('.float', '.double', '.single', '.float16'))} {rng.choice(_FLOATS)}",
            # Of a comparison GNU as makes a LEB128 of ten bytes, whatever its value.
            f"{rng.choice(('.uleb128', '.sleb128'))} {rng.choice(_NUMBERS)}",
            f"{rng.choice(('.ascii', '.asciz', '.string16'))} {rng.choice(_STRINGS)}",
            f".octa {rng.choice(_NUMBERS)}",  # what GNU as computes has 64 bits, whatever its sign
            f".fill {rng.randrange(4)}, {rng.randrange(9)}, {values[0]}",
            f".skip {rng.randrange(40)}, {rng.randrange(256)}",
            f".dcb.w {rng.randrange(4)}, {rng.randrange(999)}",
            f".quad l{rng.randrange(LABELS)} - l{rng.randrange(LABELS)} + {rng.randrange(99)}",
        )
    )


def _block(rng: Random) -> list[str]:
    name, inner = f"m{rng.randrange(10**6)}", instruction(rng)
    value = rng.randrange(200)
    return rng.choice(
        (
            [f".rept {rng.randrange(4)}", inner, ".endr"],
            [".irp v, 1, 2, (3 + 4)", r".word \v", ".endr"],
            [".irpc c, 0129", r".word 1\c", ".endr"],
            [f".macro {name} a, b=3", r".word \a, \b", ".endm", f"{name} {value}", f"{name} b=1, a={value}"],
            [
                ".altmacro",
                f".macro {name} a",
                "LOCAL x",
                "x: .word a, .-x",
                ".endm",
                f"{name} %{value}+1",
                ".noaltmacro",
            ],
            [f".if {expression(rng)}", ".word 1", ".else", ".word 2", ".endif"],
            [
                f"#define {name}(a, ...) .word a, ## __VA_ARGS__",
                f"{name}({value})",
                f"{name}(1,{value}, (2))",
            ],
            [
                f"#define {name} {value}",
                f"#if {name} > 100 && defined({name})",
                f".word {name}, __LINE__",
                "#endif",
            ],
            [f".set {name}, {value}", f".word {name}", f".set {name}, {name} + 1", f".word {name}"],
            [".struct 4", f"{name}: .skip 8", f"{name}_end:", ".previous", f".word {name}_end"],
        )
    )


def source(rng: Random) -> str:
    """Returns a source that is right in most of its lines."""
    lines = [".arch armv8.5-a+fp16+sha3", "1: nop"]
    for label in range(LABELS):
        for _ in range(rng.randint(1, 4)):
            kind = rng.random()
            if kind < 0.45:
                lines += [".balign 4", instruction(rng)]
            elif kind < 0.7:
                lines.append(_data(rng))
            elif kind < 0.9:
                lines += [".balign 4", *_block(rng)]
            else:
                lines += [rng.choice(_SECTIONS), f".balign {1 << rng.randrange(5)}"]
        lines += [".text", ".balign 4", f"l{label}:"]
    return "\n".join(lines) + "\n"


def damaged(text: str, rng: Random) -> str:
    """Returns a text with some pieces cut, doubled or put elsewhere."""
    for _ in range(rng.randint(1, 2)):
        at, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        end = min(end, at + rng.randrange(1, 12))
        piece = rng.choice(("", rng.choice(_RUBBISH), text[at:end] * 2))
        text = text[:at] + piece + text[end:]
    return text
