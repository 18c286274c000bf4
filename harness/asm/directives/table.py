# SPDX-License-Identifier: MIT
"""Table of directives by their names."""

from __future__ import annotations

from typing import Final

from harness.asm.directives import data, placing
from harness.asm.directives.arguments import at_most, split, string
from harness.asm.directives.context import Directive, DirectiveContext
from harness.asm.directives.floats import BFLOAT, DOUBLE, HALF, SINGLE
from harness.asm.source import StatementError
from harness.wording import did_you_mean


def _weak(asm: DirectiveContext, rest: str, name: str) -> None:
    asm.symbols.weak.update(split(rest))


def _weak_reference(asm: DirectiveContext, rest: str, name: str) -> None:
    alias, target = at_most(split(rest), 2, 2, name)
    asm.symbols.assign(alias, asm.parse(target))
    asm.symbols.weak.add(target)


def _fail(asm: DirectiveContext, rest: str, name: str) -> None:
    raise StatementError(string(rest).decode(errors="replace") if rest.strip() else f"`{name}`")


def _fail_with_number(asm: DirectiveContext, rest: str, name: str) -> None:
    number = asm.constant(rest)
    if number < 500:  # GNU as manual, ".fail": from 500 on it is a warning
        raise StatementError(f"`{name} {number}`")


def _literal_pool(asm: DirectiveContext, rest: str, name: str) -> None:
    asm.symbols.place_literals(asm.section.dump_literals())


def _nothing(asm: DirectiveContext, rest: str, name: str) -> None:
    """Accepts what says nothing about the bytes."""


def _elsewhere(asm: DirectiveContext, rest: str, name: str) -> None:
    raise StatementError(
        f"`{name}` is not supported here: `--toolchain gcc` builds with GNU as, which has it"
    )


_SIZES: Final = {
    1: (".byte", ".1byte", ".dc.b"),
    2: (".hword", ".short", ".half", ".2byte", ".value", ".dc", ".dc.w"),
    4: (".word", ".long", ".int", ".4byte", ".dc.l"),
    8: (".quad", ".xword", ".dword", ".8byte", ".dc.a"),
    16: (".octa",),
}
_FLOATS: Final = {
    HALF: (".float16",),
    BFLOAT: (".bfloat16",),
    SINGLE: (".float", ".single", ".dc.s"),
    DOUBLE: (".double", ".dc.d"),
}
_UNITS: Final = {"": 2, ".b": 1, ".w": 2, ".l": 4}  # sizes that `.dcb` and `.ds` say by their suffix
_ROOM: Final = {".s": 4, ".d": 8, ".p": 12, ".x": 12}  # and those of `.ds` alone
_IGNORED: Final = """
    .global .globl .xdef .extern .extrn .xref .type .size .local .hidden .internal .protected .file .ident
    .warning .print .loc .loc_mark_labels .line .func .endfunc .version .symver
    .gnu_attribute .attach_to_group .linkonce .addrsig .addrsig_sym .variant_pcs
    .stabs .stabn .stabd .title .sbttl .list .nolist .eject .page .psize .plen .llen .format .noformat .name .lflags
    .cfi_startproc .cfi_endproc .cfi_def_cfa .cfi_def_cfa_offset .cfi_offset .cfi_def_cfa_register .cfi_restore
    .cfi_sections .cfi_adjust_cfa_offset .cfi_undefined .cfi_same_value .cfi_return_column .cfi_signal_frame
    .cfi_remember_state .cfi_restore_state .cfi_negate_ra_state .cfi_b_key_frame .cfi_escape .cfi_personality
    .cfi_personality_id .cfi_lsda .cfi_inline_lsda .cfi_window_save .cfi_register .cfi_rel_offset .cfi_fde_data
    .cfi_val_encoded_addr .cfi_label .cfi_mte_tagged_frame
"""
_GNU_ONLY: Final = """
    .reloc .tls_common .tlsdescadd .tlsdesccall .tlsdescldr .dtprelword .dtprelxword .mri .bundle_align_mode
    .bundle_lock .bundle_unlock .hfloat .dcb.x .dc.x .dcb.p .nops .seh_proc
"""

DIRECTIVES: Final[dict[str, Directive]] = {
    **{name: data.values(size) for size, names in _SIZES.items() for name in names},
    **{name: data.floats(kind) for kind, names in _FLOATS.items() for name in names},
    **{f".dcb{suffix}": data.repeated(size) for suffix, size in _UNITS.items()},
    ".dcb.s": data.repeated_float(SINGLE),
    ".dcb.d": data.repeated_float(DOUBLE),
    **{f".ds{suffix}": data.reserved(size) for suffix, size in (_UNITS | _ROOM).items()},
    **dict.fromkeys(_IGNORED.split(), _nothing),
    **dict.fromkeys(_GNU_ONLY.split(), _elsewhere),
    **dict.fromkeys((".skip", ".space", ".spc", ".zero"), data.space),
    **dict.fromkeys((".section", ".pushsection", ".sect"), placing.section),
    **dict.fromkeys((".text", ".data", ".bss", ".rodata"), placing.named_section),
    **dict.fromkeys((".struct", ".offset"), placing.structure),
    **dict.fromkeys((".comm", ".common", ".lcomm", ".xcom"), placing.common),
    **dict.fromkeys((".error", ".err", ".abort"), _fail),
    **dict.fromkeys((".ltorg", ".pool"), _literal_pool),
    **dict.fromkeys((".asciz", ".string", ".string8"), data.strings(b"\0")),
    **{f".string{8 * width}": data.strings(b"\0", width) for width in (2, 4, 8)},
    **dict.fromkeys((".align", ".p2align"), placing.alignment(power=True)),
    ".ascii": data.strings(b""),
    ".uleb128": data.leb128(signed=False),
    ".sleb128": data.leb128(signed=True),
    ".subsection": placing.subsection,
    ".popsection": lambda asm, rest, name: asm.sections.pop(),
    ".previous": lambda asm, rest, name: asm.sections.swap(),
    ".p2alignw": placing.alignment(power=True, width=2),
    ".p2alignl": placing.alignment(power=True, width=4),
    ".balign": placing.alignment(power=False),
    ".balignw": placing.alignment(power=False, width=2),
    ".balignl": placing.alignment(power=False, width=4),
    ".even": placing.even,
    ".org": placing.org,
    ".fill": data.fill,
    ".incbin": data.incbin,
    ".inst": data.inst,
    ".nop": data.nop,
    ".weak": _weak,
    ".weakref": _weak_reference,
    ".fail": _fail_with_number,
}


def unknown_directive(name: str, others: list[str]) -> StatementError:
    """Returns the error for a directive that there is not, with the one that may have been meant."""
    return StatementError(f"unknown directive `{name}`{did_you_mean(name, [*DIRECTIVES, *others], 0.75)}")
