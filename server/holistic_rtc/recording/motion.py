"""Poses over time, for the formats of animation programs."""

from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from holistic_rtc.atomic import replacing
from holistic_rtc.model.result import FloatArray
from holistic_rtc.model.rig import OFFSETS, Rig
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS
from holistic_rtc.motion.rig.rest import RELAXED
from holistic_rtc.recording.format import Add

LONGEST = 3600
"""Maximum length in seconds. Motions are held in memory: at 30 frames per second, this takes 120 MB"""

_NOBODY = Rig(
    rotations=RELAXED.astype(np.float32),
    hips_position=OFFSETS[0],
    expressions=np.zeros(len(EXPRESSIONS), np.float32),
    arkit=np.zeros(len(ARKIT_BLENDSHAPES), np.float32),
)
_ENDS = np.cumsum([4 * len(BONES), 3, len(EXPRESSIONS), len(ARKIT_BLENDSHAPES)])
"""End of each of a rig's arrays in the flat array of a pose"""


@dataclass(frozen=True, slots=True)
class Motion:
    """A :class:`Rig` at each of n times."""

    times: NDArray[np.float64]
    """(n,) seconds, increasing"""
    rotations: FloatArray
    """(n, 49, 4)"""
    hips_positions: FloatArray
    """(n, 3)"""
    expressions: FloatArray
    """(n, 17)"""
    arkit: FloatArray
    """(n, 52)"""

    def at(self, times: NDArray[np.float64]) -> "Motion":
        """
        Resample the motion. Between two poses, bones rotate at a constant speed along the shorter way.

        :param times: ``(m,)`` seconds; times outside the motion get its first or last pose.
        """
        right = np.clip(np.searchsorted(self.times, times), 1, max(len(self.times) - 1, 1))
        left = right - 1
        right = np.minimum(right, len(self.times) - 1)
        spans = self.times[right] - self.times[left]
        shares = np.divide(times - self.times[left], spans, out=np.zeros(len(times)), where=spans > 0)
        shares = np.clip(shares, 0, 1).astype(np.float32)

        def blend(values: FloatArray) -> FloatArray:
            blended: FloatArray = values[left] + shares[:, None] * (values[right] - values[left])
            return blended

        return Motion(
            times=times,
            rotations=_slerp(self.rotations[left], self.rotations[right], shares[:, None, None]),
            hips_positions=blend(self.hips_positions),
            expressions=blend(self.expressions),
            arkit=blend(self.arkit),
        )


class MotionRecorder:
    """Collects a motion frame by frame."""

    def __init__(self) -> None:
        self._times = array("q")
        self._poses = array("f")

    def add(self, timestamp_ms: int, rig: Rig | None) -> None:
        """
        Add a frame. Frames that aren't later than the previous one are skipped.

        :param rig: None if nobody is seen. This is recorded as the rest pose, which the solver has reached by then.
        """
        if self._times and timestamp_ms <= self._times[-1]:
            return
        rig = rig or _NOBODY
        parts = (rig.rotations.ravel(), rig.hips_position, rig.expressions, rig.arkit)
        self._times.append(timestamp_ms)
        self._poses.frombytes(np.concatenate(parts, dtype=np.float32).tobytes())

    def motion(self) -> Motion:
        """The motion so far, starting at time 0."""
        times = np.frombuffer(self._times, np.int64)
        poses = np.frombuffer(self._poses, np.float32).reshape(len(times), _ENDS[-1])
        rotations, hips_positions, expressions, arkit = np.split(poses, _ENDS[:-1], axis=1)
        return Motion(
            times=(times - times[:1]) / 1000,
            rotations=rotations.reshape(-1, len(BONES), 4),
            hips_positions=hips_positions,
            expressions=expressions,
            arkit=arkit,
        )


@contextmanager
def writing_motion(path: Path, write: Callable[[Motion, Path], object]) -> Iterator[Add]:
    """
    Collect the rigs of the frames, and write the motion if the block succeeds.

    :param write: writes the motion to a path.
    """
    recorder = MotionRecorder()
    with replacing(path) as part:
        yield lambda message: recorder.add(message.timestamp_ms, message.rig)
        write(recorder.motion(), part)


def _slerp(start: FloatArray, end: FloatArray, shares: FloatArray) -> FloatArray:
    """Source: Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985."""
    cosines = np.sum(start * end, axis=-1, keepdims=True)
    end = np.where(cosines < 0, -end, end)
    angles = np.arccos(np.clip(np.abs(cosines), 0, 1))
    sines = np.sin(angles)
    # For tiny angles, linear interpolation is as good.
    curved = sines > 1e-3
    from_start = np.divide(np.sin((1 - shares) * angles), sines, out=1 - shares + 0 * angles, where=curved)
    from_end = np.divide(np.sin(shares * angles), sines, out=shares + 0 * angles, where=curved)
    blended: FloatArray = from_start * start + from_end * end
    blended /= np.linalg.norm(blended, axis=-1, keepdims=True)
    return blended
