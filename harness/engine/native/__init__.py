# SPDX-License-Identifier: MIT
"""C core of the engine: the paths of one CPU that every instruction and every exit take, and its compiler."""
