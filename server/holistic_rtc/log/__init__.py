"""The log of the server and its workers: one stream, which a stranger can neither forge, flood nor block."""
