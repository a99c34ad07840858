"""Where the networks come from: fetched, assembled, verified."""
