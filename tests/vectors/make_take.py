"""
Makes ``take.bvh`` and ``take.vrma`` of a made-up motion, and ``take.expected.json`` with where a reader must find the
bones, which the web tests read.

Run it from the project's root: ``PYTHONPATH=. .venv/bin/python tests/vectors/make_take.py``.
"""

from pathlib import Path

import orjson

from holistic_rtc.recording import bvh, vrma
from tests.kit.takes import FPS, expected, waving_motion

HERE = Path(__file__).parent

if __name__ == "__main__":
    motion = waving_motion()
    with (HERE / "take.bvh").open("w") as file:
        bvh.write(motion, FPS, file)
    (HERE / "take.vrma").write_bytes(vrma.write(motion, arkit=False))
    document = orjson.dumps(expected(), option=orjson.OPT_SERIALIZE_NUMPY)
    (HERE / "take.expected.json").write_bytes(document + b"\n")
