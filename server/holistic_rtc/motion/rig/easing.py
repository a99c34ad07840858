"""Which parts are seen, how values go to new ones when that changes, and what is calmed: the solver's only memory."""

from collections.abc import Callable
from math import exp, inf

import numpy as np
from numpy.typing import NDArray

from holistic_rtc.model.geometry import Array

SEEN_FROM = 0.6
"""A part is seen from this score on,"""
LOST_BELOW = 0.4
"""and until it has fallen below this one, so that a score that trembles doesn't make it come and go."""
EASE_IN_MS = 100
"""From when a part wasn't seen yet to when it is where it is seen"""
HOLD_MS = 150
"""So long a part that isn't seen any more stays where it is, since hands that move fast are lost for a few frames"""
EASE_OUT_MS = 500
"""From when a part was last seen to when it is at rest"""
MAX_STEP_MS = 250
"""A longer time between two frames counts as this one, so that a gap isn't followed by a leap"""
FOLLOW_MS = 80
"""In which what is calmed goes six tenths of its way to a new value"""


class Presence:
    """Which parts are seen, with hysteresis, and how far each has come on its way to where it is seen, or to rest."""

    def __init__(self, parts: int) -> None:
        self.seen: NDArray[np.bool_] = np.zeros(parts, bool)
        self.changed: NDArray[np.bool_] | None = None
        """Parts that are seen in this frame but weren't in the one before, or the other way round; None for none"""
        self.progress: Array = np.ones(parts)
        """From 0, where the part was when that changed, to 1, where it is seen or at rest"""
        self.weight: Array = np.zeros(parts)
        """Of what is seen, against what is assumed at rest"""
        self.settled = True
        """Whether there is no part on its way"""
        self.step_ms = 0
        """From the frame before to this one"""
        self._elapsed_ms = np.full(parts, inf)
        self._timestamp_ms: int | None = None

    @property
    def at_rest(self) -> bool:
        return self.settled and not self.seen.any()

    def update(self, scores: Array, timestamp_ms: int) -> None:
        """
        :param scores: how well each part can be seen, from 0 to 1.
        :param timestamp_ms: of the frame.
        """
        before, seen = self.seen, scores >= np.where(self.seen, LOST_BELOW, SEEN_FROM)
        self.seen, self.changed = seen, None
        if self._timestamp_ms is None:
            # What is seen in the first frame is shown as it is.
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
    Values that stay continuous when their part comes or goes.

    :param rest: (n, ...) the values of parts that aren't seen.
    :param parts: (n,) the part of each value.
    :param blend: from a start and an end to what lies between, by a share from 0 to 1.
    """

    def __init__(self, rest: Array, parts: NDArray[np.intp], blend: Callable[[Array, Array, Array], Array]) -> None:
        self._rest = rest
        self._parts = parts
        self._blend = blend
        self._wide = (-1, *(1,) * (rest.ndim - 1))
        self._seen: NDArray[np.bool_] | None = None
        self.rest()

    def rest(self) -> None:
        """Be at rest at once."""
        self._start = self._shown = self._rest

    def step(self, found: Array, presence: Presence) -> Array:
        """
        The values to be shown.

        :param found: (n, ...); of a part that isn't seen they don't matter.
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
        Of the values that :meth:`step` will give, the first, for those that hang on them.

        :param found: as many of them as are wanted, which are of one part.
        """
        count, part = len(found), self._parts[0]
        start = self._start if presence.changed is None or not presence.changed[part] else self._shown
        end = found if presence.seen[part] else self._rest[:count]
        return self._blend(start[:count], end, presence.progress[self._parts[:count]])


class Calmed:
    """Numbers that follow what is found with some delay, the same at any frame rate: a low-pass filter."""

    def __init__(self) -> None:
        self._last: Array | None = None

    def step(self, found: Array, step_ms: float) -> Array:
        if self._last is not None:
            found = found + (self._last - found) * exp(-step_ms / FOLLOW_MS)
        self._last = found
        return found

    def forget(self) -> None:
        """Take what is found next as it is."""
        self._last = None


def mix(start: Array, end: Array, share: Array) -> Array:
    """Numbers between others."""
    return start + (end - start) * share
