"""Converts landmarks to the bones and expressions of an avatar, with the names of VRM 1.0."""
