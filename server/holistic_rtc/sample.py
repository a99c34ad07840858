"""The bundled portrait and clip."""

from pathlib import Path


def portrait() -> Path:
    """A picture of Grace Hopper, 512x600, public domain (see NOTICE), with face and upper body but no hands."""
    return Path(__file__).with_name("grace_hopper.jpg")


def clip() -> Path:
    """An artificial person who moves head, mouth and hands (see NOTICE): VP9, 640x480, 10 s, to be repeated."""
    return Path(__file__).with_name("sample.webm")
