"""Processes of our own, and what is said between them."""
