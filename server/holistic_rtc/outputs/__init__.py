"""Sends a session's rig to other programs, with one module per protocol."""
