"""Makes the moving picture of the README: the sample clip, beside what the server makes of it."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import av
from PIL import Image

from holistic_rtc.sample import clip

TARGET = Path(__file__).parents[1] / "docs" / "images" / "live.webp"
SIZE = (360, 270)
EVERY = 4
"""Frames of the clip for each of the picture"""


def frames(path: Path) -> list[Image.Image]:
    with av.open(path) as container:
        return [
            frame.to_image().resize(SIZE, Image.Resampling.LANCZOS)
            for number, frame in enumerate(container.decode(video=0))
            if number % EVERY == 0
        ]


def main() -> None:
    with TemporaryDirectory() as folder:
        annotated = Path(folder, "annotated.mp4")
        subprocess.run([sys.executable, "-m", "holistic_rtc.cli", "track", clip(), "-o", annotated], check=True)
        pairs = list(zip(frames(clip()), frames(annotated), strict=True))
    pictures = []
    for left, right in pairs:
        both = Image.new("RGB", (2 * SIZE[0], SIZE[1]))
        both.paste(left, (0, 0))
        both.paste(right, (SIZE[0], 0))
        pictures.append(both)
    TARGET.parent.mkdir(exist_ok=True)
    pictures[0].save(TARGET, save_all=True, append_images=pictures[1:], duration=133, loop=0, quality=40, method=6)


if __name__ == "__main__":
    main()
