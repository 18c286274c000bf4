# SPDX-License-Identifier: MIT
"""The four interrupt controllers that a guest can have, as EL2 serves them."""
