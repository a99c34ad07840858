"""From landmarks to the bones and expressions of an avatar, as VRM 1.0 names them."""
