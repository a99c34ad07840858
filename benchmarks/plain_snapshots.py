"""
The upload endpoint that anyone would write with MediaPipe, for comparison: a new landmarker for every picture.

The picture is saved to a file and read from it, its landmarks become Python objects, MediaPipe's own utilities draw
them in its default styles, and the annotated picture goes to a file and from there to the client. Requests are served
on threads, so that several clients use all cores.
"""

import asyncio
import socket
import tempfile
from pathlib import Path
from typing import cast

import cv2
import mediapipe
from aiohttp import web
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceLandmarksConnections as Face
from mediapipe.tasks.python.vision import HandLandmarksConnections as Hand
from mediapipe.tasks.python.vision import (
    HolisticLandmarker,
    HolisticLandmarkerOptions,
    HolisticLandmarkerResult,
    RunningMode,
    drawing_styles,
    drawing_utils,
)
from mediapipe.tasks.python.vision import PoseLandmarksConnections as Pose

from holistic_rtc.bundle import models
from holistic_rtc.model.result import Image


def make_landmarker() -> HolisticLandmarker:
    return HolisticLandmarker.create_from_options(
        HolisticLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(models.find(models.PoseModel.LITE).path)),
            running_mode=RunningMode.IMAGE,
            output_face_blendshapes=True,
        )
    )


def find(landmarker: HolisticLandmarker, rgb: Image) -> HolisticLandmarkerResult:
    return landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb))


def draw(picture: Image, result: HolisticLandmarkerResult) -> None:
    for connections, style in (
        (Face.FACE_LANDMARKS_TESSELATION, drawing_styles.get_default_face_mesh_tesselation_style()),
        (Face.FACE_LANDMARKS_CONTOURS, drawing_styles.get_default_face_mesh_contours_style()),
        (
            Face.FACE_LANDMARKS_LEFT_IRIS + Face.FACE_LANDMARKS_RIGHT_IRIS,
            drawing_styles.get_default_face_mesh_iris_connections_style(),
        ),
    ):
        drawing_utils.draw_landmarks(picture, result.face_landmarks, connections, None, style)
    drawing_utils.draw_landmarks(
        picture, result.pose_landmarks, Pose.POSE_LANDMARKS, drawing_styles.get_default_pose_landmarks_style()
    )
    for hand in (result.left_hand_landmarks, result.right_hand_landmarks):
        drawing_utils.draw_landmarks(
            picture,
            hand,
            Hand.HAND_CONNECTIONS,
            drawing_styles.get_default_hand_landmarks_style(),
            drawing_styles.get_default_hand_connections_style(),
        )


def annotate(uploaded: Path, annotated: Path) -> None:
    picture = cast(Image, cv2.imread(str(uploaded)))
    with make_landmarker() as landmarker:
        result = find(landmarker, cast(Image, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)))
    draw(picture, result)
    cv2.imwrite(str(annotated), picture)


async def post_snapshot(request: web.Request) -> web.Response:
    with tempfile.TemporaryDirectory() as folder:
        uploaded, annotated = Path(folder) / "uploaded.jpg", Path(folder) / "annotated.jpg"
        uploaded.write_bytes(await request.read())
        await asyncio.to_thread(annotate, uploaded, annotated)
        return web.Response(body=annotated.read_bytes(), content_type="image/jpeg")


if __name__ == "__main__":
    app = web.Application(client_max_size=10_000_000)
    app.add_routes([web.post("/api/snapshot", post_snapshot)])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print("http://{}:{}".format(*listening.getsockname()), flush=True)
        web.run_app(app, sock=listening, print=None)
