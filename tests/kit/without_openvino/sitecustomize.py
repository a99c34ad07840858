"""Makes the package openvino appear not to be installed."""

import sys

sys.modules["openvino"] = None  # type: ignore[assignment]
