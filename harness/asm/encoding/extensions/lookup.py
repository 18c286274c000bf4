# SPDX-License-Identifier: MIT
"""Look-up of an instruction among the extensions: its word, or what it needs, or what its operands should be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from harness.asm.encoding.extensions.features import Features, advice
from harness.asm.encoding.extensions.forms import Form, Operand
from harness.asm.encoding.extensions.half import HALF_MNEMONICS
from harness.asm.encoding.extensions.integer import integer_forms
from harness.asm.encoding.extensions.system import SYSTEM_ONLY, encode_system
from harness.asm.encoding.extensions.vectors import vector_forms
from harness.asm.expressions import Scope
from harness.asm.source import StatementError

# Mnemonics of the table that Keystone has too, with other operands.
_SHARED = HALF_MNEMONICS | {"fmaxnmv", "fmaxv", "fminnmv", "fminv", "pmull", "pmull2"}
_NEW_IN_MAX = "; the CPU to run it on is `--cpu max`"
_IN_A72 = frozenset(("crc", "aes", "sha2"))
_NOT_IN_MAX = frozenset(("fp16", "fp16fml", "ssbs"))
_NAMES_NOT_IN_MAX = re.compile(r"\bdit\b", re.IGNORECASE)


@cache
def _forms() -> dict[str, tuple[Form, ...]]:
    table: dict[str, list[Form]] = {}
    for form in (*integer_forms(), *vector_forms()):
        table.setdefault(form.mnemonic, []).append(form)
    return {mnemonic: tuple(forms) for mnemonic, forms in table.items()}


def is_extension(mnemonic: str) -> bool:
    """Tells whether this table has the mnemonic."""
    return mnemonic in _forms() or mnemonic in SYSTEM_ONLY


def is_of_later_version(mnemonic: str) -> bool:
    """Tells whether of the CPU models only `max` has an instruction of this name."""
    needs = [form.needs for form in _forms().get(mnemonic, ())]
    return mnemonic not in _SHARED and any(needs) and all(map(_is_in_max_alone, needs))


def _is_in_max_alone(needs: str) -> bool:
    """Tells whether `max` has these features, and the other CPU models do not."""
    names = set(needs.split())
    return not names <= _IN_A72 and not names & _NOT_IN_MAX


def encode_extension(
    text: str, mnemonic: str, operands: Sequence[str], scope: Scope, features: Features
) -> int | None:
    """Returns the word of an instruction, or None if it is not of these extensions.

    StatementError says what allows it, or what operands it takes.
    """
    given = [Operand(operand, scope) for operand in operands]
    system = encode_system(mnemonic, given)
    if system is not None:
        check_features(text, system[1], features)
        return system[0]
    forms = _forms().get(mnemonic, ())
    for form in forms:
        word = form.encode(given)
        if word is not None:
            check_features(text, form.needs, features)
            return word
    if mnemonic in SYSTEM_ONLY or (forms and mnemonic not in _SHARED):
        shapes = list(dict.fromkeys(form.shape for form in forms if form.shape))
        takes = " or ".join(f"`{shape}`" for shape in shapes) or "no operands"
        if mnemonic in SYSTEM_ONLY:
            takes = {"bti": "`c`, `j`, `jc` or none"}.get(
                mnemonic, "`csync`" if mnemonic[1:] == "sb" else "`rctx, Xt`"
            )
        raise StatementError(f"`{text}`: operands do not fit this instruction; it takes {takes}")
    return None


def check_features(text: str, needs: str, features: Features) -> None:
    """Raises StatementError, with what to do, unless the source may use an instruction."""
    if not features.has(needs):
        cpu = _NEW_IN_MAX if _is_in_max_alone(needs) and not _NAMES_NOT_IN_MAX.search(text) else ""
        raise StatementError(f"`{text}` needs {advice(needs)}{cpu}")
