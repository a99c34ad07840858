"""The networks of a model bundle: their names, inputs and outputs."""

import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod
from pathlib import Path
from types import MappingProxyType

from holistic_rtc.errors import ModelError
from holistic_rtc.tracking.holistic.pruning import without_output

Shape = tuple[int, ...]


class Network(StrEnum):
    """Named as in the bundle."""

    POSE_DETECTOR = "pose_detector"
    POSE = "pose_landmarks_detector"
    FACE_DETECTOR = "face_detector"
    FACE = "face_landmarks_detector"
    BLENDSHAPES = "face_blendshapes"
    HAND = "hand_landmarks_detector"
    HAND_RECROP = "hand_roi_refinement"

    @property
    def file(self) -> str:
        return f"{self}.tflite"


@dataclass(frozen=True, slots=True)
class Spec:
    """
    :param input: the input's shape; of networks that see a picture ``(1, height, width, 3)``.
    :param outputs: the number of elements of each output that is used, in the network's order. Networks for the same
        job differ in dimensions of size 1, and may have further outputs at the end.
    """

    input: Shape
    outputs: tuple[int, ...]


SPECS: Mapping[Network, Spec] = MappingProxyType(
    {
        # 2254 boxes of 12 numbers; their scores
        Network.POSE_DETECTOR: Spec((1, 224, 224, 3), (2254 * 12, 2254)),
        # 39 points of 5 numbers; presence; their heatmaps; 39 world points. The mask before the heatmaps is pruned
        Network.POSE: Spec((1, 256, 256, 3), (39 * 5, 1, 64 * 64 * 39, 39 * 3)),
        # 896 boxes of 16 numbers; their scores
        Network.FACE_DETECTOR: Spec((1, 128, 128, 3), (896 * 16, 896)),
        # 478 points; presence
        Network.FACE: Spec((1, 256, 256, 3), (478 * 3, 1)),
        # 52 scores
        Network.BLENDSHAPES: Spec((1, 146, 2), (52,)),
        # 21 points; presence; handedness; 21 world points
        Network.HAND: Spec((1, 224, 224, 3), (21 * 3, 1, 1, 21 * 3)),
        # 2 points
        Network.HAND_RECROP: Spec((1, 256, 256, 3), (2 * 2,)),
    }
)
"""From MediaPipe's graphs, which docs/engine.md names."""

_POSE_MASK_OUTPUT = 2


def load(bundle: Path, networks: Collection[Network] = tuple(Network)) -> dict[Network, bytes]:
    """
    Read networks from a model bundle. The pose network's segmentation mask is pruned: docs/engine.md has its cost.

    :raises ModelError: the bundle can't be read, or lacks a network, which the message names.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            present = set(archive.namelist())
            missing = [network.file for network in networks if network.file not in present]
            if missing:
                raise ModelError(f"{bundle} is not a holistic landmarker bundle: it lacks {', '.join(missing)}")
            models = {network: archive.read(network.file) for network in networks}
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # the last if it is encrypted
        raise ModelError(f"{bundle} can't be read as a model bundle: {error}") from error
    if Network.POSE in models:
        try:
            models[Network.POSE] = without_output(models[Network.POSE], _POSE_MASK_OUTPUT)
        except ValueError as error:
            raise ModelError(f"{Network.POSE.file} in {bundle} is not the expected network: {error}") from error
    return models


def check_shapes(network: Network, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> None:
    """
    Check that a loaded network is the expected one.

    :raises ModelError: it isn't; the message names it.
    """
    spec = SPECS[network]
    sizes = tuple(prod(shape) for shape in outputs[: len(spec.outputs)])
    if list(inputs) != [spec.input] or sizes != spec.outputs:
        raise ModelError(
            f"{network.file} in the model bundle isn't the expected network: "
            f"it maps {_list(inputs)} to {_list(outputs)}, expected {spec.input} to outputs of "
            f"{', '.join(map(str, spec.outputs))} elements"
        )


def _list(shapes: Sequence[Shape]) -> str:
    return ", ".join(map(str, shapes)) or "nothing"
