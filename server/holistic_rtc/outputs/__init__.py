"""Targets that a session's rig is sent to, a protocol a module."""
