"""For all tests."""

import os
import signal
import sys
from pathlib import Path

from holistic_rtc.tracking.holistic.runtimes import choice

# A shell has what it starts in the background ignore Ctrl-C, and the commands that the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Every worker would load OpenVINO on a CPU with AMX. That is left to its own tests; the others are alike on all CPUs.
choice._CPUINFO = Path(os.devnull)
sys.modules.pop("openvino", None)  # As it is in the processes of xdist, which have inherited the following.
WITHOUT_OPENVINO = str(Path(__file__).parent / "kit" / "without_openvino")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [WITHOUT_OPENVINO, os.environ.get("PYTHONPATH")]))
