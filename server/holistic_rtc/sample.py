"""The picture of a person that is on every machine, since matplotlib, which mediapipe needs, ships it."""

from importlib.util import find_spec
from pathlib import Path


def portrait() -> Path:
    """``grace_hopper.jpg``, 512x600, public domain: face and upper body, no hands."""
    # Without importing matplotlib, which takes a third of a second.
    spec = find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "mpl-data" / "sample_data" / "grace_hopper.jpg"
