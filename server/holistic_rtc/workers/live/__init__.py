"""The process of a live session."""
