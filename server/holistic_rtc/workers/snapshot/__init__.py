"""The process that tracks snapshots."""
