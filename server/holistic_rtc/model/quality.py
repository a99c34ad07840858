"""How exactly to track. Doesn't import NumPy."""

from enum import StrEnum


class Quality(StrEnum):
    """What a tracking engine may leave out to save CPU time."""

    FAST = "fast"
    """May be slightly less precise"""
    BALANCED = "balanced"
    """What makes next to no difference"""
    EXACT = "exact"
    """Nothing"""
