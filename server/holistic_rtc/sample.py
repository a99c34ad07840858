"""The bundled portrait."""

from pathlib import Path


def portrait() -> Path:
    """A picture of Grace Hopper, 512x600, public domain (see NOTICE), with face and upper body but no hands."""
    return Path(__file__).with_name("grace_hopper.jpg")
