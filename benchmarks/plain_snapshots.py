"""
The upload endpoint that anyone would write with MediaPipe, for comparison: a new landmarker for every picture.

The picture is saved to a file, the annotated one is read from a file, and requests are served on threads.
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
from mediapipe.tasks.python.vision import HolisticLandmarker, HolisticLandmarkerOptions, RunningMode
from mediapipe.tasks.python.vision import PoseLandmarksConnections as Pose

from holistic_rtc.tracking import models
from holistic_rtc.tracking.base import Image


def annotate(uploaded: Path, annotated: Path) -> None:
    picture = cast(Image, cv2.imread(str(uploaded)))
    height, width = picture.shape[:2]
    options = HolisticLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(models.find(models.PoseModel.FULL).path)),
        running_mode=RunningMode.IMAGE,
        output_face_blendshapes=True,
    )
    with HolisticLandmarker.create_from_options(options) as landmarker:
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        result = landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb))
    for landmarks, connections in (
        (result.face_landmarks, Face.FACE_LANDMARKS_TESSELATION),
        (result.pose_landmarks, Pose.POSE_LANDMARKS),
        (result.left_hand_landmarks, Hand.HAND_CONNECTIONS),
        (result.right_hand_landmarks, Hand.HAND_CONNECTIONS),
    ):
        points = [(round(point.x * width), round(point.y * height)) for point in landmarks]
        for line in connections if points else ():
            cv2.line(picture, points[line.start], points[line.end], (0, 255, 0), 1)
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
