"""Landmark messages and their two encodings: :mod:`codec` (FlatBuffers) and :mod:`json`."""
