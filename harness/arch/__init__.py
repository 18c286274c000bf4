# SPDX-License-Identifier: MIT
"""Facts of the Arm architecture: encodings, fields and numbers. Imports nothing of this project."""
