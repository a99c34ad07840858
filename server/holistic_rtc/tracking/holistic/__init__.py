"""This project's own engine: MediaPipe's holistic networks, driven directly. docs/engine.md describes it."""
