"""Inference runtimes, one a module, behind :class:`.runtime.Runtime`."""
