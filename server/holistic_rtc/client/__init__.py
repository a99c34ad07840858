"""The Python client: publish video and get its landmarks, or receive those of somebody else's session.

::

    async with HolisticClient("http://localhost:8080") as client:
        async with client.publish("clip.mp4", parts=["face", "face_transform"]) as published:
            async for frame in published.landmarks():
                print(frame.timestamp_ms, frame.result.face_transform)

What can go wrong is a :class:`~holistic_rtc.errors.ClientError`; see docs/clients.md.
"""

from ..landmarks.message import LandmarkMessage, Part
from ..rig.skeleton import Rig
from ..tracking.base import HolisticResult
from .client import HolisticClient, Snapshot
from .connection import Stats, TrackStats
from .newest import Newest
from .publication import Publication, Settings
from .signalling import SessionInfo, SessionTrack
from .sources import Camera, VideoFile
from .subscription import Subscription

__all__ = [
    "Camera",
    "HolisticClient",
    "HolisticResult",
    "LandmarkMessage",
    "Newest",
    "Part",
    "Publication",
    "Rig",
    "SessionInfo",
    "SessionTrack",
    "Settings",
    "Snapshot",
    "Stats",
    "Subscription",
    "TrackStats",
    "VideoFile",
]
