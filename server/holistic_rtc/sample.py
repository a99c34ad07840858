"""The picture of a person that is on every machine."""

from pathlib import Path


def portrait() -> Path:
    """Grace Hopper, 512x600, public domain (see NOTICE): face and upper body, no hands."""
    return Path(__file__).with_name("grace_hopper.jpg")
