"""Position and rotation of the head, from the face landmarks.

MediaPipe's FaceLandmarker returns this as the facial transformation matrix; its HolisticLandmarker doesn't. This module
reimplements MediaPipe's ``tasks/cc/vision/face_geometry``. docs/tracking.md shows how closely the results agree.
"""

from math import radians, tan

import numpy as np

from holistic_rtc.model.result import FloatArray

_MESH_POINTS = 468
"""Number of points in the canonical face; the iris points come after them"""
_HALF_HEIGHT = tan(radians(63 / 2))
"""Half the height of the image plane at a distance of 1: MediaPipe's camera has a vertical field of view of 63°"""
_MIN_EXTENT = 1e-3
"""Minimum size of a face, as a fraction of the frame's width or height. MediaPipe skips smaller faces, too"""

# The weighted points of the canonical face model: index; x, y and z in centimetres; weight. All other points have the
# weight 0. By Google, Apache License 2.0, from geometry_pipeline_metadata_landmarks.binarypb in face_landmarker.task,
# rounded to six digits.
# fmt: off
_BASIS = np.array((
    (4, 0.0, -0.46317, 7.58658, 0.0709099),
    (6, 0.0, 2.47325, 5.78863, 0.0321001),
    (10, 0.0, 8.26178, 4.48153, 0.00844655),
    (33, -4.44586, 2.66399, 3.17342, 0.0587242),
    (54, -6.27933, 6.61543, 1.42585, 0.00766708),
    (67, -3.52396, 8.00598, 3.72916, 0.00907806),
    (117, -5.25866, 0.945811, 2.97431, 0.00979194),
    (119, -3.30068, 0.861641, 3.87278, 0.0145654),
    (121, -1.82073, 1.46795, 4.22412, 0.0185914),
    (127, -7.74309, 2.365, -2.00517, 0.00519799),
    (129, -1.78579, -0.978284, 4.85047, 0.120625),
    (132, -7.2709, -2.89092, -2.25245, 0.00556002),
    (133, -1.85643, 2.58524, 3.7579, 0.0532862),
    (136, -5.08528, -7.17859, 0.714711, 0.0668905),
    (143, -6.40757, 2.23602, 1.56084, 0.0148165),
    (147, -6.23488, -1.94443, 1.66354, 0.0142628),
    (198, -1.24681, 0.230297, 5.68104, 0.0254622),
    (205, -3.83293, -1.53733, 4.13773, 0.0472523),
    (263, 4.44586, 2.66399, 3.17342, 0.0587242),
    (284, 6.27933, 6.61543, 1.42585, 0.00766708),
    (297, 3.52396, 8.00598, 3.72916, 0.00907806),
    (346, 5.25866, 0.945811, 2.97431, 0.00979194),
    (348, 3.30068, 0.861641, 3.87278, 0.0145654),
    (350, 1.82073, 1.46795, 4.22412, 0.0185914),
    (356, 7.74309, 2.365, -2.00517, 0.00519799),
    (358, 1.78579, -0.978284, 4.85047, 0.120625),
    (361, 7.2709, -2.89092, -2.25245, 0.00556002),
    (362, 1.85643, 2.58524, 3.7579, 0.0532862),
    (365, 5.08528, -7.17859, 0.714711, 0.0668905),
    (372, 6.40757, 2.23602, 1.56084, 0.0148165),
    (376, 6.23488, -1.94443, 1.66354, 0.0142628),
    (420, 1.24681, 0.230297, 5.68104, 0.0254622),
    (425, 3.83293, -1.53733, 4.13773, 0.0472523),
))
# fmt: on
_POINTS = _BASIS[:, 0].astype(int)
_WEIGHTS = _BASIS[:, 4] / _BASIS[:, 4].sum()
_MODEL_CENTRE = _WEIGHTS @ _BASIS[:, 1:4]
_MODEL = _BASIS[:, 1:4] - _MODEL_CENTRE
_MODEL_VARIANCE = float(_WEIGHTS @ (_MODEL**2).sum(axis=1))


def face_transform(landmarks: FloatArray, aspect: float) -> FloatArray | None:
    """
    The rigid transform from the canonical face model to camera space, in centimetres.

    :param landmarks: the face in image coordinates, ``(478, 3)`` or ``(468, 3)``.
    :param aspect: the frame's width divided by its height.
    :return: ``(4, 4)``, see :attr:`holistic_rtc.model.result.HolisticResult.face_transform`; None if the face is too
        small.
    """
    found = landmarks[_POINTS].astype(np.float64)
    if not np.ptp(found[:, :2], axis=0).max() > _MIN_EXTENT:
        return None
    mean_z = landmarks[:_MESH_POINTS, 2].mean(dtype=np.float64)

    # Each point lies on its line of sight. The face's distance isn't known yet, so assume 1.
    half_width = _HALF_HEIGHT * aspect
    depth = 1 + (found[:, 2] - mean_z) * 2 * half_width
    points = np.stack(
        ((2 * found[:, 0] - 1) * half_width * depth, (1 - 2 * found[:, 1]) * _HALF_HEIGHT * depth, -depth), axis=1
    )

    # The weighted orthogonal Procrustes problem (D. Akca, Generalized Procrustes analysis and its applications in
    # photogrammetry, 2003, section 2.4): find the rotation and scale with which the model fits best.
    centre = _WEIGHTS @ points
    u, stretch, vt = np.linalg.svd((points - centre).T @ (_MODEL * _WEIGHTS[:, np.newaxis]))
    if np.linalg.det(u @ vt) < 0:
        u[:, 2] *= -1
        stretch[2] *= -1
    rotation = u @ vt
    scale = stretch.sum() / _MODEL_VARIANCE

    # The scale gives the distance of a face of the model's size. MediaPipe gets the same distance in two passes, of
    # which the second undoes the first.
    transform = np.identity(4, np.float32)
    transform[:3, :3] = rotation
    transform[:3, 3] = centre / scale - rotation @ _MODEL_CENTRE
    return transform
