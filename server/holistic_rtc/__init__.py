"""Real-time holistic tracking over WebRTC."""

from importlib.metadata import version

__version__ = version("holistic-rtc")
