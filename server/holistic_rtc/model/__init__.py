"""The shared data model: parts, results, rig, messages and geometry."""
