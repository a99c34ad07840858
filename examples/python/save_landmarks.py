"""
Send a video file, and save the landmarks that come back as numpy arrays: one row for each tracked frame, NaN where a
part was not seen.

    python save_landmarks.py http://127.0.0.1:8080 clip.mp4 clip.npz
"""

import asyncio
import sys
from typing import Any

import numpy as np

from holistic_rtc.client import HolisticClient

SHAPES = {
    "pose_world_landmarks": (33, 3),
    "left_hand_world_landmarks": (21, 3),
    "right_hand_world_landmarks": (21, 3),
    "face_blendshapes": (52,),
    "face_transform": (4, 4),
}


async def main(url: str, video: str, output: str) -> None:
    async with HolisticClient(url) as client, client.publish(video) as published:
        frames = [frame async for frame in published.landmarks(buffer=100)]
    columns: dict[str, Any] = {"timestamp_ms": np.array([frame.timestamp_ms for frame in frames])}
    for name, shape in SHAPES.items():
        rows = [getattr(frame.result, name) for frame in frames]
        columns[name] = np.array([np.full(shape, np.nan, np.float32) if row is None else row for row in rows])
    np.savez_compressed(output, **columns)
    print(f"{len(frames)} frames are in {output}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
