"""Takes as files that other programs read: BVH, VRM Animation, JSON lines, CSV."""
