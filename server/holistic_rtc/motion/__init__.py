"""What is made of a tracking result: smoothing, the head's pose, an avatar's pose."""
