# SPDX-License-Identifier: MIT
"""Instructions: read, given to Keystone as plain text or encoded here, and completed when addresses are known."""
