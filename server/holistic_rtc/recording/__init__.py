"""Takes as files that other programs read; a format a module, listed in :mod:`.formats`."""
