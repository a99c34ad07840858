"""The process of snapshots."""
