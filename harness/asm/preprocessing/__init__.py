# SPDX-License-Identifier: MIT
"""From text to plain statements: the C preprocessor, and the macros, repetitions and ``.if`` of GNU as."""
