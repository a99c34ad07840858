"""Processing of tracking results: smoothing, the head's pose and an avatar's pose."""
