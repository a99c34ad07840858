"""The Python client: publish video and receive its landmarks, or subscribe to a session that someone else publishes.

::

    async with HolisticClient("http://localhost:8080") as client:
        async with client.publish("clip.mp4", parts=["face", "face_transform"]) as published:
            async for frame in published.landmarks():
                print(frame.timestamp_ms, frame.result.face_transform)

Failures raise a :class:`~holistic_rtc.errors.ClientError`; see docs/clients.md.
"""

from holistic_rtc.client.client import HolisticClient, Snapshot
from holistic_rtc.client.follow import Follower
from holistic_rtc.client.jobs import Job, JobStatus
from holistic_rtc.client.newest import Newest
from holistic_rtc.client.publication import Publication, Settings
from holistic_rtc.client.republish import Republisher
from holistic_rtc.client.signalling import Health, SessionInfo, SessionTrack
from holistic_rtc.client.sources import Camera, VideoFile
from holistic_rtc.client.subscription import Subscription
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.model.rig import Rig
from holistic_rtc.model.stats import Stats, TrackStats

__all__ = [
    "Camera",
    "Follower",
    "Health",
    "HolisticClient",
    "HolisticResult",
    "Job",
    "JobStatus",
    "LandmarkMessage",
    "Newest",
    "Part",
    "Publication",
    "Republisher",
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
