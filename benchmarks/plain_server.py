"""
The server that anyone would write with aiortc and MediaPipe, for comparison: each frame in turn, none dropped.

With ``--echo`` it sends each frame back as it came, which is as fast as this machine, this browser and aiortc can be.
"""

import asyncio
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import cv2
import mediapipe
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import MediaStreamTrack
from av import VideoFrame
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceLandmarksConnections as Face
from mediapipe.tasks.python.vision import HandLandmarksConnections as Hand
from mediapipe.tasks.python.vision import HolisticLandmarker, HolisticLandmarkerOptions, RunningMode
from mediapipe.tasks.python.vision import PoseLandmarksConnections as Pose

from holistic_rtc.bundle import models
from holistic_rtc.model.result import Image


class HolisticTrack(VideoStreamTrack):
    def __init__(self, source: MediaStreamTrack) -> None:
        super().__init__()
        options = HolisticLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(models.find(models.PoseModel.LITE).path)),
            running_mode=RunningMode.VIDEO,
            output_face_blendshapes=True,
        )
        self.source = source
        self.landmarker = HolisticLandmarker.create_from_options(options)
        self.executor = ThreadPoolExecutor(max_workers=1)
        self.count = 0

    async def recv(self) -> VideoFrame:
        frame = cast(VideoFrame, await self.source.recv())
        return await asyncio.get_running_loop().run_in_executor(self.executor, self.annotate, frame)

    def annotate(self, frame: VideoFrame) -> VideoFrame:
        picture = cast(Image, frame.to_ndarray(format="rgb24"))
        self.count += 1
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
        result = self.landmarker.detect_for_video(image, self.count * 33)
        for landmarks, connections in (
            (result.face_landmarks, Face.FACE_LANDMARKS_TESSELATION),
            (result.pose_landmarks, Pose.POSE_LANDMARKS),
            (result.left_hand_landmarks, Hand.HAND_CONNECTIONS),
            (result.right_hand_landmarks, Hand.HAND_CONNECTIONS),
        ):
            points = [(round(point.x * frame.width), round(point.y * frame.height)) for point in landmarks]
            for line in connections if points else ():
                cv2.line(picture, points[line.start], points[line.end], (0, 255, 0), 1)
        annotated = VideoFrame.from_ndarray(picture, format="rgb24")
        annotated.pts, annotated.time_base = frame.pts, frame.time_base
        return annotated


async def whip(request: web.Request) -> web.Response:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.on("track", lambda track: peer.addTrack(track if "--echo" in sys.argv else HolisticTrack(track)))
    await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
    await peer.setLocalDescription(await peer.createAnswer())
    return web.Response(status=201, text=peer.localDescription.sdp, content_type="application/sdp")


if __name__ == "__main__":
    app = web.Application()
    app.add_routes([web.post("/whip", whip)])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print("http://{}:{}".format(*listening.getsockname()), flush=True)
        web.run_app(app, sock=listening, print=None)
