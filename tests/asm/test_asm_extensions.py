# SPDX-License-Identifier: MIT
"""Instructions of Armv8.1 to Armv8.5 and of cryptography are those of GNU as, and allowed as GNU as allows them."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from harness.asm import assemble
from harness.asm.encoding.extensions.forms import Form
from harness.asm.encoding.extensions.integer import integer_forms
from harness.asm.encoding.extensions.system import _FIELDS, _OPERATIONS, _REGISTERS
from harness.asm.encoding.extensions.vectors import vector_forms
from harness.errors import GuestError
from tests.thorough import ALL

EVERYTHING = ".arch armv8.5-a+fp16+fp16fml+crypto+sha3+sm4+lor+ssbs\n"
FORMS = [*integer_forms(), *vector_forms()]
ROUNDS = 40 if ALL else 2


def general(letter: str, number: int, last: str = "zr") -> str:
    end = {"zr": f"{letter}zr", "sp": "sp" if letter == "x" else "wsp"}[last]
    return f"{letter}{number}" if number < 31 else end


def operands(form: Form, rng: random.Random) -> Iterator[str]:
    """Random operands of a form; those of a pair are neighbours."""
    first = 0
    for kind in form.kinds:
        name = kind.rstrip("0123456789").split(".")[0].rstrip("0123456789")
        extra = kind.partition(".")[2]
        number = rng.randrange(32)
        if name in ("W", "X"):
            yield general(name.lower(), number)
        elif name == "XS":
            yield general("x", number, "sp")
        elif name in ("WE", "XE"):
            first = rng.randrange(15) * 2
            yield general(name[0].lower(), first)
        elif name in ("WN", "XN"):
            yield general(name[0].lower(), first + 1)
        elif name in ("H", "S", "D", "Q"):
            yield f"{name.lower()}{number}"
        elif name == "V":
            yield f"v{number}.{extra}"
        elif name == "E":
            bits = {"l": 1, "1": 1, "2": 2, "3": 3, "i": 2}[extra[-1]]
            register = number % 16 if extra[-1] == "3" else number
            yield f"v{register}.{extra[:-1]}[{rng.randrange(1 << bits)}]"
        elif name == "I":
            yield f"#{rng.randrange(1 << int(extra))}"
        elif name == "R":
            yield f"#{rng.choice((0, 90, 180, 270) if extra == '2' else (90, 270))}"
        elif name == "F":
            yield f"#{rng.randint(1, 16)}"
        else:
            assert name == "B"
            yield base(general("x", number, "sp"), extra, rng)


def base(register: str, extra: str, rng: random.Random) -> str:
    if not extra:
        return f"[{register}]"
    offset = rng.randrange(-256, 256) if extra == "9" else 8 * rng.randrange(-512, 512)
    return f"[{register}, #{offset}]" + rng.choice(("", "!") if extra == "p" else ("",))


def gnu_words(text: str, where: Path) -> list[int]:
    if shutil.which("aarch64-linux-gnu-as") is None or shutil.which("aarch64-linux-gnu-objcopy") is None:
        pytest.skip("aarch64-linux-gnu-as is not installed (package binutils-aarch64-linux-gnu)")
    source, built, flat = where / "a.s", where / "a.o", where / "a.bin"
    source.write_text(text)
    for command in (
        ["aarch64-linux-gnu-as", source, "-o", built],
        ["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", built, flat],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return [word for (word,) in struct.iter_unpack("<I", flat.read_bytes())]


def compare(lines: Sequence[str], where: Path) -> None:
    text = EVERYTHING + "\n".join(lines) + "\n"
    ours = [word for (word,) in struct.iter_unpack("<I", assemble(text).segments[0].data)]
    theirs = gnu_words(text, where)
    different = [
        f"{line}: {a:#010x} here, {b:#010x} there"
        for line, a, b in zip(lines, ours, theirs, strict=True)
        if a != b
    ]
    assert different == []


def test_every_form_of_the_table_has_the_word_of_gnu_as(tmp_path: Path) -> None:
    rng = random.Random(1)
    lines = [f"{form.mnemonic} {', '.join(operands(form, rng))}" for form in FORMS for _ in range(ROUNDS)]
    compare(lines, tmp_path)


SCALAR = """
    {op} h{d}, h{n}: fabs fneg fsqrt fmov frintn frintp frintm frintz frinta frintx frinti frecpe frecpx frsqrte
    {op} h{d}, h{n}, h{m}: fadd fsub fmul fdiv fnmul fmax fmin fmaxnm fminnm fabd facge facgt
    {op} h{d}, h{n}, h{m}: fcmeq fcmge fcmgt fmulx frecps frsqrts
    {op} h{d}, h{n}, h{m}, h{a}: fmadd fmsub fnmadd fnmsub
    {op} h{n}, h{m}: fcmp fcmpe
    {op} h{n}, #0.0: fcmp fcmpe
    {op} h{d}, h{n}, #0.0: fcmeq fcmge fcmgt fcmle fcmlt
    {op} h{n}, h{m}, #{f}, ne: fccmp fccmpe
    {op} h{d}, h{n}, h{m}, gt: fcsel
    {op} h{d}, #1.5: fmov
    {op} {g}, h{n}: fcvtns fcvtnu fcvtps fcvtpu fcvtms fcvtmu fcvtzs fcvtzu fcvtas fcvtau
    {op} h{d}, h{n}: fcvtns fcvtnu fcvtps fcvtpu fcvtms fcvtmu fcvtzs fcvtzu fcvtas fcvtau scvtf ucvtf
    {op} h{d}, {g}: scvtf ucvtf
    {op} h{d}, {g}, #{b}: scvtf ucvtf
    {op} {g}, h{n}, #{b}: fcvtzs fcvtzu
    {op} v{d}.{t}, v{n}.{t}: fabs fneg fsqrt frintn frintp frintm frintz frinta frintx frinti frecpe frsqrte
    {op} v{d}.{t}, v{n}.{t}: scvtf ucvtf fcvtns fcvtnu fcvtps fcvtpu fcvtms fcvtmu fcvtzs fcvtzu fcvtas fcvtau
    {op} v{d}.{t}, v{n}.{t}, v{m}.{t}: fadd fsub fmul fdiv fmax fmin fmaxnm fminnm fabd facge facgt
    {op} v{d}.{t}, v{n}.{t}, v{m}.{t}: fcmeq fcmge fcmgt fmulx frecps frsqrts faddp
    {op} v{d}.{t}, v{n}.{t}, v{m}.{t}: fmaxp fminp fmaxnmp fminnmp fmla fmls
    {op} v{d}.{t}, v{n}.{t}, #0.0: fcmeq fcmge fcmgt fcmle fcmlt
    {op} v{d}.{t}, #-0.25: fmov
