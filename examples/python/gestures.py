"""
Print how far apart the tips of the right thumb and index finger are, and how far the head is turned, of a session that
runs in a browser or elsewhere.

    python gestures.py http://127.0.0.1:8080 [SESSION]
"""

import asyncio
import math
import sys

import numpy as np

from holistic_rtc.client import HolisticClient, HolisticResult

THUMB_TIP, INDEX_TIP = 4, 8


def pinch_cm(result: HolisticResult) -> float | None:
    hand = result.right_hand_world_landmarks  # in metres
    return None if hand is None else float(np.linalg.norm(hand[THUMB_TIP] - hand[INDEX_TIP])) * 100


def yaw_degrees(result: HolisticResult) -> float | None:
    """0 is towards the camera, positive is to the person's own left."""
    if result.face_transform is None:
        return None
    x, _, z = result.face_transform[:3, 2]  # where the nose points: the transform's image of the z axis
    return math.degrees(math.atan2(x, z))


def text(value: float | None, unit: str) -> str:
    return "not seen" if value is None else f"{value:.1f} {unit}"


async def main(url: str, session: str | None = None) -> None:
    async with HolisticClient(url) as client:
        if session is None:
            running = await client.sessions()
            if len(running) != 1:
                sys.exit(f"{len(running)} sessions are running; open {url} and start the camera, or name a session")
            session = running[0].id
        async for frame in client.landmarks(session, parts=["right_hand_world", "face_transform"]):
            pinch, yaw = text(pinch_cm(frame.result), "cm"), text(yaw_degrees(frame.result), "°")
            print(f"{frame.timestamp_ms / 1000:7.2f} s   pinch {pinch:8}   yaw {yaw}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
