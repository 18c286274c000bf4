# SPDX-License-Identifier: MIT
"""Running a machine: the loop, the schedule, conditions, stimuli, and how it stopped."""