"""


def test_half_precision_has_the_words_of_gnu_as(tmp_path: Path) -> None:
    """FEAT_FP16: DDI 0487, C4.1.96."""
    rng = random.Random(2)
    lines = []
    for row in SCALAR.strip().splitlines():
        shape, _, names = row.strip().partition(": ")
        for op in names.split() * ROUNDS:
            d, n, m, a = (rng.randrange(32) for _ in range(4))
            g, t = general(rng.choice("wx"), rng.randrange(32)), rng.choice(("4h", "8h"))
            numbers = {"d": d, "n": n, "m": m, "a": a, "f": rng.randrange(16), "b": rng.randint(1, 32)}
            lines.append(shape.format(op=op, g=g, t=t, **numbers))
    compare(lines, tmp_path)


def test_system_instructions_have_the_words_of_gnu_as(tmp_path: Path) -> None:
    lines = ["bti", "bti c", "bti j", "bti jc", "psb csync", "tsb csync"]
    for name, register in _REGISTERS.items():
        lines.append(f"mrs x3, {name}")
        if register.writable:
            lines.append(f"msr {name}, x30")
    lines += [f"msr {name}, #{value}" for name in _FIELDS for value in (0, 1)]
    lines += [f"{operation} {name}, x{number}" for operation, name in _OPERATIONS for number in (0, 7)]
    compare(lines, tmp_path)


# An instruction, the first version that has it, and the extension that adds it to Armv8.0, if one does.
GATES = {
    "ldadd w0, w1, [x2]": ("armv8.1-a", "lse"),
    "casp x0, x1, x2, x3, [x4]": ("armv8.1-a", "lse"),
    "sqrdmlah v0.4h, v1.4h, v2.4h": ("armv8.1-a", "rdma"),
    "msr pan, #1": ("armv8.1-a", "pan"),
    "mrs x0, lorc_el1": ("armv8.1-a", "lor"),
    "crc32b w0, w1, w2": ("armv8.1-a", "crc"),
    "msr uao, #1": ("armv8.2-a", None),
    "dc cvap, x0": ("armv8.2-a", None),
    "at s1e1rp, x0": ("armv8.2-a", None),
    "retaa": ("armv8.3-a", "pauth"),
    "mrs x0, apiakeylo_el1": ("armv8.3-a", None),
    "fjcvtzs w0, d0": ("armv8.3-a", None),
    "fcadd v0.4s, v1.4s, v2.4s, #90": ("armv8.3-a", "compnum"),
    "ldapr w0, [x1]": ("armv8.3-a", "rcpc"),
    "ldapur w0, [x1]": ("armv8.4-a", None),
    "sdot v0.2s, v1.8b, v2.8b": ("armv8.4-a", None),
    "cfinv": ("armv8.4-a", "flagm"),
    "axflag": ("armv8.5-a", None),
    "frint32z s0, s1": ("armv8.5-a", None),
    "sb": ("armv8.5-a", "sb"),
    "cfp rctx, x0": ("armv8.5-a", "predres"),
    "dc cvadp, x0": ("armv8.5-a", None),
    "fadd h0, h1, h2": ("armv9-a", "fp16"),
    "aese v0.16b, v1.16b": (None, "aes"),
    "sha256su0 v0.4s, v1.4s": (None, "crypto"),
    "eor3 v0.16b, v1.16b, v2.16b, v3.16b": (None, None),
    "paciasp": ("armv8-a", None),
    "bti c": ("armv8-a", None),
}
VERSIONS = ["armv8-a", *(f"armv8.{minor}-a" for minor in range(1, 9)), "armv9-a"]
EXTENSIONS = [
    "crc",
    "lse",
    "rdma",
    "pan",
    "lor",
    "fp16",
    "compnum",
    "rcpc",
    "aes",
    "crypto",
    "sb",
    "predres",
    "pauth",
]


def ours_takes(text: str) -> bool:
    try:
        assemble(text)
    except GuestError as error:
        if "needs `.arch" in str(error):
            return False
        raise
    return True


def gnu_takes(text: str, where: Path) -> bool:
    source = where / "a.s"
    source.write_text(text)
    command = ["aarch64-linux-gnu-as", source, "-o", where / "a.o"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def sources(line: str) -> Iterator[str]:
    yield from (f".arch {version}\n{line}\n" for version in VERSIONS)
    yield from (f".arch armv8-a\n.arch_extension {extension}\n{line}\n" for extension in EXTENSIONS)
    yield f".arch armv8.5-a+crypto+fp16+nofp16+nocrypto+nolse+nopan+nocrc+norcpc\n{line}\n"


@pytest.mark.parametrize("line", GATES)
def test_a_version_or_an_extension_allows_an_instruction(line: str) -> None:
    version, extension = GATES[line]
    for text in sources(line):
        name = text.split()[1]
        if text.count("\n") == 2 and "+" not in text:
            assert ours_takes(text) == (
                version is not None and VERSIONS.index(name) >= VERSIONS.index(version)
            )
    if extension is not None:
        assert ours_takes(f".arch armv8-a+{extension}\n{line}\n")
        assert not ours_takes(f".arch armv8-a+{extension}\n.arch_extension no{extension}\n{line}\n")


@pytest.mark.skipif(
    shutil.which("aarch64-linux-gnu-as") is None, reason="aarch64-linux-gnu-as is not installed"
)
@pytest.mark.parametrize("line", list(GATES) if ALL else list(GATES)[::9])
def test_gnu_as_allows_it_in_the_same_places(line: str, tmp_path: Path) -> None:
    different = [text for text in sources(line) if ours_takes(text) != gnu_takes(text, tmp_path)]
    assert different == []


REFUSALS: dict[str, tuple[str, str]] = {
    "a CPU that has it": (
        "ldadd w1, w2, [x0]",
        "`.arch armv8.1-a` or `.arch_extension lse`; the CPU to run it on is `--cpu max`",
    ),
    "a version": (".arch armv8-a\nmsr uao, #1", "needs `.arch armv8.2-a`"),
    "a version with an extension": ("eor3 v0.16b, v1.16b, v2.16b, v3.16b", "needs `.arch armv8.2-a+sha3`"),
    "operands": (EVERYTHING + "ldadd w1, x2, [x0]", "it takes `Wm, Wd, [Xn|SP]` or `Xm, Xd, [Xn|SP]`"),
    "an odd pair": (EVERYTHING + "casp x1, x2, x4, x5, [x0]", "operands do not fit"),
    "an offset": (EVERYTHING + "swp x1, x2, [x0, #8]", "no room for an offset"),
    "a rotation": (EVERYTHING + "fcadd v0.4s, v1.4s, v2.4s, #180", "one of 90, 270"),
    "an immediate": (EVERYTHING + "rmif x0, #64, #0", "64 is out of range: from 0 to 63"),
    "a scaled offset": (EVERYTHING + "ldraa x0, [x1, #4]", "a multiple of 8 from -4096 to 4088"),
    "an index": (EVERYTHING + "udot v0.2s, v1.8b, v2.4b[4]", "4 is out of range: from 0 to 3"),
    "a field of PSTATE": (EVERYTHING + "msr pan, #2", "from 0 to 1"),
    "a target": (EVERYTHING + "bti x", "it takes `c`, `j`, `jc` or none"),
    "an architecture": (".arch armv8.1", "unknown architecture `armv8.1`; there are, for example: armv8.1-a"),
    "an extension": (".arch_extension lsd", "unknown architectural extension `lsd`"),
    "a CPU": (".cpu cortex-a71", "unknown CPU `cortex-a71`; there are, for example: cortex-a7"),
}


@pytest.mark.parametrize(("text", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_an_extension_does_not_take_is_told(text: str, message: str) -> None:
    with pytest.raises(GuestError) as caught:
        assemble(text + "\n", name="src")
    assert message in str(caught.value)
    assert caught.value.line == text.count("\n") + 1


def test_a_source_may_use_what_a_cortex_a72_has() -> None:
    assert len(assemble("crc32b w0, w1, w2\naese v0.16b, v1.16b\nsha1h s0, s1\n").segments[0].data) == 12
