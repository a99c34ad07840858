"""Forward kinematics: positions and rotations of a rig's bones in the world."""

import numpy as np
from numpy.typing import NDArray

from holistic_rtc.model.geometry import Array, multiply, rotate
from holistic_rtc.model.rig import OFFSETS, Rig
from holistic_rtc.model.skeleton import BONES, PARENTS

Indices = NDArray[np.intp]

_PARENTS = np.array(PARENTS)


def _generations() -> tuple[tuple[Indices, Indices], ...]:
    """Bones and their parents, grouped by depth below the hips."""
    depth = [0] * len(BONES)
    for bone, parent in enumerate(PARENTS[1:], 1):
        depth[bone] = depth[parent] + 1
    bones = (np.flatnonzero(np.array(depth) == generation) for generation in range(1, max(depth) + 1))
    return tuple((generation, _PARENTS[generation]) for generation in bones)


_GENERATIONS = _generations()


def forward(rig: Rig) -> tuple[Array, Array]:
    """
    The world transforms of all bones.

    :return: (49, 4) rotations x, y, z, w, and (49, 3) origins in metres.
    """
    rotations, positions = rig.rotations.astype(float), OFFSETS.astype(float)
    positions[0] = rig.hips_position
    for bones, parents in _GENERATIONS:
        positions[bones] = positions[parents] + rotate(rotations[parents], positions[bones])
        rotations[bones] = multiply(rotations[parents], rotations[bones])
    return rotations, positions
