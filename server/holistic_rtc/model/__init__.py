"""What everything talks about: parts, results, rig, messages, geometry."""
