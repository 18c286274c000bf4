# SPDX-License-Identifier: MIT
"""Integer expressions: their values, and the syntax of GNU as and of C's ``#if`` in which they are written."""

from harness.asm.expressions.parser import Scope, parse_expression
from harness.asm.expressions.values import Address, AddressBase, Expression, fold, fold_unary, resolve

__all__ = [
    "Address",
    "AddressBase",
    "Expression",
    "Scope",
    "fold",
    "fold_unary",
    "parse_expression",
    "resolve",
]
