# SPDX-License-Identifier: MIT
"""Instructions that Keystone lacks, of Armv8.1 and later and of cryptography, by the words of the manual."""

from harness.asm.encoding.extensions.features import Features
from harness.asm.encoding.extensions.half import HALF_MNEMONICS, as_half, as_single
from harness.asm.encoding.extensions.lookup import (
    check_features,
    encode_extension,
    is_extension,
    is_of_later_version,
)

__all__ = [
    "HALF_MNEMONICS",
    "Features",
    "as_half",
    "as_single",
    "check_features",
    "encode_extension",
    "is_extension",
    "is_of_later_version",
]
