"""The solver's only state: which parts are seen, transitions when that changes, and low-pass filters."""

from collections.abc import Callable
from math import exp, inf

import numpy as np
from numpy.typing import NDArray

from holistic_rtc.model.geometry import Array

SEEN_FROM = 0.6
"""The score from which a part counts as seen"""
LOST_BELOW = 0.4
"""The score below which a seen part counts as lost; the hysteresis keeps noisy scores from toggling it"""
EASE_IN_MS = 100
"""Duration of the transition to a part that has come into view"""
HOLD_MS = 150
"""How long a lost part stays in place, since fast hands are often lost for a few frames"""
EASE_OUT_MS = 500
"""Time from when a part was last seen until it is at rest"""
MAX_STEP_MS = 250
"""Longer gaps between two frames count as this, so that transitions don't jump after a gap"""
FOLLOW_MS = 80
"""Time constant of :class:`Calmed`: after this time, 63 % of a change has been followed"""


class Presence:
    """Which parts are seen, with hysteresis, and the progress of their transitions."""

    def __init__(self, parts: int) -> None:
        self.seen: NDArray[np.bool_] = np.zeros(parts, bool)
        self.changed: NDArray[np.bool_] | None = None
        """Parts that have come into view or been lost since the previous frame; None if there are none"""
        self.progress: Array = np.ones(parts)
        """Of the part's latest transition: 0 at its start, 1 when the part is where it is seen, or at rest"""
        self.weight: Array = np.zeros(parts)
        """Of the observation: 0 when the part is at rest, 1 when it is where it is seen"""
        self.settled = True
        """Whether all transitions are complete"""
        self.step_ms = 0
        """Time since the previous frame"""
        self._elapsed_ms = np.full(parts, inf)
        self._timestamp_ms: int | None = None

    @property
    def at_rest(self) -> bool:
        """Whether no part is seen, and all transitions are complete"""
        return self.settled and not self.seen.any()

    def update(self, scores: Array, timestamp_ms: int) -> None:
        """
        :param scores: (parts,) from 0 to 1, how well each part is visible.
        :param timestamp_ms: the frame's time.
        """
        before, seen = self.seen, scores >= np.where(self.seen, LOST_BELOW, SEEN_FROM)
        self.seen, self.changed = seen, None
        if self._timestamp_ms is None:
            # Parts seen in the first frame appear without a transition.
            self.weight = seen.astype(float)
        else:
            self.step_ms = min(max(timestamp_ms - self._timestamp_ms, 0), MAX_STEP_MS)
            changed = seen != before
            if changed.any():
                self.changed = changed
                self._elapsed_ms[changed] = 0
                self.settled = False
            if not self.settled:
                self._elapsed_ms += self.step_ms
                self._advance()
        self._timestamp_ms = timestamp_ms

    def _advance(self) -> None:
        coming = self._elapsed_ms / EASE_IN_MS
        going = (self._elapsed_ms - HOLD_MS) / (EASE_OUT_MS - HOLD_MS)
        progress = np.minimum(np.maximum(np.where(self.seen, coming, going), 0), 1)
        self.progress = progress * progress * (3 - 2 * progress)
        self.weight = np.where(self.seen, self.progress, 1 - self.progress)
        self.settled = bool((progress == 1).all())


class Eased:
    """
    Values that stay continuous when their part comes into view or is lost.

    :param rest: (n, ...) the values of parts that aren't seen.
    :param parts: (n,) the index of each value's part.
    :param blend: interpolates from a start to an end, by a share from 0 to 1.
    """

    def __init__(self, rest: Array, parts: NDArray[np.intp], blend: Callable[[Array, Array, Array], Array]) -> None:
        self._rest = rest
        self._parts = parts
        self._blend = blend
        self._wide = (-1, *(1,) * (rest.ndim - 1))
        self._seen: NDArray[np.bool_] | None = None
        self.rest()

    def rest(self) -> None:
        """Go to rest without a transition."""
        self._start = self._shown = self._rest

    def step(self, found: Array, presence: Presence) -> Array:
        """
        The values to show in this frame.

        :param found: (n, ...) the observed values; ignored for parts that aren't seen.
        :return: (n, ...)
        """
        if presence.changed is not None:
            self._start = np.where(presence.changed[self._parts].reshape(self._wide), self._shown, self._start)
            self._seen = None
        if self._seen is None:
            self._seen = presence.seen[self._parts].reshape(self._wide)
        end = np.where(self._seen, found, self._rest)
        self._shown = end if presence.settled else self._blend(self._start, end, presence.progress[self._parts])
        return self._shown

    def first(self, found: Array, presence: Presence) -> Array:
        """
        The first values that :meth:`step` will return, for computations that depend on them.

        :param found: (m, ...) the first m observed values, all of the same part.
        :return: (m, ...)
        """
        count, part = len(found), self._parts[0]
        start = self._start if presence.changed is None or not presence.changed[part] else self._shown
        end = found if presence.seen[part] else self._rest[:count]
        return self._blend(start[:count], end, presence.progress[self._parts[:count]])


class Calmed:
    """A first-order low-pass filter with the same delay at any frame rate."""

    def __init__(self) -> None:
        self._last: Array | None = None

    def step(self, found: Array, step_ms: float) -> Array:
        """
        Filter the next values.

        :param found: (n,) the observed values.
        :param step_ms: time since the previous ones.
        :return: (n,)
        """
        if self._last is not None:
            found = found + (self._last - found) * exp(-step_ms / FOLLOW_MS)
        self._last = found
        return found

    def forget(self) -> None:
        """Reset: return the next values unfiltered."""
        self._last = None


def mix(start: Array, end: Array, share: Array) -> Array:
    """Linear interpolation."""
    return start + (end - start) * share
