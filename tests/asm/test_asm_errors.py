# SPDX-License-Identifier: MIT
"""What is wrong with a source is said in one line, with its place; nothing ends the process or passes silently."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.asm import assemble
from harness.asm.encoding.encoder import has_keystone
from harness.asm.preprocessing import statement_stack
from harness.errors import GuestError

_OF_KEYSTONE = re.compile(r"(?<!#)-?\d+ is out of range: (from|only|a multiple)|from -?\d+ to|a run of ones")
FAR = ".skip 0x9000\n"
CASES = {
    "unknown instruction": ("nop\nfoo x0\n", 2, "unknown instruction `foo`"),
    "unknown directive": (".frob 1\n", 1, "unknown directive `.frob`"),
    "operands": ("add x0, x1\n", 1, "`add x0, x1`: operands do not fit this instruction"),
    "not an instruction": ("1 2 3\n", 1, "neither an instruction"),
    "missing comma": ("add x0 x1, x2\n", 1, "unexpected `x1`"),
    "register number": ("add x0, x1, x31\n", 1, "there is no register `x31`: they are x0 to x30, and xzr"),
    "immediate range": (
        "add x0, x1, #5000\n",
        1,
        "5000 is out of range: from -4095 to 4095, or a multiple of 4096",
    ),
    "offset range": ("ldr x0, [x1, #40000]\n", 1, "from -256 to 255, or a multiple of 8 up to 32760"),
    "pair's offset": (
        "ldp x0, x1, [sp, #-20]!\n",
        1,
        "-20 is out of range: a multiple of 8 from -512 to 504",
    ),
    "pre-index": ("ldr x0, [x1, #256]!\n", 1, "256 is out of range: from -256 to 255"),
    "shift": ("lsl w0, w1, #32\n", 1, "32 is out of range: from 0 to 31"),
    "shift of a vector": ("sshr v0.4s, v1.4s, #33\n", 1, "33 is out of range: from 1 to 32"),
    "shift of an index": ("ldr x0, [x1, x2, lsl #2]\n", 1, "2 is out of range: only 0 or 3"),
    "width of a field": ("ubfx x0, x1, #0, #65\n", 1, "65 is out of range: from 1 to 64"),
    "call": ("svc #65536\n", 1, "65536 is out of range: from 0 to 65535"),
    "mask of interrupts": ("msr daifset, #16\n", 1, "16 is out of range: from 0 to 15"),
    "no room": ("ldxr x0, [x1, #8]\n", 1, "8 is out of range: only 0"),
    "bit mask": ("and x0, x1, #5\n", 1, "0x5 cannot be encoded: it must be a run of ones"),
    "mnemonic before operands": (
        "push {r0, lr}\n",
        1,
        "unknown instruction `push`: it is one of A32; in A64, `stp",
    ),
    "type of A32": ("vadd.f32 s0, s1, s2\n", 1, "unknown instruction `vadd.f32`: it is one of A32"),
    "condition": ("nop\nb.equal 1f\n", 2, "the conditions of `b.cond` are eq ne"),
    "condition in the mnemonic": ("addeq x0, x1, x2\n", 1, "`add` has no condition in A64"),
    "near mnemonic": ("lrd x0, [x1]\n", 1, "unknown instruction `lrd`; did you mean `ldr`"),
    "A32 register": ("add r0, r1, r2\n", 1, "`r0` is a register of A32; A64 has `x0`, or `w0` of 32 bits"),
    "A32 register here": ("a: cbz r3, a\n", 1, "`r3` is a register of A32"),
    "A32 program counter": ("mov x0, pc\n", 1, "`adr` gives an address"),
    "vector number": ("add v0.4s, v1.4s, v32.4s\n", 1, "no register `v32`: they are v0 to v31"),
    "symbol that an A32 register is not": (".set r0, 1\nadd x0, x1, x2, x3, r0\n", 2, "do not fit"),
    "wide mov": ("mov x0, #0x12345678\n", 1, "0x12345678 takes more than one instruction"),
    "immediate of 64 bits": ("mov w0, #0x8000000000000000\n", 1, "too large"),
    "system register": ("mrs x0, nowhere_el1\n", 1, "no such system register"),
    "undefined symbol": ("nop\nb nowhere\n", 2, "undefined symbol `nowhere`"),
    "undefined in data": (".quad 1\n.quad nowhere + 1\n", 2, "undefined symbol `nowhere`"),
    "undefined in .if": (".if nowhere\n.endif\n", 1, "undefined symbol `nowhere`"),
    "undefined in immediate": ("mov x0, #nowhere\n", 1, "undefined symbol `nowhere`"),
    "undefined in literal": ("ldr x0, =nowhere\n", 1, "undefined symbol `nowhere`"),
    "no numeric label before": ("b 1b\n", 1, "no label `1:` before"),
    "no numeric label after": ("1: b 1f\n", 1, "no label `1:` after"),
    "duplicate label": ("a: nop\n\na: nop\n", 3, "label `a` is already defined at src:1"),
    "label and symbol": (".set a, 1\na: nop\n", 2, "symbol `a` is already defined"),
    "symbol and label": ("a: nop\n.set a, 1\n", 2, "symbol `a` is already defined"),
    ".equiv twice": (".equiv a, 1\n.equiv a, 2\n", 2, "symbol `a` is already defined"),
    "defined by itself": (".set a, b\n.set b, a\n.quad a\n", 3, "is defined by itself"),
    "address as immediate": ("a: mov x0, #a\n", 1, "`a` is an address, not a constant"),
    "branch to a number": ("b 0x100\n", 1, "must be a label"),
    "branch to an immediate": ("b #4\n", 1, "must be a label"),
    "branch without target": ("b\n", 1, "1 operand expected"),
    "tbz out of range": (
        f"tbz x0, #1, 1f\n{FAR}1:\n",
        1,
        "out of range: +0x9004 bytes away, `tbz` reaches 32 KiB",
    ),
    "tbnz out of range backwards": (f"1:\n{FAR}tbnz x0, #1, 1b\n", 3, "-0x9000 bytes away, `tbnz` reaches"),
    "cbz out of range": ("cbz x0, 1f\n.skip 0x100000\n1:\n", 1, "`cbz` reaches 1 MiB"),
    "b.eq out of range": ("b.eq 1f\n.skip 0x100000\n1:\n", 1, "`b.cond` reaches 1 MiB"),
    "bl out of range": ("bl 1f\n.skip 0x8000000\n1:\n", 1, "`bl` reaches 128 MiB"),
    "b out of range": ("b 1f\n.skip 0x8000000\n1:\n", 1, "reaches 128 MiB"),
    "adr out of range": ("adr x0, 1f\n.skip 0x100001\n1:\n", 1, "+0x100005 bytes away, `adr` reaches 1 MiB"),
    "ldr literal out of range": ("ldr x0, =0x123456789ab\n.skip 0x100000\n", 1, "reaches 1 MiB"),
    "unaligned target": ("b a\n.byte 0\na:\n", 1, "not a multiple of 4"),
    "tbz bit": ("a: tbz w0, #32, a\n", 1, "w0 has no bit 32"),
    "cbz register": ("a: cbz sp, a\n", 1, "`sp` is not a general-purpose register"),
    "adrp of w": ("a: adrp w0, a\n", 1, "`adrp` needs an X register"),
    "unaligned :lo12:": (
        "ldr x0, [x0, :lo12:a]\n.data\n.byte 1\na:\n",
        1,
        "not a multiple of the access size",
    ),
    ":lo12: elsewhere": ("a: mov x0, :lo12:a\n", 1, "`:lo12:`"),
    ":abs_g0: overflow": ("a: movz x0, #:abs_g0:a\n", 1, "does not fit `:abs_g0:`"),
    "unknown modifier": ("a: add x0, x0, :got_lo12:a\n", 1, "relocation `:got_lo12:` is not supported"),
    "fmov constant": ("fmov s0, #63\n", 1, "`fmov` cannot hold 63"),
    "fmov zero": ("fmov s0, #0.0\n", 1, "take it from `xzr`"),
    "fcmp constant": ("fcmp s0, #1.0\n", 1, "0.0 only"),
    "floating point elsewhere": ("add x0, x0, #0.0\n", 1, "belongs to floating-point instructions"),
    "ext index": ("ext v0.8b, v1.8b, v2.8b, #8\n", 1, "within the vector"),
    "condition as operand": ("add x0, x1, eq\n", 1, "undefined symbol `eq`"),
    "prefetch operation": ("a: prfm pldl4keep, a\n", 1, "`pldl4keep` is no prefetch operation"),
    "udf range": ("udf #65536\n", 1, "`udf`"),
    "unaligned instruction": (".byte 1\nnop\n", 2, "4-byte aligned"),
    "code in bss": (".bss\nnop\n", 2, "`.bss` holds only zeros"),
    "data in bss": (".bss\n.word 1\n", 2, "`.bss` holds only zeros"),
    "value too large": (".byte 256\n", 1, "0x100 does not fit into 1 byte"),
    "negative value too large": (".hword -32769\n", 1, "does not fit into 2 bytes"),
    "late value too large": (".byte late\n.set late, 300\n", 1, "does not fit into 1 byte"),
    "address in a word": (".byte a\na:\n", 1, "does not fit into 1 byte"),
    "not a string": (".ascii hello\n", 1, "a string in double quotes"),
    "unclosed string": ('.ascii "hello\n', 1, "a string in double quotes"),
    "bad number": (".word 12abc\n", 1, "`12abc` is not a number"),
    "bad octal": (".word 09\n", 1, "`09` is not a number"),
    "bad expression": (".word 1 +\n", 1, "ends too early"),
    "missing parenthesis": (".word (1 + 2\n", 1, "`)` is missing"),
    "strange character": (".word 1 ? 2\n", 1, "unexpected `?`"),
    "division by zero": (".word 1 / 0\n", 1, "division by zero"),
    "alignment": (".balign 3\n", 1, "not a power of two"),
    "alignment power": (".align 64\n", 1, "out of range"),
    "negative space": (".skip -1\n", 1, "cannot reserve -1 bytes"),
    "huge space": (".data\n.skip 1 << 40\n", 2, "larger than"),
    "org backwards": (".word 1\n.org 0\n", 2, "cannot go back"),
    "space of a label": (".skip a\n.data\na:\n", 1, "undefined symbol `a`"),
    "no .endif": ("nop\n.if 1\nnop\n", 2, "`.if` without `.endif`"),
    ".endif alone": (".endif\n", 1, "`.endif` without `.if`"),
    ".else twice": (".if 1\n.else\n.else\n.endif\n", 3, "`.else` after `.else`"),
    "no #endif": ("nop\n#if 1\n", 2, "`#if` without `#endif`"),
    "#endif alone": ("#endif\n", 1, "`#endif` without `#if`"),
    "#error": ('#error "not this way"\n', 1, "not this way"),
    "#if expression": ("#if 1 +\n#endif\n", 1, "ends too early"),
    "macro arguments of cpp": ("#define F(a) a\nF(nop, nop)\n", 2, "takes 1 argument, not 2"),
    "no .endm": (".macro a\nnop\n", 1, "`.macro` without `.endm`"),
    "no .endr": ("nop\n.rept 2\nnop\n", 2, "`.rept` without `.endr`"),
    "irp without symbol": (".irp\nnop\n.endr\n", 1, "needs a symbol"),
    "irp with an open string": ('.irp a, "b\nnop\n.endr\n', 1, "a string is not closed"),
    "mov with rubbish": ("mov x0, #5!\n", 1, "do not fit"),
    ".endm alone": (".endm\n", 1, "`.endm`"),
    "macro twice": (".macro a\n.endm\n.macro a\n.endm\n", 3, "macro `a` is already defined"),
    "required argument": (".macro a b:req\n.endm\na\n", 3, "macro `a` needs its argument `b`"),
    "too many arguments": (".macro a b\n.endm\na 1, 2\n", 3, "takes at most 1 argument"),
    "positional after keyword": (
        ".macro a b, c\n.endm\na b=1, 2\n",
        3,
        "positional argument after a keyword",
    ),
    "endless macro": (".macro a\na\n.endm\na\n", 4, "nested more than"),
    ".exitm alone": (".exitm\n", 1, "outside a macro"),
    ".purgem": (".purgem a\n", 1, "no macro `a`"),
    ".error": ('nop\n.error "no, not this"\n', 2, "no, not this"),
    ".err": (".err\n", 1, "`.err`"),
    "missing include": ('nop\n.include "nowhere.inc"\n', 2, "cannot find `nowhere.inc` (looked in "),
    "missing #include": ('#include "nowhere.h"\n', 1, "cannot find `nowhere.h`"),
    "missing incbin": ('.incbin "nowhere.bin"\n', 1, "cannot find `nowhere.bin`"),
    "popsection": (".popsection\n", 1, "`.popsection` without"),
    "subsection": (".text 8193\n", 1, "subsection 8193 is out of range"),
    "data in a structure": (".struct 0\n.word 1\n", 2, "`.struct` describes offsets and holds no data"),
    "negative structure": (".struct -4\n", 1, "an offset is 0 or more"),
    "late LEB128": (".uleb128 b - a\na: nop\nb:\n", 1, "a number that is known here is needed"),
    "floating-point number": (".float 1x\n", 1, "`1x` is not a floating-point number"),
    "large floating-point number": (".float16 70000\n", 1, "`70000` is too large"),
    "directive of GNU as alone": (".reloc 0, R_AARCH64_NONE\n", 1, "`--toolchain gcc` builds with GNU as"),
    "near directive": (".sectoin .text\n", 1, "unknown directive `.sectoin`; did you mean `.section`?"),
    "signed group": (
        "movz x0, #:abs_g0_s:0x10000\n",
        1,
        "does not fit `:abs_g0_s:`: it needs more than 17 bits",
    ),
    "signed group in movk": ("movk x0, #:abs_g0_s:1\n", 1, "`:abs_g0_s:` belongs into `movz` or `movn`"),
    "open call of cpp": ("#define F(a) a\nnop\nF(nop\n", 3, "a macro call is not closed"),
    "arguments that cannot be": ("#define F(a, ..., b) a\n", 1, "cannot read the parameters `(a, ..., b)`"),
    "too few for ...": ("#define F(a, b, ...) a\nF(1)\n", 2, "takes 2 or more arguments, not 1"),
    "open string of altmacro": (".altmacro\n.macro m a\n.endm\nm <a\n", 4, "a string in `<>` is not closed"),
    ".fail": (".fail 499\n", 1, "`.fail 499`"),
    "open comment": ("nop\n/* for ever\nnop\n", 2, "comment `/*` is never closed"),
    "empty register list": ("ld1 {}, [x0]\n", 1, "brackets of the operands do not match"),
    "deep expression": (f"nop\n.word {'-' * 9000}1\n", 2, "nested too deep"),
    "form feed": ("add x0, x1,\fx2\n", 1, "not printable ASCII"),
    "no-break space": ("add x0, x1,\u00a0x2\n", 1, "not printable ASCII"),
    "open bracket": ("fmul v0.2d, v1.2d, v2.d[\n", 1, "brackets of the operands do not match"),
    "empty bracket": ("fmul v0.2d, v1.2d, v2.d[ ]\n", 1, "brackets of the operands do not match"),
    "post-index of xzr": ("ld1 {v0.16b}, [x0], xzr\n", 1, "`xzr` cannot be a post-index"),
}


@pytest.mark.parametrize(("text", "line", "message"), CASES.values(), ids=CASES.keys())
def test_a_wrong_source_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    if not has_keystone() and _OF_KEYSTONE.search(message):
        message = "operands do not fit this instruction: "  # and clang's own words for the range
    with pytest.raises(GuestError) as caught:
        assemble(text, name="src")
    assert message in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("src", line)


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "main.S").write_text('nop\n.include "part.inc"\n')
    (tmp_path / "part.inc").write_text("nop\nnop\nfrob x0\n")
    with pytest.raises(GuestError, match=r"part\.inc:3: unknown instruction `frob`"):
        assemble(tmp_path / "main.S")


def test_an_error_after_an_include_has_its_own_line(tmp_path: Path) -> None:
    (tmp_path / "main.S").write_text('#include "part.h"\nfrob x0\n')
    (tmp_path / "part.h").write_text("#define A 1\n\n\n")
    with pytest.raises(GuestError, match=r"main\.S:2: unknown instruction `frob`"):
        assemble(tmp_path / "main.S")


def test_an_error_in_a_macro_names_the_call_and_the_line_in_the_macro(tmp_path: Path) -> None:
    (tmp_path / "lib.inc").write_text(
        ".macro inner r\n nop\n add \\r\n.endm\n.macro outer\n inner x9\n.endm\n"
    )
    (tmp_path / "main.S").write_text('.include "lib.inc"\n\nouter\n')
    with pytest.raises(GuestError) as caught:
        assemble(tmp_path / "main.S")
    text = str(caught.value)
    assert text.startswith(f"{tmp_path}/main.S:3: `add x9`")
    assert f"in macro `inner` at {tmp_path}/lib.inc:3, in macro `outer` at {tmp_path}/lib.inc:6" in text


def test_a_line_in_a_repetition_is_its_own() -> None:
    with pytest.raises(GuestError, match=r"src:3: unknown instruction `frob`"):
        assemble(".rept 3\nnop\nfrob\n.endr\n", name="src")


def test_the_first_of_several_errors_is_reported() -> None:
    text = "".join(f"bad{n} x0\n" if n in (37, 500, 501) else f"add x0, x0, #{n}\n" for n in range(600))
    with pytest.raises(GuestError, match=r"src:38: unknown instruction `bad37`"):
        assemble(text, name="src")


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    for name, line in (("a.S", '#include "a.S"\n'), ("b.S", '.include "b.S"\n')):
        (tmp_path / name).write_text(line)
        with pytest.raises(GuestError, match="does it include itself"):
            assemble(tmp_path / name)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.S").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GuestError, match="not UTF-8"):
        assemble(tmp_path / "a.S")


def test_an_endless_repetition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_stack, "MOST_STATEMENTS", 10_000)
    with pytest.raises(GuestError, match="expands to more than"):
        assemble(".rept 1 << 40\n.rept 1 << 40\n.set a, 1\n.endr\n.endr\n")


def test_a_name_that_cannot_be_defined_is_refused() -> None:
    with pytest.raises(GuestError, match="`1A` cannot be defined"):
        assemble("nop\n", defines={"1A": 1})


def test_a_long_chain_of_macros_is_cut() -> None:
    with pytest.raises(GuestError) as caught:
        assemble(".macro m\nm\n.endm\nm\n", name="src")
    assert str(caught.value).endswith(
        "(in macro `m` at src:2, in macro `m` at src:2, in macro `m` at src:2, ...)"
    )
