"""Real-time holistic tracking over WebRTC."""

__version__ = "0.2.0"
