# SPDX-License-Identifier: MIT
"""Run of a machine: the loop, the schedule, conditions, stimuli, and how it stopped."""
