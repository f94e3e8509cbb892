"""Memory in huge pages: a network on the CPU is a fifth faster, and its answers are the same."""

from __future__ import annotations

import os

HUGE_PAGES = {"THP_MEM_ALLOC_ENABLE": "1"}
"""What torch reads from the environment when it first needs memory; Linux only."""


def ask_for_huge_pages() -> None:
    """Have torch, once it is loaded, ask for huge pages; what the user has set stays."""
    for name, value in HUGE_PAGES.items():
        os.environ.setdefault(name, value)
