"""Writes recordings in the formats of other programs, one per module, listed in :mod:`.formats`."""
