# SPDX-License-Identifier: MIT
"""Sections and symbols, and the program that they become once every section has its address."""
