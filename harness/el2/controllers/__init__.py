# SPDX-License-Identifier: MIT
"""Four interrupt controllers that a guest can have, as EL2 serves them."""
